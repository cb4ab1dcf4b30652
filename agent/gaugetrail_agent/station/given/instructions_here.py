"""The instruction documents that hold at a station, and which step of them says how something is measured. Pure.

Promise: nothing is guessed. What the plan names is shown (`instruction = "WI-7 step 3"`), and of a document that it
names without a step the steps that name the characteristic. Where the plan names none, the one document in force for
the part and operation whose steps do; of two of these none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gaugetrail_contract.distribution.listing import ListedEdition
from gaugetrail_contract.documents.head import named_document
from gaugetrail_contract.documents.instruction import InstructionDocument, InstructionStep
from gaugetrail_contract.documents.plan import Characteristic


@dataclass(frozen=True, slots=True)
class InstructionHere:
    """An edition of an instruction, and what it says."""

    edition: ListedEdition
    document: InstructionDocument = field(compare=False)


@dataclass(frozen=True, slots=True)
class MadeHow:
    """What is made, and where: instructions may be for one part and operation."""

    part: str
    revision: str | None
    operation: str | None
    line: str


@dataclass(frozen=True, slots=True)
class InstructionShown:
    """The steps of one edition by which a characteristic is measured."""

    edition: ListedEdition
    steps: tuple[InstructionStep, ...] = field(compare=False)


def instruction_for(here: Mapping[str, InstructionHere], one: Characteristic, made: MadeHow) -> InstructionShown | None:
    """How it is measured; null where no document in force says it."""
    mention = named_document(one.instruction, here)
    if mention is not None:
        named = here.get(mention.id)
        if named is None or not _is_for(named.document, made):
            return None
        step = None if mention.step is None else named.document.numbered(mention.step)
        return _shown(named, tuple(named.document.for_characteristic(one.name)) if step is None else (step,))
    found = [shown for each in here.values() if _is_for(each.document, made) and (shown := _of(each, one)) is not None]
    return found[0] if len(found) == 1 else None


def _of(each: InstructionHere, one: Characteristic) -> InstructionShown | None:
    return _shown(each, tuple(each.document.for_characteristic(one.name)))


def _shown(each: InstructionHere, steps: tuple[InstructionStep, ...]) -> InstructionShown | None:
    return InstructionShown(each.edition, steps) if steps else None


def _is_for(document: InstructionDocument, made: MadeHow) -> bool:
    return document.line in (None, made.line) and document.is_for(made.part, made.revision, made.operation)

"""What a plan names and nobody has: the reaction, the instruction, the step of it. Remarks, which keep nobody from
working: the document may be on its way.

Promise: only what the plan surely names is looked for (`named_document`); words such as "stop, tell the setter" name
no document and are left in peace.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import ValidationError

from gaugetrail_collector.documents.folding import DocumentRegister
from gaugetrail_collector.documents.texts import TextMissing, stored_text
from gaugetrail_collector.stores import Store
from gaugetrail_contract.documents.editions import DocumentKind, Edition, Life
from gaugetrail_contract.documents.head import DocumentMention, named_document
from gaugetrail_contract.documents.instruction import InstructionDocument
from gaugetrail_contract.documents.plan import PlanFile
from gaugetrail_contract.files import text_of
from gaugetrail_contract.toml_words import TomlFault, read_toml


def naming_remarks(plan: PlanFile, register: DocumentRegister, store: Store, now_us: int) -> Iterator[str]:
    """Each document that isn't there, once, with the characteristics that name it. Raises `StoreDown`."""
    asked: dict[tuple[DocumentKind, DocumentMention], list[str]] = {}
    for one in plan.characteristic:
        texts = {DocumentKind.REACTION: one.reaction, DocumentKind.INSTRUCTION: one.instruction}
        for kind, text in texts.items():
            named = named_document(text, register.lives)
            if named is not None:
                asked.setdefault((kind, named), []).append(one.name)
    for (kind, named), characteristics in asked.items():
        why = _why_not(kind, named, register, store, now_us)
        if why is not None:
            yield f"{', '.join(characteristics)}: {why}"


def _why_not(
    kind: DocumentKind, named: DocumentMention, register: DocumentRegister, store: Store, now_us: int
) -> str | None:
    life = register.lives.get(named.id)
    if life is None:
        return f"the plan names the {kind} {named.id}, which isn't there yet; document new {kind} takes it in"
    if life.kind is not kind:
        return f"the plan names the {kind} {named.id}, which is a document of kind {life.kind}"
    edition = life.holding(now_us)
    if edition is None:
        return f"the plan names the {kind} {named.id}, of which no edition holds"
    return None if named.step is None else _no_step(life, edition, named.step, store)


def _no_step(life: Life, edition: Edition, step: int, store: Store) -> str | None:
    if life.kind is not DocumentKind.INSTRUCTION:
        return f"the plan names step {step} of {life.id}, but a {life.kind} has no numbered steps"
    try:
        said = InstructionDocument.model_validate(read_toml(text_of(stored_text(store, edition.draft.sha256))))
    except (TextMissing, ValidationError, TomlFault, UnicodeDecodeError) as error:
        return f"the instruction {life.id} can't be read: {error}"  # from before instructions were checked
    if said.numbered(step) is not None:
        return None
    there = ", ".join(str(one.number) for one in said.step)
    return f"the plan names step {step} of {life.id} {edition.draft.revision}, which has the steps {there}"

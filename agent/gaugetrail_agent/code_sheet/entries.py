"""What stands on a sheet: commands, defects, badges and orders of a station, and what of these can't. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gaugetrail_agent.languages.sentences import Language, Sentence, said
from gaugetrail_agent.station.choosing.order_choice import order_code
from gaugetrail_agent.station.readings.entering import NOK_CODE, entered
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.happening import Scanned
from gaugetrail_agent.station.workflow.commands import COMMANDS
from gaugetrail_contract.documents.plan import Characteristic
from gaugetrail_contract.record import Measurement

ANY_LOOKS = Characteristic.model_validate({"name": "looks", "kind": "attribute"})
_ORDER_GROUP = re.compile(r"\(\?P<order>(?:[^()\\]|\\.)*\)")


@dataclass(frozen=True, slots=True)
class SheetEntry:
    """One code with what it means."""

    code: str
    means: str


@dataclass(frozen=True, slots=True)
class SheetPart:
    """One part of a sheet; `refused` says of codes why the station wouldn't read them as meant."""

    title: Sentence
    entries: tuple[SheetEntry, ...]
    refused: tuple[tuple[str, str], ...] = ()
    typed: tuple[SheetEntry, ...] = ()
    """What says something only with words behind it, so it is typed."""


def commands_part(language: Language) -> SheetPart:
    """Every command."""
    found = [(one, SheetEntry(one.word, language.text(one.means))) for one in COMMANDS]
    typed = (SheetEntry(f"{entry.code}:{one.about}", entry.means) for one, entry in found if one.about)
    return SheetPart(said("sheet.commands"), tuple(entry for one, entry in found if one.alone), typed=tuple(typed))


def defects_part(setup: Setup, more: Sequence[str]) -> SheetPart:
    """`%NOK:SCRATCH` for each defect of the station's plans, with what it is a defect of; then those asked for."""
    planned: dict[str, list[str]] = {}
    for one in (one for plan in setup.plans for one in plan.characteristics):
        for defect in one.defects:
            planned.setdefault(defect, []).append(one.title or one.name)
    found = {defect: ", ".join(dict.fromkeys(titles)) for defect, titles in planned.items()}
    found |= {one: "" for one in more if one not in found}
    means = {one: f"{one}: {of}" if of else one for one, of in found.items() if _is_one(one)}
    good = tuple(SheetEntry(f"{NOK_CODE}:{one}", what) for one, what in means.items())
    why = "is no code of one defect: it can't be kept, or the station takes a part of it for a place or a count"
    return SheetPart(said("sheet.defects"), good, tuple((one, why) for one in found if one not in means))


def _is_one(defect: str) -> bool:
    """Whether the station reads it as one defect, and as this one."""
    taken = entered(ANY_LOOKS, Scanned(f"{NOK_CODE}:{defect}", 0, 0))
    return isinstance(taken, Measurement) and taken.defects == (defect,) and not taken.found


def badges_part(setup: Setup) -> SheetPart:
    """Everybody of the people list who may log in here by a code of that look."""
    people = () if setup.people is None else setup.people.person
    good = tuple(SheetEntry(one.badge, one.name) for one in people if setup.badge.fullmatch(one.badge))
    why = f"is no badge here, which look like {setup.badge.pattern}"
    others = tuple((one.badge, why) for one in people if setup.badge.fullmatch(one.badge) is None)
    return SheetPart(said("sheet.badges"), good, others)


def orders_part(setup: Setup) -> SheetPart:
    """Every order that may be worked at here."""
    good, refused = [], []
    for name, edition in _orders(setup):
        if isinstance(edition, Sentence):
            continue  # withdrawn, or not in force: nobody could work at it
        code = _code_of_order(setup, name)
        if code is None:
            refused.append((name, "no code that the station reads as this order can be made of its order_pattern"))
        else:
            good.append(SheetEntry(code, name))
    return SheetPart(said("sheet.orders"), tuple(good), tuple(refused))


def _orders(setup: Setup) -> Iterator[tuple[str, object]]:
    if setup.orders is not None:
        yield from sorted(setup.orders.orders.items(), key=lambda one: one[0])


def _code_of_order(setup: Setup, name: str) -> str | None:
    """A code that names the order: its id, or the id in the place of the pattern's group."""
    pattern = "" if setup.order_code is None else setup.order_code.pattern
    filled = re.sub(r"\\(.)", r"\1", _ORDER_GROUP.sub(lambda _: re.escape(name), pattern))
    return next((code for code in (name, filled) if order_code(setup, Scanned(code, 0, 0)) == name), None)

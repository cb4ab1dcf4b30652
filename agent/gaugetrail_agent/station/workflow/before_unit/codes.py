"""What a code says of context or of a component, or why it isn't taken. Pure."""

from __future__ import annotations

import re

from gaugetrail_agent.barcodes import read_scan
from gaugetrail_agent.languages.sentences import Sentence, said
from gaugetrail_agent.station.choosing.unit_code import identified
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.happening import Scanned
from gaugetrail_agent.station.words.unit import Unit
from gaugetrail_contract.documents.plan_questions import ComponentWanted, ContextWanted
from gaugetrail_contract.record.parts import BuiltIn
from gaugetrail_contract.text import refuse_identifier, visible


def title_of(wanted: ContextWanted | ComponentWanted) -> str:
    """What the operator reads."""
    return wanted.title or (wanted.kind if isinstance(wanted, ContextWanted) else wanted.part)


def context_in(wanted: ContextWanted, text: str) -> str | Sentence:
    """The value in a code; a word of the station's is none."""
    match = None if wanted.pattern is None else re.fullmatch(wanted.pattern, text)
    if text.startswith("%") or (wanted.pattern is not None and match is None):
        return said("context.other", what=title_of(wanted), text=visible(text)[:60])
    value = text if match is None else match.groupdict().get("value") or text
    reason = refuse_identifier(value)
    return value if reason is None else said("context.unusable", what=title_of(wanted), reason=reason)


def is_of_unit(setup: Setup, unit: Unit, event: Scanned) -> bool:
    """Whether the unit's own code was scanned once more, which is no answer."""
    ids = identified(setup, event)
    same = ("serial", "lot") if unit.ids.get("serial") is None else ("serial",)
    return not isinstance(ids, Sentence) and all(ids.get(kind) == unit.ids.get(kind) for kind in same)


def component_in(setup: Setup, wanted: ComponentWanted, event: Scanned) -> BuiltIn | Sentence:
    """The component that a code names, which is the wanted one."""
    part, name = _named(wanted, event.text) if wanted.pattern is not None else _structured(setup, wanted, event)
    if part is None or name is None:
        return said("component.no_code", what=title_of(wanted), text=visible(event.text)[:60])
    if part != wanted.part:
        return said("component.wrong", part=visible(part)[:60], wanted=wanted.part)
    reason = refuse_identifier(name)
    if reason is not None:
        return said("component.unusable", what=title_of(wanted), reason=reason)
    return BuiltIn(id=name, kind=wanted.kind, part=part)


def _named(wanted: ComponentWanted, text: str) -> tuple[str | None, str | None]:
    match = re.fullmatch(wanted.pattern or "", text)
    return (None, None) if match is None else (match["part"], match["id"])


def _structured(setup: Setup, wanted: ComponentWanted, event: Scanned) -> tuple[str | None, str | None]:
    try:
        code = event.text.encode("utf-8")
    except UnicodeEncodeError:  # half a character, which JSON from a terminal can spell and no code holds
        return None, None
    scan = read_scan(code, roles=setup.code_roles, symbology=event.symbology)
    if scan.valid is False or scan.errors:
        return None, None
    return scan.part_number, scan.serial if wanted.kind == "serial" else scan.lot

"""From a scanned code to the unit's identifiers: a plain code by a pattern, a structured one by its own rules. Pure."""

from __future__ import annotations

from gaugetrail_agent.barcodes import read_scan
from gaugetrail_agent.languages.sentences import Sentence, Term, said
from gaugetrail_agent.station.setup import Setup
from gaugetrail_contract.text import refuse_identifier, visible


def identifiers(setup: Setup, text: str) -> dict[str, str] | Sentence:
    """`serial`, `lot`, `part` and others as far as the code says; or why it can't be used, as a sentence."""
    ids = _by_pattern(setup, text) if setup.code_profile is None else _by_code(setup, text)
    if isinstance(ids, Sentence):
        return ids
    plan = setup.plan.file
    if ids.get("part", plan.part) != plan.part:
        return said("unit.other_part", part=ids["part"], plan=plan.id, planned=plan.part)
    for key, value in ids.items():
        reason = refuse_identifier(value)
        if reason is not None:
            return said("unit.identifier_unusable", kind=Term(key), reason=reason)
    return ids


def _by_pattern(setup: Setup, text: str) -> dict[str, str] | Sentence:
    """The identifiers in a plain code, or why there are none."""
    match = setup.unit.fullmatch(text)
    if match is None:
        return said("unit.no_unit", text=visible(text)[:60])
    return {key: value for key, value in match.groupdict().items() if value} or {"serial": text}


def _by_code(setup: Setup, text: str) -> dict[str, str] | Sentence:
    """The identifiers in a GS1, ISO 15434 or customer's code, or why there are none, with the cure."""
    try:
        code = text.encode("utf-8")
    except UnicodeEncodeError:  # half a character: JSON from a terminal can spell one, no code holds one
        return said("unit.no_unit", text=visible(text)[:60])
    scan = read_scan(code, profile=setup.code_profile or None, roles=setup.code_roles)
    if scan.valid is False or scan.errors:
        if scan.advice:
            return said("unit.code_advice", advice="; ".join(scan.advice))
        return said("unit.code_unusable", errors=", ".join(scan.errors))
    found = {"serial": scan.serial, "lot": scan.lot, "part": scan.part_number}
    ids = {key: value for key, value in found.items() if value}
    if not ids.keys() & {"serial", "lot"}:
        return said("unit.no_identifier", format=scan.format)
    return ids

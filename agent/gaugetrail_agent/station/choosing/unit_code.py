"""What a scan names: the code without what the scanner puts around it, and the unit's identifiers in it. Pure.

Promise: badge, unit, lot, command and result are asked of the bare code only; a code that holds inside what nobody
sees, and a reader's own word for "nothing read", are refused with the cure. What was scanned is kept as it came, in the
record's `raw`, wherever it says more than the identifier.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gaugetrail_agent.barcodes import PROFILE_NAMES, read_scan
from gaugetrail_agent.barcodes.lines import LineKind, classify
from gaugetrail_agent.barcodes.scan import Scan, advice_on
from gaugetrail_agent.barcodes.surroundings import bare
from gaugetrail_agent.languages.sentences import Sentence, Term, said
from gaugetrail_agent.station.choosing.plan_choice import plan_for
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.happening import Scanned
from gaugetrail_contract.text import refuse_identifier, visible

MAX_RAW_BYTES = 1024
"""More of a code's bytes are not kept: a piece of an inspection must stay under a record's 60,000 with them."""
_AROUND = b"\r\n\t\x00\x02\x03 "


def bare_scan(event: Scanned) -> Scanned | Sentence:
    """The scan without what stood around its code; or why there is no code in it."""
    code = bare(event.text)
    if code.inside is not None:
        return said("scan.unusable", advice=advice_on(code.inside))
    if classify(code.text).kind in (LineKind.NO_READ, LineKind.READER_ERROR):
        return said("scan.no_read", text=visible(code.text)[:60])
    raw = event.raw or event.text.encode("utf-8", "replace")
    # Only what a person adds around a code: GS and RS are white space to Python and must stay.
    text, symbology = code.text.strip(" \t\r\n"), event.symbology or code.symbology
    return replace(event, text=text, symbology=symbology, raw=raw, typed=not event.raw)


def raw_of(event: Scanned, known: str) -> str | None:
    """The scanned bytes as hex, cut at `MAX_RAW_BYTES`; null where they are `known` and nothing else."""
    if event.raw.strip(_AROUND) == known.encode("utf-8", "replace"):
        return None
    return event.raw[:MAX_RAW_BYTES].hex() or None


def identifiers(setup: Setup, event: Scanned) -> dict[str, str] | Sentence:
    """`serial`, `lot`, `part` and others as far as the code says; or why it can't be used, as a sentence."""
    ids = identified(setup, event)
    if isinstance(ids, Sentence):
        return ids
    plan = unusable(ids) or plan_for(setup, ids)
    return plan if isinstance(plan, Sentence) else ids


def unusable(ids: Mapping[str, str]) -> Sentence | None:
    """Which identifier can't stand in a record, and why; null where all can."""
    for key, value in ids.items():
        reason = refuse_identifier(value)
        if reason is not None:
            return said("unit.identifier_unusable", kind=Term(key), reason=reason)
    return None


def elements_of(setup: Setup, event: Scanned) -> tuple[tuple[str, str], ...]:
    """Identifiers and values of a structured code, in its order; none of a plain one, and of one that can't be read."""
    scan = _scan(setup, event)
    return () if setup.code_profile is None or scan is None or scan.valid is False else scan.elements


def identified(setup: Setup, event: Scanned) -> dict[str, str] | Sentence:
    """What the code says of a unit, be it this station's or not."""
    return _by_pattern(setup, event.text) if setup.code_profile is None else _by_code(setup, event)


def _by_pattern(setup: Setup, text: str) -> dict[str, str] | Sentence:
    """The identifiers in a plain code, or why there are none."""
    match = setup.unit.fullmatch(text)
    if match is None:
        return said("unit.no_unit", text=visible(text)[:60])
    return {key: value for key, value in match.groupdict().items() if value} or {"serial": text}


def _by_code(setup: Setup, event: Scanned) -> dict[str, str] | Sentence:
    """The identifiers in a GS1, ISO 15434 or customer's code, or why there are none, with the cure."""
    scan = _scan(setup, event)
    if scan is None:
        return said("unit.no_unit", text=visible(event.text)[:60])
    if scan.valid is False or scan.errors:
        if scan.advice:
            return said("unit.code_advice", advice="; ".join(scan.advice))
        return said("unit.code_unusable", errors=", ".join(scan.errors))
    found = {"serial": scan.serial, "lot": scan.lot, "part": scan.part_number, "revision": scan.details.get("revision")}
    if setup.code_label is not None:
        found |= {key: scan.details.get(key) for key in ("order", "heat")}
    ids = {key: value for key, value in found.items() if value}
    if not ids.keys() & {"serial", "lot"}:
        return said("unit.no_identifier", format=scan.format)
    return ids


def _scan(setup: Setup, event: Scanned) -> Scan | None:
    """What the code means; null for half a character, which JSON from a terminal can spell and no code holds."""
    try:
        code = event.text.encode("utf-8")
    except UnicodeEncodeError:
        return None
    wanted = setup.code_profile
    return read_scan(
        code,
        profile=wanted if wanted in PROFILE_NAMES else None,
        label=setup.code_label,
        roles=setup.code_roles,
        gs1_only=wanted == "gs1",
        data_identifiers=wanted == "data-identifiers",
        symbology=event.symbology,
    )

"""From a scanned code to the unit's identifiers: a plain code by a pattern, a structured one by its own rules. Pure."""

from __future__ import annotations

from gaugetrail_agent.barcodes import read_scan
from gaugetrail_agent.station.measurement import Setup
from gaugetrail_contract.text import refuse_identifier, visible


def identifiers(setup: Setup, text: str) -> dict[str, str] | str:
    """`serial`, `lot`, `part` and others as far as the code says; or why it can't be used, as a sentence."""
    ids = _by_pattern(setup, text) if setup.code_profile is None else _by_code(setup, text)
    if isinstance(ids, str):
        return ids
    plan = setup.plan.file
    if ids.get("part", plan.part) != plan.part:
        return f"this is a {visible(ids['part'])}; the plan {plan.id} is for {plan.part}"
    for key, value in ids.items():
        reason = refuse_identifier(value)
        if reason is not None:
            return f"the {key} can't be used: {reason}"
    return ids


def _by_pattern(setup: Setup, text: str) -> dict[str, str] | str:
    """The identifiers in a plain code, or why there are none."""
    match = setup.unit.fullmatch(text)
    if match is None:
        return f"{visible(text)[:60]} is no unit of this station; scan the unit's code"
    return {key: value for key, value in match.groupdict().items() if value} or {"serial": text}


def _by_code(setup: Setup, text: str) -> dict[str, str] | str:
    """The identifiers in a GS1, ISO 15434 or customer's code, or why there are none, with the cure."""
    scan = read_scan(text.encode("utf-8"), profile=setup.code_profile or None, roles=setup.code_roles)
    if scan.valid is False or scan.errors:
        return "; ".join(scan.advice) or f"the code can't be used: {', '.join(scan.errors)}"
    found = {"serial": scan.serial, "lot": scan.lot, "part": scan.part_number}
    ids = {key: value for key, value in found.items() if value}
    if not ids.keys() & {"serial", "lot"}:
        return f"this code ({scan.format}) holds neither serial nor lot; scan the unit's own code"
    return ids

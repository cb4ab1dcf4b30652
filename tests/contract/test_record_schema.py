"""The JSON Schema of a record says every pattern and bound that it ever said, and whoever reads one holds them all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from test_record_ways import FULL, bytes_of, plain

from gaugetrail_contract.record.reading import read_quickly
from gaugetrail_contract.record.schema import record_schema

SCHEMA = record_schema()

_ID = {"minLength": 1, "maxLength": 200, "pattern": r"^[^\p{Cc}\u{2028}\u{2029}]+$"}
_NAME = {"minLength": 1, "maxLength": 200, "pattern": r"^[^/+#\p{Cc}\u{2028}\u{2029}]+$"}
_TEXT = {"maxLength": 2000, "pattern": r"^[^\p{Cc}\u{2028}\u{2029}]*$"}
_SEAL = {"pattern": "^[0-9a-f]{64}$"}
_MOMENT = {
    "pattern": r"^[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z$"
}
_DECIMAL = {"maxLength": 64, "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}
_HEAD: dict[str, dict[str, Any]] = {
    **dict.fromkeys(("agent", "site", "line", "station"), _NAME),
    "epoch": {"pattern": "^[0-9a-z]{8,32}$"},
    "seq": {"minimum": 1, "maximum": 2**53},
    "prev": _SEAL,
    "time": _MOMENT,
    "utc_offset_min": {"minimum": -1440, "maximum": 1440},
    "mono_ns": {"minimum": 0},
    "boot": _ID,
    "slot": {"minimum": 0, "maximum": 999},
}
_OF_A_UNIT = (
    *("part", "revision", "serial", "lot", "order", "heat", "supplier_lot", "cavity", "fixture", "tool", "operator"),
    *("qualification", "supersedes"),
)
SINCE_0_1: dict[str, dict[str, dict[str, Any]]] = {
    "Inspection": _HEAD
    | dict.fromkeys(_OF_A_UNIT, _ID)
    | {
        "components": {"maxItems": 500, "items": _ID},
        "attempt": {"minimum": 1, "maximum": 1_000_000},
        "piece": {"minimum": 1},
        "pieces": {"minimum": 1},
        "started": _MOMENT,
        "duration_ms": {"minimum": 0},
    },
    "Amendment": _HEAD
    | dict.fromkeys(("target", "field", "requested_by", "approved_by"), _ID)
    | {"target_sha256": _SEAL, "old": _TEXT, "new": _TEXT, "reason": _TEXT | {"minLength": 1}},
    "Event": _HEAD | {"type": _ID},
    "Subject": {"id": _ID},
    "PlanRef": {"id": _ID, "revision": _ID, "sha256": _SEAL},
    "Measurement": dict.fromkeys(("characteristic", "unit", "gauge", "channel", "status"), _ID)
    | dict.fromkeys(("value", "nominal", "lsl", "usl"), _DECIMAL)
    | {
        "text": _TEXT,
        "defects": {"maxItems": 50, "items": _ID},
        "time": _MOMENT,
        "calibration_due": {"pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"},
        "raw": {"maxLength": 8192, "pattern": "^([0-9a-f]{2})*$"},
    },
}


def said(field: dict[str, Any]) -> dict[str, Any]:
    """What the schema says of a key that isn't null."""
    several = [one for one in field.get("anyOf", ()) if one.get("type") != "null"]
    return several[0] if several else field


def among(wanted: dict[str, Any] | None, found: dict[str, Any] | None) -> dict[str, Any] | None:
    return {name: found[name] for name in found if name in wanted} if wanted and found else None


@pytest.mark.parametrize("model", SINCE_0_1)
def test_no_pattern_and_no_bound_has_become_weaker(model: str) -> None:
    for key, limits in SINCE_0_1[model].items():
        found = dict(said(SCHEMA["$defs"][model]["properties"][key]))
        found["items"] = among(limits.get("items"), found.get("items"))
        assert {name: found.get(name) for name in limits} == limits, (model, key)


def test_what_was_needed_is_needed() -> None:
    head = {"kind", "clock", *_HEAD}
    needed = {name: set(SCHEMA["$defs"][name]["required"]) - {"schema"} for name in SINCE_0_1}
    assert {
        "Inspection": head | {"part", "plan", "verdict", "started", "duration_ms"},
        "Amendment": head | {"target", "target_sha256", "action", "reason", "requested_by"},
        "Event": head | {"type", "subject"},
        "Subject": {"kind", "id"},
        "PlanRef": {"id", "revision", "sha256"},
        "Measurement": {"characteristic", "kind", "verdict", "time", "capture"},
    } == needed


# --- whoever reads holds the schema

BROKEN = {
    _ID["pattern"]: "a\x7fb",
    _NAME["pattern"]: "a+b",
    _TEXT["pattern"]: "a\u2028b",
    _SEAL["pattern"]: "g" * 64,
    _MOMENT["pattern"]: "2026-11-23T08:00:00Z",
    _DECIMAL["pattern"]: "1.",
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}$": "2026-1-31",
    "^([0-9a-f]{2})*$": "0",
    "^[0-9a-z]{8,32}$": "a" * 33,
}
"""For each pattern a text that isn't it."""


def wrong_values(field: dict[str, Any], value: Any) -> Iterator[Any]:
    """Values that the schema refuses for a key, each for one reason."""
    field = said(field)
    field = SCHEMA["$defs"][field["$ref"].rpartition("/")[2]] if "$ref" in field else field
    if "pattern" in field:
        yield BROKEN[field["pattern"]]
    if field.get("minLength"):
        yield ""
    if "maxLength" in field:
        yield "0" * (field["maxLength"] + 2)
    if "minimum" in field:
        yield field["minimum"] - 1
    if "maximum" in field:
        yield field["maximum"] + 1
    if "maxItems" in field:
        yield [*value, "x"][:1] * (field["maxItems"] + 1)
    if "enum" in field:
        yield "no such word"
    yield {"integer": "1", "string": 7, "array": "x", "object": "x", "boolean": "true"}.get(field.get("type", "string"))


def spots(model: str, value: dict[str, Any], path: tuple[str | int, ...] = ()) -> Iterator[tuple[Any, Any]]:
    """Every key of a record, at any depth, with each value that the schema refuses there."""
    for key, field in SCHEMA["$defs"][model]["properties"].items():
        if key not in value:
            continue
        for wrong in wrong_values(field, value[key]):
            yield (*path, key), wrong
        inner = said(field)
        if "$ref" in inner and isinstance(value[key], dict):
            yield from spots(inner["$ref"].rpartition("/")[2], value[key], (*path, key))
        for at, one in enumerate(value[key] if isinstance(value[key], list) else ()):
            if "$ref" in inner["items"]:
                yield from spots(inner["items"]["$ref"].rpartition("/")[2], one, (*path, key, at))
            else:
                yield from (((*path, key, at), wrong) for wrong in wrong_values(inner["items"], one))


@pytest.mark.parametrize("data", [bytes_of(body) for body in FULL], ids=[body.KIND for body in FULL])
def test_what_the_schema_refuses_nobody_reads(data: bytes) -> None:
    record = json.loads(data)
    found = list(spots(record["kind"].capitalize(), record))
    assert len(found) > 50
    for path, wrong in found:
        changed = json.loads(data)
        at = changed
        for step in path[:-1]:
            at = at[step]
        at[path[-1]] = wrong
        written = json.dumps(changed, separators=(",", ":"), ensure_ascii=False).encode()
        assert read_quickly(written) is None, (path, wrong)
        assert plain(written) is None, (path, wrong)

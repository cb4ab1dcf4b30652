"""What displays and an MES read: each word of a verdict comes back as it was said, and anything else is refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaugetrail_contract import topics
from gaugetrail_contract.record.parts import Reason, UnitState, Verdict
from gaugetrail_contract.verdicts import MOST_VERDICT_BYTES, BadVerdict, ToldVerdict, open_verdict

GOOD = {
    "line": "line1",
    "station": "OP10",
    "part": "PR-1",
    "serial": "00012",
    "verdict": "fail",
    "reason": "running",
    "attempt": 1,
    "state": "hold",
    "time": "2026-11-28T06:00:00.000000Z",
    "record": "pc1/abcdefgh/7",
    "sha256": "a" * 64,
}


def test_a_verdict_reads_as_it_was_written() -> None:
    told = open_verdict(json.dumps(GOOD).encode())
    assert (told.verdict, told.reason, told.state, told.order) == (Verdict.FAIL, Reason.RUNNING, UnitState.HOLD, None)
    assert json.loads(told.to_bytes()) == GOOD
    assert told == open_verdict(told.to_bytes())


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("verdict", "passed"),
        ("state", "blocked"),
        ("serial", 12),
        ("serial", "a\nb"),
        ("attempt", "1"),
        ("attempt", 0),
        ("record", "pc1/abcdefgh/0"),
        ("sha256", "A" * 64),
        ("time", "yesterday"),
        ("station", "a/b"),
        ("release", True),
    ],
)
def test_what_is_no_verdict_is_refused_by_the_key(key: str, value: object) -> None:
    with pytest.raises(BadVerdict, match=f"it is none: {key}: "):
        open_verdict(json.dumps(GOOD | {key: value}).encode())


def test_one_that_says_a_thing_twice_or_is_too_long_is_refused() -> None:
    with pytest.raises(BadVerdict, match="twice"):
        open_verdict(b'{"line":"a","line":"b"}')
    with pytest.raises(BadVerdict, match="8,001 bytes"):
        open_verdict(b" " * (MOST_VERDICT_BYTES + 1))


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_and_nothing_else_happens(payload: bytes) -> None:
    with pytest.raises(BadVerdict):
        open_verdict(payload)


def test_the_longest_identifiers_that_there_are_fit() -> None:
    """200 characters of up to four bytes each, in each of them."""
    longest = dict.fromkeys(("line", "station", "part", "revision", "serial", "lot", "order"), "🔧" * 200)
    told = ToldVerdict.model_validate(GOOD | longest)
    assert told == open_verdict(told.to_bytes())


def test_it_has_a_topic_of_its_own() -> None:
    assert topics.verdicts("pc1") == "gaugetrail/v1/pc1/verdicts"

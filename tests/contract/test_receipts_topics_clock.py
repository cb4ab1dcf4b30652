from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaugetrail_contract import topics
from gaugetrail_contract.clock import FixedClock, Ticker, utc_text, utc_us
from gaugetrail_contract.receipts import NotStored, Receipt, parse_receipt


def sha(seq: int) -> str:
    return f"{seq:064x}"


def test_receipt_reads_as_it_was_written() -> None:
    receipt = Receipt(
        epoch="abcdefgh",
        stored=((1, 5, sha(5)), (7, 7, sha(7))),
        set_aside=(NotStored(seq=6, sha256=sha(6), reason="tag out of bounds"),),
    )
    assert receipt == parse_receipt(receipt.to_bytes())


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]",
        b"{",
        b'{"epoch":"abcdefgh","stored":[[5,1,"' + b"0" * 64 + b'"]]}',
        b'{"epoch":"abcdefgh","stored":[[0,1,"' + b"0" * 64 + b'"]]}',
        b'{"epoch":"abcdefgh","stored":[[1,2]]}',
        b'{"epoch":"abcdefgh","epoch":"abcdefgi","stored":[]}',
        b'{"epoch":"abcdefgh","more":1}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_receipt_is_refused_with_a_reason(payload: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_receipt(payload)


@given(st.binary(max_size=200))
def test_any_bytes_as_receipt_raise_nothing_else(payload: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_receipt(payload)


def test_an_agent_owns_only_its_own_topics() -> None:
    assert topics.agent_of("gaugetrail/v1/line1-pc1/records") == "line1-pc1"
    for foreign in ("gaugetrail/v1/collectors/c1/status", "gaugetrail/v1//records", "other/v1/a/records", "x"):
        assert topics.agent_of(foreign) is None


@pytest.mark.parametrize("name", ["a/b", "a+b", "#", "", "collectors", "documents", "a\nb", "x" * 201])
def test_names_that_would_break_a_topic_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="can't be an agent"):
        topics.check_agent(name)


@given(st.integers(0, 4_000_000_000_000_000))
def test_time_round_trip_keeps_the_microsecond(us: int) -> None:
    assert us == utc_us(utc_text(us))


@given(st.lists(st.integers(-10_000_000, 10_000_000), max_size=50), st.integers(0, 2**60))
def test_ticker_never_repeats_or_goes_back_whatever_the_clock_does(steps: list[int], last: int) -> None:
    clock = FixedClock()
    ticker = Ticker(clock.now_us, last)
    seen = last
    for step in steps:
        clock.us = max(0, clock.us + step)
        now = ticker.next()
        assert now > seen
        seen = now

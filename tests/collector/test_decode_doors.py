"""The door from MQTT: whatever arrives on whatever topic is records or bad lines with a reason, never an exception."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import chain, event, opened

from gaugetrail_collector.intake.decoding import MOST_LINES, Decoded, Message, decode, points_of
from gaugetrail_collector.stores.lines import lines_of
from gaugetrail_contract import topics

LINES = [one.sealed.line() for one in (*chain(3), event(4))]
TOPIC = topics.records("line1-pc1")

garbage = st.one_of(st.binary(max_size=400), st.sampled_from([b"", b"\n", b"\n\n\n", b"{}", b"null", b"[" * 5000]))


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A good message with something done to it: bytes changed, cut, doubled or put in."""
    payload = bytearray(b"\n".join(draw(st.lists(st.sampled_from(LINES), min_size=1, max_size=3))))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(payload)))
        kind = draw(st.sampled_from(["set", "cut", "put", "twice"]))
        if kind == "set" and at < len(payload):
            payload[at] = draw(st.integers(0, 255))
        elif kind == "cut":
            del payload[at : at + draw(st.integers(1, 300))]
        elif kind == "put":
            payload[at:at] = draw(st.binary(max_size=20))
        else:
            payload[at:at] = payload[at : at + draw(st.integers(1, 300))]
    return bytes(payload)


def account(decoded: Decoded) -> None:
    """Each line is one thing or the other; each bad one has its bytes and a reason; each good one can be stored."""
    for raw, reason in decoded.bad:
        assert reason
        assert raw in decoded.message.payload or not raw
    for one in decoded.records:
        assert one.sealed.line() in decoded.message.payload
        assert lines_of(one)
        assert one.record.time_us
    assert points_of(decoded) >= len(decoded.records) + len(decoded.bad)


@given(st.one_of(st.just(TOPIC), st.text(max_size=40)), st.one_of(garbage, damaged()))
def test_any_bytes_on_any_topic_are_records_or_bad_lines(topic: str, payload: bytes) -> None:
    decoded = decode(Message(topic, payload, 1))
    account(decoded)
    assert decoded.records or decoded.bad


@given(damaged())
def test_any_bytes_beside_a_good_line_leave_it_good(payload: bytes) -> None:
    """Poison in a message takes none of its neighbours with it."""
    good = opened(77).sealed.line()
    decoded = decode(Message(TOPIC, good + b"\n" + payload, 1))
    account(decoded)
    assert good in [one.sealed.line() for one in decoded.records]


@pytest.mark.parametrize(
    "topic",
    ["", "/", "gaugetrail/v1", "gaugetrail/v1//records", "gaugetrail/v2/pc/records", "x" * 60_000],
)
def test_a_topic_that_is_no_agents_is_kept_with_its_bytes(topic: str) -> None:
    decoded = decode(Message(topic, LINES[0], 1))
    assert decoded.records == ()
    assert [raw for raw, _ in decoded.bad] == [LINES[0]]


def test_a2_a_record_counts_only_on_its_own_agents_topic() -> None:
    decoded = decode(Message(topics.records("other-pc"), LINES[0], 1))
    assert decoded.records == ()
    assert "line1-pc1's, but it came on other-pc's topic" in decoded.bad[0][1]


def test_an_empty_message_is_no_silence() -> None:
    assert decode(Message(TOPIC, b"", 1)).bad == ((b"", "the message holds no record"),)


def test_a24_a_message_of_more_lines_than_agents_send_is_one_entry_and_looked_at_no_further() -> None:
    """Half a million lines must cost no more than their bytes; 500 records and a signature are taken."""
    most = b"\n".join([b"x"] * MOST_LINES)
    assert len(decode(Message(TOPIC, most, 1)).bad) == MOST_LINES
    flood = most + b"\nx" * 500_000
    ((raw, reason),) = decode(Message(TOPIC, flood, 1)).bad
    assert (raw, decode(Message(TOPIC, flood, 1)).records) == (flood, ())
    assert reason == "the message has 500501 lines, and 501 are the most: none of them was looked at"

"""What is known of a broker's largest message, and what follows from it. No broker."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaugetrail_agent.delivery.message_size import AROUND, DAY_SECS, FULL, LEAST, Learned, LearnedSizes, MessageSize


def tried_out(limit: int, size: MessageSize, now: float = 0.0) -> list[int]:
    """The trial against a broker of that limit, to its end: the sizes that were tried."""
    tried = []
    while size.trial is not None:
        tried.append(size.trial)
        (size.held if size.trial <= limit else size.failed)(now)
    return tried


def test_halves_are_tried_until_one_passes() -> None:
    size = MessageSize()
    assert size.doubt(106_523)
    assert tried_out(20_000, size) == [106_523, 65_536, 32_768, 16_384]
    assert (size.refused, size.passed, size.most) == (32_768, 16_384, 16_384)
    assert size.limit == "the broker takes at most about 16 KiB: message_size_limit"


def test_where_the_size_in_question_passes_nothing_is_learned() -> None:
    size = MessageSize()
    assert size.doubt(5_000)
    assert tried_out(20_000, size) == [5_000]
    assert (size.refused, size.most, size.limit) == (None, FULL, "")
    assert not size.doubt(5_000), "it is known to pass"
    assert size.doubt(5_001)


def test_less_than_the_least_is_no_matter_of_size() -> None:
    size = MessageSize()
    assert not size.doubt(LEAST)
    assert size.doubt(LEAST + 1)
    assert tried_out(100, size) == [LEAST + 1, LEAST]
    assert (size.refused, size.limit) == (None, "")


def test_a_larger_size_is_tried_once_a_day_and_only_the_next_one() -> None:
    size = MessageSize()
    size.doubt(100_000)
    tried_out(20_000, size, now=50.0)
    size.rise(50.0 + DAY_SECS - 1)
    assert size.trial is None
    size.rise(50.0 + DAY_SECS)
    assert tried_out(20_000, size, now=50.0 + DAY_SECS) == [32_768]
    size.rise(50.0 + DAY_SECS + 1)
    assert size.trial is None, "not again the same day"


def test_a_limit_that_has_gone_is_found_gone_in_one_rise() -> None:
    size = MessageSize(refused=32_768, passed=16_384, next_rise=0.0)
    size.rise(1.0)
    assert tried_out(10**9, size) == [32_768, 65_536, 131_072, FULL]
    assert (size.refused, size.most, size.limit, size.learned(0.0)) == (None, FULL, "", None)


def test_a_limit_that_has_risen_is_learned_anew() -> None:
    size = MessageSize(refused=32_768, passed=16_384, next_rise=0.0)
    size.rise(1.0)
    assert tried_out(100_000, size) == [32_768, 65_536, 131_072]
    assert (size.refused, size.most) == (131_072, 65_536)


@given(st.integers(LEAST, FULL), st.integers(LEAST + 1, FULL))
def test_what_is_sent_after_a_trial_passes_and_a_lone_record_is_put_aside_only_where_it_does_not(
    limit: int, doubted: int
) -> None:
    size = MessageSize()
    size.doubt(doubted)
    tried_out(limit, size)
    if doubted > limit:
        assert limit / 2 < size.most <= limit or size.most == LEAST
        assert not size.too_large(limit)
        assert size.too_large(doubted)
    else:
        assert size.refused is None


def test_a_limit_that_the_broker_names_is_kept_to_with_room_for_what_is_around() -> None:
    size = MessageSize()
    size.name(20_000)
    assert (size.most, size.too_large(20_000 - AROUND), size.too_large(20_001 - AROUND)) == (19_800, False, True)
    assert size.limit == "the broker takes packets of at most 20000 bytes: max_packet_size"
    size.name(10_000_000)
    assert (size.most, size.limit) == (FULL, "")
    size.name(None)
    assert (size.most, size.limit) == (FULL, "")


def test_the_smaller_of_two_limits_holds_and_is_the_one_that_is_said() -> None:
    size = MessageSize(refused=32_768, passed=16_384)
    size.name(20_000)
    assert (size.most, "16 KiB" in size.limit) == (16_384, True)
    size.name(9_000)
    assert (size.most, "9000 bytes" in size.limit) == (8_800, True)


def test_what_was_kept_is_gone_on_from_and_tried_again_a_day_after_it_was_tried() -> None:
    kept = Learned(refused=32_768, passed=16_384, tried=1_000.0)
    size = MessageSize.of(kept, now=7.0, wall=1_000.0 + DAY_SECS / 4)
    assert (size.refused, size.passed, size.next_rise) == (32_768, 16_384, 7.0 + DAY_SECS * 3 / 4)
    assert size.learned(5.0) == Learned(refused=32_768, passed=16_384, tried=5.0)
    assert MessageSize.of(kept, 7.0, 0.0).next_rise == 7.0 + DAY_SECS, "a clock that went back costs a day at most"
    assert MessageSize.of(kept, 7.0, 1e12).next_rise == 7.0
    assert MessageSize.of(None, 7.0, 0.0) == MessageSize()


def test_each_broker_has_its_own_line_in_the_file(tmp_path: Path) -> None:
    one, two = (Learned(refused=number, passed=1, tried=0.0) for number in (32_768, 65_536))
    sizes = LearnedSizes(tmp_path / "broker-limits.json")
    assert sizes.recall("a:1") is None
    sizes.keep("a:1", one)
    sizes.keep("b:1", two)
    assert [LearnedSizes(tmp_path / "broker-limits.json").recall(name) for name in ("a:1", "b:1")] == [one, two]
    sizes.keep("a:1", None)
    assert [sizes.recall(name) for name in ("a:1", "b:1")] == [None, two]


@pytest.mark.parametrize("content", [b"", b"{", b'{"a:1":{"refused":-1,"tried":0}}', b"\xff", b"[]"])
def test_a_file_that_can_not_be_read_costs_learning_anew(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broker-limits.json"
    path.write_bytes(content)
    sizes = LearnedSizes(path)
    assert sizes.recall("a:1") is None
    sizes.keep("a:1", Learned(refused=9, tried=0.0))
    assert sizes.recall("a:1") is not None


def test_a_file_that_can_not_be_written_is_said_and_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    LearnedSizes(tmp_path / "file" / "limits.json").keep("a:1", Learned(refused=9, tried=0.0))
    assert "can't be written" in caplog.text

"""What is sent again, and when: only a receipt ends a record's way."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gaugetrail_agent.delivery import LONGEST, Delivery


def test_a_record_without_a_receipt_is_due_again_ever_later() -> None:
    delivery = Delivery(resend_secs=10)
    now, gaps = 0.0, []
    delivery.sent([1], now)
    for _ in range(6):
        due = delivery.next_due()
        assert due is not None
        assert delivery.due(due - 0.001, 10) == []
        assert list(delivery.due(due, 10)) == [1]
        gaps.append(due - now)
        now = due
        delivery.sent([1], now)
    assert gaps == [10, 20, 40, 80, LONGEST, LONGEST]
    assert delivery.resent == 6


def test_a_receipt_ends_it() -> None:
    delivery = Delivery()
    delivery.sent([1, 2, 3], 0)
    delivery.receipted([1, 3, 99])
    assert list(delivery.due(1e9, 10)) == [2]
    assert delivery.on_way == 1


def test_a_new_connection_makes_all_due_after_a_moment() -> None:
    """A broker may have lost what it had acknowledged."""
    delivery = Delivery(resend_secs=10)
    delivery.sent([1, 2], 0)
    delivery.reconnected(5, grace_secs=1)
    assert delivery.due(5.9, 10) == []
    assert list(delivery.due(6, 10)) == [1, 2]


@given(st.lists(st.tuples(st.sampled_from(["new", "again", "receipt"]), st.integers(1, 30)), max_size=60))
def test_never_more_on_the_way_than_allowed_and_never_one_forgotten(acts: list[tuple[str, int]]) -> None:
    delivery = Delivery(resend_secs=1, most=20)
    now, done = 0.0, set()
    for act, number in acts:
        now += 0.5
        if act == "new":
            count = min(number, delivery.room())
            delivery.sent(range(delivery.cursor + 1, delivery.cursor + 1 + count), now)
        elif act == "again":
            delivery.sent(delivery.due(now, number), now)
        else:
            delivery.receipted([number])
            done |= {number} if number <= delivery.cursor else set()
        assert delivery.on_way <= 20
    assert set(delivery.due(float("inf"), 10_000)) == set(range(1, delivery.cursor + 1)) - done

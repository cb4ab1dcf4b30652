"""What is sent, what is sent again, and what goes first: only a receipt ends a record's way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaugetrail_agent.delivery.lanes import EASY_SECS, FLOWING_SECS, LEAST_BACKLOG, LONGEST, Delivery, Lane, Order


def send(delivery: Delivery, newest: int, now: float) -> tuple[Lane, list[int]] | None:
    """Carry out the next order against a spool that holds everything up to `newest`."""
    order = delivery.order(newest, now)
    if order is None:
        return None
    numbers = list(range(order.first, order.last + 1)[: order.most])
    delivery.done(order, numbers, now)
    return order.lane, numbers


def test_a_record_without_a_receipt_is_due_again_ever_later() -> None:
    delivery = Delivery(resend_secs=10)
    now, gaps = 0.0, []
    assert send(delivery, 1, now) == (Lane.LIVE, [1])
    for _ in range(6):
        due = delivery.next_due(now)
        assert due is not None
        assert delivery.order(1, due - 0.001) is None
        assert send(delivery, 1, due) == (Lane.RESEND, [1])
        gaps.append(due - now)
        now = due
    assert gaps == [10, 20, LONGEST, LONGEST, LONGEST, LONGEST]
    assert delivery.resent == 6


def test_while_others_get_their_receipts_nothing_waits_for_long() -> None:
    """A broker threw messages away again and again; when it works again, the last of them is not late."""
    delivery = Delivery(resend_secs=10)
    now = 0.0
    send(delivery, 1, now)
    while (due := delivery.next_due(now)) is not None and due - now < LONGEST:
        now = due
        assert send(delivery, 1, now) == (Lane.RESEND, [1])
    sent = now
    assert send(delivery, 2, sent + 10) == (Lane.LIVE, [2])
    delivery.receipted([2], sent + 11)
    assert send(delivery, 2, sent + 11 + FLOWING_SECS - 1) is None
    assert send(delivery, 2, sent + 11 + FLOWING_SECS) == (Lane.RESEND, [1])
    assert send(delivery, 2, sent + 11 + 2 * FLOWING_SECS) is None, "and nothing has come since"


def test_a_receipt_ends_it() -> None:
    delivery = Delivery(resend_secs=10)
    send(delivery, 3, 0)
    delivery.receipted([1, 3, 99], 1)
    assert delivery.on_way == 1
    order = delivery.order(3, 1e9)
    assert order is not None
    assert (order.lane, order.first, order.last) == (Lane.RESEND, 2, 2)


def test_a_new_connection_makes_all_due_after_a_moment() -> None:
    """A broker may have lost what it had acknowledged."""
    delivery = Delivery(resend_secs=10)
    send(delivery, 2, 0)
    delivery.resume(2, 5, grace_secs=1)
    assert send(delivery, 2, 5.9) is None
    assert send(delivery, 2, 6) == (Lane.RESEND, [1, 2])


def test_live_records_go_ahead_of_the_backlog_and_the_backlog_beside_them() -> None:
    """After an outage a part that is measured now doesn't wait for the thousands before it."""
    delivery = Delivery()
    delivery.resume(36_000, 0)
    assert send(delivery, 36_000, 0) == (Lane.LIVE, list(range(35_901, 36_001)))
    assert send(delivery, 36_000, 0) == (Lane.BACKLOG, list(range(1, 101)))
    assert send(delivery, 36_001, 0.01) == (Lane.LIVE, [36_001])
    assert send(delivery, 36_001, 0.02) == (Lane.BACKLOG, list(range(101, 201)))
    assert send(delivery, 36_003, 0.03) == (Lane.LIVE, [36_002, 36_003])
    assert delivery.backlog() == 36_000 - 300


def test_a_line_at_its_limit_starves_neither_backlog_nor_resends() -> None:
    delivery = Delivery(most=10**6)
    delivery.resume(1100, 0)
    lanes = []
    for number in range(1, 200):
        sent = send(delivery, 1100 + number * 100, number / 100)
        assert sent is not None
        lanes.append(sent[0])
        if sent[0] is Lane.BACKLOG:
            delivery.receipted(sent[1], number / 100)
    assert lanes.count(Lane.LIVE) > 150
    assert lanes.count(Lane.BACKLOG) >= 10


def test_the_backlog_keeps_to_its_rate() -> None:
    delivery = Delivery(catch_up_per_s=50)
    delivery.resume(10_100, 0)
    assert send(delivery, 10_100, 0) == (Lane.LIVE, list(range(10_001, 10_101)))
    went = 0
    for tick in range(1000):  # ten seconds
        sent = send(delivery, 10_100, tick / 100)
        went += len(sent[1]) if sent else 0
    assert 490 <= went <= 520
    assert send(delivery, 10_101, 10.0) == (Lane.LIVE, [10_101])


def test_a_slow_store_gets_less_backlog_at_once_and_a_quick_one_more() -> None:
    """However slow the store is, a live record finds only a short queue before it."""

    def on_way_with(receipt_after: float) -> int:
        delivery = Delivery(catch_up_per_s=10**6)
        delivery.resume(10**6, 0)
        now, most, flying = 0.0, 0, []
        for _ in range(3000):
            now += 0.002
            sent = send(delivery, 10**6, now)
            if sent:
                flying.append((now + receipt_after, sent[1]))
            while flying and flying[0][0] <= now:
                delivery.receipted(flying.pop(0)[1], now)
            most = delivery.on_way
        return most

    assert on_way_with(EASY_SECS * 3) <= LEAST_BACKLOG + 100
    assert on_way_with(EASY_SECS / 4) >= 2000


@pytest.mark.parametrize("per_s", [500, 2000, 5000])
def test_a_store_is_kept_busy_and_a_live_record_waits_less_than_a_second(per_s: int) -> None:
    """A store that takes so many a second, whatever is sent: it never runs dry, and its queue stays short."""
    delivery = Delivery(catch_up_per_s=10**6)
    delivery.resume(10**6, 0)
    queue: list[int] = []
    taken, idle, waits = 0.0, 0, []
    for tick in range(6000):  # thirty seconds
        now = tick * 0.005
        while sent := send(delivery, 10**6, now):
            queue += sent[1]
        taken = min(taken + per_s * 0.005, len(queue))
        idle += tick > 1000 and not queue
        waits.append(len(queue) / per_s)
        if tick % 20 == 0:  # the collector finishes a batch
            done, queue, taken = queue[: int(taken)], queue[int(taken) :], 0.0
            delivery.receipted(done, now)
    assert idle == 0
    assert max(waits[2000:]) < 1.0


def test_what_a_collector_asks_for_again_goes_out_once_for_each_time_it_asks() -> None:
    delivery = Delivery()
    delivery.ask("0123456789ab", [(5, 7), (5, 7)])
    order = delivery.order(0, 0)
    assert order == Order(Lane.ASKED, 5, 7, 100, "0123456789ab")
    delivery.done(order, [5, 6, 7], 0)
    assert delivery.order(0, 1e9) is None
    assert delivery.on_way == 0


def test_what_is_gone_is_passed_over() -> None:
    """A range of which the spool holds nothing any more ends, and the lane goes on behind it."""
    delivery = Delivery()
    delivery.resume(600, 0)
    assert send(delivery, 600, 0) == (Lane.LIVE, list(range(501, 601)))
    order = delivery.order(600, 0)
    assert order is not None
    delivery.done(order, [400], 0)
    rest = delivery.order(600, 0)
    assert rest is not None
    assert (rest.lane, rest.first, rest.last) == (Lane.BACKLOG, 401, 500)
    delivery.done(rest, [], 0)
    assert delivery.order(600, 0.5) is None


acts = st.lists(
    st.tuples(st.sampled_from(["seal", "send", "send", "receipt", "cut", "time"]), st.integers(1, 40)), max_size=150
)


@given(acts, st.integers(1, 7), st.integers(1, 50))
def test_never_more_on_the_way_than_allowed_and_never_one_forgotten(
    acts: list[tuple[str, int]], batch: int, rate: int
) -> None:
    """Whatever happens in whatever order: in the end each record that has no receipt is sent again."""
    delivery = Delivery(resend_secs=1, most=20, catch_up_per_s=rate, batch=batch)
    now, newest, done = 0.0, 0, set()

    def go() -> set[int]:
        order = delivery.order(newest, now)
        if order is None:
            return set()
        waiting = [seq for seq in range(order.first, order.last + 1) if seq not in done][: order.most]
        delivery.done(order, waiting, now)
        return set(waiting)

    for act, number in acts:
        if act == "seal":
            newest += number
        elif act == "send":
            go()
        elif act == "receipt" and number <= newest:
            done.add(number)
            delivery.receipted([number], now)
        elif act == "cut":
            delivery.resume(newest, now)
        elif act == "time":
            now += number / 10
        assert delivery.on_way <= 20
    still = set(range(1, newest + 1)) - done
    sent: set[int] = set()
    for _ in range(20 * len(still) + 20):
        if sent >= still:
            break
        now += 1.0
        out = go()
        sent |= out
        done |= out
        delivery.receipted(out, now)
    assert sent >= still
    assert delivery.on_way == 0


def test_records_that_are_not_taken_yet_stand_in_nobodys_way_and_are_sent_again_rarely() -> None:
    """As many as may be on the way, all of them held: the next ones go out all the same."""
    delivery = Delivery(resend_secs=1.0, most=100, batch=100)
    assert send(delivery, 100, 0.0) == (Lane.LIVE, list(range(1, 101)))
    assert send(delivery, 150, 0.1) is None, "as much is on the way as may be"
    delivery.held(range(1, 101), 0.2)
    assert delivery.on_way == 0
    assert send(delivery, 150, 0.3) == (Lane.LIVE, list(range(101, 151)))
    delivery.receipted(range(101, 151), 0.4)
    assert send(delivery, 150, 11.0) is None, "nor do receipts of others bring them forward"
    held = Order(Lane.RESEND, 1, 100, 100)
    assert delivery.order(150, 12.3) == held
    assert not delivery.overtaken(held), "nobody swallowed them"
    assert send(delivery, 150, 12.3) == (Lane.RESEND, list(range(1, 101)))
    delivery.receipted(range(1, 101), 12.4)
    assert (delivery.on_way, delivery.next_due(12.5)) == (0, None)


def test_a_backlog_that_begins_with_records_that_are_not_taken_goes_on_behind_them() -> None:
    delivery = Delivery(resend_secs=1.0, batch=100)
    delivery.resume(1000, 0.0)
    sent = [seqs for tenth in range(20) if (went := send(delivery, 1000, tenth / 10)) for seqs in [went[1]]]
    before = max(max(seqs) for seqs in sent if max(seqs) <= 900)
    assert before < 900, "no more goes out while these have no answer"
    delivery.held([seq for seqs in sent for seq in seqs if seq <= 900], 2.0)
    went = send(delivery, 1000, 2.1)
    assert went is not None
    assert went == (Lane.BACKLOG, list(range(before + 1, before + 101)))

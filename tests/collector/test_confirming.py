"""Confirming behind the store: in order, all of it before the end, and never silently not."""

from __future__ import annotations

import threading

import pytest
from floor import until

from gaugetrail_collector.intake.confirming import Confirming
from gaugetrail_collector.intake.decoding import Message
from gaugetrail_collector.intake.storing import Stored


def batch(number: int) -> Stored:
    return Stored((Message("gaugetrail/v1/pc1/records", b"", number),), (), (), (), 0)


def test_batches_are_confirmed_in_their_order_and_all_before_the_end() -> None:
    told: list[int] = []
    confirming = Confirming(lambda stored: told.append(stored.messages[0].token))
    confirming.start()
    for number in range(200):
        confirming.put(batch(number))
    confirming.stop()
    assert told == list(range(200))


def test_the_store_goes_on_while_one_batch_is_confirmed_and_waits_at_the_third() -> None:
    may_go = threading.Event()
    told: list[int] = []

    def slowly(stored: Stored) -> None:
        assert may_go.wait(20)
        told.append(stored.messages[0].token)

    confirming = Confirming(slowly)
    confirming.start()
    confirming.put(batch(1))
    confirming.put(batch(2))
    third = threading.Thread(target=confirming.put, args=(batch(3),), daemon=True)
    third.start()
    third.join(0.2)
    assert third.is_alive(), "no more than one waits"
    may_go.set()
    third.join(20)
    confirming.stop()
    assert told == [1, 2, 3]


def test_a_failure_is_told_to_whoever_stores_and_nothing_behind_it_is_confirmed() -> None:
    told: list[int] = []

    def badly(stored: Stored) -> None:
        if stored.messages[0].token == 1:
            raise RuntimeError("no memory left")
        told.append(stored.messages[0].token)

    confirming = Confirming(badly)
    confirming.start()
    confirming.put(batch(0))
    confirming.put(batch(1))
    number = iter(range(2, 1000))

    def refused() -> bool:
        try:
            confirming.put(batch(next(number)))
        except RuntimeError as error:
            return str(error) == "no memory left"
        return False

    until(refused, "the failure is told")
    confirming.stop()
    assert told == [0]


def test_without_a_thread_it_is_confirmed_at_once() -> None:
    told: list[int] = []
    confirming = Confirming(lambda stored: told.append(stored.messages[0].token))
    confirming.put(batch(1))
    assert told == [1]
    confirming.stop()
    with pytest.raises(ZeroDivisionError):
        Confirming(lambda _: 1 / 0).put(batch(2))  # type: ignore[arg-type, return-value]

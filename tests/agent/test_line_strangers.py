"""Who is on the broker and shouldn't be, told from what the line hears."""

from __future__ import annotations

from gaugetrail_agent.delivery.broker_line import DOUBT_SECS, QUICK_DROP_SECS, TAKEN_OVER, TOO_LARGE, BrokerLine
from gaugetrail_agent.delivery.lanes import Delivery, Lane, Order
from gaugetrail_agent.delivery.strangers import (
    A_WHILE_SECS,
    TWIN_SECS,
    VANISHING_SECS,
    CollectorLives,
    Vanishing,
    two_stores,
    two_with_one_id,
)
from gaugetrail_contract.signed_status import CollectorWord
from gaugetrail_contract.status import AgentStatus, CollectorStatus

LIVES = [f"2026-11-25T0{hour}:00:00.000000Z" for hour in range(1, 8)]


def status(name: str = "c1", **more: object) -> CollectorStatus:
    return CollectorStatus.model_validate({"online": True, "collector": name} | more)


def word(name: str = "c1", **more: object) -> CollectorWord:
    return CollectorWord(status(name, **more))


def test_a_life_that_is_heard_again_after_another_one_is_a_twins_for_a_minute() -> None:
    lives = CollectorLives()
    for at, life in enumerate((0, 1, 1)):
        lives.hear(word(started=LIVES[life]), at)
        assert two_with_one_id(lives, at) is None, "started again"
    lives.hear(word(started=LIVES[0]), 3)
    said = "two collectors have one id: both call themselves 'c1'; give one of them another"
    assert two_with_one_id(lives, 3) == said
    assert two_with_one_id(lives, 3 + TWIN_SECS - 0.1) == said
    assert two_with_one_id(lives, 3 + TWIN_SECS) is None
    lives.hear(word(started=LIVES[1]), 100)
    assert two_with_one_id(lives, 100) == said


def test_the_last_will_of_an_earlier_life_is_no_twins_and_other_collectors_are_none() -> None:
    lives = CollectorLives()
    lives.hear(word(started=LIVES[0]), 0)
    lives.hear(word(started=LIVES[1]), 1)
    lives.hear(word(started=LIVES[0], online=False), 2)
    lives.hear(word("c2", started=LIVES[0]), 3)
    lives.hear(word(started=None), 4)
    assert two_with_one_id(lives, 4) is None


def test_a_collector_that_restarts_for_ever_is_remembered_for_four_lives() -> None:
    lives = CollectorLives()
    for at, started in enumerate(LIVES):
        lives.hear(word(started=started), at)
    assert len(lives._lives["c1"]) == 4
    assert two_with_one_id(lives, len(LIVES)) is None


SHARED = {"takes": "share", "group": "g"}


def test_two_stores_behind_one_group_are_named_and_nothing_else_is() -> None:
    one, two = (status(name, store_id=name[1] * 16, **SHARED) for name in ("c1", "c2"))
    said = "collectors c1 and c2 share the group 'g' and write to two stores: each holds a part of all"
    assert two_stores([one, two]) == two_stores([two, one]) == said
    for other in ({"store_id": "1" * 16}, {"store_id": ""}, {"online": False}, {"takes": "all"}, {"group": "h"}):
        assert two_stores([one, two.model_copy(update=other)]) is None


def test_messages_must_vanish_in_three_whiles_of_a_minute() -> None:
    """A collector that is killed takes many with it at once, and that is no theft."""
    vanishing = Vanishing()
    for _ in range(50):
        vanishing.note(0.0)
    vanishing.note(A_WHILE_SECS - 0.1)
    vanishing.note(A_WHILE_SECS)
    assert vanishing.alarm(A_WHILE_SECS) is None
    vanishing.note(A_WHILE_SECS * 2)
    assert "somebody else takes them" in (vanishing.alarm(A_WHILE_SECS * 2) or "")
    assert vanishing.alarm(VANISHING_SECS) is None, "the first is long ago"


def test_while_a_collectors_store_is_down_nobody_else_is_suspected() -> None:
    line = BrokerLine("b:1", "pc1", "id", connected=True, trouble=None)
    for at in (0.0, 10.0, 20.0):
        line.vanished(at)
    assert "somebody else" in (line.alarm(20.0) or "")
    line.collectors.take(word(store="up"), 20.0, proven=True)
    line.collectors.take(word("c2", store="down"), 20.0, proven=False)
    assert "somebody else" in (line.alarm(20.0) or ""), "whoever says so may be the one"
    line.collectors.take(word("c2", store="down"), 20.0, proven=True)
    assert line.alarm(20.0) is None


def sent(delivery: Delivery, seq: int, at: float) -> None:
    delivery.done(Order(Lane.LIVE, seq, seq, 1), [seq], at)


def test_a_message_is_overtaken_by_one_that_went_out_later_and_has_its_receipt() -> None:
    delivery = Delivery(resend_secs=10.0)
    for seq in (1, 2):
        sent(delivery, seq, float(seq))
    again = Order(Lane.RESEND, 1, 1, 1)
    assert not delivery.overtaken(again)
    delivery.receipted([2], 3.0)
    assert delivery.overtaken(again)
    assert not delivery.overtaken(Order(Lane.LIVE, 1, 1, 1))
    delivery.done(again, [1], 11.0)
    assert not delivery.overtaken(again), "sent anew just now"
    delivery.resume(2, 12.0)
    delivery.receipted([1], 13.0)
    assert not delivery.overtaken(again)


def test_after_a_new_connection_nothing_is_held_against_what_was_lost_with_the_old_one() -> None:
    delivery = Delivery(resend_secs=10.0)
    for seq in (1, 2):
        sent(delivery, seq, float(seq))
    delivery.receipted([2], 3.0)
    delivery.resume(2, 4.0)
    assert not delivery.overtaken(Order(Lane.RESEND, 1, 1, 1))
    sent(delivery, 3, 5.0)
    delivery.receipted([3], 6.0)
    assert delivery.overtaken(Order(Lane.RESEND, 1, 1, 1))


def ends(line: BrokerLine, code: int = 0) -> list[int | None]:
    """What is suspected when the connection ends twice right behind a message."""
    found = []
    for at in (1.0, 3.0):
        line.up(at)
        line.published(1, at, 5_000)
        line.down(code, "gone", at + 0.1)
        found.append(line.suspect)
    return found


def test_a_connection_that_ends_twice_right_behind_a_message_puts_its_size_in_question() -> None:
    assert ends(BrokerLine("b:1", "pc1", "id")) == [None, 5_000]
    assert ends(BrokerLine("b:1", "pc1", "id"), TOO_LARGE) == [5_000, 5_000], "the broker says so itself"


def test_a_twin_that_ends_our_connections_puts_no_size_in_question() -> None:
    assert ends(BrokerLine("b:1", "pc1", "id"), TAKEN_OVER) == [None, None]
    line = BrokerLine("b:1", "pc1", "id")
    line.own_status(AgentStatus(online=True, agent="pc1", started=LIVES[1]), LIVES[0], 0.0)
    assert ends(line) == [None, None]


def test_ends_that_are_far_apart_or_long_after_a_message_put_nothing_in_question() -> None:
    line = BrokerLine("b:1", "pc1", "id")
    for at in (1.0, 1.0 + DOUBT_SECS):
        line.up(at)
        line.published(1, at, 5_000)
        line.down(0, "gone", at + 0.1)
    assert line.suspect is None
    line.up(200.0)
    line.published(1, 200.0, 5_000)
    line.down(0, "gone", 200.0 + QUICK_DROP_SECS)
    assert line.suspect is None


def test_a_message_that_is_refused_as_too_large_is_no_refused_topic() -> None:
    line = BrokerLine("b:1", "pc1", "id", connected=True, trouble=None)
    line.published(7, 0.0, 5_000)
    line.acknowledged(7, 0.1, "Packet too large")
    assert (line.suspect, line.trouble) == (5_000, None)
    line.published(8, 0.2, 900)
    line.acknowledged(8, 0.3, "Not authorized")
    assert "refuses the topic" in (line.trouble or "")

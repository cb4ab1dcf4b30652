"""What of collectors' statuses counts at an agent: the signed ones of those it knows, and the newest of these."""

from __future__ import annotations

from gaugetrail_agent.delivery.collectors_heard import (
    CEASED_SECS,
    FRESH_SECS,
    MOST_PROVEN,
    MOST_UNPROVEN,
    UNPROVEN_SECS,
    CollectorsHeard,
)
from gaugetrail_agent.delivery.strangers import two_with_one_id
from gaugetrail_contract.signed_status import CollectorWord
from gaugetrail_contract.status import CollectorStatus

KEY = "a" * 64
LIVES = [f"2026-11-25T0{hour}:00:00.000000Z" for hour in range(1, 8)]


def word(name: str = "c1", key: str | None = KEY, **more: object) -> CollectorWord:
    told = {"online": True, "collector": name, "started": LIVES[2], "connection": 1, "beat": 1, "store": "up"}
    return CollectorWord(CollectorStatus.model_validate(told | more), key)


def test_every_known_store_down_pauses_and_one_that_is_up_ends_it() -> None:
    heard = CollectorsHeard()
    assert heard.stores_down(0) is None, "nobody is there"
    heard.take(word(store="down", store_detail="disk full"), 0, proven=True)
    assert (heard.stores_down(0) or word().status).store_detail == "disk full"
    heard.take(word("c2"), 0, proven=True)
    assert heard.stores_down(0) is None
    heard.take(word("c2", online=False, store="unknown"), 1, proven=True)
    assert heard.stores_down(1) is not None, "whoever is gone doesn't count"


def test_an_unproven_word_pauses_nobody_and_one_that_says_up_ends_a_pause() -> None:
    """An older collector doesn't sign its statuses: its store counts for the better, never for the worse."""
    heard = CollectorsHeard()
    heard.take(word("old", None, store="down"), 0, proven=False)
    assert heard.stores_down(0) is None
    assert not heard.one_is_down(0)
    heard.take(word(store="down"), 0, proven=True)
    assert heard.stores_down(0) is not None
    assert heard.one_is_down(0)
    heard.take(word("old", None, store="up"), 0, proven=False)
    assert heard.stores_down(0) is None


def test_a_word_pauses_for_no_longer_than_it_is_fresh() -> None:
    heard = CollectorsHeard()
    heard.take(word(store="down"), 0, proven=True)
    assert heard.stores_down(FRESH_SECS - 0.1) is not None
    assert heard.stores_down(FRESH_SECS) is None
    assert not heard.one_is_down(FRESH_SECS)


def test_a5_an_older_word_that_somebody_says_again_changes_nothing() -> None:
    """A `down` of last week, signed as it should be."""
    heard = CollectorsHeard()
    down = word(store="down")
    assert heard.take(down, 0, proven=True) == "up"
    assert heard.take(down, 1, proven=True) == "known"
    assert heard.take(word(beat=2), 5, proven=True) == "taken"
    for at in (6, 30, 5 + CEASED_SECS - 0.1):
        assert heard.take(down, at, proven=True) == "old"
        assert heard.stores_down(at) is None
    assert heard.take(word(connection=0, beat=99), 7, proven=True) == "old"
    assert heard.take(word(started=LIVES[0], beat=99, store="down"), 8, proven=True) == "elder"
    assert heard.take(word(started=LIVES[0], beat=99, store="down"), 9, proven=True) == "old"
    assert heard.stores_down(9) is None


def test_a_last_will_ends_its_connection_and_the_next_connection_is_taken() -> None:
    heard = CollectorsHeard()
    heard.take(word(beat=40), 0, proven=True)
    assert heard.take(word(online=False, beat=0), 1, proven=True) == "taken"
    assert heard.online() == []
    assert heard.take(word(beat=41), 2, proven=True) == "old", "what was said before it, late"
    assert heard.take(word(connection=2), 3, proven=True) == "up"
    assert heard.take(word(online=False, beat=0), 4, proven=True) == "old"
    assert heard.online() == ["c1"]


def test_a_new_life_is_taken_at_once_and_an_earlier_one_after_a_while() -> None:
    """A clock that has gone back over a restart costs a minute, no more."""
    heard = CollectorsHeard()
    heard.take(word(beat=40), 0, proven=True)
    assert heard.take(word(started=LIVES[3]), 1, proven=True) == "up"
    assert heard.take(word(started=LIVES[1], connection=1, beat=1), CEASED_SECS, proven=True) == "elder"
    assert heard.take(word(started=LIVES[1], connection=1, beat=2), 1 + CEASED_SECS, proven=True) == "up"


def test_under_a_name_that_signs_nobody_else_is_heard() -> None:
    heard = CollectorsHeard()
    heard.take(word(), 0, proven=True)
    for key in (None, "b" * 64):
        assert heard.take(word(key=key, store="down", beat=9), CEASED_SECS - 0.1, proven=False) == "foreign"
        assert heard.take(word(key=key, online=False, beat=9), 1, proven=False) == "foreign"
    assert heard.online() == ["c1"]
    assert heard.take(word(key=None), CEASED_SECS, proven=False) == "taken", "it may have gone back to an older release"


def test_when_it_has_gone_another_may_be_heard_under_its_name_and_its_old_words_may_not() -> None:
    """Its host was set up anew, and has another key: that is to be said at once."""
    heard = CollectorsHeard()
    down = word(store="down", beat=4)
    heard.take(down, 0, proven=True)
    heard.take(word(online=False, beat=0), 1, proven=True)
    assert heard.take(word(key="b" * 64, started=LIVES[3]), 2, proven=False) == "taken"
    assert heard.online() == ["c1"]
    assert heard.take(down, 3, proven=True) == "old"
    assert heard.stores_down(3) is None
    assert heard.take(word(started=LIVES[4]), 4, proven=True) == "up"
    assert heard.take(word(key="b" * 64, started=LIVES[3]), 5, proven=False) == "foreign"


def test_where_every_word_counts_as_many_names_are_kept_as_there_is_room_for() -> None:
    heard = CollectorsHeard()
    for number in range(2 * MOST_PROVEN):
        heard.take(word(f"x{number}", None), 0, proven=True)
        heard.take(word("c1"), 0, proven=True)
    assert len(heard._newest) == MOST_PROVEN
    assert "c1" in heard._newest
    assert len(heard.online()) <= MOST_PROVEN + MOST_UNPROVEN


def test_a10_two_with_one_id_and_one_key_are_named_and_one_old_word_is_not() -> None:
    """A copy of the same key. The one that started first is heard on."""
    heard = CollectorsHeard()
    heard.take(word(started=LIVES[1], beat=5), 0, proven=True)
    heard.take(word(started=LIVES[2], beat=1), 1, proven=True)
    assert heard.take(word(started=LIVES[1], beat=5), 2, proven=True) == "old"
    assert two_with_one_id(heard.lives, 2) is None, "somebody has said an old word again"
    assert heard.take(word(started=LIVES[1], beat=6), 3, proven=True) == "elder"
    assert "two collectors have one id" in (two_with_one_id(heard.lives, 3) or "")


def test_strangers_bring_what_waits_forward_now_and_then_only() -> None:
    heard = CollectorsHeard()
    assert heard.take(word("s0", None), 0, proven=False) == "up", "the first one on a new line"
    for number in range(1, 50):
        assert heard.take(word(f"s{number}", None), 1, proven=False) == "taken"
    assert heard.take(word(), 1, proven=True) == "up"
    assert heard.take(word("s99", None), 1 + UNPROVEN_SECS, proven=False) == "up"


def test_a_hundred_strangers_are_kept_and_no_known_one_makes_room_for_them() -> None:
    heard = CollectorsHeard()
    heard.take(word(), 0, proven=True)
    for number in range(5 * MOST_UNPROVEN):
        heard.take(word(f"s{number}", None), 0, proven=False)
    assert len(heard.online()) == MOST_UNPROVEN + 1
    assert {"c1", f"s{5 * MOST_UNPROVEN - 1}"} <= set(heard.online())
    assert len(heard.lives._lives) == MOST_UNPROVEN + 1


def test_a_stranger_that_goes_on_speaking_is_kept_and_one_that_has_ceased_makes_room() -> None:
    """Nobody is known yet: the true one is a stranger, too, and speaks every five seconds."""
    heard = CollectorsHeard()
    for number in range(MOST_UNPROVEN):
        heard.take(word(f"s{number:03}", None), 0, proven=False)
    heard.take(word("s000", None), 1, proven=False)
    heard.take(word("new", None), 2, proven=False)
    assert ("s000" in heard.online(), "s001" in heard.online()) == (True, False)

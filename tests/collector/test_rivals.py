"""Other collectors, as they say of themselves: who is a twin, who writes elsewhere, who takes every message."""

from __future__ import annotations

import pytest

from gaugetrail_collector.intake.receiving.rivals import FRESH_SECS, MOST_OTHERS, TWIN_SECS, Place, Rivals
from gaugetrail_contract import topics
from gaugetrail_contract.clock import utc_us
from gaugetrail_contract.signed_status import collector_offline, write_status
from gaugetrail_contract.signing import Signer
from gaugetrail_contract.status import CollectorStatus

STARTED = "2026-11-25T08:00:00.000000Z"
EARLIER, LATER = "2026-11-25T07:00:00.000000Z", "2026-11-25T09:00:00.000000Z"
HERE = Place("share", "collectors", "a" * 16)


class Room:
    """Rivals of c1 at a clock of the test's own."""

    def __init__(self, key: str | None = None) -> None:
        self.secs = 0.0
        self.rivals = Rivals("c1", STARTED, lambda: self.secs, key)
        self.rivals.connected()

    def say(self, name: str, *, retained: bool = False, signer: Signer | None = None, **more: object) -> None:
        status = CollectorStatus.model_validate({"online": True, "collector": name, "started": LATER} | more)
        payload = write_status(status, signer)
        self.rivals.hear(topics.collector_status(name), payload, retained=retained)

    def gone(self, name: str, started: str) -> None:
        self.rivals.hear(topics.collector_status(name), collector_offline(name, started), retained=False)

    def alarms(self, place: Place = HERE) -> tuple[str, ...]:
        return self.rivals.alarms(place)


@pytest.fixture
def room() -> Room:
    return Room()


def test_another_life_under_our_name_is_a_twin_for_a_minute(room: Room) -> None:
    room.say("c1", started=EARLIER)
    assert room.alarms() == ("two collectors have one id: another one calls itself 'c1'",)
    room.secs = TWIN_SECS - 0.1
    assert room.alarms() != ()
    room.secs = TWIN_SECS
    assert room.alarms() == ()


def test_what_is_kept_from_our_former_life_is_no_twin(room: Room) -> None:
    """Nor is its last will, which a broker may find out late; nor what we say ourselves."""
    room.say("c1", started=EARLIER, retained=True)
    room.gone("c1", EARLIER)
    room.say("c1", started=STARTED)
    assert room.alarms() == ()
    room.rivals.connected()
    room.say("c1", started=EARLIER, retained=True)
    assert room.alarms() != (), "somebody has spoken under our name while we were away"


def test_the_last_will_of_a_later_life_is_a_twins(room: Room) -> None:
    room.gone("c1", LATER)
    assert room.alarms() != ()


def test_a_session_taken_over_is_a_twins(room: Room) -> None:
    room.rivals.taken_over()
    assert room.alarms() != ()


@pytest.mark.parametrize("signer", [None, Signer.new()], ids=["unsigned", "another key"])
def test_a10_what_is_said_under_our_name_without_our_key_is_named_so(signer: Signer | None) -> None:
    """A second collector that was set up under the same id, or somebody who speaks under it: nobody can tell which."""
    room = Room(Signer.new().key)
    room.say("c1", signer=signer, started=STARTED)
    (said,) = room.alarms()
    assert said.startswith("two collectors have one id: another one calls itself 'c1', and hasn't its key; ")
    room.secs = TWIN_SECS
    room.gone("c1", EARLIER)
    assert room.alarms() == (), "the last will of our former life, which didn't sign yet"


def test_what_our_key_has_signed_before_our_start_is_somebodys_who_says_it_again() -> None:
    """A twin has our key too: it is told by the hour that it says."""
    key = Signer.new()
    room = Room(key.key)
    room.say("c1", signer=key, started=EARLIER, time="2026-11-25T07:30:00.000000Z")
    room.say("c1", signer=key, started=STARTED)
    assert room.alarms() == ()
    room.say("c1", signer=key, started=EARLIER, time="2026-11-25T08:00:05.000000Z")
    assert room.alarms() == ("two collectors have one id: another one calls itself 'c1'",)


def test_of_a_hundred_others_the_last_word_is_kept(room: Room) -> None:
    for number in range(3 * MOST_OTHERS):
        room.say(f"x{number}", **SHARING)
    assert len(room.alarms()) == MOST_OTHERS
    room.say("bad", signer=None)
    payload = write_status(CollectorStatus(online=True, collector="c3"), Signer.new()).replace(b"c3", b"c4")
    room.rivals.hear(topics.collector_status("c4"), payload, retained=False)
    assert "c4" not in room.rivals._others, "its signature doesn't hold"


SHARING = {"takes": "share", "group": "collectors", "store_id": "b" * 16, "store_name": "SQLite store.db"}


def test_a_second_one_that_writes_documents_is_named_while_it_is_there(room: Room) -> None:
    here = Place("share", "collectors", "a" * 16, writes=True)
    room.say("c2", documents="writes", store_id="a" * 16)
    (said,) = room.alarms(here)
    assert said == (
        "collector c2 writes documents into the same store, as this one does: only one of the two may; "
        "set [documents] master = false on the other"
    )
    assert room.alarms() == ()
    assert room.alarms(Place("share", "collectors", "", writes=True)) == ()
    room.say("c2", documents="writes", store_id="b" * 16)
    assert room.alarms(here) == ()
    room.say("c2", documents="reads", store_id="a" * 16)
    assert room.alarms(here) == ()
    room.say("c2", documents="writes", store_id="a" * 16)
    room.secs = FRESH_SECS
    assert room.alarms(here) == ()


def test_one_of_our_group_with_another_store_is_named_while_it_is_there(room: Room) -> None:
    room.say("test", **SHARING)
    (said,) = room.alarms()
    assert said == (
        "collector test shares the group 'collectors' and writes to another store (SQLite store.db): each of the two "
        "stores holds a part of the records only"
    )
    room.secs = FRESH_SECS
    assert room.alarms() == (), "it hasn't said anything for long"
    room.say("test", **SHARING)
    room.gone("test", LATER)
    assert room.alarms() == ()


@pytest.mark.parametrize(
    "other",
    [{"store_id": "a" * 16}, {"store_id": ""}, {"group": "office"}, {"takes": "all"}, {"takes": "nothing"}],
    ids=str,
)
def test_one_that_stores_in_the_same_place_or_takes_nothing_of_ours_is_no_rival(
    room: Room, other: dict[str, str]
) -> None:
    room.say("c2", **(SHARING | other))
    assert room.alarms() == ()


def test_while_our_own_store_is_unknown_nothing_is_said(room: Room) -> None:
    room.say("c2", **SHARING)
    assert room.alarms(Place("share", "collectors", "")) == ()
    assert room.alarms(Place("all", "collectors", "a" * 16)) == ()


OTHERS = {name: Signer.new() for name in ("c0", "c2")}
NOW = "2026-11-25T10:00:00.000000Z"


def takes_all(room: Room, name: str, **more: object) -> None:
    """Somebody who says that he takes every message, signed with his own key."""
    room.say(name, **({"takes": "all", "time": NOW, "signer": OTHERS[name]} | more))


@pytest.fixture
def introduced(room: Room) -> Room:
    """A room in which the others are known by their keys."""
    room.rivals.knows = lambda name, key: OTHERS[name].key == key
    room.rivals.now_us = lambda: utc_us(NOW)
    return room


def test_of_two_that_take_every_message_the_younger_one_stops(introduced: Room) -> None:
    takes_all(introduced, "c2", started=LATER)
    assert introduced.rivals.taker(taking=True) is None
    assert introduced.rivals.taker(taking=False) == "c2", "whoever takes none leaves it to the other"
    takes_all(introduced, "c0", started=EARLIER)
    assert introduced.rivals.taker(taking=True) == "c0"
    takes_all(introduced, "c2", started=STARTED)
    introduced.gone("c0", EARLIER)
    assert introduced.rivals.taker(taking=True) is None, "started at once: the name decides"


@pytest.mark.parametrize(
    "more",
    [
        {"signer": None},
        {"signer": Signer.new()},
        {"time": "2026-11-25T09:58:59.000000Z"},
        {"time": "2026-11-25T10:01:01.000000Z"},
        {"time": None},
    ],
    ids=["unsigned", "another key", "of a minute ago", "ahead", "no hour"],
)
def test_a5_to_whom_is_not_known_or_spoke_before_nothing_is_left(introduced: Room, more: dict[str, object]) -> None:
    """Anybody may say that he takes every message, and an old word may be said again: then both take all."""
    takes_all(introduced, "c0", started=EARLIER, **more)
    assert introduced.rivals.taker(taking=True) is None
    assert introduced.rivals.taker(taking=False) is None
    (said,) = introduced.alarms(Place("all", "", "a" * 16))
    assert said.startswith("collector c0 takes every message as well and is not known here, so both store all: ")
    assert introduced.alarms() == (), "where messages are shared that is no trouble of ours"


@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b'{"online":1}', b"\xff"])
def test_what_can_not_be_read_is_passed_over(room: Room, payload: bytes) -> None:
    for topic in (topics.collector_status("c1"), topics.collector_status("c2"), topics.status("pc1")):
        room.rivals.hear(topic, payload, retained=False)
    assert room.alarms() == ()

"""Whose badge has a PIN types it before they are anybody; guesses are counted, wait, and end, also past a kill."""

from __future__ import annotations

import json
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from station_floor import WEIGHT as WEIGHED
from station_floor import Floor, gauge, setup

from gaugetrail_agent.documents.pin_guesses import KEY, PinGuesses, wait_secs
from gaugetrail_agent.documents.pins import PinBook
from gaugetrail_agent.languages.sentences import ENGLISH
from gaugetrail_agent.spool import Spool, SpoolFull
from gaugetrail_agent.station.display import display
from gaugetrail_agent.station.words.effect import TellEvent, TryPin, UnlockPin
from gaugetrail_agent.station.words.happening import PinsKnown, PinTried, Recorded
from gaugetrail_contract.clock import FixedClock
from gaugetrail_contract.documents.people import PeopleList
from gaugetrail_contract.events.station import StationOverridden
from gaugetrail_contract.pins import PinFate, PinList, pin_hash, write_pins
from gaugetrail_contract.record import Verdict
from gaugetrail_contract.signing import Signer

PIN, OTHER = "482913", "391824"
PEOPLE = PeopleList.model_validate(
    {
        "qualifications": "not_kept",
        "person": [
            {"badge": "OP-12", "language": "de"},
            {"badge": "OP-3", "roles": ("quality engineer",)},
            {"badge": "OP-7"},
        ],
    }
)


def at(*with_pin: str, **more: Any) -> Floor:
    floor = Floor(setup(WEIGHED, people=PEOPLE, **more))
    floor.say(PinsKnown(frozenset(with_pin)))
    return floor


def fate(floor: Floor, what: str, badge: str = "OP-12", **more: Any) -> tuple[object, ...]:
    """The agent has tried what was typed."""
    return floor.say(PinTried(badge, PinFate(what, **more), floor.tick()["at_us"]))  # type: ignore[arg-type]


def shown(floor: Floor) -> dict[str, object]:
    return display(floor.setup, floor.state).document(ENGLISH)


# --- at the station


def test_a_badge_with_a_pin_is_nobody_until_the_pin_is_right() -> None:
    floor = at("OP-12")
    floor.scan("OP-12")
    assert {key: shown(floor)[key] for key in ("state", "prompt", "masked", "operator")} == {
        "state": "wait_pin",
        "prompt": "OP-12: type your PIN",
        "masked": True,
        "operator": None,
    }
    assert floor.scan(PIN) == (TryPin("OP-12", PIN),)
    assert floor.state.operator is None
    floor.scan(PIN)
    assert floor.message == "the PIN is being tried"
    fate(floor, "right")
    assert (floor.state.operator, floor.message, shown(floor)["masked"]) == ("OP-12", "OP-12 at the station", False)
    assert floor.refused == []


def test_who_has_no_pin_works_as_ever_and_whoever_was_there_is_gone_while_one_is_asked() -> None:
    floor = at("OP-12")
    floor.scan("OP-7")
    assert floor.state.operator == "OP-7"
    floor.scan("OP-12")
    assert floor.state.operator is None
    floor.scan("OP-7")
    assert (floor.state.operator, floor.state.pin) == ("OP-7", None)


def test_a19_a_code_that_is_read_is_no_pin_and_what_is_typed_wrongly_is_shown_nowhere() -> None:
    floor = at("OP-12")
    floor.scan("OP-12")
    for text, raw in ((PIN, PIN.encode()), ("48291", b""), ("secret", b""), ("SN000001", b"SN000001")):
        assert floor.scan(text, raw=raw) == ()
        assert floor.message == "type the PIN of OP-12, digits alone, at the terminal: a code that is read is none"
    assert floor.refused == []
    floor.scan("%LOGOFF")
    assert (floor.state.pin, floor.message) == (None, "logged off")


def test_a_pin_stands_in_one_effect_and_in_no_record_event_sentence_or_repr() -> None:
    floor = at("OP-12")
    for text in ("OP-12", PIN):
        floor.scan(text)
    said = json.dumps(shown(floor)) + repr(floor.state) + repr(floor.effects) + repr(floor.refused)
    fate(floor, "wrong", left=4, secs=2)
    assert PIN not in said + json.dumps(shown(floor)) + repr(floor.state) + repr(floor.refused)


@pytest.mark.parametrize(
    ("what", "more", "message"),
    [
        (
            "wrong",
            {"left": 4, "secs": 2},
            "that is not the PIN of OP-12: wait 2 s, then try again; 4 more wrong ones lock it here",
        ),
        ("wait", {"secs": 7}, "wait 7 s, then type the PIN of OP-12 again: it was not tried"),
        (
            "untried",
            {"reason": "the disk is full"},
            "the PIN of OP-12 was not tried: the disk is full; call the technician",
        ),
    ],
)
def test_what_is_not_right_is_refused_under_the_badge_and_asked_again(
    what: str, more: dict[str, Any], message: str
) -> None:
    floor = at("OP-12")
    for text in ("OP-12", PIN):
        floor.scan(text)
    fate(floor, what, **more)
    assert (floor.message, floor.state.operator, shown(floor)["state"]) == (message, None, "wait_pin")
    (one,) = floor.refused
    assert (one.why.id, one.subject, one.names, one.raw) == (f"pin.{what}", ("badge", "OP-12"), {"badge": "OP-12"}, b"")
    assert floor.scan(OTHER) == (TryPin("OP-12", OTHER),)


@pytest.mark.parametrize("locked", [{"what": "locked"}, {"what": "wrong", "left": 0, "secs": 32}])
def test_a_locked_person_is_unlocked_by_the_role_and_still_has_to_know_the_pin(locked: dict[str, Any]) -> None:
    floor = at("OP-12")
    for text in ("OP-12", PIN):
        floor.scan(text)
    fate(floor, **locked)
    assert floor.message == (
        "OP-12 is locked here after wrong PINs: a quality engineer or administrator must unlock it"
    )
    assert [one.why.id for one in floor.refused] == ["pin.locked"]
    floor.scan("%ALLOW:mistyped, I stood by")
    floor.scan("OP-7")
    assert floor.message == "OP-7 may not allow it: that takes a quality engineer"
    floor.scan("%ALLOW:mistyped, I stood by")
    told, unlock = floor.scan("OP-3")
    assert isinstance(told, TellEvent)
    assert unlock == UnlockPin("OP-12")
    assert told.body.by == "OP-3"
    assert (
        told.body.payload
        == StationOverridden(
            cause="pin.locked",
            refused="OP-12 is locked here after wrong PINs: a quality engineer or administrator must unlock it",
            why="mistyped, I stood by",
            operator="OP-12",
        ).written()
    )
    assert (floor.state.operator, floor.state.overrides) == (None, 1)
    assert floor.message == "OP-3 has unlocked OP-12: scan the badge again, then type the PIN"


def test_a19_whose_badge_allows_something_types_their_pin_first_and_the_unit_stays_in_hand() -> None:
    floor = at("OP-3", gauges={"G-18": gauge("G-18", None, "blocked")})
    for text in ("OP-12", "SN000001"):
        floor.scan(text)
    floor.gauge("scale", "12.0", "g")
    floor.scan("%ALLOW:checked against the master")
    assert floor.scan("OP-3") == ()
    assert (shown(floor)["prompt"], floor.state.operator) == ("OP-3: type your PIN", "OP-12")
    floor.scan(PIN)
    fate(floor, "wrong", "OP-3", left=4, secs=2)
    assert floor.state.overrides == 0
    floor.scan(PIN)
    (told,) = fate(floor, "right", "OP-3")
    assert isinstance(told, TellEvent)
    assert floor.message == "OP-3 allows it: go on"
    floor.gauge("scale", "12.0", "g")
    override = floor.sealed().override
    assert override is not None
    assert override.who == "OP-3"


def test_who_may_not_allow_it_is_told_so_before_any_pin() -> None:
    floor = at("OP-7", gauges={"G-18": gauge("G-18", None, "blocked")})
    for text in ("OP-12", "SN000001"):
        floor.scan(text)
    floor.gauge("scale", "12.0", "g")
    for text in ("%ALLOW:because", "OP-7"):
        floor.scan(text)
    assert (floor.message, floor.state.pin) == ("OP-7 may not allow it: that takes a quality engineer", None)


def test_a_pin_typed_while_a_record_is_on_its_way_waits_nowhere() -> None:
    """A value that came meanwhile has finished the unit: the digits are a PIN all the same, and are not shown."""
    floor = at("OP-3", gauges={"G-18": gauge("G-18", None, "blocked")})
    for text in ("OP-12", "SN000001"):
        floor.scan(text)
    floor.gauge("scale", "12.0", "g")
    for text in ("%ALLOW:checked", "OP-3"):
        floor.scan(text)
    sealing = floor.state.sealing
    assert sealing is None
    floor.state = replace(floor.state, sealing=at_record(), unit=None, lock=None, plea=None)
    assert floor.scan(PIN) == (TryPin("OP-3", PIN),)
    assert floor.state.then == ()
    fate(floor, "wrong", "OP-3", left=4, secs=2)
    floor.scan(PIN)
    fate(floor, "right", "OP-3")
    assert (floor.message, floor.state.operator) == ("nothing is refused that could be allowed", "OP-12")
    floor.scan("OP-7")
    assert len(floor.state.then) == 1
    floor.say(Recorded("r", "SN000001", Verdict.PASS))


def at_record() -> Any:
    other = at(gauges={})
    for text in ("OP-12", "SN000001"):
        other.scan(text)
    other.gauge("scale", "12.0", "g")
    return other.sealed()


def test_a_pin_for_nobody_changes_nothing() -> None:
    floor = at("OP-12")
    fate(floor, "right")
    floor.scan("OP-12")
    fate(floor, "right")  # none was typed
    floor.scan(PIN)
    fate(floor, "right", "OP-3")
    assert floor.state.operator is None


def test_who_is_taken_off_the_list_while_the_pin_is_tried_does_not_work_here() -> None:
    floor = at("OP-12")
    for text in ("OP-12", PIN):
        floor.scan(text)
    floor.setup = replace(floor.setup, people=PeopleList(qualifications="not_kept"))
    fate(floor, "right")
    assert (floor.state.operator, floor.message) == (None, "OP-12 is not in the people list")


# --- guesses


class Disk:
    """A journal that lasts longer than an agent; `takes`: whether it can be written."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.takes = True

    def remember(self, key: str, value: str) -> Future[None]:
        done: Future[None] = Future()
        if self.takes:
            self.kept[key] = value
            done.set_result(None)
        else:
            done.set_exception(SpoolFull("the disk is full"))
        return done

    def recall(self, key: str) -> str | None:
        return self.kept.get(key)


class Passing(FixedClock):
    """Its monotonic clock is moved by hand."""

    ns = 0

    def mono_ns(self) -> int:
        return self.ns


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
def clock() -> Passing:
    return Passing()


def guesses(disk: Disk, clock: Passing) -> PinGuesses:
    made = PinGuesses(disk, lambda badge, pin: pin == PIN, clock, most=5)
    made.open()
    return made


def test_a35_after_each_wrong_guess_the_next_waits_longer_and_after_five_nobody_guesses_any_more(
    disk: Disk, clock: Passing
) -> None:
    desk = guesses(disk, clock)
    tried = []
    for _ in range(10_000):
        tried.append(desk.check("OP-12", OTHER))
        clock.ns += 1_000_000_000
    wrong = [one for one in tried if one.what == "wrong"]
    assert [(one.left, one.secs) for one in wrong] == [(4, 2), (3, 4), (2, 8), (1, 16), (0, 32)]
    assert tried[1] == PinFate("wait", secs=1)
    assert {one.what for one in tried[31:]} == {"locked"}
    assert desk.check("OP-12", PIN) == PinFate("locked"), "not even the right one"
    assert desk.locked() == ["OP-12"]
    assert desk.check("OP-7", PIN) == PinFate("right")
    assert desk.clear("OP-12") is None
    assert (desk.locked(), desk.check("OP-12", PIN)) == ([], PinFate("right"))


def test_a35_a_killed_agent_has_counted_and_waits_anew(disk: Disk, clock: Passing) -> None:
    """Killed while a guess is tried: it counts, for it was on the disk before."""

    def dies(_: str, __: str) -> bool:
        raise KeyboardInterrupt

    dying = PinGuesses(disk, dies, clock, most=5)
    with pytest.raises(KeyboardInterrupt):
        dying.check("OP-12", OTHER)
    assert json.loads(disk.kept[KEY]) == {"OP-12": 1}
    clock.ns += 3_600_000_000_000
    again = guesses(disk, clock)
    assert again.check("OP-12", PIN) == PinFate("wait", secs=2)
    clock.ns += 2_000_000_000
    assert again.check("OP-12", PIN) == PinFate("right")
    assert json.loads(disk.kept[KEY]) == {}


def test_where_the_disk_takes_nothing_nothing_is_tried(disk: Disk, clock: Passing) -> None:
    desk = guesses(disk, clock)
    disk.takes = False
    assert desk.check("OP-12", PIN) == PinFate("untried", reason="the disk is full")
    disk.takes = True
    assert desk.check("OP-12", PIN) == PinFate("right")


def test_a_spoilt_count_counts_from_nothing(disk: Disk, clock: Passing) -> None:
    for spoilt in ("{", "[]", '{"OP-12": []}', "7"):
        disk.kept[KEY] = spoilt
        assert guesses(disk, clock).check("OP-12", PIN) == PinFate("right")


def test_no_wait_is_longer_than_five_minutes() -> None:
    assert [wait_secs(wrong) for wrong in (0, 1, 2, 8, 9, 10_000)] == [0, 2, 4, 256, 300, 300]


def test_a_count_in_the_spool_outlives_the_agent(tmp_path: Path, clock: Passing) -> None:
    """The real journal: committed before the answer."""
    spool = Spool(tmp_path / "spool.db", agent="pc1", clock=FixedClock())
    spool.open()
    assert PinGuesses(spool, lambda *_: False, clock, most=3).check("OP-12", OTHER).left == 2
    spool.close()
    spool = Spool(tmp_path / "spool.db", agent="pc1", clock=FixedClock())
    spool.open()
    clock.ns += 10_000_000_000
    desk = PinGuesses(spool, lambda *_: False, clock, most=3)
    assert desk.check("OP-12", OTHER).what == "wait"
    clock.ns += 10_000_000_000
    assert desk.check("OP-12", OTHER).left == 1
    spool.close()


# --- what the PC holds

PLANT, STRANGER, OWN = Signer.new(), Signer.new(), Signer.new()
KEPT = {PIN: pin_hash(PIN), OTHER: pin_hash(OTHER)}


class Office:
    """What the collector sends, and a PC that hears it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.told: list[frozenset[str]] = []
        self.pc = self.start()

    def start(self) -> PinBook:
        self.pc = PinBook(self.folder, "pc1", "line1", OWN, lambda: [PLANT.key])
        self.pc.on_change = self.told.append
        self.pc.open()
        return self.pc

    def says(self, changed_us: int, pins: dict[str, str], signer: Signer = PLANT, agent: str = "pc1") -> bytes:
        state = self.pc.state(())
        assert state is not None
        people = {badge: KEPT[pin] for badge, pin in pins.items()}
        word = write_pins(PinList(changed_us=changed_us, issue=1, people=people), agent, state.key, signer, "c1")
        self.pc.hear(word)
        return word


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def test_what_came_counts_and_outlives_a_restart_without_a_connection(office: Office) -> None:
    office.says(1, {"OP-12": PIN})
    assert office.told == [frozenset({"OP-12"})]
    assert (office.pc.is_right("OP-12", PIN), office.pc.is_right("OP-12", OTHER)) == (True, False)
    assert not office.pc.is_right("OP-7", PIN)
    before = office.pc.state(())
    again = office.start()
    assert (again.badges, again.is_right("OP-12", PIN), again.state(())) == (frozenset({"OP-12"}), True, before)
    assert office.told == [frozenset({"OP-12"})] * 2


def test_the_disk_holds_no_badge_and_no_hash_in_clear_and_nothing_of_it_is_anybody_elses_to_read(
    office: Office,
) -> None:
    office.says(1, {"OP-12": PIN})
    kept = {path.name: path for path in office.folder.iterdir()}
    assert kept.keys() == {"pin-key", "pins"}
    assert b"OP-12" not in kept["pins"].read_bytes()
    assert b"argon2" not in kept["pins"].read_bytes()
    assert all(path.stat().st_mode & 0o077 == 0 for path in kept.values())


def test_a_forged_old_or_foreign_word_changes_nothing_and_is_told(office: Office) -> None:
    old = office.says(1, {"OP-12": OTHER})
    office.says(2, {"OP-12": PIN})
    office.says(3, {}, signer=STRANGER)
    office.says(3, {}, agent="pc2")
    for payload in (old, b"", b"{}", b"\xff" * 300_000):
        office.pc.hear(payload)
    state = office.pc.state(())
    assert state is not None
    assert (state.refused, state.people) == (6, 1)
    assert office.pc.is_right("OP-12", PIN)
    office.pc.hear(old)
    assert office.pc.alarm() == (
        "a word about PINs is not believed: it is older than the one that is held: somebody says an old one again"
    )


def test_the_same_word_again_says_nothing_new_and_a_cleared_pin_is_gone(office: Office) -> None:
    word = office.says(1, {"OP-12": PIN})
    office.pc.hear(word)
    assert len(office.told) == 1
    office.says(2, {})
    assert office.told[-1] == frozenset()
    assert not office.pc.is_right("OP-12", PIN)


def test_an_altered_or_lost_key_or_word_is_told_and_asked_for_again(office: Office) -> None:
    office.says(1, {"OP-12": PIN})
    (office.folder / "pin-key").unlink()
    state = office.start().state(("OP-12",))
    assert state is not None
    assert (state.held, state.people, state.refused, state.locked) == (None, 0, 1, ("OP-12",))
    assert "they are sent again" in state.detail
    office.says(1, {"OP-12": PIN})
    assert office.pc.is_right("OP-12", PIN)


def test_a_pc_that_signs_nothing_wants_no_pins(tmp_path: Path) -> None:
    pc = PinBook(tmp_path, "pc1", "line1", None, lambda: [PLANT.key])
    pc.open()
    pc.hear(b"{}")
    assert (pc.state(()), list(tmp_path.iterdir())) == (None, [])


def test_a_disk_that_takes_nothing_is_told_and_what_is_held_stays(office: Office) -> None:
    office.says(1, {"OP-12": PIN})
    (office.folder / "pins").unlink()
    (office.folder / "pins").mkdir()
    office.says(2, {"OP-12": OTHER})
    assert office.pc.is_right("OP-12", PIN)
    assert str(office.pc.alarm()).startswith(f"PINs can't be kept in {office.folder}")

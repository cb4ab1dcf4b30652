"""Records of moments that can't be: who says that his clock is right waits, others have room for some days."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from made import AGENT, opened
from places import InfluxPlace, Place

from gaugetrail_agent.delivery.not_taken import RecordsNotTaken
from gaugetrail_collector.intake.account import Account
from gaugetrail_collector.intake.aside.retry import retry
from gaugetrail_collector.intake.aside.set_aside import SetAside
from gaugetrail_collector.intake.decoding import Decoded, Message
from gaugetrail_collector.intake.far_times import FarTimes
from gaugetrail_collector.intake.storing import Storing
from gaugetrail_collector.stores import Store
from gaugetrail_collector.stores.placing import AHEAD_SECS, MOST_DAYS
from gaugetrail_contract import topics
from gaugetrail_contract.clock import DAY_US, ClockTrust, utc_us
from gaugetrail_contract.receipts import Receipt
from gaugetrail_contract.seal import Opened, open_line

NOW = utc_us("2026-11-28T12:00:00.000000Z")
AHEAD = round(AHEAD_SECS * 1e6)
YEAR = 366 * DAY_US
SYNCED, UNSYNCED, STEPPED = ClockTrust.SYNCED, ClockTrust.UNSYNCED, ClockTrust.STEPPED


def one(seq: int, time_us: int, clock: ClockTrust = SYNCED, agent: str = AGENT) -> Opened:
    return opened(seq, f"SN{seq}", agent=agent, time_us=time_us, clock=clock)


@dataclass
class Intake:
    """A collector's storing and account over a store; its clock says what a test says."""

    store: Store
    aside: SetAside
    clock: list[int]

    def __post_init__(self) -> None:
        self.account = Account(lambda: self.clock[0])
        self.begin(self.store)

    def begin(self, store: Store) -> None:
        """As after a start."""
        self.store = store
        far = FarTimes(store, lambda: self.clock[0])
        self.storing = Storing(store, self.aside, lambda: self.clock[0], far_times=far)

    def comes(self, *records: Opened) -> tuple[list[int], list[int]]:
        """The numbers that a receipt confirms, and those that it says aren't taken."""
        receipts = self.receipts(*records)
        stored = [seq for receipt in receipts for a, b, _ in receipt.stored for seq in range(a, b + 1)]
        assert [receipt.set_aside for receipt in receipts if receipt.set_aside] == []
        return stored, [entry.seq for receipt in receipts for entry in receipt.held]

    def receipts(self, *records: Opened) -> Sequence[Receipt]:
        fresh = [open_line(record.sealed.line()) for record in records]
        batch = [
            Decoded(Message(topics.records(agent), b"", 1), records=tuple(some), bad=(), agent=agent)
            for agent in dict.fromkeys(record.agent for record in fresh)
            if (some := [record for record in fresh if record.agent == agent])
        ]
        done = self.account.confirm(self.storing.store_all(batch))
        assert len(done.messages) == len(batch), "each message is acknowledged: what is held is kept"
        return [receipt for _, receipt in done.receipts]


@pytest.fixture
def intake_of(tmp_path: Path) -> Iterator[Callable[[Store], Intake]]:
    aside = SetAside(tmp_path / "aside.db")
    aside.open()
    yield lambda store: Intake(store, aside, [NOW])
    aside.close()


@pytest.fixture
def intake(place: Place, intake_of: Callable[[Store], Intake]) -> Intake:
    return intake_of(place.store())


@pytest.mark.parametrize(
    ("time_us", "words"),
    [
        (utc_us("1970-01-01T00:00:05.000000Z"), "is before 2000"),
        (utc_us("1999-12-31T23:59:59.999999Z"), "is before 2000"),
        (NOW + AHEAD + 1, "is further ahead of this collector's clock (2026-11-28) than [clock] ahead_secs allows"),
        (utc_us("2262-01-01T00:00:00.000000Z"), "where it is this collector's, what waits goes in by itself then"),
        (utc_us("2999-12-31T23:59:59.000000Z"), "one of the two is wrong"),
    ],
)
def test_a30_a_clock_that_says_it_is_right_and_cannot_be_is_held(intake: Intake, time_us: int, words: str) -> None:
    """No receipt, one entry, one alarm at the agent; those before and behind it are stored."""
    records = [one(1, NOW - 10), one(2, time_us), one(3, NOW)]
    for times in (1, 2):
        assert intake.comes(*records) == ([1, 3], [2])
        (entry,) = intake.aside.entries()
        assert (entry.seq, entry.times, entry.told, words in entry.reason) == (2, times, False, True), entry.reason
    at_agent = RecordsNotTaken()
    for receipt in intake.receipts(records[1]):
        at_agent.told(receipt, {entry.seq: entry.reason for entry in receipt.held})
    said = at_agent.alarm()
    assert said is not None
    assert said.startswith("the collector doesn't take record 2 yet: its time ")
    assert len(intake.account.held.alarms()) == 1


@pytest.mark.parametrize("time_us", [utc_us("2000-01-01T00:00:00.000000Z"), NOW + AHEAD, NOW + 600_000_000])
def test_a30_ten_minutes_ahead_and_the_year_2000_are_within(intake: Intake, time_us: int) -> None:
    assert intake.comes(one(1, time_us)) == ([1], [])


@pytest.mark.parametrize("clock", [UNSYNCED, STEPPED])
def test_a30_whose_clock_nobody_keeps_has_room_for_some_far_days(
    place: Place, intake_of: Callable[[Store], Intake], clock: ClockTrust
) -> None:
    """Years ahead and years back, each day once; more wait, at this collector and at one that is started anew."""
    intake = intake_of(place.store())
    days = [NOW + 14 * YEAR + number * DAY_US for number in range(20)]
    days += [number * DAY_US - 10 * YEAR for number in range(20)]
    records = [one(seq, day, clock) for seq, day in enumerate(days, 1)]
    stored, held = intake.comes(*records)
    assert (len(stored), len(held)) == (MOST_DAYS, len(days) - MOST_DAYS)
    for _ in range(2):
        assert intake.comes(*records) == (stored, held)
        assert intake.comes(one(100, days[0] + 3_600_000_000, clock)) == ([100], []), "of a day that has room"
        assert intake.comes(one(101, NOW, clock)) == ([101], []), "no far day"
        assert intake.comes(one(1, days[-1], clock, "pc2")) == ([1], []), "another agent has room of its own"
        intake.begin(place.store())
    assert "there are records of line1-pc1 of 32 such days already" in intake.aside.entries()[0].reason
    assert len({when // DAY_US for when in place.record_times()}) <= MOST_DAYS + 2


def test_a30_a_hundred_thousand_days_make_no_hundred_thousand_shards(
    influx: InfluxPlace, intake_of: Callable[[Store], Intake]
) -> None:
    """A thousand of them here, two messages: as many days stand in the database as one agent may have."""
    intake = intake_of(influx.store())
    records = [one(seq, NOW + YEAR + seq * 7 * DAY_US, UNSYNCED) for seq in range(1, 1001)]
    for start in (0, 500):
        intake.comes(*records[start : start + 500])
    assert len(influx.record_times()) == MOST_DAYS
    assert intake.aside.count() == 1000 - MOST_DAYS


def test_a_collector_whose_clock_was_set_back_confirms_what_it_has_and_takes_the_rest_when_it_is_right(
    intake: Intake,
) -> None:
    """Thirty years: what comes meanwhile waits at its agents, goes in by itself then, and leaves the list."""
    before = [one(seq, NOW - 100 + seq) for seq in (1, 2)]
    assert intake.comes(*before) == ([1, 2], [])
    intake.clock[0] = NOW - 30 * YEAR
    later = [one(seq, NOW + seq) for seq in (3, 4)]
    assert intake.comes(*before, *later) == ([1, 2], [3, 4])
    assert "this collector's clock (1996-" in intake.aside.entries()[0].reason
    assert intake.comes(one(1, NOW, UNSYNCED, "pc2")) == ([1], []), "who says that nobody keeps its clock is stored"
    intake.clock[0] = NOW + DAY_US
    assert intake.comes(*later) == ([3, 4], [])
    assert (intake.aside.count(), intake.account.held.alarms()) == (0, ())


def test_far_days_that_have_come_make_room(intake: Intake) -> None:
    """Once the collector's clock is right again, the days that it took for far ones are days like any other."""
    intake.clock[0] = NOW - 30 * YEAR
    records = [one(seq, NOW + seq * DAY_US, UNSYNCED) for seq in range(1, MOST_DAYS + 2)]
    assert intake.comes(*records)[1] == [MOST_DAYS + 1]
    intake.clock[0] = NOW + 2 * MOST_DAYS * DAY_US
    assert intake.comes(one(99, intake.clock[0] + YEAR, UNSYNCED)) == ([99], [])
    assert intake.comes(records[-1]) == ([MOST_DAYS + 1], [])


def test_who_has_looked_takes_it_in(intake: Intake) -> None:
    record = one(1, NOW + YEAR)
    assert intake.comes(record) == ([], [1])
    done = retry(intake.store, intake.aside, intake.aside.entries(), None)
    assert (len(done.settled), done.left) == (1, [])
    assert intake.comes(record) == ([1], []), "it stands in the store now, and its agent may let it go"


def test_what_another_process_has_taken_in_is_confirmed(place: Place, intake: Intake) -> None:
    """The command writes by a store of its own, of which the running collector's knows nothing."""
    records = [one(1, NOW - 5), one(2, NOW + YEAR)]
    assert intake.comes(*records) == ([1], [2])
    assert intake.comes(*records) == ([1], [2])
    retry(place.store(), intake.aside, intake.aside.entries(), None)
    assert intake.comes(records[1]) == ([2], [])
    assert (intake.aside.count(), intake.account.held.alarms(), intake.store.count()) == (0, (), 2)


def test_looking_costs_nothing_where_all_is_near(intake: Intake, monkeypatch: pytest.MonkeyPatch) -> None:
    """No question of the store."""
    far = FarTimes(intake.store, lambda: NOW)
    records = [one(seq, NOW + seq) for seq in range(1, 1001)]
    monkeypatch.setattr(type(intake.store), "first_of", lambda *_: pytest.fail("the store is asked"))
    far.look(records)
    assert all(far.doubt(record) is None for record in records)

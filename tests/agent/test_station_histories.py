"""Random histories of a station with kills in every place: the real runner, over a disk on which each commit is a step.

The disk is played, and nothing else: with a real one nobody could kill between a commit and its being told. What it
keeps is what a real one keeps: records in their order and what is remembered with them, all of a commit or nothing.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from station_floor import BORE, LOOKS, gauge, setup

from gaugetrail_agent.languages.sentences import ENGLISH
from gaugetrail_agent.reading import Reading, Status
from gaugetrail_agent.rehearsal.virtual_time import VirtualLoop
from gaugetrail_agent.spool import Appended, SpoolFull
from gaugetrail_agent.station.display import Display
from gaugetrail_agent.station.runner import Doors, StationRunner
from gaugetrail_agent.station.unfinished import journal_key, read_journal
from gaugetrail_contract.clock import FixedClock, Ticker, utc_text, utc_us
from gaugetrail_contract.documents.people import PeopleList, Person
from gaugetrail_contract.holds.known import HeldNow
from gaugetrail_contract.holds.listing import ListedState
from gaugetrail_contract.record import EventBody, InspectionBody, Verdict
from gaugetrail_contract.record.parts import Reason
from gaugetrail_contract.unit_states.said import states_of_event

PEOPLE = ("OP-12", "OP-13")
UNITS = ("SN000001", "SN000002", "SN000003")
CODES = (
    *(*PEOPLE, "OP-99", *UNITS, "XY", "a chip"),
    *("%OK", "%NOK:SCRATCH", "%CANCEL", "%GO", "%LOGOFF", "%NOTE:loose", "%AGAIN:dirty", "%UNDO"),
    *("%HOLD:burr", "%RELEASE", "%REWORK:deburr"),
)
EVERY_UNITS, EVERY_SECS = 3, 60
LOOKED_AT = LOOKS.model_copy(update={"every_units": EVERY_UNITS, "every_mins": EVERY_SECS / 60})
"""Of one unit in three, and of the first after a minute."""
STOPPED = ("hold", "scrap")


@dataclass(slots=True)
class PlayedDisk:
    """What is there after a kill."""

    records: list[tuple[str, InspectionBody | EventBody]] = field(default_factory=list)
    memory: dict[str, str] = field(default_factory=dict)

    @property
    def inspections(self) -> list[InspectionBody]:
        return [body for _, body in self.records if isinstance(body, InspectionBody)]


class PlayedSpool:
    """As the runner knows a spool; commits happen when the history says so."""

    def __init__(self, disk: PlayedDisk, clock: FixedClock, last: int) -> None:
        self.ticker = Ticker(clock.now_us, last)
        self.looked_at: Callable[[InspectionBody], None] = lambda _: None
        """Sees each inspection at the moment when the spool is asked to take it."""
        self.jobs: deque[tuple[Future[Any], InspectionBody | EventBody | None, Mapping[str, str]]] = deque()
        self._disk = disk

    def append(self, body, remember=None, room=None) -> Future[Appended]:
        if isinstance(body, InspectionBody):
            self.looked_at(body)
        return self._asked(body, remember or {})

    def remember(self, key: str, value: str) -> Future[None]:
        return self._asked(None, {key: value})

    def remember_all(self, values: Mapping[str, str]) -> Future[None]:
        return self._asked(None, values)

    def recall(self, key: str) -> str | None:
        return self._disk.memory.get(key)

    def last_attempt(self, station: str, part: str, serial: str) -> tuple[int, str] | None:
        found = [
            (body.attempt, name)
            for name, body in self._disk.records
            if isinstance(body, InspectionBody) and body.serial == serial
        ]
        return max(found, default=None)

    def _asked(self, body: InspectionBody | EventBody | None, remember: Mapping[str, str]) -> Future[Any]:
        job: Future[Any] = Future()
        self.jobs.append((job, body, dict(remember)))
        return job

    def commit(self, *, tell: bool) -> None:
        """The next commit; where it isn't told, a kill comes next."""
        job, body, remember = self.jobs.popleft()
        self._disk.memory |= remember
        told = None
        if body is not None:
            name = f"pc1/e/{len(self._disk.records) + 1}"
            self._disk.records.append((name, body))
            told = Appended(name, len(self._disk.records), "0" * 64, self.ticker.next())
        if tell:
            job.set_result(told)

    def refuse(self) -> None:
        self.jobs.popleft()[0].set_exception(SpoolFull("the disk is full"))


WORKERS = PeopleList(
    qualifications="not_kept",
    person=(Person(badge="OP-12", roles=("operator",)), Person(badge="OP-13", roles=("setter", "quality engineer"))),
)


class Life:
    """From a start of the agent to its kill."""

    def __init__(self, disk: PlayedDisk, clock: FixedClock, last: int, doors: Doors, held: HeldNow) -> None:
        at = setup(BORE, LOOKED_AT, people=WORKERS, gauges={"G-17": gauge("G-17", "2030-01-01")})
        file = at.plan.file.model_copy(update={"sampling": "by_frequency"})
        at = replace(at, plan=replace(at.plan, file=file), unfinished_secs=20)
        self.loop = VirtualLoop(clock)
        self.spool = PlayedSpool(disk, clock, last)
        self.runner = StationRunner(at, self.spool, clock, doors)  # type: ignore[arg-type]
        self.runner.held_known(held)
        self.task = self.loop.create_task(self.runner.run())
        self.pass_time()

    def pass_time(self, secs: float = 0) -> None:
        self.loop.pass_time(round(secs * 1_000_000))
        if self.task.done():
            self.task.result()

    def end(self) -> None:
        tasks = asyncio.all_tasks(self.loop)
        for task in tasks:
            task.cancel()
        self.loop.run_until_complete(asyncio.wait(tasks))
        self.loop.close()


class StationHistory(RuleBasedStateMachine):
    """What people, gauges, the disk and a kill do, in any order."""

    @initialize()
    def starts(self) -> None:
        self.disk = PlayedDisk()
        self.clock = FixedClock()
        self.wrong: list[str] = []
        self.begun: set[str] = set()
        """Units of which the journal has ever held something, by when they began."""
        self.held = HeldNow()
        """What is held on the line: the list, and what was said here. It outlives the agent."""
        self.known: dict[str, str] = {}
        """Unit -> the last word on it that this station has heard or said."""
        self._start(0)

    def _start(self, last: int) -> None:
        doors = Doors(self._ask, self._answer, lambda *_: {}, self._shown, said=self._said)
        self.life = Life(self.disk, self.clock, last, doors, self.held)
        self.life.spool.looked_at = self._asked

    async def _ask(self, device: str, channel: str | None) -> None:
        """The gauge sends when the history says so."""

    async def _answer(self, *_: object) -> None:
        raise AssertionError("no PLC is here")

    def _asked(self, body: InspectionBody) -> None:
        """No unit passes that this station knows to be held."""
        known = self.known.get(body.serial or "")
        if body.verdict is Verdict.PASS and known in STOPPED:
            self.wrong.append(f"{body.serial} passes, and is known as {known}")

    def _said(self, body: EventBody, appended: Appended) -> None:
        """As the agent does: what a station says counts for the line at once."""
        for about, word in states_of_event(body, (appended.time_us, "pc1", "e", appended.seq), appended.record_id):
            self.held = self.held.with_state(about, word)
            self.known[about[1]] = str(word.state)
        self.life.runner.held_known(self.held)

    def _shown(self, display: Display) -> None:
        """Whatever people see is on the disk by then."""
        state = display.state
        says = "" if state.says is None else state.says.id
        if says.startswith("record.recorded") or state.light == "green":
            there = dict(self.disk.records)
            if state.last is None or state.last.record not in there:
                self.wrong.append(f"{says} before the commit")
        if state.unit is not None and [one.value or one.result for one in state.unit.taken] != self._journal():
            self.wrong.append(f"{ENGLISH.text(display.asks)}: shown is what isn't kept")

    def _journal(self) -> list[str | None]:
        text = self.disk.memory.get(journal_key("OP20"))
        return [one.value or one.result for one in read_journal(text).measurements] if text else []

    def _happens(self, act: Callable[[], None]) -> None:
        self.life.loop.call_soon(act)
        self.life.pass_time(0.01)

    @rule(text=st.sampled_from(CODES), by_hand=st.booleans())
    def scans(self, text: str, by_hand: bool) -> None:
        self._happens(lambda: self.life.runner.scanned(text, raw=b"" if by_hand else text.encode()))

    @rule(value=st.sampled_from(["74.0", "74.01", "75.1", "99"]))
    def measures(self, value: str) -> None:
        reading = Reading(Status.OK, b"", value=value, unit="mm")
        self._happens(lambda: self.life.runner.measured("bore", reading))

    @precondition(lambda self: not self.life.spool.jobs)
    @rule(unit=st.sampled_from(UNITS), state=st.sampled_from(["hold", "scrap", "released", "rework"]))
    def somebody_elsewhere_decides(self, unit: str, state: str) -> None:
        since = utc_text(self.life.spool.ticker.next())
        word = ListedState(kind="unit", id=unit, state=state, since=since, record="c/e/1")
        self.held = self.held.with_entry(word)
        self.known[unit] = state
        self._happens(lambda: self.life.runner.held_known(self.held))

    @rule(secs=st.sampled_from([1, 5, 25, 70]))
    def time_passes(self, secs: int) -> None:
        self.life.pass_time(secs)

    @precondition(lambda self: self.life.spool.jobs)
    @rule()
    def commits(self) -> None:
        self._happens(lambda: self.life.spool.commit(tell=True))
        text = self.disk.memory.get(journal_key("OP20"))
        self.begun |= {read_journal(text).started} if text else set()

    @rule(unit=st.sampled_from(UNITS), between=st.sampled_from([None, "hold", "killed", "70 s"]))
    def a_unit_is_measured_through(self, unit: str, between: str | None) -> None:
        """Without a hitch, or with one in the middle; chance alone seldom comes so far."""
        self._in_turn("OP-12", "a chip", unit)
        self.measures("74.01")
        self._all_commits()
        if between == "hold":
            self.somebody_elsewhere_decides(unit, "hold")
        elif between == "killed":
            self.is_killed(0)
            self._in_turn("%GO")
        elif between == "70 s":
            self.time_passes(70)
        self._all_commits()
        self._in_turn("%OK")

    def _in_turn(self, *texts: str) -> None:
        for text in texts:
            self.scans(text, True)
            self._all_commits()

    def _all_commits(self) -> None:
        while self.life.spool.jobs:
            self.commits()

    @precondition(lambda self: self.life.spool.jobs)
    @rule()
    def refuses(self) -> None:
        self._happens(self.life.spool.refuse)

    @rule(committed=st.integers(0, 2))
    def is_killed(self, committed: int) -> None:
        """Some of what was on its way is on the disk, and nobody was told."""
        for _ in range(min(committed, len(self.life.spool.jobs))):
            self.life.spool.commit(tell=False)
        last = self.life.spool.ticker.last
        self.life.end()
        self._start(last)

    @invariant()
    def nothing_is_shown_before_it_is_kept_and_nothing_held_passes(self) -> None:
        assert self.wrong == []

    @invariant()
    def no_due_check_is_lost(self) -> None:
        """What passes while the check was due has been looked at."""
        last, since = None, 0
        for body in self.disk.inspections:
            began, looked_at = utc_us(body.started), "looks" in {one.characteristic for one in body.measurements}
            if body.verdict is Verdict.PASS and body.reason is Reason.RUNNING:
                due = last is None or since >= EVERY_UNITS or began - last >= EVERY_SECS * 1_000_000
                assert looked_at or not due, f"{body.serial}: {since} units since the last check"
            if body.attempt > 1:
                continue
            looked_at = looked_at and body.reason is Reason.RUNNING
            last, since = (began, 1) if looked_at else (last, since + 1)

    @invariant()
    def a_unit_ends_once(self) -> None:
        ends = [(body.serial, body.started) for body in self.disk.inspections]
        assert len(ends) == len(set(ends))
        attempts = [(body.serial, body.attempt) for body in self.disk.inspections]
        assert len(attempts) == len(set(attempts))

    @invariant()
    def a_record_says_by_what_who_and_with_what(self) -> None:
        for body in self.disk.inspections:
            assert body.plan.id == "CP-1"
            assert body.operator in PEOPLE
            assert [one.gauge for one in body.measurements if one.characteristic == "bore"] in ([], ["G-17"])
            assert len({one.characteristic for one in body.measurements}) == len(body.measurements)

    def teardown(self) -> None:
        """In the end, with a disk that takes everything, no unit that was ever kept is without its record."""
        self.is_killed(0)
        for secs in (25, 2, 2):
            self.life.pass_time(secs)
            while self.life.spool.jobs:
                self.commits()
        self.life.end()
        assert self.wrong == []
        assert self.begun <= {body.started for body in self.disk.inspections}
        assert not self.disk.memory.get(journal_key("OP20"))


TestStationHistory = StationHistory.TestCase
TestStationHistory.settings = settings(max_examples=100, stateful_step_count=20, deadline=None)

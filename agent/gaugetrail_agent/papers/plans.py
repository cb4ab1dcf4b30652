"""The plans that stations work by: read from their files, wired, and held against the settings around them.

Promise: a station gets only plans that are whole, lawful and measurable with what it has; every fault is named where it
is to be put right, in the plan or in the settings. Reads files and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Generic, TypeVar

from gaugetrail_agent.clock.trust import TOO_EARLY_US
from gaugetrail_agent.papers import plans_seen
from gaugetrail_agent.station.choosing.plan_choice import rivals
from gaugetrail_agent.station.given.plans_here import FromDocument
from gaugetrail_agent.station.given.wiring import lacking_in, unmeasured, wired, wiring_faults
from gaugetrail_agent.station.setup import StationTable
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.documents.files import load_plan
from gaugetrail_contract.documents.plan import Plan, PlanFile
from gaugetrail_contract.documents.plan_faults import plan_remarks
from gaugetrail_contract.settings import ConfigError, Loaded, Problem, Settings, Steps, line_of
from gaugetrail_contract.suggestions import did_you_mean

EARLIEST_TODAY = date.fromisoformat(utc_text(TOO_EARLY_US)[:10])

MOST_PLANS = 5_000
"""Of one station."""

S = TypeVar("S", bound=Settings)


@dataclass
class PlanReading(Generic[S]):
    """Reads the plans of one settings file. `channels`: every device, and what it is known to tell apart."""

    loaded: Loaded[S]
    channels: Mapping[str, tuple[str, ...]]
    problems: list[Problem] = field(default_factory=list)
    remarks: dict[str, Problem] = field(default_factory=dict)
    """What a quality engineer would ask about the plans, each once."""
    _files: dict[Path, tuple[Plan, Loaded[PlanFile]] | None] = field(default_factory=dict)
    """Each is read once, however many stations work by it."""

    def read(self, number: int, table: StationTable) -> tuple[Plan, ...]:
        """The plans that the station has as files, wired; none where they can't be read. What is wrong is in
        `problems`.
        """
        if from_documents(table):
            return self._wiring_alone(number, table)
        at: Steps = ("station", number)
        before = len(self.problems)
        files = {path: found for path in self._named(at, table) if (found := self._file(at, table, path)) is not None}
        blocks = _blocks(table)
        plans = [plan for plan, _ in files.values()]
        if plans:
            for fault in wiring_faults(plans, table.wiring, self.channels, blocks):
                self._say((*at, *fault.steps), fault.says, fault.there)
        bound = tuple(wired(plan, table.wiring, blocks) for plan in plans)
        for plan in bound:
            self._measured(at, table, plan, files[plan.path][1])
        self._told_apart(at, table, bound)
        if not plans and len(self.problems) == before:
            self._say((*at, "plans"), f"none of the plans is for the operation {table.operation}")
        return bound

    def _wiring_alone(self, number: int, table: StationTable) -> tuple[Plan, ...]:
        for fault in wiring_faults(None, table.wiring, self.channels, _blocks(table)):
            self._say(("station", number, *fault.steps), fault.says, fault.there)
        return ()

    def bind(self, number: int, table: StationTable, plan: Plan, file: Loaded[PlanFile]) -> Plan:
        """A plan of a document, wired as far as it names what is wired here. What is wrong is in `problems`."""
        at: Steps = ("station", number)
        names = {one.name for one in plan.characteristics}
        wiring = [one for one in table.wiring if one.characteristic in names]
        for fault in wiring_faults([plan], wiring, self.channels, _blocks(table)):
            self._say((*at, *fault.steps), fault.says, fault.there)
        bound = wired(plan, wiring, _blocks(table))
        self._measured(at, table, bound, file)
        self._in_block(at, table, bound)
        return bound

    def _named(self, at: Steps, table: StationTable) -> Iterator[Path]:
        """The files, each once, patterns in the order of their names."""
        folder = self.loaded.path.resolve().parent
        if isinstance(table.plan, Path):
            yield folder / table.plan
        seen: set[Path] = set()
        for place, pattern in enumerate(table.plans):
            paths = sorted(_matching(folder, pattern)) if set(pattern) & set("*?[") else [folder / pattern]
            if not paths:
                self._say((*at, "plans", place), f"there is no file {pattern} in {folder}")
            if len(seen) + len(paths) > MOST_PLANS:
                self._say((*at, "plans", place), f"these are more than {MOST_PLANS:,} plans; name a smaller folder")
                return
            yield from (path for path in paths if path not in seen)
            seen.update(paths)

    def _file(self, at: Steps, table: StationTable, path: Path) -> tuple[Plan, Loaded[PlanFile]] | None:
        """A plan that is this operation's; those of other operations may lie in the same folder."""
        key = "plans" if table.plan is None else "plan"
        if path not in self._files:
            self._files[path] = self._loaded((*at, key), path)
        found = self._files[path]
        if found is None or found[0].file.operation in (None, table.operation):
            return found
        if table.plan is not None or table.operation is None:
            here = table.operation or "operation = … is not said"
            message = f"{found[0].ref.id} is for the operation {found[0].file.operation}, and here it is {here}"
            self._say((*at, "plan" if table.plan else "plans"), message)
        return None

    def _loaded(self, at: Steps, path: Path) -> tuple[Plan, Loaded[PlanFile]] | None:
        try:
            plan, file = load_plan(path)
        except ConfigError as error:
            if path.is_file():
                self.problems += error.problems
            else:
                self._say(at, f"the control plan {path} is not there")
            return None
        for one in plan_remarks(plan.file):
            problem = file.problem(one.steps, one.says, warning=True)
            self.remarks[str(problem)] = problem
        return plan, file

    def _measured(self, at: Steps, table: StationTable, plan: Plan, file: Loaded[PlanFile]) -> None:
        if lacking := unmeasured(plan):
            message = (
                f"no device measures {', '.join(lacking)} of {plan.ref.id} at {table.name}: add [[station.wiring]] "
                'with characteristic and device for each, or capture = "typed" where a person enters it'
            )
            self._say((*at, "plans" if table.plan is None else "plan"), message)
        self._devices(at, table, plan, file)

    def _in_block(self, at: Steps, table: StationTable, plan: Plan) -> None:
        """Asked of documents alone: by a file, what a block lacks was always recorded as lacking."""
        block = None if table.device is None else self.channels.get(table.device)
        if table.mode == "automatic" and block is not None and (lacking := lacking_in(block, plan)):
            message = (
                f"the block of {table.device} has no number for {', '.join(lacking)} of {plan.ref.id} at {table.name}: "
                "add a [[device.value]] of that name, or say by [[station.wiring]] which value it is"
            )
            self._say((*at, "plans" if table.plan is None else "plan"), message)

    def _told_apart(self, at: Steps, table: StationTable, plans: Sequence[Plan]) -> None:
        """Of several plans, the unit's part and revision must be able to say which."""
        key = "plans" if table.plan is None else "plan"
        for one, other, part in rivals(plans):
            named = part.part if part.revision is None else f"{part.part} revision {part.revision}"
            message = f"{one.path.name} and {other.path.name} are both for {named}: which of the two holds?"
            self._say((*at, key), message)
        parts = {part.part for plan in plans for part in plan.file.parts}
        if table.mode == "automatic" and len(parts) > 1 and table.part_channel is None:
            message = f"{table.name} works for {len(parts)} part numbers: name the value that says which (part_channel)"
            self._say((*at, key), message)

    def _devices(self, at: Steps, table: StationTable, plan: Plan, file: Loaded[PlanFile]) -> None:
        """Devices that the plan names itself, and channels that it or the wiring leaves open."""
        entries = {one.characteristic: index for index, one in enumerate(table.wiring)}
        for index, wanted in enumerate(plan.characteristics):
            if wanted.device is None:
                continue
            entry = entries.get(wanted.name)
            if wanted.device not in self.channels:
                if entry is None:
                    hint = did_you_mean(wanted.device, self.channels)
                    message = f"{table.name}'s agent has no device {wanted.device!r}{hint}"
                    steps: Steps = ("characteristic", index, "device")
                    self.problems.append(file.problem(steps, message, there=sorted(self.channels)))
            elif table.mode != "automatic" and wanted.channel is None and len(self.channels[wanted.device]) > 1:
                # A block names each value; elsewhere the first of several is nobody's.
                names = self.channels[wanted.device]
                message = (
                    f"{wanted.device!r} has several values: say here by channel which of them is "
                    f"{wanted.name!r}, or let the device take only one"
                )
                if entry is None:
                    self.problems.append(file.problem(("characteristic", index, "channel"), message, there=names))
                else:
                    self._say((*at, "wiring", entry, "channel"), message, names)

    def _say(self, steps: Steps, message: str, there: tuple[str, ...] | None = None) -> None:
        self.problems.append(self.loaded.problem(steps, message, there=there))


def from_documents(table: StationTable) -> bool:
    """Whether the station takes its plans from controlled documents."""
    return isinstance(table.plan, FromDocument) or table.plans == "documents"


def _blocks(table: StationTable) -> str | None:
    return table.device if table.mode == "automatic" else None


def _matching(folder: Path, pattern: str) -> Iterator[Path]:
    """Files that fit a pattern, be it relative to the folder or absolute."""
    top = Path(Path(pattern).anchor)
    return top.glob(str(Path(pattern).relative_to(top))) if top.root else folder.glob(pattern)


def unlawful_plans(plans: Mapping[str, Sequence[Plan]], seen_in: Path, today: date) -> Iterator[Problem]:
    """A plan that isn't approved yet, and one whose text changed under its revision."""
    for plan in {plan.path: plan for of_station in plans.values() for plan in of_station}.values():
        approved = date.fromisoformat(plan.file.approved_on)
        # A clock that lost its battery says nothing about an approval: the station works, and the clock is an alarm.
        if approved > today >= EARLIEST_TODAY:
            message = (
                f"{plan.ref.id} {plan.ref.revision} is approved on {approved}, which is still to come (today is "
                f"{today}): no record against a plan that isn't approved; put the date right, or wait with the plan"
            )
            yield Problem(str(plan.path), "approved_on", message, line=line_of(plan.text, ("approved_on",)))
    try:
        yield from plans_seen.changed(seen_in, plans)
    except PermissionError:
        return  # not the service's user, whose agent looks; `check` says that nobody has looked now
    except OSError as error:
        why = error.strerror or str(error)
        message = f"can't be read: {why}; it holds the plans as they were first seen"
        yield Problem(str(seen_in), "", message)

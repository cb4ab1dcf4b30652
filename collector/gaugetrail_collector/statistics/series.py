"""A characteristic's values out of the store: a table like a CSV file's, for every kind of statistics.

Promise: rows come from the sealed bytes, in the order in which values were measured, with any column of a record that
a question names (those of `export`). They are streamed, and kept as numbers and codes: a million values with a few
columns stay under 200 MB. What can't be believed is left out and told.

The effective view is the usual one: what was voided or excluded is left out, corrected values and contexts are taken as
corrected, and a value that was measured again stands in the place of the first, in its subgroup and under the limits
that held there. The raw view (`--raw`) is what was
sealed, all of it. What amendments and re-measures did is counted in `notes`.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

import msgspec
import numpy as np
import numpy.typing as npt

from gaugetrail_collector.statistics.csv_table import NUMBER, CsvTable
from gaugetrail_collector.stores import Store
from gaugetrail_collector.tracing import trace as tracing
from gaugetrail_collector.tracing.effective import standing
from gaugetrail_collector.tracing.record_rows import COLUMNS
from gaugetrail_collector.tracing.trace import Known, Question
from gaugetrail_contract.clock import utc_us
from gaugetrail_contract.counts import counted
from gaugetrail_contract.record import Amendment, CharacteristicKind, Inspection, Measurement
from gaugetrail_contract.record.defect_counts import defectives, defects
from gaugetrail_contract.suggestions import did_you_mean
from gaugetrail_statistics.refusing import Refused

PAGE = 1000
EPOCH_TEXT = "1970-01-01T00:00:00.000000Z"
NUMERIC = frozenset(
    {"value", "nominal", "lsl", "usl", "plausible_low", "plausible_high", "lcl", "cl", "ucl", "uncertainty"}
    | {"defectives", "defect_count"}
)
_Cell = Callable[[Inspection, Measurement], object]
_MEASURED = frozenset(Measurement.__struct_fields__)
_APART: dict[str, _Cell] = {
    "plan": lambda record, _: record.plan.id,
    "plan_revision": lambda record, _: record.plan.revision,
    "time": lambda record, _: record.time,
    "measured_time": lambda _, one: one.time,
    "verdict": lambda record, _: str(record.verdict),
    "measured_verdict": lambda _, one: str(one.verdict),
    "class": lambda _, one: one.class_,
    "lcl": lambda _, one: one.control and one.control.lcl,
    "cl": lambda _, one: one.control and one.control.cl,
    "ucl": lambda _, one: one.control and one.control.ucl,
    "control_version": lambda _, one: one.control and one.control.version,
    "defectives": lambda _, one: defectives(one),
    "defect_count": lambda _, one: defects(one),
    "digits": lambda _, one: one.value,
    "control_document": lambda _, one: one.control and one.control.document,
    "subgroup": lambda _, one: one.subgroup and one.subgroup.id,
    "subgroup_position": lambda _, one: one.subgroup and one.subgroup.position,
    "subgroup_size": lambda _, one: one.subgroup and one.subgroup.size,
}
"""Columns whose name is no field, or is one of both record and measurement."""
KNOWN = (
    *(name for name in COLUMNS if name in _APART or name in _MEASURED or name in Inspection.__struct_fields__),
    *("digits", "defectives", "defect_count", "control_document"),
)
"""What a question may name: the columns of `export` that are one cell of the record itself, the value as it stands in
the record, what charts count, and by which document a value was judged.
"""
OF_THE_PLACE = (
    *("control_document", "control_version", "lcl", "cl", "ucl"),
    *("subgroup", "subgroup_position", "subgroup_size"),
)
"""What belongs to a value's place in the series: what is measured again has it of the first."""


@dataclass
class _Words:
    """A column of text: each distinct cell once, and a code for each row."""

    seen: dict[str, int] = field(default_factory=dict)
    codes: array[int] = field(default_factory=lambda: array("i"))

    def put(self, cell: object) -> None:
        text = "" if cell is None else str(cell)
        self.codes.append(self.seen.setdefault(text, len(self.seen)))

    def words(self, order: Iterable[int]) -> list[str]:
        distinct = list(self.seen)
        return [distinct[self.codes[at]] for at in order]

    def take_from(self, at: int, other: int) -> None:
        self.codes[at] = self.codes[other]


@dataclass
class _Numbers:
    """A column of numbers, not a number where there is none."""

    values: array[float] = field(default_factory=lambda: array("d"))

    def put(self, cell: object) -> None:
        self.values.append(math.nan if cell is None else float(str(cell)))

    def words(self, order: Iterable[int]) -> list[str]:
        return ["" if math.isnan(self.values[at]) else repr(self.values[at]) for at in order]

    def take_from(self, at: int, other: int) -> None:
        self.values[at] = self.values[other]


@dataclass
class _Effects:
    """What amendments and re-measures did to the rows."""

    left_out: int = 0
    corrected: int = 0
    again: int = 0
    unreadable: int = 0
    broken: int = 0

    def notes(self) -> list[str]:
        """In words, for the answer's warnings."""
        told = (
            (self.left_out, "left out as voided or excluded by amendments"),
            (self.corrected, "taken as amendments corrected them"),
            (self.again, "measured again, each in the place of the first"),
            (self.unreadable, "left out: corrected to what is no number, no result or no time"),
            (self.broken, "left out: their seals don't hold (`verify` names them)"),
        )
        return [f"{counted(count, 'value')} {what}" for count, what in told if count]


@dataclass(frozen=True, slots=True)
class SeriesTable(CsvTable):
    """The rows, by columns, in the order of measuring."""

    columns: dict[str, _Words | _Numbers] = field(default_factory=dict)
    order: npt.NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.order)

    def has(self, column: str) -> bool:
        """Whether it was asked for, and so is there."""
        return column in self.columns

    def words(self, column: str) -> list[str]:
        """The column as text, empty where nothing stands. Raises `Refused`."""
        return self._column(column).words(self.order)

    def numbers(self, column: str) -> list[float | None]:
        """The column as numbers, `None` where nothing stands. Raises `Refused`."""
        return [None if math.isnan(value) else value for value in self.array(column).tolist()]

    def array(self, column: str) -> npt.NDArray[np.float64]:
        """The same as an array, not a number where nothing stands. Raises `Refused`."""
        found = self._column(column)
        if isinstance(found, _Numbers):
            return np.frombuffer(found.values, dtype=np.float64)[self.order]
        distinct = [self._number(text, column, at) if text else math.nan for at, text in enumerate(found.seen, 1)]
        return np.array(distinct, dtype=np.float64)[np.frombuffer(found.codes, dtype=np.intc)[self.order]]

    def only(self, kept: Sequence[int]) -> CsvTable:
        """These rows alone, by their places from 0."""
        return replace(self, lines=range(1, len(kept) + 1), order=self.order[np.asarray(kept, dtype=np.int64)])

    def _column(self, column: str) -> _Words | _Numbers:
        if column in self.columns:
            return self.columns[column]
        raise unknown(column)


class SeriesReader:
    """Takes records as they stream, and keeps what the columns ask for."""

    def __init__(self, characteristic: str, columns: Sequence[str], *, raw: bool) -> None:
        self.characteristic = characteristic
        self.raw = raw
        self.effects = _Effects()
        self._columns: dict[str, _Words | _Numbers] = {
            name: _Numbers() if name in NUMERIC else _Words() for name in dict.fromkeys(columns)
        }
        self._cells = {name: _cell_of(name) for name in self._columns}
        self._times = array("q")
        self._chains: dict[tuple[str, str, str], int] = {}
        self._places: tuple[array[int], array[int]] = (array("i"), array("q"))
        self._supersedes: list[tuple[int, tuple[int, int]]] = []
        self._left_out: list[int] = []

    def take(self, known: Sequence[Known], amendments: Iterable[Known]) -> None:
        """Some records with what was amended in them."""
        amended: dict[str, list[Known]] = {}
        for one in () if self.raw else amendments:
            if isinstance(one.record, Amendment):
                amended.setdefault(one.record.target, []).append(one)
        for one in known:
            if one.record is None:
                self.effects.broken += 1
            elif isinstance(one.record, Inspection):
                own = [other for other in amended.get(one.named, ()) if one.amended_by(other)] if amended else []
                self._take(one, one.record, [other.record for other in own if isinstance(other.record, Amendment)])

    def table(self, name: str) -> SeriesTable:
        """All that was taken, as a table of that name."""
        times = np.array(self._times, dtype=np.int64)
        kept = np.ones(len(times), dtype=bool)
        kept[self._left_out] = False
        if not self.raw:
            self._put_again_in_place(times, kept)
        order = np.argsort(times, kind="stable")
        order = order[kept[order]]
        places = range(1, len(order) + 1)
        return SeriesTable(name, tuple(self._columns), (), places, self._columns, order, tuple(self.effects.notes()))

    def _take(self, known: Known, record: Inspection, amendments: Sequence[Amendment]) -> None:
        for one in record.measurements:
            if one.characteristic != self.characteristic:
                continue
            changed = _changes(amendments, self.characteristic) if amendments else {}
            if changed is None or (changed and not _readable(one, changed)):
                self.effects.left_out += changed is None
                self.effects.unreadable += changed is not None
                # What is measured again in its place needs to know the place.
                self._left_out.append(len(self._times))
                changed = {}
            self.effects.corrected += bool(changed)
            whole = _corrected(one, changed)
            for name, column in self._columns.items():
                column.put(changed[name] if name in changed else self._cells[name](record, whole))
            self._times.append(utc_us(changed.get("time", one.time)))
            self._place(known, record)

    def _place(self, known: Known, record: Inspection) -> None:
        row = known.row
        chain = self._chains.setdefault((row.agent, row.epoch, row.branch), len(self._chains))
        if record.supersedes is not None and not self.raw:
            agent, epoch, seq = _parts(record.supersedes)
            first = self._chains.setdefault((agent, epoch, row.branch), len(self._chains))
            self._supersedes.append((len(self._places[0]), (first, seq)))
        self._places[0].append(chain)
        self._places[1].append(row.seq)

    def _put_again_in_place(self, times: npt.NDArray[np.int64], kept: npt.NDArray[np.bool_]) -> None:
        """A value that was measured again takes the time and the place of the first; of one place the last one counts
        that no amendment takes out.
        """
        wanted = {place for _, place in self._supersedes}
        if not wanted:
            return
        placed = [self._columns[name] for name in OF_THE_PLACE if name in self._columns]
        rows = {place: at for at, place in enumerate(zip(*self._places, strict=True)) if place in wanted}
        first_of: dict[int, int] = {}
        counts: dict[int, int] = {}
        for at, place in self._supersedes:
            if place not in rows:
                continue
            first = first_of[at] = first_of.get(rows[place], rows[place])
            times[at] = times[first]
            for column in placed:
                column.take_from(at, first)
            if kept[at]:
                kept[counts.get(first, first)] = False
                counts[first] = at
                self.effects.again += 1


def series(
    store: Store,
    question: Question,
    characteristic: str,
    columns: Sequence[str],
    *,
    raw: bool,
    most_records: int | None = None,
) -> SeriesTable:
    """The characteristic's values of these records. Raises `Refused`, `StoreDown` or `StoreRefuses`."""
    for column in columns:
        if column not in KNOWN:
            raise Refused(
                f"a record has no column {column!r}{did_you_mean(column, KNOWN)}; there are {', '.join(KNOWN)}"
            )
    reader = SeriesReader(characteristic, columns, raw=raw)
    answer = tracing.ask(store, question, moved=not raw)
    read = 0
    while known := list(islice(answer, PAGE)):
        read += len(known)
        if most_records is not None and read > most_records:
            raise Refused(f"more than {most_records} records in that time; ask for less of it, or the command line")
        reader.take(known, () if raw else standing(tracing.amendments(store, known)))
    return reader.table(f"characteristic {characteristic}")


def unknown(column: str) -> Refused:
    """The sentence for a column that no record has."""
    return Refused(f"a record has no column {column!r}{did_you_mean(column, KNOWN)}; there are {', '.join(KNOWN)}")


def _changes(amendments: Sequence[Amendment], characteristic: str) -> dict[str, str] | None:
    """Column -> what amendments say in its place; `None` where they take the value out."""
    found: dict[str, str] = {}
    for one in amendments:
        of_it = one.field in {None, characteristic}
        if one.action in {"void", "exclude"} and of_it:
            return None
        if one.action in {"correct", "re-attribute"} and one.field is not None and one.new is not None:
            found["value" if one.field == characteristic else one.field] = one.new
    return found


def _readable(one: Measurement, changed: dict[str, str]) -> bool:
    """Numbers are corrected by numbers, results by results, times by times."""
    numbers = {name: text for name, text in changed.items() if name in NUMERIC}
    if one.kind is CharacteristicKind.ATTRIBUTE and numbers.pop("value", "ok") not in ("ok", "nok"):
        return False
    if not all(NUMBER.fullmatch(text) for text in numbers.values()):
        return False
    try:
        utc_us(changed.get("time", EPOCH_TEXT))
    except ValueError:
        return False
    return True


def _corrected(one: Measurement, changed: dict[str, str]) -> Measurement:
    """The measurement with its corrected value; of an attribute that is its result, and `changed` has none then."""
    if "value" not in changed:
        return one
    if one.kind is not CharacteristicKind.ATTRIBUTE:
        return msgspec.structs.replace(one, value=changed["value"])
    result = changed.pop("value")
    # Defects that were named are of the result as it was found; of a piece that was ok after all there are none.
    defects_found = {} if result == "nok" else {"defects": (), "found": ()}
    return msgspec.structs.replace(one, result=result, **defects_found)


def _cell_of(column: str) -> _Cell:
    if column in _APART:
        return _APART[column]
    if column in _MEASURED:
        return lambda _, one: getattr(one, column)
    return lambda record, _: getattr(record, column)


def _parts(name: str) -> tuple[str, str, int]:
    """Agent, epoch and number of a record's name; of no name that could be one, nothing that is found."""
    agent, _, rest = name.partition("/")
    epoch, _, seq = rest.partition("/")
    return agent, epoch, int(seq) if seq.isdecimal() else 0

"""The layout of a gauge R&R study: who measured which part how often, in the order in which it was written down.

Promise: a study that is here is balanced, so that the sums of squares mean what the books say; one that isn't is
refused with the cell that is short. Parts and appraisers keep the order of their first row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gaugetrail_statistics.refusing import Refused


@dataclass(frozen=True, slots=True)
class StudyRow:
    """One measurement: `value` is null where it is missing; `trial` is null where rows repeat in order."""

    part: str
    appraiser: str
    value: float | None
    trial: str | None = None


@dataclass(frozen=True, slots=True)
class CrossedStudy:
    """Every appraiser measured every part: `values[part][appraiser]` holds the trials."""

    parts: tuple[str, ...]
    appraisers: tuple[str, ...]
    values: tuple[tuple[tuple[float, ...], ...], ...]

    @property
    def trials(self) -> int:
        """How often each appraiser measured each part."""
        return len(self.values[0][0])

    @property
    def all_values(self) -> tuple[float, ...]:
        """Every value, part by part."""
        return tuple(value for row in self.values for cell in row for value in cell)


@dataclass(frozen=True, slots=True)
class NestedStudy:
    """Each appraiser measured parts of his own (destructive tests): `values[appraiser][part]` holds the trials."""

    appraisers: tuple[str, ...]
    values: tuple[tuple[tuple[float, ...], ...], ...]

    @property
    def trials(self) -> int:
        """How often each part was measured."""
        return len(self.values[0][0])

    @property
    def parts(self) -> int:
        """How many parts each appraiser had."""
        return len(self.values[0])

    @property
    def all_values(self) -> tuple[float, ...]:
        """Every value, appraiser by appraiser."""
        return tuple(value for row in self.values for cell in row for value in cell)


def crossed(rows: Sequence[StudyRow]) -> CrossedStudy:
    """The study whose parts every appraiser measured equally often. Raises `Refused`."""
    cells = _cells(rows)
    parts = tuple(dict.fromkeys(row.part for row in rows))
    appraisers = tuple(dict.fromkeys(row.appraiser for row in rows))
    _check_enough("part", len(parts))
    _check_enough("appraiser", len(appraisers))
    _check_balance({(part, who): cells.get((part, who), ()) for part in parts for who in appraisers})
    study = CrossedStudy(parts, appraisers, tuple(tuple(cells[part, who] for who in appraisers) for part in parts))
    _check_variation(study.all_values)
    return study


def nested(rows: Sequence[StudyRow]) -> NestedStudy:
    """The study in which a part belongs to its appraiser; one name under two appraisers is two parts. Raises
    `Refused`.
    """
    cells = _cells(rows)
    appraisers = tuple(dict.fromkeys(row.appraiser for row in rows))
    _check_enough("appraiser", len(appraisers))
    _check_balance(cells)
    own = {who: tuple(values for (_, by), values in cells.items() if by == who) for who in appraisers}
    _check_equal_parts({who: len(parts) for who, parts in own.items()})
    study = NestedStudy(appraisers, tuple(own.values()))
    _check_variation(study.all_values)
    return study


def _cells(rows: Sequence[StudyRow]) -> dict[tuple[str, str], tuple[float, ...]]:
    if not rows:
        raise Refused("no rows: a study needs parts, appraisers and values")
    twice = _first_twice((row.part, row.appraiser, row.trial) for row in rows if row.trial is not None)
    if twice is not None:
        part, who, trial = twice
        raise Refused(f"trial {trial} of part {part} by appraiser {who} stands twice: name each trial once")
    cells: dict[tuple[str, str], tuple[float, ...]] = {}
    for row in rows:
        measured = cells.setdefault((row.part, row.appraiser), ())
        if row.value is not None:
            cells[row.part, row.appraiser] = (*measured, row.value)
    return cells


def _first_twice(keys: Iterable[tuple[str, str, str | None]]) -> tuple[str, str, str | None] | None:
    return next((key for key, times in Counter(keys).items() if times > 1), None)


def _check_enough(what: str, count: int) -> None:
    if count < 2:
        raise Refused(f"too few {what}s: a gauge R&R study needs at least 2, this one has {count}")


def _check_balance(cells: dict[tuple[str, str], tuple[float, ...]]) -> None:
    usual = Counter(len(values) for values in cells.values()).most_common(1)[0][0]
    for (part, who), values in cells.items():
        if len(values) != usual:
            raise Refused(
                f"unbalanced: part {part} by appraiser {who} has {len(values)} values where others have {usual}; "
                "measure what is missing, or leave the part out of the study"
            )


def _check_equal_parts(counts: dict[str, int]) -> None:
    usual = Counter(counts.values()).most_common(1)[0][0]
    for who, count in counts.items():
        if count != usual:
            raise Refused(f"unbalanced: appraiser {who} has {count} parts where others have {usual}")
    if usual < 2:
        raise Refused(f"too few parts: each appraiser of a nested study needs at least 2, these have {usual}")


def _check_variation(values: Sequence[float]) -> None:
    if min(values) == max(values):
        raise Refused("zero variation: every value is the same, so nothing can be said about the gauge")

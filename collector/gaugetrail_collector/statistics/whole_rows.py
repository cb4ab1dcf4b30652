"""Rows of a table that have every cell that a question needs, and a warning for those that lack one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress

import numpy as np
import numpy.typing as npt

from gaugetrail_collector.statistics.csv_table import CsvTable
from gaugetrail_collector.statistics.series import SeriesTable
from gaugetrail_contract.counts import counted
from gaugetrail_statistics.refusing import Refused

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class WholeRows:
    """Columns of equal length, in the table's order."""

    numbers: tuple[Numbers, ...]
    words: tuple[list[str], ...]
    warnings: list[str]


def whole_rows(table: CsvTable, numbers: Sequence[str], words: Sequence[str] = ()) -> WholeRows:
    """The rows without an empty cell in these columns. Raises `Refused`, where none is left too."""
    measured = [_array(table, column) for column in numbers]
    named = [table.words(column) for column in words]
    there = np.ones(len(table), dtype=bool)
    for column in measured:
        there &= ~np.isnan(column)
    for text in named:
        there &= np.fromiter((bool(word) for word in text), dtype=bool, count=len(text))
    left_out = len(table) - int(np.count_nonzero(there))
    if left_out == len(table):
        raise Refused(f"no row has a cell in each of the columns {', '.join((*numbers, *words))}")
    return WholeRows(
        tuple(column[there] for column in measured),
        tuple(list(compress(text, there)) for text in named),
        [f"{counted(left_out, 'row')} left out: an empty cell where one is needed"] if left_out else [],
    )


def _array(table: CsvTable, column: str) -> Numbers:
    """The column as an array, not a number where nothing stands."""
    if isinstance(table, SeriesTable):
        return table.array(column)
    return np.array([math.nan if value is None else value for value in table.numbers(column)], dtype=np.float64)

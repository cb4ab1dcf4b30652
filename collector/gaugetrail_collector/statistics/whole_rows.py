"""Rows of a table that have every cell that a question needs, and a warning for those that lack one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gaugetrail_collector.statistics.csv_table import CsvTable
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
    measured = [table.numbers(column) for column in numbers]
    named = [table.words(column) for column in words]
    kept = [
        at
        for at in range(len(table))
        if all(column[at] is not None for column in measured) and all(column[at] for column in named)
    ]
    if not kept:
        raise Refused(f"no row has a cell in each of the columns {', '.join((*numbers, *words))}")
    left_out = len(table) - len(kept)
    return WholeRows(
        tuple(np.array([column[at] for at in kept], dtype=np.float64) for column in measured),
        tuple([column[at] for at in kept] for column in named),
        [f"{counted(left_out, 'row')} left out: an empty cell where one is needed"] if left_out else [],
    )

"""How far the demo is: one line that is rewritten where a person looks on, lines now and then elsewhere.

Promise: what is said meanwhile stands above it, and nothing of it is left behind.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Column
from rich.text import Text

from gaugetrail_sim.line.run import RunAccount

PLAIN_LINE_SECS = 5.0
"""How often progress is a line of text where the output is no terminal."""
KEPT_LINE_SECS = 60.0


class ProgressLine:
    """Use as `with`."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar: Progress | None = None
        self._task = TaskID(0)

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            words = TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True, ratio=1))
            columns = (BarColumn(20), TimeElapsedColumn(), words)
            self._bar = Progress(*columns, console=self._console, transient=True, expand=True)
            self._task = self._bar.add_task("", total=None)
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    @contextlib.contextmanager
    def away(self) -> Iterator[None]:
        """Others have the console to themselves."""
        self.__exit__()
        yield
        self.__enter__()

    def stage(self, text: str) -> None:
        """What is done next, for as long as that takes."""
        if self._bar is None:
            self._console.print(Text(f"{text} …"), soft_wrap=True)
        else:
            self._bar.update(self._task, total=None, description=f"{text} …")

    def line_time(self, secs: float) -> Callable[[RunAccount], None]:
        """The line works for so long; gives the function that wants to hear of each piece."""
        started = time.monotonic()

        def done() -> float:
            return min(time.monotonic() - started, secs)

        return self._of_pieces(PLAIN_LINE_SECS, lambda: (done(), secs))

    def kept(self) -> Callable[[RunAccount], None]:
        """The line works until somebody ends it."""
        return self._of_pieces(KEPT_LINE_SECS, lambda: (0.0, None))

    def _of_pieces(
        self, plain_secs: float, far: Callable[[], tuple[float, float | None]]
    ) -> Callable[[RunAccount], None]:
        next_line = time.monotonic()

        def told(account: RunAccount) -> None:
            nonlocal next_line
            if self._bar is not None:
                done, total = far()
                self._bar.update(self._task, completed=done, total=total, description=counts(account))
            elif time.monotonic() >= next_line:
                next_line = time.monotonic() + plain_secs
                self._console.print(Text(counts(account)), soft_wrap=True)

        return told


def counts(account: RunAccount) -> str:
    """`37 pieces, 61 inspections recorded, 5 of them rejects; last SN004738`."""
    rejected = account.rejected + sum(told.code == 2 for told in account.press_told)
    last = f"; last {account.looks[-1].serial}" if account.looks else ""
    return (
        f"{len(account.pieces)} pieces, {account.acknowledged} inspections recorded, {rejected} of them rejects{last}"
    )

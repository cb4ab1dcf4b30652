"""A bar on standard error for answers that take long; nothing where standard error is no terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

SHOW_AFTER_SECS = 1.0
"""A quick answer is not disturbed."""
Thing = TypeVar("Thing")


def watched(
    things: Iterable[Thing],
    what: str,
    total: Callable[[], int] | None = None,
    weigh: Callable[[Thing], int] = lambda _: 1,
    *,
    while_printing: bool = False,
) -> Iterator[Thing]:
    """The things, counted as they pass, each as many as `weigh` says. `total` is asked only once a bar is shown at all.
    An answer that is printed on a terminal meanwhile shows by itself how far it is.
    """
    if not sys.stderr.isatty() or (while_printing and sys.stdout.isatty()):
        yield from things
        return
    start, seen = time.monotonic(), 0
    left = iter(things)
    for thing in left:
        yield thing
        seen += weigh(thing)
        if time.monotonic() - start > SHOW_AFTER_SECS:
            break
    else:
        return
    yield from _with_bar(left, what, seen, total, weigh)


def _with_bar(
    things: Iterator[Thing], what: str, seen: int, total: Callable[[], int] | None, weigh: Callable[[Thing], int]
) -> Iterator[Thing]:
    # Here and not above: most answers show no bar.
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True, markup=False)
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as bar:
        task = bar.add_task(what, total=total() if total else None, completed=seen)
        for thing in things:
            yield thing
            bar.advance(task, weigh(thing))

"""One cause is one line, with a count: what would else be said for each record and each time that it is sent again.

A caller names what stays the same: `extra={"cause": (agent, same_words(reason))}`. The first line of a cause is written
as it is; those behind it are counted, and once a minute, while it goes on, the last of them is written with their
number. A cause that has been quiet for a minute is news again. Lines without a cause are none of this module's.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Hashable, Iterator
from dataclasses import dataclass

SAY_SECS = 60.0
MOST_CAUSES = 1000
"""Causes that are remembered; beyond them the one said longest ago is forgotten, so that its next line is written."""

_CHANGING = re.compile(r"'[^']*'|\"[^\"]*\"|[0-9a-f]{4}(?:-[0-9a-f]{4}){3}|[0-9a-f]{8,}|[0-9]+")


def same_words(sentence: str) -> str:
    """What stays the same of a sentence from one record to the next: all but numbers, digests, fingerprints of keys and
    what is quoted.
    """
    return _CHANGING.sub("#", sentence)


@dataclass(slots=True)
class RepeatedCause:
    """A cause: when it was last written, and what has come since."""

    at: float
    times: int = 0
    last: logging.LogRecord | None = None


class Repeats:
    """What has been said lately. One caller at a time."""

    def __init__(self) -> None:
        self._said: dict[Hashable, RepeatedCause] = {}

    def is_news(self, record: logging.LogRecord, now: float) -> bool:
        """Whether the line is to be written; if not, it is counted."""
        cause = getattr(record, "cause", None)
        if cause is None:
            return True
        key = record.name, record.levelno, cause
        said = self._said.get(key)
        if said is not None:
            said.times, said.last = said.times + 1, record
            return False
        if len(self._said) >= MOST_CAUSES:
            del self._said[next(iter(self._said))]
        self._said[key] = RepeatedCause(now)
        return True

    def due(self, now: float) -> Iterator[logging.LogRecord]:
        """The lines with a number that are to be written by now; all others when `now` is infinite."""
        for key, said in list(self._said.items()):
            if now - said.at < SAY_SECS:
                continue
            del self._said[key]
            if said.last is not None:
                yield _counted(said.last, said.times)
                self._said[key] = RepeatedCause(now)  # at the end: said last, forgotten last

    def wait_secs(self, now: float) -> float | None:
        """Seconds until something may be due; null when nothing is remembered."""
        return max(0.0, next(iter(self._said.values())).at + SAY_SECS - now) if self._said else None


def _counted(record: logging.LogRecord, times: int) -> logging.LogRecord:
    more = "once more" if times == 1 else f"{times} times more"
    text = f"{record.getMessage()} (the same {more} in the last minute)"
    return logging.makeLogRecord({**vars(record), "msg": text, "args": None, "times": times})

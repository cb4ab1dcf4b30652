"""One lock for what is known of the line, and a bell for the thread that sends.

Promise: news that came while that thread was at work is not slept over.
"""

from __future__ import annotations

import threading
from types import TracebackType


class Waking:
    """`with` it, the lock is held."""

    def __init__(self) -> None:
        self._bell = threading.Condition()
        self._news = False

    def __enter__(self) -> None:
        self._bell.__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bell.__exit__(kind, error, trace)

    def wake(self) -> None:
        """Something has happened."""
        with self:
            self.stir()

    def stir(self) -> None:
        """As `wake`, under the lock."""
        self._news = True
        self._bell.notify_all()

    def begin(self) -> None:
        """All that has happened so far is looked at now. Under the lock."""
        self._news = False

    def sleep(self, secs: float) -> None:
        """Until something happens, unless it has since `begin`. Under the lock."""
        if not self._news:
            self._bell.wait(secs)

    def pause(self, secs: float) -> None:
        """Until something happens from now on. Under the lock."""
        self._bell.wait(secs)

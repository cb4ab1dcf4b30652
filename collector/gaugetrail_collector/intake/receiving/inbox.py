"""The messages that have come and aren't taken yet, with their weight.

Promise: they are taken in the order in which they were put. `put` never waits; whoever puts looks at `weight`, for a
broker can't be relied on for a bound: mosquitto sends all it has as soon as anything is acknowledged, whatever window
it was given. One thread puts, another takes.
"""

from __future__ import annotations

import queue

from gaugetrail_collector.intake.decoding import Message

A_MESSAGE = 300
"""About how many bytes a message takes beside its payload."""


class Inbox(queue.SimpleQueue[Message]):
    """A queue that knows how much it holds."""

    def __init__(self) -> None:
        super().__init__()
        self._put = 0
        self.taken = 0
        """Bytes taken since it was made. Rises; each of the two threads writes a number of its own."""

    @property
    def weight(self) -> int:
        """About how many bytes are held."""
        return self._put - self.taken

    def put(self, item: Message, block: bool = True, timeout: float | None = None) -> None:
        """Add a message at the end."""
        self._put += len(item.payload) + A_MESSAGE
        super().put(item, block, timeout)

    def get(self, block: bool = True, timeout: float | None = None) -> Message:
        """Take the first message. Raises `queue.Empty` when none has come in time."""
        item = super().get(block, timeout)
        self.taken += len(item.payload) + A_MESSAGE
        return item

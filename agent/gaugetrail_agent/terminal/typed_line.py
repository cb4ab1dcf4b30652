"""What is typed on the last line, key by key. Pure: time is data.

Promise: nothing that is typed rules the console: the sequences of cursor and function keys are left out, control
characters of a code are kept and shown as escapes. Keys that came as fast as no person types (`BURST_LENGTH` or more,
mostly within `BURST_SECS` of each other, then Enter) are a reader's, and are never taken apart: half a code may be
another unit's. The page has the same rule (`screen.js`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median_low

from gaugetrail_contract.escapes import visible

BURST_SECS = 0.05
BURST_LENGTH = 3
MOST_TYPED = 4000
"""More than that is no code: the keys behind it are left out."""
ENTER, BACK, CLEAR, END, INTERRUPT, ESCAPE = ("\r", "\n"), ("\x7f", "\b"), "\x15", "\x04", "\x03", "\x1b"


@dataclass(frozen=True, slots=True)
class Typed:
    """A line that is complete."""

    text: str
    is_scan: bool = False


class Ended(Exception):
    """Ctrl-C, or Ctrl-D on an empty line: nothing is typed any more."""


@dataclass(slots=True)
class TypedLine:
    """The line so far."""

    _keys: list[tuple[str, float]] = field(default_factory=list)
    _sequence: tuple[str, float] | None = None
    """What has come of a key's sequence since its Escape, and when that came."""

    def keys(self, text: str, at: float) -> Iterator[Typed]:
        """The lines that these keys complete. Raises `Ended`."""
        for key in text:
            if self._is_of_sequence(key, at):
                continue
            if key in ENTER:
                yield from self._complete()
            elif key == INTERRUPT or (key == END and not self._keys):
                raise Ended
            elif key in BACK:
                del self._keys[-1:]
            elif key == CLEAR:
                self.clear()
            elif len(self._keys) < MOST_TYPED:
                self._keys.append((key, at))

    def clear(self) -> None:
        """Nothing of it counts."""
        self._keys.clear()

    @property
    def shown(self) -> str:
        """As it may be shown."""
        return visible("".join(key for key, _ in self._keys))

    def _complete(self) -> Iterator[Typed]:
        text, is_scan = "".join(key for key, _ in self._keys).strip(" \t"), self._is_burst()
        self.clear()
        if text:
            yield Typed(text, is_scan)

    def _is_burst(self) -> bool:
        if len(self._keys) < BURST_LENGTH:
            return False
        gaps = [later - at for (_, at), (_, later) in pairwise(self._keys)]
        return median_low(gaps) <= BURST_SECS

    def _is_of_sequence(self, key: str, at: float) -> bool:
        """Whether the key belongs to a sequence: Escape, at once `[` or `O`, then up to a letter or `~`."""
        begun, self._sequence = self._sequence, None
        if key == ESCAPE:
            self._sequence = ("", at)
            return True
        if begun is None or at - begun[1] > BURST_SECS:
            return False  # Escape alone, some time ago: this key is another one
        if begun[0] == "":
            is_more = key in "[O"
        else:
            is_more = not "@" <= key <= "~"
            if not is_more:
                return True
        if is_more:
            self._sequence = (begun[0] + key, begun[1])
        return is_more

"""Drivers: how a device's bytes become readings.

A driver for a stream of bytes is a `StreamDriver`: it does no I/O and knows no clock. It is fed bytes and answers with
readings and with bytes to send, so the same object serves the agent, `gaugetrail-agent decode` and the tests.
`stream` runs one on a link; `catalogue` finds one by name (profiles and Python drivers share one name space); `profile`
reads most gauges, `open_protocol` and the single files those with a state of their own. Modbus, which has requests
instead of a stream, is `modbus`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from gaugetrail_agent.reading import Reading


@dataclass(frozen=True, slots=True)
class Send:
    """Bytes that the driver wants on the wire now."""

    data: bytes


Action = Reading | Send
Family = Literal["scale", "gauge", "instrument"]
"""What a device is to the person at it: a scale weighs and returns to zero between parts; a gauge sends when its key or
foot switch is pressed; an instrument shows a value all the time and gives it when asked.
"""


class StreamDriver(ABC):
    """One protocol's state on one wire. Any bytes in any pieces give readings, a wait, or a `garbled` reading; no
    method raises on what a device sends.
    """

    name: ClassVar[str]
    family: Family = "gauge"
    triggers: bool = False
    """Whether what `ask` brings is new each time, because it makes the device measure, and no older value again."""
    quiet_secs: float = 0.1
    """How long the line must be silent before `quiet` is called (idle flush)."""
    channels: tuple[str, ...] = ()
    """The names of values that one telegram can hold together; empty where it holds one. Who takes a value of such a
    device says by name which: the first is nobody's."""
    tick_secs: float | None = None
    """How often `ticked` wants to be called; null: never."""

    def opened(self) -> Sequence[Action]:
        """The link is open (again): forget half a frame, greet the device if the protocol wants it."""
        return ()

    @abstractmethod
    def received(self, data: bytes) -> Sequence[Action]:
        """Bytes came. Partial frames wait, glued frames split."""

    def quiet(self) -> Sequence[Action]:
        """The line has been silent for `quiet_secs`: end a frame that only silence ends."""
        return ()

    def rest(self) -> Reading | None:
        """At the end of a recording: what is left over, as one `incomplete` reading; null when nothing is."""
        return None

    def ask(self, channel: str | None = None) -> Sequence[Action]:
        """Someone wants a reading now: send the poll or trigger; nothing where the device only speaks by itself."""
        del channel
        return ()

    def ticked(self, now: float) -> Sequence[Action]:
        """Called every `tick_secs`; `now` is monotonic seconds. For keep-alives, polls and time-outs."""
        del now
        return ()

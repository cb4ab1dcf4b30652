"""What a script makes happen at a station: a cue for each of its lines. Pure data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gaugetrail_agent.reading import Reading


@dataclass(frozen=True, slots=True)
class ScanCode:
    """A code reader reads, or a person types; typed has no raw bytes."""

    text: str
    typed: bool


@dataclass(frozen=True, slots=True)
class SendValue:
    """A gauge sends, once or again and again for so long."""

    device: str
    reading: Reading
    for_us: int = 0


@dataclass(frozen=True, slots=True)
class OfferBlock:
    """A PLC offers a block; `trigger` null: the next one."""

    values: Mapping[str, str | None]
    texts: Mapping[str, str] = field(default_factory=dict)
    trigger: int | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """Time passes."""


@dataclass(frozen=True, slots=True)
class Restart:
    """The agent is killed and starts again."""


@dataclass(frozen=True, slots=True)
class Tell:
    """Something around the station isn't well, or is again."""

    about: str
    well: bool


@dataclass(frozen=True, slots=True)
class HasPin:
    """A badge has a PIN from here on."""

    badge: str
    pin: str


@dataclass(frozen=True, slots=True)
class FillDisk:
    """The spool refuses from here on, or takes records again."""

    full: bool


@dataclass(frozen=True, slots=True)
class StepClock:
    """The wall clock jumps by this."""

    by_us: int


@dataclass(frozen=True, slots=True)
class Expect:
    """The event before has brought this; `value` null: nothing of the kind."""

    what: str
    value: str | None


Cue = Expect | ScanCode | SendValue | OfferBlock | Wait | Restart | Tell | HasPin | FillDisk | StepClock


@dataclass(frozen=True, slots=True)
class ScriptLine:
    """One line of a script: what happens, how it is written there, and when: so long after the script's begin."""

    number: int
    text: str
    mono_us: int
    cue: Cue


@dataclass(frozen=True, slots=True)
class Script:
    """The lines of a script in their order; it begins at `at_us`."""

    at_us: int
    lines: tuple[ScriptLine, ...]

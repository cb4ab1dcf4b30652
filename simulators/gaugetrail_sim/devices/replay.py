"""A gauge of any family, from the frames in a file: an agent's profile, a profile of one's own, or noted frames.

The file is read as data: `[framing] end`, `[commands] poll` and the bytes of every `[[example]]`; nothing of the agent
runs. The first frame whose reading is a plain number becomes the pattern for a stream of values, in the same width and
with the same decimals; where no frame is such (exponents), or a check proves each, the good frames are sent in turn as
they stand.
"""

from __future__ import annotations

import importlib.util
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import cycle
from pathlib import Path
from typing import Any

from gaugetrail_sim.devices.gauge import SimulatedGauge, garbled
from gaugetrail_sim.devices.models import Model
from gaugetrail_sim.devices.ptys import PtyPort

ENDS = {"cr": b"\r", "lf": b"\n", "crlf": b"\r\n", "etx": b"\x03", "eot": b"\x04", "nul": b"\x00"}
_DIGITS = rb"([0-9]*[.,][0-9]+|[0-9]+)(?![0-9.E])"
NUMBERS = tuple(re.compile(shape + _DIGITS) for shape in (rb"([+-])( *)", rb"()( +)", rb"(?<![0-9A-Za-z.,+-])()()"))
"""Sign, blanks and digits: with a sign, behind blanks, or by themselves; nothing with an exponent."""
SPREAD_STEPS = 20
"""How far simulated pieces lie from the pattern's value, in its last digit."""


class NoFrames(ValueError):
    """The file can't be a gauge: it isn't there, or holds no frame with a value."""


@dataclass(frozen=True, slots=True)
class Noted:
    """One frame from a file and what it says."""

    data: bytes
    status: str
    value: str | None
    unit: str | None


@dataclass(frozen=True, slots=True)
class ReplayPattern:
    """A frame with the place of its number."""

    before: bytes
    after: bytes
    signed: bool
    blanks: bool
    width: int
    point: str
    decimals: int

    def filled(self, value: Decimal) -> bytes:
        """The frame with another number. Raises `ValueError` where it doesn't fit."""
        digits = f"{abs(value):.{self.decimals}f}"
        if digits.startswith("0.") and len(digits) > self.width - self.signed:
            digits = digits[1:]  # as gauges do that send no zero before the point
        if value < 0 and not self.signed:
            raise ValueError(f"{value} has a sign, which this frame has no place for")
        sign = "-" if value < 0 else "+" if self.signed else ""
        text = sign + digits.rjust(self.width - len(sign), " " if self.blanks else "0")
        if len(text) != self.width:
            raise ValueError(f"{value} doesn't fit into the {self.width} characters that this gauge sends")
        return self.before + text.replace(".", self.point).encode("ascii") + self.after


class ReplayGauge(SimulatedGauge):
    """A gauge that speaks as the frames of a file do; its key, or the poll command, makes it send one."""

    protocol = "any"

    def __init__(
        self, port: PtyPort, frames: Sequence[Noted], poll: bytes = b"", *, as_they_stand: bool = False
    ) -> None:
        """`frames` hold at least one with a value; `as_they_stand`: a check lets no other number be put in."""
        found = next((pattern for noted in frames if (pattern := pattern_of(noted)) is not None), None)
        self.pattern = None if as_they_stand else found
        super().__init__(port, 0 if self.pattern is None else self.pattern.decimals)
        self._poll = poll
        self._in_turn = cycle([noted.data for noted in frames if noted.status in ("ok", "unstable")])
        self._overload = next((noted.data for noted in frames if noted.status == "overrange"), None)

    @property
    def overloads(self) -> bool:
        """Whether the file holds a frame beyond the range."""
        return self._overload is not None

    def shown(self) -> str:
        """The value; of a gauge that only repeats what the file holds, that."""
        return super().shown() if self.pattern is not None else "the next frame of the file"

    def frame(self, value: Decimal) -> bytes:
        """The pattern with `value`; the next good frame of the file where there is no pattern."""
        return next(self._in_turn) if self.pattern is None else self.pattern.filled(value)

    def overload_frame(self) -> bytes:
        """As the file has it; a garbled frame where it has none."""
        return self._overload if self._overload is not None else garbled(next(self._in_turn))

    def received(self, data: bytes) -> None:
        """The host asks."""
        if self._poll and self._poll in data:
            self.press()


def profile_file(name: str) -> Path | None:
    """Where the agent that is installed here keeps the profile of that name; null if it isn't there."""
    if re.fullmatch(r"[a-z0-9][a-z0-9-]*", name) is None:
        return None
    spec = importlib.util.find_spec("gaugetrail_agent")
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        path = Path(folder) / "profiles" / f"{name}.toml"
        if path.is_file():
            return path
    return None


def model_of(path: Path) -> Model:
    """The gauge that a file describes. Raises `NoFrames`."""
    try:
        file = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise NoFrames(f"{path}: can't be read as frames: {error}") from error
    frames = list(noted_frames(file))
    proved = "check" in _table(file, "framing") or any("reverse" in pattern for pattern in file.get("pattern", ()))
    good = next((noted for noted in frames if noted.status == "ok" and noted.value is not None), None)
    if good is None or good.value is None:
        raise NoFrames(f"{path}: no [[example]] holds a frame with a value, so there is nothing to send")
    poll = _bytes(_table(file, "commands").get("poll"))
    shown = good if proved else next((noted for noted in frames if pattern_of(noted) is not None), good)
    nominal = Decimal(shown.value or good.value)
    spread = SPREAD_STEPS * Decimal(1).scaleb(min(int(nominal.as_tuple().exponent), 0))
    return Model(
        lambda port: ReplayGauge(port, frames, poll, as_they_stand=proved),
        nominal,
        spread,
        shown.unit or "(not in the frame)",
    )


def noted_frames(file: Mapping[str, Any]) -> Iterator[Noted]:
    """The frames of every example that can be told apart and told what they say."""
    end = _table(file, "framing").get("end", "")
    for example in file.get("example", ()):
        data = _bytes(example.get("bytes")) or bytes.fromhex(example.get("hex", ""))
        pieces = _pieces(data, ENDS.get(end, b"" if end in ("idle", "length") else _bytes(end)))
        readings = example.get("readings", ())
        if len(pieces) == len(readings):
            for piece, reading in zip(pieces, readings, strict=True):
                yield _noted(piece, reading)
        elif len(pieces) == 1 and readings and readings[0].get("status") == "ok":
            yield _noted(pieces[0], readings[0])


def pattern_of(noted: Noted) -> ReplayPattern | None:
    """Where the number stands in a frame; null if it can't be told."""
    if noted.status != "ok" or noted.value is None or not Decimal(noted.value):
        return None
    for match in (match for shape in NUMBERS for match in shape.finditer(noted.data)):
        sign, blanks, digits = (part.decode("ascii") for part in match.groups())
        plain = digits.replace(",", ".")
        decimals = len(plain.partition(".")[2])
        if Decimal(sign + plain) == Decimal(noted.value) and decimals == len(noted.value.partition(".")[2]):
            return ReplayPattern(
                noted.data[: match.start()],
                noted.data[match.end() :],
                signed=bool(sign),
                blanks=bool(blanks),
                width=match.end() - match.start(),
                point="," if "," in digits else ".",
                decimals=decimals,
            )
    return None


def _noted(data: bytes, reading: Mapping[str, Any]) -> Noted:
    return Noted(data, str(reading.get("status", "")), reading.get("value"), reading.get("unit"))


def _pieces(data: bytes, end: bytes) -> list[bytes]:
    """Split behind each end; what has no end is a piece, too."""
    if not end:
        return [data] if data else []
    pieces = [piece + end for piece in data.split(end)]
    last = pieces.pop()[: -len(end)]
    return [piece for piece in (*pieces, last) if piece.strip(b"\r\n\0")]


def _table(file: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = file.get(name, {})
    return found if isinstance(found, dict) else {}


def _bytes(text: object) -> bytes:
    return text.encode("latin-1", "replace") if isinstance(text, str) else b""

"""Barcode scanners and code readers on a serial line, USB-CDC or a raw TCP socket.

Promise: each code that the reader read comes out once, whole, with its control characters, as `info` with `text`; a
reader's own words (`OK,LON`, `ER,LON,00`, `ERROR`, `NOREAD`) never do. What the text means is for `barcodes.read_scan`.
An ISO/IEC 15434 envelope stays whole: its RS, GS and EOT end no frame unless `end = "eot"`.

Settings (all text, all optional):

| key | default | meaning |
|---|---|---|
| end | auto | what ends a scan: `auto` (CR, LF, CRLF, ETX), `cr`, `lf`, `crlf`, `etx`, `eot`, `idle` (silence only) |
| prefix, suffix | none | text the scanner adds around a code, removed here; control characters as `\\x02` |
| idle_secs | 0.1 if `idle`, else 1.0 | silence that ends a scan (`idle`) or gives half a scan up (all others) |
| max_length | 8192 | bytes in one scan; more is refused (a QR code holds at most 7,089 characters) |
| dead_time_secs | 1.0 | the same text again within this time is reported as `duplicate`, without text; 0: never |
| encoding | utf-8 | `utf-8`, `ascii`, `latin-1`, `cp1252` or `cp437` |
| no_read | none | further texts that mean "nothing read", separated by `|` |
| trigger | none | bytes that ask the reader for a read (Keyence `LON\\r`), sent by `ask` |
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from gaugetrail_agent.barcodes.lines import LineKind, classify
from gaugetrail_agent.drivers import Action, Send, StreamDriver
from gaugetrail_agent.reading import Reading, Status

_ENDS: Mapping[str, re.Pattern[bytes]] = {
    "auto": re.compile(rb"[\r\n\x03]"),
    "cr": re.compile(rb"\r"),
    "lf": re.compile(rb"\n"),
    "crlf": re.compile(rb"\r\n"),
    "etx": re.compile(rb"\x03"),
    "eot": re.compile(rb"\x04"),
}
_ENCODINGS = frozenset({"utf-8", "ascii", "latin-1", "cp1252", "cp437"})
_KEYS = frozenset(
    {"end", "prefix", "suffix", "idle_secs", "max_length", "dead_time_secs", "encoding", "no_read", "trigger"}
)
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|([rntx\\]))")
_NAMED = {"r": "\r", "n": "\n", "t": "\t", "\\": "\\"}

STX = b"\x02"
NUL = b"\x00"

MOST_SEEN = 64
"""Codes remembered for the dead time; no reader reads as many different ones in a second."""


@dataclass(frozen=True, slots=True)
class ScannerSettings:
    """How this scanner is set up; see the module's table."""

    end: str = "auto"
    prefix: bytes = b""
    suffix: bytes = b""
    idle_secs: float = 1.0
    max_length: int = 8192
    dead_time_secs: float = 1.0
    encoding: str = "utf-8"
    no_read: frozenset[str] = frozenset()
    trigger: bytes = b""


class Scanner(StreamDriver):
    """One scanner on one wire. `monotonic` is asked once for each code, to know a double scan."""

    name: ClassVar[str] = "scanner"

    def __init__(
        self, settings: ScannerSettings | None = None, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings or ScannerSettings()
        self._monotonic = monotonic
        self._pending = bytearray()
        self._half_end = b""
        self._overlong = False
        self._seen: dict[str, float] = {}
        self.quiet_secs = self._settings.idle_secs

    def opened(self) -> Sequence[Action]:
        """Forget half a scan; the last codes stay known, so a reconnect does not let a double scan through."""
        self._forget()
        return ()

    def received(self, data: bytes) -> Sequence[Action]:
        """Split at the configured end; what has no end yet waits."""
        end = _ENDS.get(self._settings.end)
        if end is None:
            self._keep(data)
            return ()
        data, self._half_end = self._half_end + data, b""
        if self._settings.end == "crlf" and data.endswith(b"\r"):
            # The first half of an end that was cut in two; it is no part of the scan until the next byte says so.
            data, self._half_end = data[:-1], b"\r"
        pieces = end.split(data)
        readings: list[Action] = []
        for piece in pieces[:-1]:
            self._keep(piece)
            readings.extend(self._finish())
        self._keep(pieces[-1])
        return readings

    def quiet(self) -> Sequence[Action]:
        """Silence: the end of a scan with `end = "idle"`, otherwise of the hope for the rest of half a scan.

        Half a scan must not be glued to the next one: that would be a third, wrong identifier.
        """
        if self._settings.end == "idle":
            return self._finish()
        raw = bytes(self._pending) + self._half_end
        self._forget()
        if not raw.strip(b"\r\n\x00"):
            return ()
        advice = f"no end of scan ({self._settings.end}) in {self._settings.idle_secs:g} s: check the scanner's suffix"
        return (Reading(Status.GARBLED, raw, extra={"reason": advice}),)

    def rest(self) -> Reading | None:
        """The scan whose end never came."""
        raw = bytes(self._pending) + self._half_end
        return Reading(Status.INCOMPLETE, raw) if raw else None

    def ask(self, channel: str | None = None) -> Sequence[Action]:
        """Trigger the reader, where it is configured how."""
        del channel
        return (Send(self._settings.trigger),) if self._settings.trigger else ()

    def _forget(self) -> None:
        self._pending.clear()
        self._half_end = b""
        self._overlong = False

    def _keep(self, data: bytes) -> None:
        room = self._settings.max_length - len(self._pending)
        self._pending += data[:room]
        self._overlong = self._overlong or len(data) > room

    def _finish(self) -> Sequence[Action]:
        raw, overlong = bytes(self._pending), self._overlong
        self._pending.clear()
        self._overlong = False
        if overlong:
            reason = f"more than {self._settings.max_length} bytes without an end of scan ({self._settings.end})"
            return (Reading(Status.GARBLED, raw, extra={"reason": reason}),)
        body = self._without_frame(raw)
        try:
            text = body.decode(self._settings.encoding)
        except UnicodeDecodeError:
            reason = f"bytes that are no {self._settings.encoding}: check the scanner's character set"
            return (Reading(Status.GARBLED, raw, extra={"reason": reason}),)
        return self._classified(text, raw)

    def _without_frame(self, raw: bytes) -> bytes:
        """Take off what the scanner or the line adds: NUL fill, STX, line ends, configured prefix and suffix."""
        if self._settings.end == "eot" and raw.lstrip(NUL + b"\r\n").startswith(b"[)>"):
            # Here the end of the envelope was the end of the frame: give the envelope its EOT back.
            raw += b"\x04"
        body = raw.strip(NUL + b"\r\n").removeprefix(STX)
        return body.removeprefix(self._settings.prefix).removesuffix(self._settings.suffix)

    def _classified(self, text: str, raw: bytes) -> Sequence[Action]:
        line = classify(text, no_read=self._settings.no_read)
        match line.kind:
            case LineKind.EMPTY:
                return ()
            case LineKind.ACK:
                return (Reading(Status.ACK, raw),)
            case LineKind.READER_ERROR:
                return (Reading(Status.ERROR, raw, error_code=line.error_code),)
            case LineKind.NO_READ:
                return (Reading(Status.NO_VALUE, raw),)
            case LineKind.CODE:
                return (self._code(text, raw),)

    def _code(self, text: str, raw: bytes) -> Reading:
        now, dead_time = self._monotonic(), self._settings.dead_time_secs
        self._seen = {text: at for text, at in self._seen.items() if 0 <= now - at < dead_time}
        if text in self._seen:
            return Reading(Status.INFO, raw, extra={"duplicate": True})
        if len(self._seen) < MOST_SEEN:
            self._seen[text] = now
        return Reading(Status.INFO, raw, text=text)


def build(name: str, settings: Mapping[str, str]) -> StreamDriver:
    """The scanner driver as configured; raises `ValueError` naming the key, the value and what is allowed."""
    if name != Scanner.name:
        raise ValueError(f"{name}: this module drives 'scanner' only")
    unknown = sorted(set(settings) - _KEYS)
    if unknown:
        raise ValueError(f"scanner: unknown setting {unknown[0]!r}; known are {', '.join(sorted(_KEYS))}")
    end = settings.get("end", "auto")
    if end != "idle" and end not in _ENDS:
        raise ValueError(f"scanner: end = {end!r}; allowed are {', '.join(_ENDS)}, idle")
    encoding = settings.get("encoding", "utf-8")
    if encoding not in _ENCODINGS:
        raise ValueError(f"scanner: encoding = {encoding!r}; allowed are {', '.join(sorted(_ENCODINGS))}")
    no_read = frozenset(text for text in settings.get("no_read", "").split("|") if text)
    return Scanner(
        ScannerSettings(
            end=end,
            prefix=_bytes(settings.get("prefix", ""), "prefix"),
            suffix=_bytes(settings.get("suffix", ""), "suffix"),
            idle_secs=_seconds(settings, "idle_secs", 0.1 if end == "idle" else 1.0),
            max_length=_length(settings.get("max_length", "8192")),
            dead_time_secs=_seconds(settings, "dead_time_secs", 1.0),
            encoding=encoding,
            no_read=no_read,
            trigger=_bytes(settings.get("trigger", ""), "trigger"),
        )
    )


def _bytes(text: str, key: str) -> bytes:
    """`LON\\r` or `\\x1bZ` as bytes."""

    def meant(match: re.Match[str]) -> str:
        return chr(int(match[1], 16)) if match[1] else _NAMED.get(match[2], match[0])

    try:
        return _ESCAPE.sub(meant, text).encode("latin-1")
    except UnicodeEncodeError:
        raise ValueError(f"scanner: {key} = {text!r}; write characters beyond Latin-1 as \\xNN bytes") from None


def _seconds(settings: Mapping[str, str], key: str, default: float) -> float:
    text = settings.get(key)
    if text is None:
        return default
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 3600:
        raise ValueError(f"scanner: {key} = {text!r}; allowed are seconds from 0 to 3600")
    return value


def _length(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= 1_000_000:
        raise ValueError(f"scanner: max_length = {text!r}; allowed are whole numbers from 1 to 1000000")
    return int(text[:9])

"""Barcode scanners and code readers on a serial line, USB-CDC or a raw TCP socket.

Promise: each code that the reader read comes out once, whole, with its control characters, as `info` with `text`; a
reader's own words (`OK,LON`, `ER,LON,00`, `ERROR`, `NOREAD`) never do. What a scanner puts around a code (AIM and ECI
identifiers, byte order mark, blanks that nobody sees) is no part of `text`: the AIM identifier stands in `symbology`,
and `raw` has everything. What the text means is for `barcodes.read_scan`. An ISO/IEC 15434 envelope stays whole: its
RS, GS and EOT end no frame unless `end = "eot"`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, ClassVar, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from gaugetrail_agent.barcodes.lines import LineKind, classify
from gaugetrail_agent.barcodes.meaning import with_separators
from gaugetrail_agent.barcodes.surroundings import BareCode, bare, codec_of, decoded
from gaugetrail_agent.drivers import Action, Send, StreamDriver
from gaugetrail_agent.drivers.driver_settings import DriverSettings
from gaugetrail_agent.reading import Reading, Status

_ENDS: Mapping[str, re.Pattern[bytes]] = {
    "auto": re.compile(rb"[\r\n\x03]"),
    "cr": re.compile(rb"\r"),
    "lf": re.compile(rb"\n"),
    "crlf": re.compile(rb"\r\n"),
    "etx": re.compile(rb"\x03"),
    "eot": re.compile(rb"\x04"),
}
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|([rntx\\]))")
_NAMED = {"r": "\r", "n": "\n", "t": "\t", "\\": "\\"}

MAKER: Final = "any"
MODELS: Final = ("scanners on serial, USB-CDC, TCP",)
PROOF: Final = "captured"
STX = b"\x02"
NUL = b"\x00"

MOST_SEEN = 64
"""Codes remembered for the dead time; no reader reads as many different ones in a second."""


def _bytes(text: object) -> object:
    """`LON\\r` or `\\x1bZ` as bytes."""

    def meant(match: re.Match[str]) -> str:
        return chr(int(match[1], 16)) if match[1] else _NAMED.get(match[2], match[0])

    if not isinstance(text, str):
        return text
    try:
        return _ESCAPE.sub(meant, text).encode("latin-1")
    except UnicodeEncodeError:
        raise ValueError("write characters beyond Latin-1 as \\xNN bytes") from None


def _texts(text: object) -> object:
    return frozenset(one for one in text.split("|") if one) if isinstance(text, str) else text


def _wire_text(text: object) -> object:
    found = _bytes(text)
    return found.decode("latin-1") if isinstance(found, bytes) else found


WireBytes = Annotated[bytes, BeforeValidator(_bytes)]
WireText = Annotated[str, BeforeValidator(_wire_text)]


class ScannerSettings(DriverSettings):
    """How this scanner is set up."""

    end: Literal["auto", "cr", "lf", "crlf", "etx", "eot", "idle"] = Field(
        "auto", description="what ends a scan: auto (CR, LF, CRLF, ETX), one of these alone, or idle (silence only)"
    )
    prefix: WireBytes = Field(b"", description="text the scanner adds before a code, removed; \\x02 and the like work")
    suffix: WireBytes = Field(b"", description="text the scanner adds behind a code, removed")
    idle_secs: float | None = Field(
        None,
        ge=0,
        le=3600,
        description="silence that ends a scan (idle; 0.1 if not given) or gives half a scan up (all others; 1.0)",
    )
    max_length: int = Field(
        8192, ge=1, le=1_000_000, description="bytes in one scan; more is refused (a QR code holds 7,089 characters)"
    )
    dead_time_secs: float = Field(
        1.0,
        ge=0,
        le=3600,
        description="the same text again within this time is reported as duplicate, without text; 0: never",
    )
    encoding: Annotated[str, AfterValidator(codec_of)] = Field(
        "utf-8",
        description="the scanner's character set: utf-8, latin-1, cp1252, cp437, gbk, shift-jis, euc-kr …; other bytes "
        "make the scan garbled",
    )
    gs1_separator: WireText = Field(
        "", description="what the scanner sends for FNC1, if it was set to another sign: |; GS again in GS1 codes"
    )
    no_read: Annotated[frozenset[str], BeforeValidator(_texts)] = Field(
        frozenset(), description="further texts that mean that nothing was read, separated by |"
    )
    trigger: WireBytes = Field(b"", description="bytes that ask the reader for a read, such as LON\\r")

    def silence_secs(self) -> float:
        """Silence that ends a scan, or the hope for its rest."""
        if self.idle_secs is not None:
            return self.idle_secs
        return 0.1 if self.end == "idle" else 1.0


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
        self.quiet_secs = self._settings.silence_secs()

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
        advice = (
            f"no end of scan ({self._settings.end}) in {self._settings.silence_secs():g} s: check the scanner's suffix"
        )
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
        try:
            text = decoded(self._without_frame(raw), self._settings.encoding)
        except UnicodeDecodeError:
            reason = f"bytes that are no {self._settings.encoding}: check the scanner's character set"
            return (Reading(Status.GARBLED, raw, extra={"reason": reason}),)
        return self._classified(bare(text), raw)

    def _without_frame(self, raw: bytes) -> bytes:
        """Take off what the scanner or the line adds: NUL fill, STX, line ends, configured prefix and suffix."""
        if self._settings.end == "eot" and raw.lstrip(NUL + b"\r\n").startswith(b"[)>"):
            # Here the end of the envelope was the end of the frame: give the envelope its EOT back.
            raw += b"\x04"
        body = raw.strip(NUL + b"\r\n").removeprefix(STX)
        return body.removeprefix(self._settings.prefix).removesuffix(self._settings.suffix)

    def _classified(self, code: BareCode, raw: bytes) -> Sequence[Action]:
        line = classify(code.text, no_read=self._settings.no_read)
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
                return (self._code(code, raw),)

    def _code(self, code: BareCode, raw: bytes) -> Reading:
        now, dead_time = self._monotonic(), self._settings.dead_time_secs
        text = with_separators(code.text, code.symbology, self._settings.gs1_separator)
        self._seen = {text: at for text, at in self._seen.items() if 0 <= now - at < dead_time}
        if text in self._seen:
            return Reading(Status.INFO, raw, extra={"duplicate": True})
        if len(self._seen) < MOST_SEEN:
            self._seen[text] = now
        extra = {} if code.symbology is None else {"symbology": code.symbology}
        return Reading(Status.INFO, raw, text=text, extra=extra)


Settings = ScannerSettings


def make(settings: ScannerSettings) -> StreamDriver:
    """The driver as set."""
    return Scanner(settings)

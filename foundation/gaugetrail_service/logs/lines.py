"""Logging for people and for Grafana: a sentence first, then stable keys (`event=device_gone device=bore`).

Whatever a message, a field or an exception holds, it can't forge a line or rule a terminal: control, C1 and
bidirectional signs are escapes, what is too long is cut and says so, and the lines of a traceback are indented.

Callers use the standard library: `log.warning("bore: no answer …", extra={"event": "device_gone", "device": "bore"})`.
None of them ever waits for whoever reads the log (`writer`); what is said again and again of one `cause` is counted
(`repeats`).
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Mapping
from typing import Literal, TextIO

from gaugetrail_contract.escapes import visible
from gaugetrail_service.logs.writer import LogWriter

LONGEST_MESSAGE = 4_000
LONGEST_FIELD = 500
LONGEST_TRACEBACK = 16_000
INDENT = "    "

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "cause"}


def _shown(value: object, longest: int) -> str:
    """A message or a field on one line, cut where it is too long."""
    text = str(value)
    left_out = len(text) - longest
    return visible(text) if left_out <= 0 else f"{visible(text[:longest])}… ({left_out} more characters)"


def _keys(record: logging.LogRecord) -> dict[str, object]:
    return {key: value for key, value in vars(record).items() if key not in _STANDARD}


def _traceback(text: str) -> list[str]:
    """Its lines, indented, so that none looks like a record's own; of one that is too long the beginning and the end,
    where the exception stands.
    """
    if len(text) > LONGEST_TRACEBACK:
        half = LONGEST_TRACEBACK // 2
        text = f"{text[:half]}\n… ({len(text) - 2 * half} more characters)\n{text[-half:]}"
    return [f"{INDENT}{visible(line)}" for line in text.split("\n")]


class PlainFormatter(logging.Formatter):
    """`2026-11-23T08:00:00Z warning bore: no answer …  event=device_gone device=bore`."""

    def format(self, record: logging.LogRecord) -> str:
        """One line; control characters in the message show as escapes."""
        stamp = self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z")
        keys = "".join(f" {key}={_shown(value, LONGEST_FIELD)}" for key, value in _keys(record).items())
        message = _shown(record.getMessage(), LONGEST_MESSAGE)
        line = f"{stamp} {record.levelname.lower()} {message}{keys and ' ' + keys}"
        if record.exc_info:
            line += "".join(f"\n{one}" for one in _traceback(self.formatException(record.exc_info)))
        return line


class JournalFormatter(PlainFormatter):
    """The same for systemd's journal, which keeps the time itself and takes a line's priority from its beginning
    (sd-daemon(3): `<4>` is a warning).
    """

    def format(self, record: logging.LogRecord) -> str:
        """Every line of it under the record's priority."""
        rank = next(rank for level, rank in _RANKS if record.levelno >= level)
        return "\n".join(f"<{rank}>{line}" for line in super().format(record).lstrip().splitlines())

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: ARG002, N802 (the library's)
        """Nothing: the journal's own stands beside it."""
        return ""


_RANKS = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6), (logging.NOTSET, 7))


def is_journal(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether the stream leads into the journal: `JOURNAL_STREAM` names its device and inode (systemd.exec(5))."""
    try:
        found = os.fstat(stream.fileno())
    except (OSError, ValueError):  # a stream that is no file
        return False
    return environ.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"


class JsonFormatter(logging.Formatter):
    """One JSON object a line, for collectors of logs."""

    def format(self, record: logging.LogRecord) -> str:
        """`{"time":…,"level":…,"logger":…,"message":…,<keys>}`."""
        fields: dict[str, object] = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _shown(record.getMessage(), LONGEST_MESSAGE),
        }
        fields.update((key, _shown(value, LONGEST_FIELD)) for key, value in _keys(record).items())
        if record.exc_info:
            fields["traceback"] = "\n".join(_traceback(self.formatException(record.exc_info)))
        return json.dumps(fields, ensure_ascii=False)


def set_up_logging(level: str = "info", form: Literal["plain", "json"] = "plain", stream: TextIO | None = None) -> None:
    """Send everything from `level` up to `stream` (standard error), once; a second call replaces the first."""
    stream = stream or sys.stderr
    out = LogWriter(stream)
    plain = JournalFormatter() if is_journal(stream, os.environ) else PlainFormatter()
    out.setFormatter(JsonFormatter() if form == "json" else plain)
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
        if isinstance(old, LogWriter):
            old.close()
    root.addHandler(out)
    root.setLevel(level.upper())


class _Unconnected(logging.Filter):
    """paho calls it an error to look at a socket that isn't there yet, or any more; our own words say which it is."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is worth showing."""
        return not record.getMessage().startswith("Client is not connected")


_UNCONNECTED = _Unconnected()


def mqtt_logger(name: str) -> logging.Logger:
    """Where paho may log: warnings and worse, without what is no fault."""
    found = logging.getLogger(name)
    found.setLevel(logging.WARNING)
    found.addFilter(_UNCONNECTED)
    return found

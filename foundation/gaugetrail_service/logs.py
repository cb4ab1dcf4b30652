"""Logging for people and for Grafana: a sentence first, then stable keys (`event=device_gone device=bore`).

Callers use the standard library: `log.warning("bore: no answer …", extra={"event": "device_gone", "device": "bore"})`.
"""

from __future__ import annotations

import json
import logging
import sys
from typing import Literal, TextIO

from gaugetrail_contract.text import visible

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def _keys(record: logging.LogRecord) -> dict[str, object]:
    return {key: value for key, value in vars(record).items() if key not in _STANDARD}


class PlainFormatter(logging.Formatter):
    """`2026-11-23T08:00:00Z warning bore: no answer …  event=device_gone device=bore`."""

    def format(self, record: logging.LogRecord) -> str:
        """One line; control characters in the message show as escapes."""
        stamp = self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z")
        keys = "".join(f" {key}={visible(str(value))}" for key, value in _keys(record).items())
        line = f"{stamp} {record.levelname.lower()} {visible(record.getMessage())}{keys and ' ' + keys}"
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line


class JsonFormatter(logging.Formatter):
    """One JSON object a line, for collectors of logs."""

    def format(self, record: logging.LogRecord) -> str:
        """`{"time":…,"level":…,"logger":…,"message":…,<keys>}`."""
        fields: dict[str, object] = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        fields.update((key, str(value)) for key, value in _keys(record).items())
        if record.exc_info:
            fields["traceback"] = self.formatException(record.exc_info)
        return json.dumps(fields, ensure_ascii=False)


def set_up_logging(level: str = "info", form: Literal["plain", "json"] = "plain", stream: TextIO | None = None) -> None:
    """Send everything from `level` up to `stream` (standard error), once; a second call replaces the first."""
    out = logging.StreamHandler(stream or sys.stderr)
    out.setFormatter(JsonFormatter() if form == "json" else PlainFormatter())
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
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

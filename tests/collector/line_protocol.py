"""Line protocol as a server reads it: strict, written apart from the code that writes the lines."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

Value = str | int | float | bool


class BadLine(ValueError):
    """The line is none; the text says where."""


@dataclass(frozen=True)
class Point:
    """One line, read."""

    measurement: str
    tags: tuple[tuple[str, str], ...]
    fields: dict[str, Value]
    time: int

    @property
    def key(self) -> tuple[str, tuple[tuple[str, str], ...], int]:
        """What makes two points the same."""
        return self.measurement, self.tags, self.time


def points(body: str) -> Iterator[Point]:
    """Every line of a request."""
    for line in body.split("\n"):
        if line:
            yield point(line)


def point(line: str) -> Point:
    """One line. Raises `BadLine`."""
    cursor = _Cursor(line)
    measurement = cursor.name(", ", "measurement")
    tags: dict[str, str] = {}
    while cursor.take(","):
        key = cursor.name("=", "tag key")
        cursor.need("=")
        if key in tags:
            raise BadLine(f"tag {key} stands twice: {line!r}")
        tags[key] = cursor.name(", ", "tag value")
    cursor.need(" ")
    fields: dict[str, Value] = {}
    while True:
        key = cursor.name("=", "field key")
        cursor.need("=")
        if key in fields:
            raise BadLine(f"field {key} stands twice: {line!r}")
        fields[key] = cursor.value()
        if not cursor.take(","):
            break
    cursor.need(" ")
    time = cursor.rest()
    if not time.lstrip("-").isdigit() or len(time.lstrip("-")) < 18:
        raise BadLine(f"no time in nanoseconds: {time!r}")
    return Point(measurement, tuple(sorted(tags.items())), fields, int(time))


class _Cursor:
    def __init__(self, line: str) -> None:
        self._line = line
        self._at = 0

    def take(self, sign: str) -> bool:
        if self._line[self._at : self._at + 1] == sign:
            self._at += 1
            return True
        return False

    def need(self, sign: str) -> None:
        if not self.take(sign):
            raise BadLine(f"{sign!r} is missing at {self._at}: {self._line!r}")

    def rest(self) -> str:
        return self._line[self._at :]

    def name(self, ends: str, what: str) -> str:
        """Up to an unescaped end; a backslash escapes only what has a meaning, and stands for itself otherwise."""
        text = ""
        while self._at < len(self._line):
            sign = self._line[self._at]
            following = self._line[self._at + 1 : self._at + 2]
            if sign == "\\" and following and following in ", =":
                text += following
                self._at += 2
                continue
            if sign in ends:
                break
            if sign in ", =" and not (sign == "=" and what == "measurement"):
                raise BadLine(f"{sign!r} in a {what} at {self._at}: {self._line!r}")
            text += sign
            self._at += 1
        if not text:
            raise BadLine(f"empty {what} at {self._at}: {self._line!r}")
        return text

    def value(self) -> Value:
        if self.take('"'):
            return self._string()
        end = self._at
        while end < len(self._line) and self._line[end] not in ", ":
            end += 1
        word, self._at = self._line[self._at : end], end
        if word in ("true", "false"):
            return word == "true"
        try:
            number = int(word[:-1]) if word.endswith("i") else float(word)
        except ValueError:
            raise BadLine(f"no value: {word!r} in {self._line!r}") from None
        if not math.isfinite(number):
            raise BadLine(f"no number: {word!r}")
        return number

    def _string(self) -> str:
        text = ""
        while self._at < len(self._line):
            sign = self._line[self._at]
            following = self._line[self._at + 1 : self._at + 2]
            if sign == "\\" and following and following in '\\"':
                text += following
                self._at += 2
                continue
            self._at += 1
            if sign == '"':
                if len(text.encode()) > 65_535:
                    raise BadLine("a string field holds 64 KB")
                return text
            text += sign
        raise BadLine(f"the string doesn't end: {self._line!r}")

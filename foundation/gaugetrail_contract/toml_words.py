"""TOML, read whole or refused in words: what is wrong, on which line, and what to write instead.

`tomllib` says what its reader met ("Invalid value"); whoever wrote the file wants to know what is missing in it.
Bounded before it is read: its size, and how many parts a dotted name has, since `tomllib` takes time with the square of
them (half a minute for 20,000). Deep nesting, which it answers with a RecursionError, is a fault too.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from typing import Any

MOST_BYTES = 1_000_000
MOST_PARTS = 50

_PART = re.compile(r"""(?:"[^"\n]*"|'[^'\n]*'|[\w-]+)""")
_NAME = re.compile(rf"{_PART.pattern}(?:[ \t]*\.[ \t]*{_PART.pattern})*")
_AT = re.compile(r" *\(at (?:line (\d+), column \d+|end of document)\)$")

_NO_QUOTE = "the closing quote is missing"
_BACKSLASH = "in \"…\" a backslash begins a special sign: put the text in '…', or write each backslash twice"
_QUOTES = "put text in quotes"
_WORDS: Sequence[tuple[str, str, str]] = (
    (r"character '\\n'|Unterminated string|Expected \"'", "", _NO_QUOTE),
    (r"Unescaped '\\'|Invalid hex value", "", _BACKSLASH),
    (r"Expected '='", r"^\s*[\w-]+\s*:", "write key = value: with =, not with a colon"),
    (r"Expected '='", "", "the = between key and value is missing"),
    (r"Cannot overwrite|Cannot mutate", "", "this key stands twice, or is a table elsewhere"),
    (r"Cannot declare", "", "this table stands twice, or is a key elsewhere"),
    (r"Invalid value", r"=\s*$", "the value behind the = is missing"),
    (r"Invalid value", r"=\s*[“”„‚‘’«»]", "these quotes are typographic: write straight ones"),
    (r"Invalid value", r"(?i)=\s*(true|false|yes|no|on|off)\s*(#.*)?$", "write true or false, in small letters"),
    (r"Invalid value", "", _QUOTES),
    (r"Expected newline", r"=\s*[+-]?\d+,\d", 'numbers have a point, not a comma; limits stand in quotes: "7.5"'),
    (r"Expected newline", r"=\s*[+-]?0\d", "a number doesn't begin with 0: put it in quotes"),
    (r"Expected newline", r"=\s*[^\s\"'\[{]", f"{_QUOTES}, or take away what stands behind the value"),
    (r"Expected newline", "", "take away what stands behind the value, or begin a new line there"),
    (r"Unclosed array", "", "the closing ] is missing, or a comma between two values"),
    (r"Unclosed inline table", "", "the closing } is missing, or a comma between two values"),
    (r"Expected '\]'|Expected '\]\]'", "", "the closing ] of the table's name is missing"),
    (r"Invalid statement", "^\ufeff", "it begins with a byte order mark: save it as UTF-8 without one"),
    (r"Invalid statement|Invalid initial character", "", "a line is key = value, or [table]"),
    (r"Illegal character|invalid character", "", "a control character stands in it: take it away"),
)
"""What `tomllib` says, what the line looks like, what to do about it."""


class TomlFault(ValueError):
    """The text is no TOML; `line` counts from 1."""

    def __init__(self, words: str, line: int) -> None:
        super().__init__(words)
        self.words = words
        self.line = line


def read_toml(text: str) -> dict[str, Any]:
    """Keys and values. Raises `TomlFault`."""
    if len(text) > MOST_BYTES:
        raise TomlFault(f"has more than {MOST_BYTES:,} signs: it is no settings file of ours", 1)
    for name in _NAME.finditer(text):
        if len(name[0]) > MOST_PARTS and len(_PART.findall(name[0])) > MOST_PARTS:
            raise TomlFault(f"a name has more than {MOST_PARTS} parts", _line_at(text, name.start()))
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _in_words(text, str(error)) from error
    except RecursionError as error:
        raise TomlFault("brackets are nested too deeply", _deepest(text)) from error


def _in_words(text: str, said: str) -> TomlFault:
    place = _AT.search(said)
    reason = _AT.sub("", said)
    lines = text.split("\n")
    if reason == "Invalid value" and (place is None or place[1] is None) and not text.rstrip().endswith("="):
        reason = "Unclosed array"  # the next value was looked for behind its last comma
    number = int(place[1]) if place is not None and place[1] else len(text.rstrip().split("\n"))
    number = _begun(text, reason) or number
    there = lines[min(number, len(lines)) - 1]
    for pattern, looks, words in _WORDS:
        if re.search(pattern, reason) and re.search(looks, there):
            return TomlFault(f"is not TOML: {words}", number)
    return TomlFault(f"is not TOML: {reason}", number)


def _begun(text: str, reason: str) -> int:
    """The line where what has no end begins, since its end says nothing to anybody; 0 for other faults."""
    if "Unclosed" in reason:
        begun = [one.start() for one in re.finditer(r"=\s*\[" if "array" in reason else r"\{", text)]
        return _line_at(text, begun[-1]) if begun else 0
    for quotes in ('"""', "'''") if "nterminated" in reason else ():
        if text.count(quotes) % 2:
            return _line_at(text, text.rfind(quotes))
    return 0


def _deepest(text: str) -> int:
    """The line with the most brackets."""
    lines = text.split("\n")
    return max(range(len(lines)), key=lambda number: lines[number].count("[") + lines[number].count("{")) + 1


def _line_at(text: str, position: int) -> int:
    return text.count("\n", 0, max(0, position)) + 1

"""JSON as the doors take it: one value, no duplicate key, no NaN or infinity, no deep nesting, no trailing bytes."""

from __future__ import annotations

import json
from typing import NoReturn

MAX_DEPTH = 32

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


class BadJson(ValueError):
    """The bytes are no acceptable JSON; the text says why."""


def _no_constant(word: str) -> NoReturn:
    raise BadJson(f"{word} is not a JSON number")


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for key, value in pairs:
        if key in found:
            raise BadJson(f"the key {key!r} stands twice")
        found[key] = value
    return found


def _depth(data: bytes) -> int:
    """The deepest nesting of brackets outside strings, counted before any recursive parser sees the bytes."""
    depth = deepest = 0
    in_string = escaped = False
    for byte in data:
        if in_string:
            if escaped:
                escaped = False
            elif byte == 0x5C:
                escaped = True
            elif byte == 0x22:
                in_string = False
        elif byte == 0x22:
            in_string = True
        elif byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    return deepest


def parse(data: bytes) -> Json:
    """The value that `data` holds. Raises `BadJson` with the reason for anything else."""
    if data.count(b"[") + data.count(b"{") > MAX_DEPTH and _depth(data) > MAX_DEPTH:
        raise BadJson(f"nested deeper than {MAX_DEPTH} levels")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadJson(f"not UTF-8 (byte {error.start})") from error
    try:
        value: Json = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except BadJson:
        raise
    except json.JSONDecodeError as error:
        raise BadJson(f"not JSON: {error.msg} (character {error.pos + 1})") from error
    except (ValueError, RecursionError) as error:  # an integer of too many digits
        raise BadJson(f"not acceptable JSON: {error}") from error
    return value


def parse_object(data: bytes) -> dict[str, Json]:
    """As `parse`, for bytes that must hold an object."""
    value = parse(data)
    if not isinstance(value, dict):
        raise BadJson("not a JSON object")
    return value

"""The small languages in a profile file: templates, fixed-width layouts, regular expressions, bytes as text.

Regular expressions are written by users: `[0-9]` and `\\d` mean ASCII digits only, and a repetition inside a repetition
(`(a+)+`), which can take for ever on a damaged frame, is refused. Every refusal is a `ValueError` with the cure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field

from gaugetrail_agent.drivers.framing import ENDS

_PLACEHOLDER = re.compile(r"\{([a-z_][a-z0-9_]*)\}")
_LAYOUT_FIELD = re.compile(r"([a-z_][a-z0-9_]*)\(([0-9]{1,3})\)")


def placeholders(template: str) -> list[str]:
    """The names in `{…}` of a template."""
    return _PLACEHOLDER.findall(template)


def fill(template: str, values: Mapping[str, str]) -> str | None:
    """The template with its names replaced; null if one of them is empty."""
    if any(not values.get(name) for name in placeholders(template)):
        return None
    return _PLACEHOLDER.sub(lambda match: values[match[1]], template)


def parse_layout(text: str) -> tuple[tuple[str, int], ...]:
    """`answer(1) value(6) status(1)` as names and widths. Raises `ValueError` saying how to write it."""
    fields: list[tuple[str, int]] = []
    for word in text.split():
        match = _LAYOUT_FIELD.fullmatch(word)
        if match is None or not 0 < int(match[2]) <= 200:
            raise ValueError(f"{word!r} is no field: write name(width), such as value(6)")
        fields.append((match[1], int(match[2])))
    names = [name for name, _ in fields if name != "_"]
    if not fields or len(names) != len(set(names)):
        raise ValueError(f"{text!r} must hold name(width) fields, each name once ('_' may repeat)")
    return tuple(fields)


def _regex(text: str) -> str:
    try:
        re.compile(text, re.ASCII)
    except re.error as error:
        raise ValueError(f"{text!r} is not a regular expression: {error}") from error
    _refuse_slow(text)
    return text


def _refuse_slow(text: str) -> None:
    """Refuse an unbounded repetition of a group that itself repeats or chooses: back-tracking without bound."""
    plain = re.sub(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", "x", text, flags=re.DOTALL)
    risky = [False]
    for match in re.finditer(r"\(\?P<[^>]*>|\(\?[:=!>]|\(|\)(\*|\+|\{[0-9]*,\})?(\+)?|[*+|]|\{[0-9]*,\}", plain):
        token = match[0]
        if token.startswith("("):
            risky.append(False)
        elif token.startswith(")"):
            inner = risky.pop() if len(risky) > 1 else False
            if inner and match[1] and not match[2]:
                raise ValueError(
                    f"{text!r} repeats a group that itself repeats or chooses, which can take for ever on a damaged "
                    "frame: write it flat, or with a fixed count"
                )
            risky[-1] = risky[-1] or inner or bool(match[1])
        else:
            risky[-1] = True


def _layout(text: str) -> str:
    parse_layout(text)
    return text


def _bytes(text: str) -> str:
    try:
        text.encode("latin-1")
    except UnicodeEncodeError as error:
        raise ValueError(f"{text!r} is no text of single bytes (write others as \\u00NN)") from error
    return text


def _end(text: str) -> str:
    _bytes(text)
    if text not in ENDS and (not text or text.isalnum()):
        raise ValueError(f"{text!r} is no end of frame: {', '.join(ENDS)}, or the bytes themselves such as '\\u0004'")
    return text


Regex = Annotated[str, AfterValidator(_regex)]
Layout = Annotated[str, AfterValidator(_layout)]
ByteText = Annotated[str, AfterValidator(_bytes)]
End = Annotated[str, AfterValidator(_end)]
SettingName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]

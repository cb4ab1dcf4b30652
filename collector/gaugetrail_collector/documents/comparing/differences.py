"""What changed between two texts of a document, in words, what matters most first. Pure.

A plan is compared characteristic by characteristic: limits first, then what they are measured in, then characteristics
that came and went, then the rest. A list is compared row by row. Any other text is compared line by
line. Nothing is read into a text that can't be read: bytes differ, and that is said.
"""

from __future__ import annotations

import csv
import difflib
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from gaugetrail_contract.documents.editions import DocumentKind
from gaugetrail_contract.files import text_of
from gaugetrail_contract.toml_words import TomlFault, read_toml

LIMITS = {"lsl": "lower limit", "usl": "upper limit"}
WEIGHT = {"lsl": 0, "usl": 0} | dict.fromkeys(("nominal", "unit", "plausible_low", "plausible_high", "formula"), 1)
ABSENT, ADDED, OTHER, PLAN = 2, 2, 3, 4


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that changed. `about` is the characteristic or row, empty for the whole; null is absent."""

    about: str
    key: str
    old: str | None
    new: str | None
    weight: int = OTHER
    effect: str = ""
    """Of a limit: tighter, wider."""

    def __str__(self) -> str:
        """`bore_diameter upper limit 74.050 → 74.040: tighter`."""
        if self.old is None and self.new is None:
            return f"{self.about} {self.key}".strip()
        words = f"{self.about} {LIMITS.get(self.key, self.key)}".strip()
        return f"{words} {_shown(self.old)} → {_shown(self.new)}{f': {self.effect}' if self.effect else ''}"


def changes(kind: DocumentKind, old: bytes, new: bytes) -> list[Change]:
    """What changed, in its order; empty where the texts say the same."""
    if old == new:
        return []
    compare = BY_KIND.get(kind, _lines)
    try:
        found = list(compare(text_of(old), text_of(new)))
    except UnicodeDecodeError:
        return [Change("", f"the bytes differ: {len(old):,} before, {len(new):,} now", None, None)]
    except (TomlFault, csv.Error, KeyError):
        found = list(_lines(text_of(old), text_of(new)))
    found.sort(key=lambda change: change.weight)
    return found or [Change("", "only how it is written: blanks, comments, order", None, None)]


def characteristics(plan: bytes) -> Mapping[str, Mapping[str, Any]]:
    """The tables of a plan's characteristics by name; none of a text that can't be read."""
    try:
        return _characteristics(read_toml(text_of(plan)))
    except (UnicodeDecodeError, TomlFault, KeyError):
        return {}


def _shown(value: str | None) -> str:
    return "none" if value is None else value or '""'


# --- plans


def _plans(old: str, new: str) -> Iterator[Change]:
    before, after = read_toml(old), read_toml(new)
    olds, news = _characteristics(before), _characteristics(after)
    for name in olds:
        if name not in news:
            yield Change(name, "is not measured any more", None, None, ABSENT)
    for name, table in news.items():
        if name in olds:
            yield from _tables(name, olds[name], table, WEIGHT)
        else:
            yield Change(name, f"is measured from now on{_limit_words(table)}", None, None, ADDED)
    kept = [name for name in news if name in olds]
    if kept != [name for name in olds if name in news]:
        yield Change("", "the characteristics are measured in another order", None, None, OTHER)
    yield from _tables("", _without_characteristics(before), _without_characteristics(after), {}, PLAN)


def _without_characteristics(plan: Mapping[str, Any]) -> Mapping[str, Any]:
    return {key: value for key, value in plan.items() if key != "characteristic"}


def _characteristics(plan: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    found = plan.get("characteristic", [])
    return {str(one["name"]): one for one in found if isinstance(one, dict)} if isinstance(found, list) else {}


def _limit_words(table: Mapping[str, Any]) -> str:
    given = [f"{LIMITS[key]} {table[key]}" for key in LIMITS if key in table]
    return f", {', '.join(given)}" if given else ""


def _tables(
    about: str, old: Mapping[str, Any], new: Mapping[str, Any], weights: Mapping[str, int], usual: int = OTHER
) -> Iterator[Change]:
    for key in dict.fromkeys((*old, *new)):
        before, after = _text(old.get(key)), _text(new.get(key))
        if before != after:
            effect = _effect(key, before, after) if key in LIMITS and about else ""
            yield Change(about, key, before, after, weights.get(key, usual), effect)


def _text(value: object) -> str | None:
    return None if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _effect(key: str, old: str | None, new: str | None) -> str:
    """Whether fewer or more values lie within."""
    if old is None or new is None:
        return "tighter" if old is None else "wider"
    try:
        less = Decimal(new) < Decimal(old)
        same = Decimal(new) == Decimal(old)
    except InvalidOperation:
        return ""
    return "the same number" if same else "tighter" if less == (key == "usl") else "wider"


# --- lists and all else


def _lists(old: str, new: str) -> Iterator[Change]:
    olds, news = _rows(old), _rows(new)
    yield from (Change(name, "is gone", None, None, ABSENT) for name in olds if name not in news)
    yield from (Change(name, "is new", None, None, ADDED) for name in news if name not in olds)
    for name, row in news.items():
        if name in olds:
            yield from _tables(name, olds[name], row, {})


def _rows(text: str) -> dict[str, dict[str, Any]]:
    """The rows of a list by the number or badge that each begins with. Raises `csv.Error`, `KeyError`."""
    try:
        tables = read_toml(text)
    except TomlFault:
        head = text.partition("\n")[0]
        between = ";" if head.count(";") > head.count(",") else ","
        rows: list[dict[str, Any]] = list(csv.DictReader(io.StringIO(text), delimiter=between, strict=True))
    else:
        rows = [row for key in ("gauge", "person") for row in tables.get(key, []) if isinstance(row, dict)]
    return {str(row["id"] if "id" in row else row["badge"]): row for row in rows}


def _lines(old: str, new: str) -> Iterator[Change]:
    told = difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=1)
    yield from (Change("", line, None, None) for line in list(told)[2:])


BY_KIND: Mapping[DocumentKind, Callable[[str, str], Iterator[Change]]] = {
    DocumentKind.PLAN: _plans,
    DocumentKind.GAUGES: _lists,
    DocumentKind.PEOPLE: _lists,
}

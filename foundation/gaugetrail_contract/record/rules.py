"""The rules that a record's types name, key by key: what `msgspec` doesn't check while it decodes.

Nothing is listed here. A key's rules stand in its type (`text.Rule`), so a new key has them as soon as it has a type,
in both ways to read a record (`reading`).
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Union, get_args, get_origin, get_type_hints

from gaugetrail_contract.record.parts import Part
from gaugetrail_contract.text import PRINTABLE, Rule


@dataclass(frozen=True, slots=True)
class Key:
    """What is to be held of one key: the rules of its value (of each, where there are many), or the part it is."""

    name: str
    written: str
    rules: tuple[Rule, ...]
    part: type[Part] | None

    def fault(self, value: object) -> str | None:
        """What is wrong with the value, and where; null when nothing is."""
        if value is None:
            return None
        if not isinstance(value, tuple):
            return self._fault_of_one(value, self.written)
        found = (self._fault_of_one(one, f"{self.written}.{at}") for at, one in enumerate(value))
        return next((fault for fault in found if fault is not None), None)

    def _fault_of_one(self, value: object, where: str) -> str | None:
        if isinstance(value, Part):
            inner = fault_in(value)
            return None if inner is None else f"{where}.{inner}"
        for rule in self.rules:
            if not rule.holds(value):
                return f"{where}: it must be {rule.wanted}"
        return None

    @property
    def is_seen_in_the_text(self) -> bool:
        """Whether a look at the record's whole text proves it: no rule but that of printable text, in any depth."""
        if self.part is not None:
            return all(key.is_seen_in_the_text for key in keys_of(self.part))
        return all(rule is PRINTABLE for rule in self.rules)


def fault_in(part: Part) -> str | None:
    """The first rule of the part that doesn't hold, in words; null when all do."""
    found = (key.fault(getattr(part, key.name)) for key in keys_of(type(part)))
    return next((fault for fault in found if fault is not None), None)


@cache
def keys_of(part: type[Part]) -> tuple[Key, ...]:
    """The keys of a struct that have rules, or parts with rules."""
    hints = get_type_hints(part, include_extras=True)
    names = zip(part.__struct_fields__, part.__struct_encode_fields__, strict=True)
    return tuple(key for name, written in names if (key := _key(name, written, hints[name])) is not None)


def _key(name: str, written: str, hint: object) -> Key | None:
    rules: list[Rule] = []
    parts: list[type[Part]] = []
    for inner in _layers(hint):
        if isinstance(inner, Rule):
            rules.append(inner)
        elif isinstance(inner, type) and issubclass(inner, Part):
            parts.append(inner)
    return Key(name, written, tuple(rules), parts[0] if parts else None) if rules or parts else None


def _layers(hint: object) -> Iterator[object]:
    """A type taken apart: `Annotated`, `X | None` and `tuple[X, ...]`, with what is said beside it."""
    origin = get_origin(hint)
    if origin in (Annotated, Union, types.UnionType, tuple):
        for inner in get_args(hint):
            yield from _layers(inner)
    else:
        yield hint

"""Keys of a record that this reader doesn't know: a newer writer's, set apart so that the rest can be read.

The record is stored with its bytes all the same; what is known is used. So an agent may be updated before its
collector. A record with more of them, or with deeper ones, isn't a newer one of ours.
"""

from __future__ import annotations

from gaugetrail_contract.record.parts import Part
from gaugetrail_contract.record.rules import keys_of
from gaugetrail_contract.strict_json import Json

MOST_UNKNOWN = 50
"""In a whole record."""
MOST_DEPTH = 4
"""Brackets within brackets in the value of one."""


class TooStrange(ValueError):
    """Too many unknown keys, or one whose value is nested too deeply; the text says which."""


def known_keys(value: dict[str, Json], model: type[Part]) -> tuple[dict[str, Json], tuple[str, ...]]:
    """What the model knows of an object, at every level, and the names of the keys that were set apart. Raises
    `TooStrange`.
    """
    unknown: list[str] = []
    known = _known(value, model, "", unknown)
    if len(unknown) > MOST_UNKNOWN:
        raise TooStrange(f"{len(unknown)} unknown keys ({', '.join(unknown[:3])} …); {MOST_UNKNOWN} are let pass")
    return known, tuple(unknown)


def _known(value: dict[str, Json], model: type[Part], where: str, unknown: list[str]) -> dict[str, Json]:
    parts = {key.written: key.part for key in keys_of(model) if key.part is not None}
    found: dict[str, Json] = {}
    for name, inner in value.items():
        if name not in model.__struct_encode_fields__:
            if depth_of(inner) > MOST_DEPTH:
                raise TooStrange(f"{where}{name}: an unknown key whose value is nested deeper than {MOST_DEPTH}")
            unknown.append(f"{where}{name}")
        elif name in parts:
            found[name] = _known_part(inner, parts[name], f"{where}{name}.", unknown)
        else:
            found[name] = inner
    return found


def _known_part(value: Json, part: type[Part], where: str, unknown: list[str]) -> Json:
    if isinstance(value, dict):
        return _known(value, part, where, unknown)
    if isinstance(value, list):
        return [_known_part(one, part, f"{where}{at}.", unknown) for at, one in enumerate(value)]
    return value


def depth_of(value: Json) -> int:
    """How many brackets stand within each other; 0 for a plain value."""
    if isinstance(value, dict):
        return 1 + max(map(depth_of, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(depth_of, value), default=0)
    return 0

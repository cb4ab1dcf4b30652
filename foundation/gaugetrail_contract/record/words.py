"""What the second schema's keys say, in words for people: labels and texts of the keys that a record has of them.

Nothing is listed by name: a key that is added to the model shows up where records are shown.
"""

from __future__ import annotations

from collections.abc import Iterator

from gaugetrail_contract.record.measurement import Measurement
from gaugetrail_contract.record.model import Amendment, Event, Inspection, Record
from gaugetrail_contract.record.parts import Part

_LAST_OF_THE_FIRST = {
    Inspection: "measurements",
    Amendment: "approved_by",
    Event: "payload",
    Measurement: "status",
}
"""Keys of the second schema stand behind those of the first."""


def further_keys(model: type[Part]) -> tuple[str, ...]:
    """The names of the keys that the second schema brought."""
    names = model.__struct_fields__
    return names[names.index(_LAST_OF_THE_FIRST[model]) + 1 :]


def further(one: Record | Measurement) -> Iterator[tuple[str, str]]:
    """`(label, words)` of those that have a value."""
    for name in further_keys(type(one)):
        value = getattr(one, name)
        if value:
            yield label(name), words(value)


def label(name: str) -> str:
    """A key as a person reads it."""
    return name.strip("_").replace("_", " ")


def words(value: object) -> str:
    """A value of any key; parts as their keys and values, lists with semicolons between."""
    if isinstance(value, Part):
        pairs = ((name, getattr(value, name)) for name in value.__struct_fields__)
        return ", ".join(f"{label(name)} {words(inner)}" for name, inner in pairs if inner is not None)
    if isinstance(value, tuple):
        return "; ".join(map(words, value))
    return "yes" if value is True else str(value)

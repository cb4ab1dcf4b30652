"""What every typed payload is: the type of its event, what the event is about, and which keys hold identifiers.

Promise: `read` gives a payload or null for any JSON object, and raises nothing. Keys of a newer writer are passed over,
as they are in the record itself; what is known must have its type to the letter (`"5"` is no number, `1` no text). The
docstring of a payload's class is what its event means, in a sentence; the reference page is made of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict

SubjectKind = Literal["unit", "lot", "station", "agent", "document", "gauge"]
"""Of the kinds of subjects that a record knows, those that events of known types are about."""


@dataclass(frozen=True, slots=True)
class FiledUnder:
    """Marks a key of a payload, in `Annotated`: its texts are identifiers of that kind, and lead to the event."""

    id_kind: str


class EventPayload(BaseModel):
    """Base of all payloads: immutable; what is null is not written."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="ignore",
        serialize_by_alias=True,
        validate_by_name=True,
        validate_by_alias=True,
        defer_build=True,
    )

    TYPE: ClassVar[str]
    SUBJECT: ClassVar[SubjectKind]
    ALSO_ABOUT: ClassVar[tuple[SubjectKind, ...]] = ()
    """Other kinds of subjects that such an event may have."""

    @classmethod
    def read(cls, payload: Mapping[str, object]) -> Self | None:
        """The payload; null where it has another form."""
        try:
            # Not from the object itself: only read from JSON, a strict model takes a list for its tuples.
            return cls.model_validate_json(json.dumps(payload))
        except ValueError:  # the model's own among these, and a number of more digits than Python writes
            return None

    @classmethod
    def subjects(cls) -> tuple[SubjectKind, ...]:
        """Every kind of subject that such an event may have."""
        return cls.SUBJECT, *cls.ALSO_ABOUT

    @classmethod
    def filed(cls) -> dict[str, str]:
        """Field -> the kind of identifier that it holds."""
        return {
            name: mark.id_kind
            for name, field in cls.model_fields.items()
            for mark in field.metadata
            if isinstance(mark, FiledUnder)
        }

    def named(self) -> Iterator[tuple[str, str]]:
        """`(id_kind, identifier)` of everything that it names."""
        for name, id_kind in self.filed().items():
            value: str | tuple[str, ...] = getattr(self, name) or ()
            yield from ((id_kind, one) for one in ((value,) if isinstance(value, str) else value))

    def written(self) -> dict[str, Any]:
        """As it stands in a record."""
        return self.model_dump(mode="json", exclude_none=True)

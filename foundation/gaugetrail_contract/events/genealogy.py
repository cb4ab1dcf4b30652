"""What became part of what: the payloads of the events that split and merge lots and build assemblies.

| event type | subject | payload |
|---|---|---|
| `lot.split` | the lot that was split | `{"into": ["L7-1", "L7-2"]}`: the lots that it became |
| `lot.merge` | the lot that came of it | `{"from": ["L7", "L8"]}`: the lots that went into it |
| `assembly.built` | the assembly (a unit) | `{"from": ["C1", "C2"], "lots": ["S9"]}`: serials and lots built in |

An event is found by every identifier in its payload, so that a trace leads both ways. A payload of another form leads
nowhere: its event is shown for what it says, and nothing is guessed from it. Inspections tell the rest themselves
(components, lot, heat, supplier lot).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator

from gaugetrail_contract.text import Identifier

MOST_MEMBERS = 500


class GenealogyPayload(BaseModel):
    """Base of these payloads: immutable, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", serialize_by_alias=True, validate_by_name=True)


class LotSplit(GenealogyPayload):
    """Payload of `lot.split`."""

    into: tuple[Identifier, ...] = Field(min_length=1, max_length=MOST_MEMBERS, description="lots that it became")


class LotMerge(GenealogyPayload):
    """Payload of `lot.merge`."""

    from_: tuple[Identifier, ...] = Field(
        alias="from", min_length=1, max_length=MOST_MEMBERS, description="lots that went into it"
    )


class AssemblyBuilt(GenealogyPayload):
    """Payload of `assembly.built`."""

    from_: tuple[Identifier, ...] = Field((), alias="from", max_length=MOST_MEMBERS, description="serials built in")
    lots: tuple[Identifier, ...] = Field((), max_length=MOST_MEMBERS, description="lots that parts were taken from")

    @model_validator(mode="after")
    def _built_of_something(self) -> Self:
        if not (self.from_ or self.lots):
            raise ValueError("an assembly is built from something: name serials or lots")
        return self


PAYLOADS: dict[str, tuple[str, type[GenealogyPayload]]] = {
    "lot.split": ("lot", LotSplit),
    "lot.merge": ("lot", LotMerge),
    "assembly.built": ("unit", AssemblyBuilt),
}
"""Event type -> the kind that its subject must be, and the model of its payload."""


def payload_of(event_type: str, subject_kind: str, payload: Mapping[str, JsonValue]) -> GenealogyPayload | None:
    """The payload of a genealogy event; null for any other event, and for one whose payload has another form."""
    wanted, model = PAYLOADS.get(event_type, ("", GenealogyPayload))
    if subject_kind != wanted:
        return None
    try:
        return model.model_validate(payload)
    except ValidationError:
        return None


def members(event_type: str, subject_kind: str, payload: Mapping[str, JsonValue]) -> list[tuple[str, str]]:
    """`(id_kind, identifier)` of everything that the payload names."""
    read = payload_of(event_type, subject_kind, payload)
    if isinstance(read, LotSplit):
        return [("lot", lot) for lot in read.into]
    if isinstance(read, LotMerge):
        return [("lot", lot) for lot in read.from_]
    if isinstance(read, AssemblyBuilt):
        return [*(("component", serial) for serial in read.from_), *(("lot", lot) for lot in read.lots)]
    return []

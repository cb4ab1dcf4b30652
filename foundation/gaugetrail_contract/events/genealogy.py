"""What became part of what: lots split and merged, assemblies built.

An event is found by every identifier in its payload, so that a trace leads both ways. Inspections tell the rest
themselves (components, lot, heat, supplier lot).
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from gaugetrail_contract.events.payload import EventPayload, FiledUnder, SubjectKind
from gaugetrail_contract.text import Identifier

MOST_MEMBERS = 500

Lots = Annotated[tuple[Identifier, ...], FiledUnder("lot"), Field(max_length=MOST_MEMBERS)]
Components = Annotated[tuple[Identifier, ...], FiledUnder("component"), Field(max_length=MOST_MEMBERS)]


class LotSplit(EventPayload):
    """A lot was split: what was in it is in the lots that the payload names."""

    TYPE: ClassVar[str] = "lot.split"
    SUBJECT: ClassVar[SubjectKind] = "lot"

    into: Lots = Field(min_length=1, description="lots that it became")


class LotMerge(EventPayload):
    """Lots were merged: what was in those that the payload names is in this one."""

    TYPE: ClassVar[str] = "lot.merge"
    SUBJECT: ClassVar[SubjectKind] = "lot"

    from_: Lots = Field(alias="from", min_length=1, description="lots that went into it")


class AssemblyBuilt(EventPayload):
    """A unit was built from others, from parts of lots, or both."""

    TYPE: ClassVar[str] = "assembly.built"
    SUBJECT: ClassVar[SubjectKind] = "unit"

    from_: Components = Field((), alias="from", description="serials built in")
    lots: Lots = Field((), description="lots that parts were taken from")

    @model_validator(mode="after")
    def _built_of_something(self) -> Self:
        if not (self.from_ or self.lots):
            raise ValueError("an assembly is built from something: name serials or lots")
        return self

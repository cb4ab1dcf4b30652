"""Studies of measuring systems, as somebody had them sealed: what was measured, what came of it, for whom it counts.

The gauge is the event's subject; the characteristic and the people who measured stand in the record's own `subjects`,
so that a trace of any of them leads to the study. Who had it sealed and why: the record's `by` and `reason`.
"""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from gaugetrail_contract.events.payload import EventPayload, SubjectKind
from gaugetrail_contract.text import Hex256, Identifier

MOST_ROWS_BYTES = 24_000
MOST_ANSWER_BYTES = 24_000
"""Together with the rows this leaves 12,000 bytes of a record's 60,000 for all else."""


class StudyMade(EventPayload):
    """A measuring system was judged: a gauge R&R, a type-1 study, bias, linearity or a study of decisions."""

    TYPE: ClassVar[str] = "study.made"
    SUBJECT: ClassVar[SubjectKind] = "gauge"

    study: Identifier = Field(description="the kind: grr, type1, bias, linearity, attribute")
    method: Identifier = Field(description="by which method: anova, nested, average_range, t test …")
    n: int = Field(ge=0, description="how many values or decisions went into it")
    answer: str = Field(description="the whole answer as JSON, every number at full precision")
    rows_sha256: Hex256 = Field(description="digest of the rows as CSV, the columns that were used")
    rows: str | None = Field(None, description="these rows themselves, where they are few enough for a record")

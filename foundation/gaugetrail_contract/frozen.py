"""The base of the small documents beside the records: receipts, commands, signatures, status, payloads of events.

They are pydantic models, for they are few and come from other programs. The record itself is `record`.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """Immutable, unknown keys refused. Built at its first use: a command pays for the documents that it meets."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", serialize_by_alias=True, validate_by_name=True, defer_build=True
    )

"""What a collector notes of the heads of all chains, sealed into a chain of its own; see docs/evidence.md.

A head is `[agent, epoch, seq, seal]`, with the branch behind these where the chain has one. The signature is over the
anchor's agent and time and all parts of all heads in their order. No two lists of heads have one text: the fourth part
of each is a seal, and no number looks like one, so it is certain whether a fifth part belongs to it.
"""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from gaugetrail_contract.events.payload import EventPayload, SubjectKind
from gaugetrail_contract.text import BranchName, Hex256, TopicName

ChainHead = tuple[TopicName, str, int, Hex256] | tuple[TopicName, str, int, Hex256, BranchName]


class HeadsAnchored(EventPayload):
    """A collector noted how far each chain went, and under which seal, as it had proven and stored them."""

    TYPE: ClassVar[str] = "anchor"
    SUBJECT: ClassVar[SubjectKind] = "agent"

    heads: tuple[ChainHead, ...] = Field(
        description="agent, epoch, last number, its seal; the branch, where it has one"
    )
    key: str | None = Field(None, description="the collector's public key")
    ed25519: str | None = Field(None, description="its signature over the heads")

    @property
    def signed_parts(self) -> tuple[str | int, ...]:
        """What the signature is over, beside the anchor's own agent and time."""
        return tuple(part for head in self.heads for part in head)

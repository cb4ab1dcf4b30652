"""Receipts: the collector's word that records are in the store.

`{"epoch":…,"stored":[[from,to,"<seal of to>"],…],"set_aside":[{"seq":…,"sha256":…,"reason":…}]}`. A range names the
seal of its last record, so that a receipt can't confirm a record that the agent never sealed. Where an epoch has a
second history, `branch` behind `epoch` names it; of the ordinary one the key isn't written, so that every agent reads
it. `held`, written like `set_aside` and in a receipt of its own, confirms nothing: these records are not taken yet, and
stay with their agent, which sends them again. An agent of an earlier version ignores such a receipt, with the same end.
"""

from __future__ import annotations

import operator

from pydantic import Field, ValidationError

from gaugetrail_contract import strict_json
from gaugetrail_contract.frozen import Frozen
from gaugetrail_contract.ranges import refuse_no_span
from gaugetrail_contract.text import Branch, Hex256, Text

MAX_RECEIPT_BYTES = 1_000_000

StoredRange = tuple[int, int, Hex256]


class NotStored(Frozen):
    """A record that the collector could not store, with the reason."""

    seq: int = Field(ge=1)
    sha256: Hex256
    reason: Text


class Receipt(Frozen):
    """What became of records of one epoch of one agent."""

    epoch: str = Field(pattern=r"^[0-9a-z]{8,32}$")
    branch: Branch = Field("", exclude_if=operator.not_, description="which history of the epoch; left out when empty")
    stored: tuple[StoredRange, ...] = Field((), description="[from, to, seal of to], both ends included")
    set_aside: tuple[NotStored, ...] = ()
    held: tuple[NotStored, ...] = Field(
        (), exclude_if=operator.not_, description="not taken yet: they stay with the agent; left out when empty"
    )

    def to_bytes(self) -> bytes:
        """The message's payload."""
        return self.model_dump_json().encode("utf-8")


def parse_receipt(payload: bytes) -> Receipt:
    """The receipt in a message. Raises `ValueError` with the reason for anything else."""
    if len(payload) > MAX_RECEIPT_BYTES:
        raise ValueError(f"the receipt has {len(payload)} bytes; {MAX_RECEIPT_BYTES} are allowed")
    strict_json.parse_object(payload)
    try:
        receipt = Receipt.model_validate_json(payload)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    for start, end, _ in receipt.stored:
        refuse_no_span(start, end)
    return receipt

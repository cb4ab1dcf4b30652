"""Commands: what a collector asks of an agent. One so far.

`{"command":"again","epoch":…,"ranges":[[from,to],…]}` asks for records again that the store has lost or never got.
The agent gives what its spool still holds of them, once for each command; it says what it no longer has. A command
changes nothing in the spool, and one that is malformed, or of another epoch, is refused and counted. `branch` behind
`epoch` is as in `receipts`.
"""

from __future__ import annotations

import operator
from typing import Literal

from pydantic import Field, ValidationError

from gaugetrail_contract import strict_json
from gaugetrail_contract.frozen import Frozen
from gaugetrail_contract.ranges import refuse_no_span
from gaugetrail_contract.text import Branch

MAX_COMMAND_BYTES = 100_000
MAX_RANGES = 1000


class Again(Frozen):
    """Send these records again, both ends of each range included."""

    command: Literal["again"]
    epoch: str = Field(pattern=r"^[0-9a-z]{8,32}$")
    branch: Branch = Field("", exclude_if=operator.not_, description="which history of the epoch; left out when empty")
    ranges: tuple[tuple[int, int], ...] = Field(min_length=1, max_length=MAX_RANGES)

    def to_bytes(self) -> bytes:
        """The message's first line."""
        return self.model_dump_json().encode("utf-8")


def parse_command(body: bytes) -> Again:
    """The command in a message. Raises `ValueError` with the reason for anything else."""
    if len(body) > MAX_COMMAND_BYTES:
        raise ValueError(f"the command has {len(body)} bytes; {MAX_COMMAND_BYTES} are allowed")
    strict_json.parse_object(body)
    try:
        command = Again.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    for start, end in command.ranges:
        refuse_no_span(start, end)
    return command

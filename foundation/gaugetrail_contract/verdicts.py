"""What displays and an MES are told of each inspection: one small JSON object on `gaugetrail/v1/<agent>/verdicts`.

It says what a record in the agent's spool says, and names it. It is a word for people and for systems of the office:
it may be lost, comes late after a bad line, and is neither signed nor retained. No machine is released by it; that is
the PLC's handshake or coil alone.
"""

from __future__ import annotations

from pydantic import Field, ValidationError

from gaugetrail_contract import strict_json
from gaugetrail_contract.frozen import Frozen
from gaugetrail_contract.record.parts import Reason, UnitState, Verdict
from gaugetrail_contract.text import Hex256, Identifier, TopicName, UtcText

MOST_VERDICT_BYTES = 8000
RECORD_ID = r"^[^/]{1,200}/[0-9a-z]{8,32}/[1-9][0-9]{0,18}$"


class BadVerdict(ValueError):
    """These bytes are no word of a verdict; the text says why."""


class ToldVerdict(Frozen):
    """One inspection that is on the line PC's disk."""

    line: TopicName
    station: TopicName
    part: Identifier
    revision: Identifier | None = Field(None, description="of the part; left out where nobody says one")
    serial: Identifier | None = Field(None, description="left out where units have none")
    lot: Identifier | None = Field(None, description="left out where the unit is of none that is known")
    order: Identifier | None = Field(None, description="left out where no order is worked at")
    verdict: Verdict
    reason: Reason = Field(description="why it was inspected")
    attempt: int = Field(1, ge=1, description="2 and more: it was measured again here")
    state: UnitState | None = Field(
        None,
        description="what was decided of the unit by then, or what the reaction to this very inspection does with it: "
        "hold, rework, scrap …; left out: nothing, so the verdict is all there is",
    )
    time: UtcText = Field(description="of the record")
    record: str = Field(pattern=RECORD_ID, description="agent/epoch/number; of a divided inspection, its last piece")
    sha256: Hex256 = Field(description="the record's seal")

    def to_bytes(self) -> bytes:
        """The message's payload."""
        return self.model_dump_json(exclude_none=True).encode("utf-8")


def open_verdict(payload: bytes) -> ToldVerdict:
    """The verdict in a message. Raises `BadVerdict`."""
    if len(payload) > MOST_VERDICT_BYTES:
        raise BadVerdict(f"it has {len(payload):,} bytes; a verdict has {MOST_VERDICT_BYTES:,} at most")
    try:
        strict_json.parse_object(payload)
        return ToldVerdict.model_validate_json(payload, strict=True)
    except strict_json.BadJson as error:
        raise BadVerdict(f"it is none: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise BadVerdict(f"it is none: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error

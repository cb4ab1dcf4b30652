"""What a station's moment means for its machine. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from gaugetrail_agent.station.words.state import StationState
from gaugetrail_contract.plc_codes import ResultCode
from gaugetrail_contract.record import Verdict

LAST_NUMBER = 65_535
WRONG_PART = ("unit.", "plan.", "order.", "held.", "reaction.", "first.", "document.")
"""Sentences that refuse a part which was scanned."""


@dataclass(frozen=True, slots=True)
class MachineCode:
    """What the machine is told, and of which record; `number` goes up with each code."""

    code: ResultCode = ResultCode.NONE
    number: int = 0
    record: str | None = None


def next_code(before: MachineCode, state: StationState) -> MachineCode:
    """What is to be told now. A station shows nothing of a record before it is durable."""
    last = state.last
    record = before.record if last is None else last.record
    if state.unit is not None or state.sealing is not None or state.unfinished is not None:
        return _told(before, ResultCode.NONE, record)
    if last is not None and last.record != before.record:
        passed = last.verdict is Verdict.PASS
        return _told(before, ResultCode.STORED_PASS if passed else ResultCode.STORED_FAIL, record)
    if state.light == "red" and state.says is not None and state.says.id.startswith(WRONG_PART):
        return _told(before, ResultCode.REJECTED, record)
    if state.operator is None:
        return _told(before, ResultCode.NONE, record)
    return before


def _told(before: MachineCode, code: ResultCode, record: str | None) -> MachineCode:
    if (before.code, before.record) == (code, record):
        return before
    if before.code == code == ResultCode.NONE:
        return MachineCode(code, before.number, record)
    return MachineCode(code, before.number % LAST_NUMBER + 1, record)

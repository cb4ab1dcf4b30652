"""The matters that a station remembers, as one text that the spool keeps.

A matter is a frozen `msgspec.Struct` with a default for each key, in a file of its own. Keys that a later version wrote
are let go, so that an older one can take over.
"""

from __future__ import annotations

import msgspec

from gaugetrail_agent.station.memory.amending import Amending
from gaugetrail_agent.station.memory.answers import AnswersRead
from gaugetrail_agent.station.memory.bypasses import Bypasses
from gaugetrail_agent.station.memory.calls import Calls
from gaugetrail_agent.station.memory.change_over import ChangeOver
from gaugetrail_agent.station.memory.changes import Changes
from gaugetrail_agent.station.memory.context import Context
from gaugetrail_agent.station.memory.gauge_checks import CheckedGauges
from gaugetrail_agent.station.memory.handover import Handover
from gaugetrail_agent.station.memory.held import HeldUnits
from gaugetrail_agent.station.memory.in_hand import InHand
from gaugetrail_agent.station.memory.log_in import LogIn
from gaugetrail_agent.station.memory.reactions import Reactions
from gaugetrail_agent.station.memory.samples import Samples


class StationMemory(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything, matter by matter."""

    in_hand: InHand = InHand()
    calls: Calls = Calls()
    samples: Samples = Samples()
    log_in: LogIn = LogIn()
    context: Context = Context()
    changes: Changes = Changes()
    change_over: ChangeOver = ChangeOver()
    reactions: Reactions = Reactions()
    held: HeldUnits = HeldUnits()
    gauge_checks: CheckedGauges = CheckedGauges()
    bypasses: Bypasses = Bypasses()
    amending: Amending = Amending()
    handover: Handover = Handover()
    answers: AnswersRead = AnswersRead()


def memory_key(station: str) -> str:
    """Where the spool keeps it."""
    return f"station memory/{station}"


def memory_text(memory: StationMemory) -> str:
    """As the spool keeps it."""
    return msgspec.json.encode(memory).decode("utf-8")


def read_memory(text: str | None) -> StationMemory:
    """What `memory_text` wrote; nothing remembered where nothing was kept. Raises `ValueError` for anything else."""
    if not text:
        return StationMemory()
    try:
        return msgspec.json.decode(text, type=StationMemory)
    except msgspec.MsgspecError as error:
        raise ValueError(str(error)) from error

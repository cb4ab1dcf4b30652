"""Whether a record's time is its own: it lies between those of its neighbours by number, and no other record has it.

An agent's times rise strictly with its numbers, within each history of an epoch. A record whose time says otherwise is
not the agent's work as it was: in InfluxDB it could take the place of another one's points, and both would have a
receipt. It is no fork, for nothing stands under its number; it is kept aside without a receipt, since what belongs
under that number may yet come. Records out of order, a backlog behind live ones or what was asked for again, lie where
they belong and pass.
"""

from __future__ import annotations

from typing import NamedTuple

from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.record import record_id
from gaugetrail_contract.seal import Opened


class Stood(NamedTuple):
    """A record that stands in the store."""

    epoch: str
    branch: str
    seq: int
    time_us: int


def misplaced(opened: Opened, before: Stood | None, after: Stood | None, twin: Stood | None) -> str | None:
    """Why the record may not stand there; null where it may. `before` and `after` are the nearest of its own epoch
    and history that are stored, `twin` is another record of its agent at its very time.
    """
    time = utc_text(opened.time_us)
    if before is not None and before.time_us >= opened.time_us:
        return f"its time {time} is not after {_named(opened, before)}, which comes before it; {_CURE}"
    if after is not None and after.time_us <= opened.time_us:
        return f"its time {time} is not before {_named(opened, after)}, which comes behind it; {_CURE}"
    if twin is not None:
        return f"its time {time} is that of {_named(opened, twin)}, whose place it would take; {_CURE}"
    return None


_CURE = (
    "it stays without a receipt. Either somebody altered it or two write under this agent's name: look at the line PC, "
    "and at who else has its key"
)


def _named(opened: Opened, other: Stood) -> str:
    return f"{utc_text(other.time_us)} of {record_id(opened.agent, other.epoch, other.seq, other.branch)}"

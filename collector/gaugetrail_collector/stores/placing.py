"""Whether a record's time can be its own: it lies between those of its neighbours, and no other record has it.

An agent's times rise strictly with its numbers within a history. The neighbours of a record are the one whose seal it
names and the one that names its seal, where they are stored: of these two, and of no others, it is certain that they
are of its history, whatever has come of it so far (see `parting`). So records that come out of order, of one history
or of two, are never in anybody's way, and once a history is whole its times rise from end to end.

In InfluxDB two records of one agent and one moment could be laid over each other, and both would have a receipt. Those
of another history have a tag of their own and stand beside. Every store judges alike, whatever its own points are.
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

    def takes(self, opened: Opened) -> bool:
        """Whether it has the place of that record, which is of its agent and its moment."""
        if self.epoch != opened.epoch:
            return not opened.branch
        return self.branch == opened.branch and self.seq != opened.seq


def misplaced(opened: Opened, before: Stood | None, after: Stood | None, twin: Stood | None) -> str | None:
    """Why the record may not stand there; null where it may. `before` is the one whose seal it names, `after` one that
    names its seal, `twin` another one that has its place.
    """
    if before is not None and before.time_us >= opened.time_us:
        return f"{TIME}{utc_text(opened.time_us)} is not after {_named(opened, before)}, which comes before it; {_CURE}"
    if after is not None and after.time_us <= opened.time_us:
        return f"{TIME}{utc_text(opened.time_us)} is not before {_named(opened, after)}, which comes behind it; {_CURE}"
    return None if twin is None else taken(opened, twin)


def taken(opened: Opened, twin: Stood) -> str:
    """The sentence for a record whose place another one has."""
    return f"{TIME}{utc_text(opened.time_us)} is that of {_named(opened, twin)}, whose place it would take; {_CURE}"


AHEAD_SECS = 3600.0
"""How far a record may be ahead of the collector's clock if it says that its own is kept right."""
MOST_DAYS = 32
"""Days further off of which an agent may have records whose clock nobody keeps."""

TIME = "its time "
"""The words that say of a record why it is held begin so, where it is for its time."""
_CURE = (
    "it stays without a receipt. Either somebody altered it or two write under this agent's name: look at the line PC, "
    "and at who else has its key; then take it in (set-aside retry) or let it go (set-aside close)"
)


def _named(opened: Opened, other: Stood) -> str:
    return f"{utc_text(other.time_us)} of {record_id(opened.agent, other.epoch, other.seq, other.branch)}"

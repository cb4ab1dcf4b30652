"""Which history of its epoch a record is of. Pure: what stands under a number is asked of whoever knows.

A spool that was put back from a snapshot, or copied to a second PC with everything beside it, goes on sealing from the
number that it knows: one epoch, two histories. A record is of the history whose last record it names as the one before
it. The history that was stored first has no name; another one is called by the first twelve digits of the seal with
which it parts. A record whose predecessor isn't known is of the first history if its number is free there, as when live
records come before a backlog, and else begins a history of its own; once its predecessor comes, both are one
(`follower`).

Nothing is decided here about whom to believe: a record of another history is a fork until somebody writes the branch
into it (`letting_in`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from gaugetrail_collector.stores import THERE, Fate, Outcome, fork_reason, off_reason
from gaugetrail_contract.seal import Opened, branch_name

Seals = Mapping[str, str]
"""Branch -> the seal that stands under a number in it."""
Standing = Callable[[str, str, int], Seals]
"""What stands under an agent's, epoch's and number's place, in every history."""


@dataclass(slots=True)
class Parting:
    """Judges the records of one batch in their order; what it has judged before counts as standing there."""

    standing: Standing
    _told: dict[tuple[str, str, int], dict[str, str]] = field(default_factory=dict)
    _epochs: set[tuple[str, str]] = field(default_factory=set)

    def begun(self, opened: Opened) -> bool:
        """Whether a fork of its epoch was met in this batch."""
        return (opened.agent, opened.epoch) in self._epochs

    def withdraw(self, opened: Opened) -> None:
        """It was judged, and isn't written after all."""
        self._told.get((opened.agent, opened.epoch, opened.seq), {}).pop(opened.branch, None)

    def judge(self, opened: Opened) -> Outcome | None:
        """Null for a record to be written under its branch, which may be a name; else why it isn't."""
        place, own = (opened.agent, opened.epoch, opened.seq), opened.sealed.sha256
        here = self.standing(*place)
        for branch, sha256 in here.items():
            if sha256 == own:
                opened.branch = branch
                return THERE
        here = {**here, **self._told.get(place, {})}
        before = (opened.agent, opened.epoch, opened.seq - 1)
        branch = opened.branch
        if not branch or branch in here:
            branch = branch_of(opened, here, {**self.standing(*before), **self._told.get(before, {})})
        self._told.setdefault(place, {})[branch] = own
        if branch == opened.branch:
            return None
        self._epochs.add(place[:2])
        other = here.get("")
        return Outcome(Fate.FORK, off_reason(branch) if other is None else fork_reason(own, other), branch)


def branch_of(opened: Opened, here: Seals, before: Seals) -> str:
    """The history of a record that stands nowhere: `here` stands under its number, `before` under the one before."""
    own = opened.sealed.sha256
    if known := next((branch for branch, sha256 in here.items() if sha256 == own), None):
        return known
    parents = [branch for branch, sha256 in before.items() if branch and sha256 == opened.prev]
    for branch in parents:
        if branch not in here:
            return branch
    return branch_name(own) if parents or "" in here else ""


@dataclass(frozen=True, slots=True)
class Standstill:
    """A record that stands under the number after another one."""

    branch: str
    sha256: str
    prev: str


def follower(opened: Opened, after: Iterable[Standstill], along: str | None = None) -> str | None:
    """The history in which the record after this one stands, if that is another one and was only waiting for it: the
    first one, where it came before this record, or one that begins with it. Null where nothing is to be moved; nothing
    ever is into the first history. `along` is the history that this record was itself moved from.
    """
    found = list(after)
    if not opened.branch or any(one.branch == opened.branch for one in found):
        return None
    for one in found:
        loose = one.branch in ("", along, branch_name(one.sha256))
        if one.prev == opened.sealed.sha256 and loose:
            return one.branch
    return None

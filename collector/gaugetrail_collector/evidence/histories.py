"""Epochs with several histories: how they hang together, before their chains are walked and after.

A second history begins with the record that it is named by, and that record names one of another history as the one
before it. Where that isn't so its beginning is missing, or it never was one. Of an epoch with one history nothing is
asked here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from gaugetrail_collector.evidence.chain import Chain
from gaugetrail_collector.stores import Row, Store
from gaugetrail_contract.record import FIRST_PREV
from gaugetrail_contract.seal import BadRecord, ChainName, parse_record

NUMBERS = {2: ("two", "both"), 3: ("three", "all"), 4: ("four", "all")}
"""How people say it."""


@dataclass(slots=True)
class Looks:
    """What is known of the chains before they are walked."""

    names: Sequence[ChainName]
    witnessed: Mapping[ChainName, Mapping[int, str]]
    """By the history in which a noted seal stands, where one does."""
    firsts: dict[ChainName, Row] = field(default_factory=dict)
    """Where second histories begin."""
    seals: dict[tuple[str, str], dict[int, dict[str, str]]] = field(default_factory=dict)
    """Agent and epoch -> number -> branch -> seal: of the numbers before second histories and of noted ones."""

    def fault_at_the_beginning(self, first: Row, kept_since_us: int | None = None) -> str | None:
        """What is wrong with the place where a second history begins. One that isn't there may have been dropped by the
        database, where it does so.
        """
        before = self.seals[first.agent, first.epoch].get(first.seq - 1, {})
        if kept_since_us is not None and not before:
            return None
        if not first.sha256.startswith(first.branch):
            return f"the history {first.branch} begins with a record of that seal, and it isn't here"
        try:
            prev = parse_record(first.data).prev
        except BadRecord:
            return None  # said when it is walked
        if prev in before.values() or (first.seq == 1 and prev == FIRST_PREV):
            return None
        return f"it names {prev} as the seal before it, and no history of this epoch has it: its beginning is missing"


def look_over(store: Store, witnessed: Mapping[ChainName, Mapping[int, str]]) -> Looks:
    """Every chain of the store and of what was noted; of epochs with several histories, where these meet."""
    names = sorted({*store.chains(), *witnessed})
    looks = Looks(names, witnessed)
    parted = {name[:2] for name in names if name.branch}
    for epoch in sorted(parted):
        _look(store, looks, [name for name in names if name[:2] == epoch])
    if parted:
        looks.witnessed = _placed(looks, witnessed)
    return looks


def _look(store: Store, looks: Looks, names: Sequence[ChainName]) -> None:
    for name in names:
        first = next(store.rows(*name), None) if name.branch else None
        if first is not None:
            looks.firsts[name] = first
    wanted = {first.seq - 1 for name, first in looks.firsts.items() if name in names}
    wanted |= {seq for name in names for seq in looks.witnessed.get(name, {})}
    found: dict[int, dict[str, str]] = defaultdict(dict)
    for name in names:
        for row in store.rows(*name):
            if row.seq in wanted:
                found[row.seq][name.branch] = row.sha256
    looks.seals[names[0].agent, names[0].epoch] = dict(found)


def _placed(looks: Looks, witnessed: Mapping[ChainName, Mapping[int, str]]) -> Mapping[ChainName, Mapping[int, str]]:
    """Noted seals, each with the history that it stands in: what came before its history's beginning may have been
    taken for a record of the first one then.
    """
    placed: dict[ChainName, dict[int, str]] = defaultdict(dict)
    for name, seals in witnessed.items():
        there = looks.seals.get((name.agent, name.epoch), {})
        for seq, sha256 in seals.items():
            branch = next((one for one, other in there.get(seq, {}).items() if other == sha256), name.branch)
            placed[name._replace(branch=branch)][seq] = sha256
    return placed


def told(chains: Iterable[Chain]) -> list[str]:
    """A line for each epoch with several histories."""
    lines = []
    for (agent, epoch), some in groupby(sorted(chains, key=lambda one: one.name), key=lambda one: one.name[:2]):
        histories = list(some)
        if len(histories) < 2:
            continue
        many, whole = NUMBERS.get(len(histories), (str(len(histories)), "all"))
        starts = sorted({one.first for one in histories if one.branch})
        ok = all(one.ok for one in histories)
        word, state = ("ok", f"{whole} whole") if ok else ("NOT OK", f"not {whole} whole")
        where = " and ".join(map(str, starts))
        lines.append(f"{word}: {agent} epoch {epoch}: {many} histories from {where} on, {state}")
    return lines

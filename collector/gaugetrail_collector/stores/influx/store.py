"""The InfluxDB store: 1.x from 1.6, 2.x and 3.x. Here the writing; `read` asks, `http` talks.

Promise: `write` returns after the server has committed; the same record again writes the same points; a record that the
server can't take is found by halving the batch and is the only one left out. What the server would drop in silence or
choke on (older than it keeps, a tag beyond its bound: `guard`) is refused before it is sent.

A fork (same identity, other seal) would stand beside the first record, or overwrite it; `chains` knows what is
there, `parting` the second histories that were let in. A record that the database has, but that this store has
not written itself, is written again: a crash or a refusal may have left only some of its points, and writing them again
makes them whole.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence

from gaugetrail_collector.stores import STORED, THERE, Doubt, Fate, Outcome, StoreRefuses
from gaugetrail_collector.stores.guard import TagGuard
from gaugetrail_collector.stores.influx.admin import InfluxAdmin
from gaugetrail_collector.stores.influx.around import Around
from gaugetrail_collector.stores.influx.chains import Chains
from gaugetrail_collector.stores.influx.http import InfluxAddress, error_text
from gaugetrail_collector.stores.influx.parting import InfluxHistories
from gaugetrail_collector.stores.influx.placing import InfluxPlacing
from gaugetrail_collector.stores.influx.read import InfluxReads
from gaugetrail_collector.stores.influx.setup import InfluxSetup
from gaugetrail_collector.stores.influx.words import plain, refusal
from gaugetrail_collector.stores.lines import lines_of
from gaugetrail_collector.stores.parting import Parting
from gaugetrail_collector.stores.stats import Stats, TagUse
from gaugetrail_contract.findings import Finding
from gaugetrail_contract.ranges import Ranges
from gaugetrail_contract.seal import Opened

FORK = Outcome(Fate.FORK)
"""Of a record that this store remembers otherwise: `Parting` says more."""
VERSION = re.compile(r"v?([0-9]+)\.")


class InfluxStore(InfluxReads):
    """See the module's promise. One thread at a time."""

    def __init__(self, address: InfluxAddress, guard: TagGuard | None = None) -> None:
        super().__init__(address)
        self._at = address
        self._guard = guard or TagGuard()
        self._admin = InfluxAdmin(self._http)
        self._setup = InfluxSetup(self._http, self._admin)
        self._keeps_ns: int | None = None
        self._server = ""
        self._around = Around(self._http)
        self._chains = Chains(self._http, self._around)
        self._histories = InfluxHistories(self._http, self._around)
        self._placing = InfluxPlacing(self._chains, self._histories, self._around)

    # --- life

    def open(self) -> None:
        """Reach the server and, on 1.x, create the database if it isn't there. Nothing known before is believed."""
        self._forget()
        self._http.connect()
        self._server = self._http.version()
        found = VERSION.match(self._server)
        if found is not None and found[1] != self._at.version:
            raise StoreRefuses(
                f"InfluxDB at {self._at.url} is {self._server}, and [store] version says {self._at.version}; "
                f'set version = "{found[1]}"'
            )
        if self._at.version == "1":
            self._setup.create_database()
        else:
            if self._at.version == "2":
                self._admin.reach()
            self._http.query("SHOW MEASUREMENTS LIMIT 1")
        self._guard.load(self._admin.tag_values(self._guard.bounds))
        self._keeps_ns = self._admin.keeps_ns()

    def close(self) -> None:
        """Forget what was cached; the connections close with their pool."""
        self._http.close()
        self._forget()

    def health(self) -> str:
        """Server version, database and address; what stands before an `@` in the address is nobody's business."""
        address = re.sub("//[^/]*@", "//", self._at.url)
        return f"InfluxDB {self._server or self._at.version}, {self._at.database} at {address}"

    def identity(self) -> str:
        """As `InfluxAdmin.identity`."""
        return self._admin.identity(time.time_ns())

    # --- writing

    def prepare(self, opened: Opened) -> Opened:
        """The record with its lines."""
        opened.made = _lines(opened)
        return opened

    def write(self, batch: Sequence[Opened], *, vouched: bool = False, doubt: Doubt | None = None) -> list[Outcome]:
        """Compare what might be there with what is, write the rest, commit."""
        self._around.begin()
        self._placing.begin(doubt, vouched=vouched)
        outcomes: list[Outcome | None] = [self._remembered(opened) for opened in batch]
        there = self._chains.seals(opened for opened, known in zip(batch, outcomes, strict=True) if known is None)
        parted = self._parted(batch, outcomes, there)
        fresh: dict[tuple[str, str, int], int] = {}
        again: dict[int, int] = {}
        for index, opened in enumerate(batch):
            if outcomes[index] is not None or index in parted:
                continue
            identity = (opened.agent, opened.epoch, opened.seq)
            if identity not in there and (refused := self._refuse(opened)) is not None:
                outcomes[index] = refused
            elif (first := fresh.setdefault(identity, index)) != index:
                again[index] = first
        self._hold_misplaced(batch, [at for name, at in fresh.items() if name not in there], outcomes)
        fresh = {identity: index for identity, index in fresh.items() if outcomes[index] is None}
        written = self._write_all([_lines(batch[index]) for index in fresh.values()])
        for (identity, index), outcome in zip(fresh.items(), written, strict=True):
            outcomes[index] = outcome
            if outcome is STORED:
                self._put(batch[index])
                outcomes[index] = THERE if identity in there else STORED
        for index, first in again.items():
            if batch[index].sealed.sha256 == batch[first].sealed.sha256 or _is_held(outcomes[first]):
                # What shares its number with one that is held has no receipt either: it is judged when it comes again.
                outcomes[index] = THERE if outcomes[first] is STORED else outcomes[first]
            else:
                parted.append(index)
        second = self._write_parted([batch[index] for index in parted])
        for index, outcome in zip(parted, second, strict=True):
            outcomes[index] = outcome
        return [outcome for outcome in outcomes if outcome is not None]

    def _hold_misplaced(self, batch: Sequence[Opened], new: Sequence[int], outcomes: list[Outcome | None]) -> None:
        """Those of the new records that can't be of their moment."""
        records = [batch[index] for index in new]
        self._placing.look(records)
        self._placing.meet(records)
        for index, opened in zip(new, records, strict=True):
            if (reason := self._placing.judge(opened)) is not None:
                outcomes[index] = Outcome(Fate.HELD, reason)

    def _parted(
        self, batch: Sequence[Opened], outcomes: Sequence[Outcome | None], there: Mapping[tuple[str, str, int], str]
    ) -> list[int]:
        """The records of which more must be known than whether their number is free: of epochs with several histories,
        and forks with all that comes behind them in the batch.
        """
        found: list[int] = []
        epochs: set[tuple[str, str]] = set()
        before: dict[tuple[str, str], str] = {}
        for index, opened in enumerate(batch):
            name, sha256 = (opened.agent, opened.epoch), opened.sealed.sha256
            last, before[name] = before.get(name), sha256
            if outcomes[index] is THERE and not opened.branch:
                continue
            if last is None and not self._chains.follows(opened):
                self._histories.look_again(name)
            if opened.branch or outcomes[index] is FORK or there.get((*name, opened.seq), sha256) != sha256:
                epochs.add(name)
            if name in epochs or self._histories.several(name):
                found.append(index)
        return found

    def _write_parted(self, records: Sequence[Opened]) -> list[Outcome]:
        """Judge them in their order and write what is to be written, one after the other: they are few."""
        if not records:
            return []
        self._histories.begin(records)
        self._placing.look(records)
        parting = Parting(self._histories.standing)
        return [self._write_judged(opened, parting) for opened in records]

    def _write_judged(self, opened: Opened, parting: Parting) -> Outcome:
        judged = parting.judge(opened)
        if judged is THERE:
            written = self._write_one(opened)
            return THERE if written is STORED else written
        if judged is not None:
            return judged
        if (refused := self._refuse(opened)) is not None:
            return refused
        if (reason := self._placing.judge(opened)) is not None:
            parting.withdraw(opened)
            return Outcome(Fate.HELD, reason)
        return self._write_one(opened)

    def _write_one(self, opened: Opened) -> Outcome:
        lines = self._histories.lines(opened)
        if lines is None:
            return THERE
        (outcome,) = self._write_all([lines])
        if outcome is not STORED:
            return outcome
        self._put(opened)
        for moved, again in self._histories.gathered(opened):
            if self._write_all([again]) == [STORED]:
                self._chains.moved(moved)
                self._put(moved)
        return STORED

    def _put(self, opened: Opened) -> None:
        if not opened.branch:
            self._chains.put(opened)
        self._histories.put(opened)

    def _forget(self) -> None:
        self._around.forget()
        self._chains.forget()
        self._histories.forget()

    def _refuse(self, opened: Opened) -> Outcome | None:
        """Why a record that isn't there yet may not be written, ever or now."""
        if self._keeps_ns is not None and time.time_ns() - opened.time_us * 1000 > self._keeps_ns:
            keeps = f"{self._at.database} keeps {self._keeps_ns / 86_400e9:g} days"
            return Outcome(Fate.REJECTED, plain(f"points beyond retention: of {opened.record.time}, and {keeps}"))
        reason = self._guard.refuse(opened)
        return None if reason is None else Outcome(Fate.HELD, reason)

    def budget(self) -> list[TagUse]:
        """What the guard counts."""
        return self._guard.use()

    def stats(self) -> Stats:
        """Asked of the server."""
        return self._admin.stats(self.budget())

    def limits(self) -> list[Finding]:
        """As `InfluxAdmin.limits`."""
        return self._admin.limits(self._guard.bounds)

    def keeps_us(self) -> int | None:
        """As the server says now."""
        kept = self._admin.keeps_ns()
        return None if kept is None else kept // 1000

    def init(self, keep_days: int | None, *, roll_ups: bool) -> list[str]:
        """As `InfluxSetup.init`."""
        self._http.connect()
        return self._setup.init(keep_days, roll_ups=roll_ups)

    def _remembered(self, opened: Opened) -> Outcome | None:
        other = self._chains.remembered(opened)
        return None if other is None else THERE if other == opened.sealed.sha256 else FORK

    def _write_all(self, parts: Sequence[bytes]) -> list[Outcome]:
        """Write the lines of some records; halve what the server doesn't take until the record at fault is alone."""
        if not parts:
            return []
        answer = self._http.write(b"\n".join(parts))
        if answer.status in (200, 204):
            return [STORED] * len(parts)
        reason = error_text(answer) or f"it says no reason (status {answer.status})"
        if answer.status not in (400, 413, 422):
            self._http.refuse(answer)
        if self._at.version == "1" and "database not found" in reason:
            cure = refusal(self._at.version, answer.status, reason)
            raise StoreRefuses(f"InfluxDB at {self._at.url}: {cure} ({reason})")
        if len(parts) == 1:
            return [Outcome(Fate.REJECTED, f"InfluxDB refuses it: {plain(reason)}")]
        middle = len(parts) // 2
        return self._write_all(parts[:middle]) + self._write_all(parts[middle:])

    def numbers(
        self, agent: str, epoch: str, branch: str = "", *, after_seq: int = 0, after_us: int = 0
    ) -> list[tuple[int, int]]:
        """By time, which rises with the numbers."""
        found = Ranges(self._chains.ranges((agent, epoch), after_us, branch))
        found.remove(0, after_seq)
        return found.spans()

    def first_of(self, agent: str, since_us: int, until_us: int) -> int | None:
        """Asked of the database, past what is remembered."""
        return self._around.first_of(agent, since_us, until_us)

    def note(self, lines: Sequence[str]) -> None:
        """One request beside the records' own; nothing here is promised to last."""
        answer = self._http.write("\n".join(lines).encode("utf-8"))
        if answer.status not in (200, 204):
            self._http.refuse(answer)


def _is_held(outcome: Outcome | None) -> bool:
    return outcome is not None and outcome.fate is Fate.HELD


def _lines(opened: Opened) -> bytes:
    if opened.made is not None:
        return opened.made
    return "\n".join(lines_of(opened)).encode("utf-8")

"""The InfluxDB store: 1.x from 1.6, 2.x and 3.x. Here the writing; `influx_read` asks, `influx_http` talks.

Promise: `write` returns after the server has committed; the same record again writes the same points; a record that the
server can't take is found by halving the batch and is the only one left out.

A fork (same identity, other seal) would stand beside the first record, since its time or tags differ. So a record whose
number is not beyond the head of its chain is looked up before it is written.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from gaugetrail_collector.stores import STORED, THERE, Fate, Outcome, StoreRefuses, fork_reason
from gaugetrail_collector.stores.influx_http import InfluxAddress, error_text, quoted
from gaugetrail_collector.stores.influx_read import InfluxReads
from gaugetrail_collector.stores.lines import lines_of
from gaugetrail_contract.seal import Opened

RECENT = 20_000


@dataclass(slots=True)
class _Chain:
    """What this store knows of an (agent, epoch): the greatest number there, and the seals seen lately."""

    head: int
    seals: OrderedDict[int, str] = field(default_factory=OrderedDict)

    def put(self, seq: int, sha256: str) -> None:
        self.head = max(self.head, seq)
        self.seals[seq] = sha256
        while len(self.seals) > RECENT:
            self.seals.popitem(last=False)


class InfluxStore(InfluxReads):
    """See the module's promise. One thread at a time."""

    def __init__(self, address: InfluxAddress) -> None:
        super().__init__(address)
        self._at = address
        self._server = ""
        self._chains: dict[tuple[str, str], _Chain] = {}

    # --- life

    def open(self) -> None:
        """Reach the server and, on 1.x, create the database if it isn't there."""
        self._http.connect()
        self._server = self._http.version()
        if self._at.version == "1":
            names = [row["name"] for row in self._http.query("SHOW DATABASES")]
            if self._at.database not in names:
                self._http.query(f"CREATE DATABASE {quoted(self._at.database)}", post=True)
        else:
            self._http.query("SHOW MEASUREMENTS LIMIT 1")

    def close(self) -> None:
        """Forget what was cached; the connections close with their pool."""
        self._http.close()
        self._chains.clear()

    def health(self) -> str:
        """Server version and database."""
        return f"InfluxDB {self._server or self._at.version}, {self._at.database} at {self._at.url}"

    # --- writing

    def write(self, batch: Sequence[Opened]) -> list[Outcome]:
        """Compare what might be there with what is, write the rest, commit."""
        outcomes: list[Outcome | None] = [self._known(opened) for opened in batch]
        fresh: dict[tuple[str, str, int], int] = {}
        for index, opened in enumerate(batch):
            if outcomes[index] is not None:
                continue
            record, sha256 = opened.record, opened.sealed.sha256
            first = fresh.setdefault((record.agent, record.epoch, record.seq), index)
            if first != index:
                other = batch[first].sealed.sha256
                outcomes[index] = THERE if other == sha256 else Outcome(Fate.FORK, fork_reason(sha256, other))
        indexes = list(fresh.values())
        for index, outcome in zip(indexes, self._write_all([batch[i] for i in indexes]), strict=True):
            outcomes[index] = outcome
            if outcome.fate is Fate.STORED:
                record = batch[index].record
                self._chains[record.agent, record.epoch].put(record.seq, batch[index].sealed.sha256)
        return [outcome for outcome in outcomes if outcome is not None]

    def _known(self, opened: Opened) -> Outcome | None:
        """The outcome of a record that is there already, seal and all or not; null for one to be written."""
        record, sha256 = opened.record, opened.sealed.sha256
        key = (record.agent, record.epoch)
        if key not in self._chains:
            self._chains[key] = _Chain(self.head(*key))
        chain = self._chains[key]
        if record.seq > chain.head:
            return None
        other = chain.seals.get(record.seq) or self.seal_under(record)
        if other is None:
            return None
        chain.put(record.seq, other)
        return THERE if other == sha256 else Outcome(Fate.FORK, fork_reason(sha256, other))

    def _write_all(self, batch: Sequence[Opened]) -> list[Outcome]:
        """Write; halve a batch that the server doesn't take until the record at fault is alone."""
        if not batch:
            return []
        answer = self._http.write("\n".join(line for opened in batch for line in lines_of(opened)).encode("utf-8"))
        if answer.status in (200, 204):
            return [STORED] * len(batch)
        reason = error_text(answer)
        if answer.status not in (400, 413, 422):
            self._http.refuse(answer)
        if self._at.version == "1" and "database not found" in reason:
            raise StoreRefuses(f"InfluxDB at {self._at.url}: {reason}; create it")
        if len(batch) == 1:
            return [Outcome(Fate.REJECTED, f"InfluxDB refuses it: {reason}")]
        middle = len(batch) // 2
        return self._write_all(batch[:middle]) + self._write_all(batch[middle:])

    def note(self, lines: Sequence[str]) -> None:
        """One request beside the records' own; nothing here is promised to last."""
        answer = self._http.write("\n".join(lines).encode("utf-8"))
        if answer.status not in (200, 204):
            self._http.refuse(answer)

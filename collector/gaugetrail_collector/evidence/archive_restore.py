"""An archive read back into a store: the records of a period, as they were, under the seals that they had.

Promise: the whole archive is proven first (`archive_proof`), and of one that is broken nothing is written. Each record
is proven once more when it is written, by the door of every record. What the store has already is left as it is, so a
restore that was stopped is simply started again. Afterwards the store is asked for every number, not believed.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from gaugetrail_collector.evidence.archive import ArchivedChain
from gaugetrail_collector.evidence.archive_proof import ArchiveProof, NoArchive, verify_archive
from gaugetrail_collector.evidence.verify import Watch
from gaugetrail_collector.stores import Fate, Store
from gaugetrail_collector.stores.letting_in import write_histories
from gaugetrail_contract.ranges import Ranges
from gaugetrail_contract.seal import MAX_LINE_BYTES, BadRecord, ChainName, Opened, open_line

AT_ONCE = 1000
MOST_NAMED = 100
Counted = Callable[[Iterator[Opened]], Iterator[Opened]]
"""Passes records on and may count them, for a progress bar."""


@dataclass(slots=True)
class ArchiveRestored:
    """What became of it."""

    records: int
    written: int = 0
    there: int = 0
    left_out: int = 0
    reasons: list[str] = field(default_factory=list)
    """Why records were left out, and what the store doesn't have afterwards; the first hundred."""
    stands: dict[ChainName, set[ChainName]] = field(default_factory=dict)
    """Where records of each chain stand now: a store that had records of the epoch before may call it otherwise."""

    @property
    def ok(self) -> bool:
        """Every record of the archive stands in the store."""
        return not self.reasons and self.records == self.written + self.there

    def as_json(self) -> dict[str, object]:
        """For programs."""
        counts = {"records": self.records, "written": self.written, "there": self.there, "left_out": self.left_out}
        return {"ok": self.ok, **counts, "reasons": self.reasons}

    def say(self, reason: str) -> None:
        """Name it, unless enough are named."""
        if len(self.reasons) < MOST_NAMED:
            self.reasons.append(reason)


def prove(path: Path, watch: Watch = iter) -> ArchiveProof:
    """The archive's proof, which holds. Raises `NoArchive` with every fault where it doesn't."""
    proof = verify_archive(path, watch)
    if not proof.ok:
        faults = "\n  ".join(proof.faults[:MOST_NAMED])
        raise NoArchive(f"{path} is broken, and nothing of it is written:\n  {faults}")
    return proof


def restore_archive(
    proof: ArchiveProof, path: Path, store: Store, watch: Counted = iter, *, vouch: bool = False
) -> ArchiveRestored:
    """Write every record of a proven archive; where the store has another history of an epoch, the archive's is taken
    in beside it if somebody vouches for it. Raises `StoreDown`, `StoreRefuses`, `NoArchive`, `OSError`.
    """
    done = ArchiveRestored(proof.manifest.records)
    try:
        with zipfile.ZipFile(path) as packed:
            for chain in proof.manifest.chains:
                records = watch(_records(packed, chain))
                stands = done.stands.setdefault(chain.name, set())
                while batch := list(islice(records, AT_ONCE)):
                    if not _write(store, batch, done, vouch=vouch):
                        _leave_out(chain, sum(1 for _ in records), done)
                    stands |= {opened.chain for opened in batch}
    except (BadRecord, KeyError, zipfile.BadZipFile) as error:
        raise NoArchive(f"{path} has changed since it was proven: {error}") from error
    for chain in proof.manifest.chains:
        _ask_back(store, chain, done)
    return done


def _records(packed: zipfile.ZipFile, chain: ArchivedChain) -> Iterator[Opened]:
    with packed.open(chain.file) as file:
        while line := file.readline(MAX_LINE_BYTES + 2):
            opened = open_line(line.removesuffix(b"\n"))
            opened.branch = chain.branch
            yield opened


def _leave_out(chain: ArchivedChain, left: int, done: ArchiveRestored) -> None:
    """What follows on a history that is not taken in belongs to it."""
    done.left_out += left
    done.say(
        f"{chain.name}: the store has another history of this epoch; look at both (verify), and say --vouch to take "
        "the archive's in beside it"
    )


def _write(store: Store, batch: list[Opened], done: ArchiveRestored, *, vouch: bool) -> bool:
    """False where a record is of another history than the store's: of those that are, the first is named."""
    # What stood in the store against its neighbours, for somebody had looked at it, stands there again.
    outcomes, forked = write_histories(store, batch, lambda _: vouch, vouched=True), False
    for opened, outcome in zip(batch, outcomes, strict=True):
        if outcome.fate is Fate.STORED:
            done.written += 1
        elif outcome.fate is Fate.THERE:
            done.there += 1
        else:
            done.left_out += 1
            if not forked or outcome.fate is not Fate.FORK:
                done.say(f"{opened.record.id} is not written: {outcome.reason}")
            forked = forked or outcome.fate is Fate.FORK
    return not forked


def _ask_back(store: Store, chain: ArchivedChain, done: ArchiveRestored) -> None:
    there = Ranges(span for name in done.stands[chain.name] for span in store.numbers(*name))
    for first, last in chain.missing:
        there.add(first, last)
    for first, last in there.gaps(chain.first, chain.last):
        done.say(f"{chain.name}: {first} to {last} are not in the store, although they were written")

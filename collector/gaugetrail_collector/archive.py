"""A period of the store in one file that proves itself: records with their seals, chain heads, a manifest. No database
is needed to verify it, nor this program: it is a ZIP of wire lines and one JSON file.

`manifest.json` says the format, the period, and for each chain its file, how many records, the first and last number,
the seal before the first (`prev`) and of the last (`head`), the numbers that were already missing in the store, and
the SHA-256 of the file. `chains/0001.jsonl` and so on hold the wire lines in the order of their numbers.

Proven by `verify`: every file is the one that the manifest names; every seal holds; each chain leads from `prev` to
`head` without another gap than those declared. Whoever rewrites all of it can't be found out from the file alone: note
the file's own SHA-256, which `archive` prints, elsewhere. Records that don't hold in the store are never archived.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gaugetrail_collector.chain import Chain, in_order
from gaugetrail_collector.outfile import whole_file
from gaugetrail_collector.stores import Row, Store
from gaugetrail_collector.stores.question import Window
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.record import FIRST_PREV
from gaugetrail_contract.seal import MAX_LINE_BYTES, BadRecord, Sealed, cut_line, open_sealed
from gaugetrail_contract.text import Hex256, Identifier, UtcText

MANIFEST = "manifest.json"
MOST_MANIFEST_BYTES = 64 * 1024 * 1024
FORMAT: Literal["gaugetrail-archive/1"] = "gaugetrail-archive/1"
_EARLIEST = (1980, 1, 1, 0, 0, 0)
"""Times of the files within the ZIP: none, so that the same records make the same file."""
Watch = Callable[[Iterator[Row]], Iterator[Row]]


class NotWhole(Exception):
    """The store's period can't be archived as it is; the text names the record at fault."""


class NoArchive(Exception):
    """The file is no archive that can be read; the text says why."""


class ArchivedChain(BaseModel):
    """One chain of the manifest."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    agent: Identifier
    epoch: Identifier
    file: str = Field(pattern=r"^chains/[0-9]{4,9}\.jsonl$")
    sha256: Hex256
    records: int = Field(ge=1)
    first: int = Field(ge=1)
    last: int = Field(ge=1)
    prev: Hex256
    head: Hex256
    missing: tuple[tuple[int, int], ...] = Field((), description="already missing in the store: from, to")


class Manifest(BaseModel):
    """What `manifest.json` holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["gaugetrail-archive/1"]
    since: UtcText | None
    until: UtcText | None
    records: int = Field(ge=0)
    chains: tuple[ArchivedChain, ...]


def write_archive(store: Store, window: Window, path: Path, watch: Watch = iter) -> Manifest:
    """Archive the window's records. Raises `NotWhole`, `OSError`, `StoreDown`; then there is no file."""
    chains = []
    with whole_file(path) as out, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for agent, epoch in store.chains():
            rows = (row for row in in_order(store.rows(agent, epoch)) if window.holds(row.time_us))
            chain = _write_chain(packed, agent, epoch, f"chains/{len(chains) + 1:04}.jsonl", watch(rows))
            if chain is not None:
                chains.append(chain)
        manifest = Manifest(
            format=FORMAT,
            since=None if window.since_us is None else utc_text(window.since_us),
            until=None if window.until_us is None else utc_text(window.until_us),
            records=sum(chain.records for chain in chains),
            chains=tuple(chains),
        )
        packed.writestr(_entry(MANIFEST), manifest.model_dump_json(indent=2) + "\n")
    return manifest


def _write_chain(
    packed: zipfile.ZipFile, agent: str, epoch: str, name: str, rows: Iterator[Row]
) -> ArchivedChain | None:
    first = next(rows, None)
    if first is None:
        return None
    walk, digest = _Walk(agent, epoch, first), hashlib.sha256()
    with packed.open(_entry(name), "w", force_zip64=True) as file:
        for row in walk.through(rows):
            line = Sealed(row.sha256, row.data).line() + b"\n"
            digest.update(line)
            file.write(line)
    chain = walk.chain
    if chain.broken or chain.duplicates:
        fault = chain.broken[0]
        raise NotWhole(f"{fault['record']} can't be archived: {fault['reason']}; verify names all such records")
    return ArchivedChain(
        agent=agent,
        epoch=epoch,
        file=name,
        sha256=digest.hexdigest(),
        records=chain.records,
        first=chain.first,
        last=chain.last,
        prev=walk.prev,
        head=chain.head,
        missing=tuple(chain.gaps),
    )


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _EARLIEST)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    return entry


class _Walk:
    """A part of a chain walked from its first record on, which need not be number 1."""

    def __init__(self, agent: str, epoch: str, first: Row) -> None:
        self.chain = Chain(agent, epoch, last=first.seq - 1)
        self._first = first
        self.prev = FIRST_PREV

    def through(self, rows: Iterator[Row]) -> Iterator[Row]:
        """Pass the rows on as they are walked; stops at the first fault, which `chain` names."""
        try:
            self.prev = open_sealed(Sealed(self._first.sha256, self._first.data)).prev
        except BadRecord:
            self.prev = FIRST_PREV
        for row in (first for first in (self._first,)):
            self.chain.take(row)
            yield row
        for row in rows:
            self.chain.take(row)
            if self.chain.broken:
                break
            yield row
        self.chain.finish()


@dataclass(slots=True)
class ArchiveProof:
    """What verifying an archive came to."""

    manifest: Manifest
    sha256: str
    faults: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether everything that the manifest says holds."""
        return not self.faults

    def as_json(self) -> dict[str, object]:
        """For programs."""
        chains = [chain.model_dump(mode="json") for chain in self.manifest.chains]
        return {
            "ok": self.ok,
            "records": self.manifest.records,
            "since": self.manifest.since,
            "until": self.manifest.until,
            "sha256": self.sha256,
            "faults": self.faults,
            "agents": chains,
        }

    def lines(self) -> list[str]:
        """For people."""
        manifest = self.manifest
        period = f"from {manifest.since or 'the beginning'} to {manifest.until or 'the end'}"
        word = "ok" if self.ok else "NOT OK"
        shown = [f"{word}: {manifest.records} records of {len(manifest.chains)} chains, {period}; sha256 {self.sha256}"]
        for chain in manifest.chains:
            shown.append(f"  {chain.agent} epoch {chain.epoch}: {chain.first} to {chain.last}, head {chain.head[:16]}…")
            shown += [f"    missing in the store when it was made: {start} to {end}" for start, end in chain.missing]
        return shown + [f"  broken: {fault}" for fault in self.faults]


def verify_archive(path: Path, watch: Watch = iter) -> ArchiveProof:
    """Prove an archive from itself. Raises `NoArchive`."""
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        with zipfile.ZipFile(path) as packed:
            manifest = _manifest(packed)
            proof = ArchiveProof(manifest, digest)
            named = {MANIFEST, *(chain.file for chain in manifest.chains)}
            proof.faults += [f"{name} is no part of it" for name in sorted({*packed.namelist()} - named)]
            for chain in manifest.chains:
                proof.faults += _faults(packed, chain, manifest, watch)
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise NoArchive(f"{path} can't be read as an archive: {error}") from error
    if sum(chain.records for chain in manifest.chains) != manifest.records:
        proof.faults.append("the manifest's count is not the sum of its chains")
    return proof


def _manifest(packed: zipfile.ZipFile) -> Manifest:
    try:
        info = packed.getinfo(MANIFEST)
    except KeyError as error:
        raise NoArchive(f"{packed.filename} holds no {MANIFEST}: it is no archive of ours") from error
    if info.file_size > MOST_MANIFEST_BYTES:
        raise NoArchive(f"{packed.filename}: its {MANIFEST} is too large")
    try:
        return Manifest.model_validate_json(packed.read(info))
    except (ValidationError, zipfile.BadZipFile) as error:
        raise NoArchive(f"{packed.filename}: its {MANIFEST} can't be understood") from error


def _faults(packed: zipfile.ZipFile, chain: ArchivedChain, manifest: Manifest, watch: Watch) -> list[str]:
    name = f"{chain.agent} epoch {chain.epoch} ({chain.file})"
    digest = hashlib.sha256()
    walk = Chain(chain.agent, chain.epoch, {chain.last: chain.head}, last=chain.first - 1)
    prev, outside = None, 0
    try:
        with packed.open(chain.file) as file:
            for row in watch(_rows(file, chain, digest)):
                if prev is None:
                    prev = open_sealed(Sealed(row.sha256, row.data)).prev
                outside += not _within(row, manifest)
                walk.take(row)
    except KeyError:
        return [f"{name} is missing"]
    except (BadRecord, zipfile.BadZipFile, EOFError, zipfile.zlib.error) as error:
        return [f"{name}: after record {walk.last}: {error}"]
    walk.finish()
    found = [f"{fault['record']}: {fault['reason']}" for fault in walk.broken]
    if digest.hexdigest() != chain.sha256:
        found.append(f"{name}: the file is not the one that was written; its digest is {digest.hexdigest()}")
    if tuple(walk.gaps) != chain.missing:
        found.append(f"{name}: numbers are missing: {walk.gaps}, declared were {[*chain.missing]}")
    if (prev, walk.records, walk.first, walk.last) != (chain.prev, chain.records, chain.first, chain.last):
        found.append(f"{name}: it begins, ends or counts otherwise than the manifest says")
    if outside:
        found.append(f"{name}: {outside} records lie outside the period")
    return found


def _rows(file: BinaryIO, chain: ArchivedChain, digest: hashlib._Hash) -> Iterator[Row]:
    """The file's records, each under the number that its place gives it: the walk finds where a line is not in its own."""
    while line := file.readline(MAX_LINE_BYTES + 2):
        digest.update(line)
        sealed = cut_line(line.removesuffix(b"\n"))
        record = open_sealed(sealed)
        yield Row(record.agent, record.epoch, record.seq, sealed.sha256, sealed.data, record.time_us)


def _within(row: Row, manifest: Manifest) -> bool:
    moment = utc_text(row.time_us)
    return (manifest.since is None or moment >= manifest.since) and (manifest.until is None or moment < manifest.until)

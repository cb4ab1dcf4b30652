"""An archive proven from itself, without a database: see `archive` for its format and for what that proves.

What it declares is settled before any of it is unpacked (`archive_bounds`), no more lines are read of a chain than it
has records, and after a thousand faults nobody needs another: the proof stops and says so.
"""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO

from pydantic import ValidationError

from gaugetrail_collector.evidence.archive import MANIFEST, ArchivedChain, Manifest, Watch
from gaugetrail_collector.evidence.archive_bounds import (
    MOST_MANIFEST_BYTES,
    TooMuch,
    settle_chains,
    settle_directory,
    settle_manifest,
    settle_members,
)
from gaugetrail_collector.evidence.chain import Chain
from gaugetrail_collector.stores import Row
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.counts import counted
from gaugetrail_contract.seal import MAX_LINE_BYTES, BadRecord, cut_line, open_sealed, parse_record

MOST_FAULTS = 1000
MOST_RANGES = 20
"""Gaps that one sentence names."""


class NoArchive(Exception):
    """The file is no archive that can be read; the text says why."""


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
        many = f"{counted(manifest.records, 'record')} of {counted(len(manifest.chains), 'chain')}"
        shown = [f"{word}: {many}, {period}; sha256 {self.sha256}"]
        for chain in manifest.chains:
            shown.append(f"  {chain.name}: {chain.first} to {chain.last}, head {chain.head[:16]}…")
            shown += [f"    missing in the store when it was made: {start} to {end}" for start, end in chain.missing]
        return shown + [f"  broken: {fault}" for fault in self.faults]


def verify_archive(path: Path, watch: Watch = iter) -> ArchiveProof:
    """Prove an archive from itself. Raises `NoArchive`."""
    try:
        settle_directory(path)
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        with zipfile.ZipFile(path) as packed:
            settle_members(packed, path.stat().st_size)
            manifest = _manifest(packed)
            settle_chains(packed, manifest.chains)
            faults = list(islice(_all_faults(packed, manifest, watch), MOST_FAULTS + 1))
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, TooMuch) as error:
        raise NoArchive(f"{path} can't be read as an archive: {error}") from error
    if len(faults) > MOST_FAULTS:
        faults[MOST_FAULTS] = f"more than {MOST_FAULTS} faults: what lies behind them was not looked at"
    return ArchiveProof(manifest, digest, faults)


def _all_faults(packed: zipfile.ZipFile, manifest: Manifest, watch: Watch) -> Iterator[str]:
    named = {MANIFEST, *(chain.file for chain in manifest.chains)}
    yield from (f"{name} is no part of it" for name in sorted({*packed.namelist()} - named))
    if sum(chain.records for chain in manifest.chains) != manifest.records:
        yield "the manifest's count is not the sum of its chains"
    for chain in manifest.chains:
        yield from _faults(packed, chain, manifest, watch)


def _manifest(packed: zipfile.ZipFile) -> Manifest:
    try:
        info = packed.getinfo(MANIFEST)
    except KeyError as error:
        raise NoArchive(f"{packed.filename} holds no {MANIFEST}: it is no archive of ours") from error
    if info.file_size > MOST_MANIFEST_BYTES:
        raise NoArchive(f"{packed.filename}: its {MANIFEST} is too large")
    try:
        raw = packed.read(info)
        settle_manifest(raw)
        return Manifest.model_validate_json(raw)
    except (ValidationError, zipfile.BadZipFile, zlib.error) as error:
        raise NoArchive(f"{packed.filename}: its {MANIFEST} can't be understood") from error


def _faults(packed: zipfile.ZipFile, chain: ArchivedChain, manifest: Manifest, watch: Watch) -> list[str]:
    name = f"{chain.name} ({chain.file})"
    digest = hashlib.sha256()
    walk = Chain(chain.agent, chain.epoch, {chain.last: chain.head}, branch=chain.branch, last=chain.first - 1)
    prev, outside = None, 0
    try:
        with packed.open(chain.file) as file:
            for row in watch(_rows(file, chain, digest.update)):
                prev = parse_record(row.data).prev if prev is None else prev
                outside += not _within(row, manifest)
                walk.take(row)
    except KeyError:
        return [f"{name} is missing"]
    except (BadRecord, zipfile.BadZipFile, EOFError, zlib.error) as error:
        return [f"{name}: the record after {walk.last}: {error}"]
    walk.finish()
    found = [f"{fault['record']}: {fault['reason']}" for fault in walk.broken]
    if digest.hexdigest() != chain.sha256:
        found.append(f"{name}: the file is not the one that was written; its digest is {digest.hexdigest()}")
    if tuple(walk.gaps) != chain.missing:
        found.append(f"{name}: missing are {_ranges(walk.gaps)}; declared were {_ranges(chain.missing)}")
    if (prev, walk.records, walk.first, walk.last) != (chain.prev, chain.records, chain.first, chain.last):
        found.append(f"{name}: it begins, ends or counts otherwise than the manifest says")
    if outside:
        found.append(f"{name}: {counted(outside, 'record')} {'lies' if outside == 1 else 'lie'} outside the period")
    return found


def _rows(file: IO[bytes], chain: ArchivedChain, saw: Callable[[bytes], object]) -> Iterator[Row]:
    """The file's records under the chain that the manifest names and the numbers that they say."""
    left = chain.records
    while line := file.readline(MAX_LINE_BYTES + 2):
        if not left:
            raise BadRecord(f"there are more than the {chain.records:,} that the manifest names")
        left -= 1
        saw(line)
        sealed = cut_line(line.removesuffix(b"\n"))
        record = open_sealed(sealed)
        yield Row(chain.agent, chain.epoch, record.seq, sealed.sha256, sealed.data, record.time_us, chain.branch)


def _ranges(spans: Sequence[tuple[int, int]]) -> str:
    """`3, 7 to 9`; the first ones, and how many more."""
    shown = [str(first) if first == last else f"{first} to {last}" for first, last in spans[:MOST_RANGES]]
    more = [] if len(spans) <= MOST_RANGES else [f"and {counted(len(spans) - MOST_RANGES, 'gap')} more"]
    return ", ".join(shown + more) or "none"


def _within(row: Row, manifest: Manifest) -> bool:
    moment = utc_text(row.time_us)
    return (manifest.since is None or moment >= manifest.since) and (manifest.until is None or moment < manifest.until)

"""A period of the store in one file that proves itself: records with their seals, chain heads, a manifest. No database
is needed to verify it, nor this program: it is a ZIP of wire lines and one JSON file.

`manifest.json` says the format, the period, and for each chain (of a second history of an epoch with its `branch`) its
file, how many records, the first and last number,
the seal before the first (`prev`) and of the last (`head`), the numbers that were already missing in the store, and
the SHA-256 of the file. `chains/0001.jsonl` and so on hold the wire lines in the order of their numbers.

Proven by `archive_proof`: every file is the one that the manifest names; every seal holds; each chain leads from `prev`
to `head` without another gap than those declared. Whoever rewrites all of it can't be found out from the file alone:
note the file's own SHA-256, which `archive` prints, elsewhere. Records that don't hold in the store are never archived.
"""

from __future__ import annotations

import hashlib
import itertools
import operator
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from gaugetrail_collector.evidence.archive_bounds import TooMuch, settle_manifest
from gaugetrail_collector.evidence.chain import Chain, in_order
from gaugetrail_collector.stores import Row, Store
from gaugetrail_collector.stores.question import Window
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.files import whole_file
from gaugetrail_contract.seal import ChainName, Sealed, parse_record
from gaugetrail_contract.text import Branch, Hex256, Identifier, UtcText

MANIFEST = "manifest.json"
FORMAT: Literal["gaugetrail-archive/1"] = "gaugetrail-archive/1"
_EARLIEST = (1980, 1, 1, 0, 0, 0)
"""Times of the files within the ZIP: none, so that the same records make the same file."""
Watch = Callable[[Iterator[Row]], Iterator[Row]]


class NotWhole(Exception):
    """The store's period can't be archived as it is; the text names the record at fault."""


class ArchivedChain(BaseModel):
    """One chain of the manifest."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    agent: Identifier
    epoch: Identifier
    branch: Branch = Field("", exclude_if=operator.not_, description="which history of the epoch; left out when empty")
    file: str = Field(pattern=r"^chains/[0-9]{4,9}\.jsonl$")
    sha256: Hex256
    records: int = Field(ge=1)
    first: int = Field(ge=1)
    last: int = Field(ge=1)
    prev: Hex256
    head: Hex256
    missing: tuple[tuple[int, int], ...] = Field((), description="already missing in the store: from, to")

    @property
    def name(self) -> ChainName:
        """Which one it is."""
        return ChainName(self.agent, self.epoch, self.branch)


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
    chains: list[ArchivedChain] = []
    with whole_file(path) as out, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in store.chains():
            rows = watch(in_order(store.rows(*name, window=window)))
            chain = _write_chain(packed, name, f"chains/{len(chains) + 1:04}.jsonl", rows)
            if chain is not None:
                chains.append(chain)
        manifest = Manifest(
            format=FORMAT,
            since=None if window.since_us is None else utc_text(window.since_us),
            until=None if window.until_us is None else utc_text(window.until_us),
            records=sum(chain.records for chain in chains),
            chains=tuple(chains),
        )
        packed.writestr(_entry(MANIFEST), _written(manifest))
    return manifest


def _written(manifest: Manifest) -> bytes:
    """Its text, which whoever proves the archive must be able to take. Raises `NotWhole`."""
    written = (manifest.model_dump_json(indent=2) + "\n").encode()
    try:
        settle_manifest(written)
    except TooMuch as error:
        raise NotWhole(f"this period is too long for one archive ({error}); write one for each half of it") from error
    return written


def _write_chain(packed: zipfile.ZipFile, name: ChainName, entry: str, rows: Iterator[Row]) -> ArchivedChain | None:
    first = next(rows, None)
    if first is None:
        return None
    chain, digest = Chain(name.agent, name.epoch, branch=name.branch, last=first.seq - 1), hashlib.sha256()
    with packed.open(_entry(entry), "w", force_zip64=True) as file:
        for row in itertools.chain((first,), rows):
            chain.take(row)
            if chain.broken:
                break
            line = Sealed(row.sha256, row.data).line() + b"\n"
            digest.update(line)
            file.write(line)
    chain.finish()
    if chain.broken:
        fault = chain.broken[0]
        raise NotWhole(f"{fault['record']} can't be archived: {fault['reason']}; verify names all such records")
    return ArchivedChain(
        agent=name.agent,
        epoch=name.epoch,
        branch=name.branch,
        file=entry,
        sha256=digest.hexdigest(),
        records=chain.records,
        first=chain.first,
        last=chain.last,
        prev=parse_record(first.data).prev,
        head=chain.head,
        missing=tuple(chain.gaps),
    )


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _EARLIEST)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    return entry

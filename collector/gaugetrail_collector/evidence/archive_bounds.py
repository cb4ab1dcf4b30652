"""What an archive may unpack to, settled before anything of it is unpacked.

The sizes that a ZIP declares are summed first, and held against what records can come to. A record carries the seal of
the one before it and its own, so it can't be packed into less than the 32 bytes of one SHA-256; it is a line of bounded
length; and what is packed lies in the file once. A ZIP bomb breaks one of these, whatever it is made of.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gaugetrail_contract.seal import MAX_LINE_BYTES

if TYPE_CHECKING:
    from gaugetrail_collector.evidence.archive import ArchivedChain

MOST_MANIFEST_BYTES = 16 * 1024 * 1024
MOST_LISTS = 200_000
"""Gaps and chains in one manifest, counted by their brackets."""
MOST_DIRECTORY_BYTES = 8 * 1024 * 1024
"""The list of members, which is read whole: some 100,000 of them."""
LEAST_PACKED_BYTES = 32
_END, _END_BYTES = b"PK\x05\x06", 22
_MOST_COMMENT_BYTES = 65_535


class TooMuch(Exception):
    """It declares more than an archive of ours can hold; the text says what."""


def settle_directory(path: Path) -> None:
    """Whether the list of members may be read at all. Raises `TooMuch`, `OSError`."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _END_BYTES - _MOST_COMMENT_BYTES))
        tail = file.read()
    at = tail.rfind(_END)
    if at >= 0 and int.from_bytes(tail[at + 12 : at + 16], "little") > MOST_DIRECTORY_BYTES:
        raise TooMuch("it lists more members than an archive of ours has")


def settle_members(packed: zipfile.ZipFile, size: int) -> None:
    """Whether the members, as they are declared, fit into the file, each of them once. Raises `TooMuch`."""
    members = packed.infolist()
    names = {one.filename for one in members}
    if len(names) != len(members):
        raise TooMuch("a member stands in it twice")
    if sum(one.compress_size for one in members) > size:
        raise TooMuch("its members claim more bytes than the file has: they lie over each other")


def settle_manifest(raw: bytes) -> None:
    """Whether the manifest may be understood. Raises `TooMuch`."""
    if len(raw) > MOST_MANIFEST_BYTES:
        raise TooMuch(f"its manifest has {len(raw):,} bytes")
    if raw.count(b"[") + raw.count(b"{") > MOST_LISTS:
        raise TooMuch(f"its manifest names more than {MOST_LISTS:,} chains and gaps")


def settle_chains(packed: zipfile.ZipFile, chains: Sequence[ArchivedChain]) -> None:
    """Whether each chain's file can hold the records that it should. Raises `TooMuch`."""
    files = [chain.file for chain in chains]
    if len(set(files)) != len(files):
        raise TooMuch("two chains lie in one file of it")
    declared = {one.filename: one for one in packed.infolist()}
    for chain in chains:
        member = declared.get(chain.file)
        if member is None:
            continue  # said as missing where the chain is walked
        if member.file_size > chain.records * (MAX_LINE_BYTES + 1):
            raise TooMuch(f"{chain.file} unpacks to {member.file_size:,} bytes, too many for its records")
        if member.compress_size < chain.records * LEAST_PACKED_BYTES:
            raise TooMuch(f"{chain.file} is packed more tightly than records with seals can be")

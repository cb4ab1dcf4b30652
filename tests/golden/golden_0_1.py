"""What 0.1 wrote, read for the tests: `v0_1/make.py` says how it was made. It is never made anew for a later version.

"Without a difference" means: every key and column that 0.1 gave is there with the same value; what a later version adds
is empty for records of that day.
"""

from __future__ import annotations

import csv
import io
import json
import lzma
import tarfile
from pathlib import Path
from typing import Any

FILES = Path(__file__).parent / "v0_1"


def read(name: str) -> bytes:
    """A file, unpacked."""
    return lzma.decompress((FILES / f"{name}.xz").read_bytes())


def lines(name: str) -> list[dict[str, Any]]:
    """A file of one JSON object a line."""
    return [json.loads(line) for line in read(name).splitlines()]


def messages(name: str) -> list[tuple[str, bytes]]:
    """Topic and payload of each message."""
    return [
        (one["topic"], bytes.fromhex(one["hex"]) if "hex" in one else one["payload"].encode("utf-8"))
        for one in lines(name)
    ]


def unpack(name: str, folder: Path) -> None:
    """A folder as 0.1 left it: nobody else's."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tarfile.open(FILES / f"{name}.tar.xz") as packed:
        packed.extractall(folder, filter="data")


def seals(wire_lines: bytes) -> list[str]:
    """The seals of wire lines, in their order."""
    return [json.loads(line)["sha256"] for line in wire_lines.splitlines()]


AMENDED = frozenset({"effective", "amendments"})
"""What amendments say of records, which 0.1 kept and listed, but drew nothing from."""


def differences(then: object, now: object, where: str = "") -> list[str]:
    """What is not as it was; what is new and not empty."""
    if isinstance(then, dict) and isinstance(now, dict):
        found = [f"{where}.{key} is gone" for key in then.keys() - now.keys()]
        found += [f"{where}.{key} is new: {now[key]!r}" for key in now.keys() - then.keys() - AMENDED if now[key]]
        return found + [
            one for key in then.keys() & now.keys() for one in differences(then[key], now[key], f"{where}.{key}")
        ]
    if isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        pairs = enumerate(zip(then, now, strict=True))
        return [one for number, (a, b) in pairs for one in differences(a, b, f"{where}[{number}]")]
    return [] if (type(then), then) == (type(now), now) else [f"{where}: {then!r} was, {now!r} is"]


LOST = {
    "agent": "pc1", "epoch": "f0f0f0f0f0f0", "ok": False, "records": 0, "first": 0, "last": 0, "head": "0" * 64,
    "missing": 9, "duplicates": 0, "faults": 0, "gaps": [[1, 9]], "broken": [],
}  # fmt: skip
"""What 0.1 called whole: an event of the golden store says that these nine went with a lost spool."""


def but_for_the_lost(proof: dict[str, Any]) -> dict[str, Any]:
    """A proof of the golden store without the nine, which must be named in it; what is left is to be as it was."""
    found = [one for one in proof["agents"] if differences(LOST, one) == []]
    if not found:
        return proof
    others = [one for one in proof["agents"] if one not in found]
    return proof | {"agents": others, "ok": all(one["ok"] for one in others)}


def but_for_amended(words: list[str], then: object, now: object) -> object:
    """A trace without those that it finds by what an amendment has made of them: 0.1 found them as they were alone."""
    if not isinstance(then, dict) or not isinstance(now, dict) or "inspections" not in now:
        return now
    before = {one["id"] for one in then["inspections"]}
    kept = [one for one in now["inspections"] if one["id"] in before or not _is_now(one, words)]
    return {**now, "inspections": kept}


def _is_now(one: dict[str, Any], words: list[str]) -> bool:
    changes = (one.get("effective") or {}).get("changes", {})
    return any(value in words for value in changes.values())


def parsed(words: list[str], out: str) -> object:
    """An answer of a command: JSON, lines of JSON, or the rows of a CSV."""
    if "--csv" in words or "csv" in words:
        return list(csv.DictReader(io.StringIO(out)))
    found = [json.loads(line) for line in out.splitlines()]
    return found[0] if len(found) == 1 and "ls" not in words else found

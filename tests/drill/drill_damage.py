"""Spoil the spool's files while the agent is down, as a bad disk does.

What is promised, and what is not: the agent starts by itself, whatever was done to its files. Every record whose seal
and bytes can still be read somewhere in them reaches the store. A byte that the disk has destroyed is destroyed: such a
record, if the store doesn't have it yet, is reported by its number in a record of its own (`records.damaged`,
`spool.repaired`). It counts as lost here if it is not in the store and either could have been read or was not reported.
What can be read is found by looking for the very bytes in the spoilt file and its log's current run, without SQLite or
any code of the agent.

Only operators' stations work here. What a PLC was answered last is remembered in the same file; if that is what the
disk destroys, the agent asks no further and records the PLC's standing part again: twice rather than never.
"""

from __future__ import annotations

import contextlib
import json
import random
import re
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from judge import Aside, Stored
from plant import Plant
from scenario import Result, closing, result_of, scenario

SEAL = re.compile(rb'([0-9a-f]{64})(?=\{"schema":)')
PAGE = 4096

Harm = Callable[[Path, random.Random], None]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A record that waited in the spool before the damage."""

    id: str
    sha256: str
    data: bytes


def flip_bits(spool: Path, dice: random.Random) -> None:
    """Some bits anywhere in the file."""
    content = bytearray(spool.read_bytes())
    for _ in range(dice.randint(1, 12)):
        content[dice.randrange(len(content))] ^= 1 << dice.randrange(8)
    spool.write_bytes(content)


def flip_bits_in_log(spool: Path, dice: random.Random) -> None:
    """Some bits in SQLite's log, where the newest records are."""
    log = log_of(spool)
    if log.exists() and log.stat().st_size:
        flip_bits(log, dice)


def cut_short(spool: Path, dice: random.Random) -> None:
    """The end of the file is gone, from anywhere on."""
    content = spool.read_bytes()
    spool.write_bytes(content[: dice.randrange(len(content) // 4, len(content))])


def cut_log_short(spool: Path, dice: random.Random) -> None:
    """The end of the log is gone."""
    log = log_of(spool)
    if log.exists() and log.stat().st_size:
        cut_short(log, dice)


def wipe_pages(spool: Path, dice: random.Random) -> None:
    """Two pages read as zeros or as noise."""
    content = bytearray(spool.read_bytes())
    for _ in range(2):
        start = dice.randrange(max(1, len(content) // PAGE)) * PAGE
        content[start : start + PAGE] = bytes(PAGE) if dice.random() < 0.5 else dice.randbytes(PAGE)
    spool.write_bytes(content)


def wipe_head(spool: Path, dice: random.Random) -> None:
    """The file's first hundred bytes are gone: for SQLite it is no database any more."""
    content = bytearray(spool.read_bytes())
    content[:100] = dice.randbytes(100)
    spool.write_bytes(content)


HARMS: tuple[Harm, ...] = (flip_bits, flip_bits_in_log, cut_short, cut_log_short, wipe_pages, wipe_head)


@scenario(numbers=(5,), faults=24)
def spool_spoilt(folder: Path, seed: int, faults: int) -> Result:
    """Bits flipped, ends cut off, pages wiped in the spool: what can still be read arrives, the rest is named."""
    with Plant(folder, seed) as plant:
        plant.run(agents=2, press=False)
        destroyed: list[Waiting] = []
        for number in range(faults // 2):
            plant.kill("collector")
            plant.until_told(plant.dice.randint(20, 120))
            for agent in plant.agents:
                harm = HARMS[(number + (agent == "pc2") * 3) % len(HARMS)]
                plant.kill(agent)
                destroyed += spoil(plant.data_dir(agent) / "spool.db", harm, plant.dice)
                plant.hopeless = {one.id for one in destroyed}
                plant.start_agent(agent)
            plant.start_collector()
            plant.until_stored()
        closing(plant, faults)
        return _judged(plant, faults, destroyed)


def _judged(plant: Plant, faults: int, destroyed: list[Waiting]) -> Result:
    recover = plant.arrived()
    records = plant.look().records()
    stored = {one.id for one in records}
    gone = [one for one in destroyed if one.id not in stored]
    named = Reports(records)
    for one in gone:
        if named.name(one.id):
            line = b'{"sha256":"%s","record":%s}' % (one.sha256.encode(), one.data)
            plant.written_off.append(Aside(line, "destroyed by the damage", one.id))
    result = result_of(plant.judge(), faults, recover)
    result.set_aside -= len(plant.written_off)
    result.notes.append(
        f"the damage destroyed {len(gone)} waiting records, byte for byte; {len(plant.written_off)} of them are named"
        f" by the agents' own reports; {named.epochs} new epochs"
    )
    return result


def spoil(spool: Path, harm: Harm, dice: random.Random) -> list[Waiting]:
    """Do the harm; the records waiting before that can't be found in the files any more."""
    before = waiting_in(spool)
    harm(spool, dice)
    there = set()
    for content in (spool.read_bytes(), current_frames(log_of(spool))):
        sealed = {one.sha256.encode(): one for one in before}
        for match in SEAL.finditer(content):
            one = sealed.get(match[1])
            if one is not None and content.startswith(one.data, match.end()):
                there.add(one.id)
    return [one for one in before if one.id not in there]


def waiting_in(spool: Path) -> list[Waiting]:
    """Every record without a receipt, read beside SQLite's log and leaving both as they are."""
    copies = [spool.with_name("look.db"), spool.with_name("look.db-wal")]
    for path, copy in zip((spool, log_of(spool)), copies, strict=True):
        if path.exists():
            copy.write_bytes(path.read_bytes())
    try:
        with contextlib.closing(sqlite3.connect(copies[0])) as db:
            rows = db.execute("SELECT sha256, data FROM record WHERE state = 0").fetchall()
    finally:
        for copy in (*copies, spool.with_name("look.db-shm")):
            copy.unlink(missing_ok=True)
    found = []
    for sha256, data in rows:
        content = json.loads(data)
        found.append(Waiting(f"{content['agent']}/{content['epoch']}/{content['seq']}", sha256, bytes(data)))
    return found


def log_of(spool: Path) -> Path:
    """SQLite's log beside the file."""
    return spool.with_name(spool.name + "-wal")


def current_frames(log: Path) -> bytes:
    """The pages in the log's current run: frames that carry the salts of its head. What an earlier run has left behind
    its end is SQLite's to overwrite, and is not counted as readable.
    """
    content = log.read_bytes() if log.exists() else b""
    salts = content[16:24]
    starts = range(32, len(content), 24 + PAGE)
    return b"".join(content[at + 24 : at + 24 + PAGE] for at in starts if content[at + 8 : at + 16] == salts)


class Reports:
    """What the agents' own records say of damage."""

    def __init__(self, records: Iterable[Stored]) -> None:
        self._ranges: list[tuple[str, int, int]] = []
        self._beyond: list[tuple[str, int]] = []
        self._whole: set[str] = set()
        self.epochs = 0
        for record in records:
            content = json.loads(record.data)
            if content["kind"] != "event":
                continue
            said = content["payload"]
            if content["type"] == "records.damaged":
                self._ranges.append((said["epoch"], said["from"], said["to"]))
            elif content["type"] in ("spool.repaired", "spool.restored"):
                self.epochs += 1
                self._ranges += [(epoch, first, last) for epoch, first, last in said.get("absent", ())]
                if "first_epoch" in said:
                    self._ranges.append((said["first_epoch"], 1, said["first_seq"] - 1))
                self._beyond.append((said.get("old_epoch", ""), said["last_seq"]))
                self._whole.add(said.get("known_epoch", ""))

    def name(self, record: str) -> bool:
        """Whether a report covers the number: named, or behind the last one that a repair says it has found."""
        _, epoch, text = record.split("/")
        seq = int(text)
        return (
            any(epoch == one and first <= seq <= last for one, first, last in self._ranges)
            or any(epoch == one and seq > last for one, last in self._beyond)
            or (epoch in self._whole and not any(epoch == one for one, _ in self._beyond))
        )

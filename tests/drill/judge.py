"""Holds the store against the account, by a look of its own: SQL on the SQLite file, InfluxQL on the server.

Nothing here asks the agent, and nothing uses the collector's code: seals and links are computed anew from the bytes.
Lost: a station said that the part is recorded, and it is neither in the store nor set aside with its bytes. Duplicated:
the same record twice, the same attempt at a unit twice, or more records of a unit than it was measured.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from account import Account, Unit

ZEROS = "0" * 64


@dataclass(frozen=True, slots=True)
class Stored:
    """One record as it stands: the identity and seal it is filed under, and its bytes."""

    agent: str
    epoch: str
    seq: int
    sha256: str
    data: bytes
    branch: str = ""

    @property
    def id(self) -> str:
        """What a station calls it: of two histories of an epoch, both have a record of one name."""
        return f"{self.agent}/{self.epoch}/{self.seq}"


def _ask(path: Path, question: str, bound: tuple = ()) -> list[tuple]:
    """The rows of a SQLite file beside whoever writes it; none where it has not been made yet."""
    if not path.exists():
        return []
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as db:
        try:
            return db.execute(question, bound).fetchall()
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return []
            raise


class Look(Protocol):
    """One way into a store."""

    def ids(self) -> set[str]:
        """Every record's id, quickly."""

    def has(self, record: str) -> bool:
        """Whether the record of that id is there."""

    def records(self) -> list[Stored]:
        """Every record; one that stands twice comes twice."""

    def doubled_values(self, contents: Sequence[bytes]) -> int:
        """Measured values that stand beside the records more often than these records, each given once, say."""


class SqliteLook:
    """The file, opened for reading."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def ids(self) -> set[str]:
        return {f"{agent}/{epoch}/{seq}" for agent, epoch, seq in self._rows("SELECT agent, epoch, seq FROM record")}

    def has(self, record: str) -> bool:
        agent, epoch, seq = record.split("/")
        question = "SELECT 1 FROM record WHERE agent = ? AND epoch = ? AND seq = ?"
        return bool(self._rows(question, (agent, epoch, int(seq))))

    def records(self) -> list[Stored]:
        rows = self._rows("SELECT agent, epoch, seq, sha256, data, branch FROM record")
        return [Stored(*row[:4], bytes(row[4]), row[5]) for row in rows]

    def doubled_values(self, contents: Sequence[bytes]) -> int:
        """The file holds records only."""
        return 0

    def _rows(self, question: str, bound: tuple = ()) -> list[tuple]:
        return _ask(self._path, question, bound)


class InfluxLook:
    """The server, asked with `query(InfluxQL) -> answer`."""

    def __init__(self, query) -> None:
        self._query = query

    def ids(self) -> set[str]:
        return {
            f"{row['agent']}/{row['epoch']}/{row['seq']}"
            for name in ("inspection", "event")
            for row in self._rows(f"SELECT agent, epoch, seq FROM {name}")
        }

    def has(self, record: str) -> bool:
        agent, epoch, seq = record.split("/")
        where = f"agent = '{agent}' AND epoch = '{epoch}' AND seq = {int(seq)}"
        return bool(self._rows(f"SELECT seq FROM inspection WHERE {where}"))

    def records(self) -> list[Stored]:
        return [
            Stored(
                row["agent"], row["epoch"], int(row["seq"]), row["sha256"], row["record"].encode(), row["branch"] or ""
            )
            for name in ("inspection", "event")
            for row in self._rows(f"SELECT agent, epoch, seq, sha256, record, branch FROM {name}")
        ]

    def doubled_values(self, contents: Sequence[bytes]) -> int:
        said = sum(
            one.get("value") is not None for data in contents for one in json.loads(data).get("measurements", ())
        )
        there = sum(int(row["n"]) for row in self._rows('SELECT count(value) AS n FROM "measurement"'))
        return max(0, there - said)

    def _rows(self, question: str) -> list[dict]:
        (result,) = self._query(question)["results"]
        return [
            dict(zip(series["columns"], values, strict=True))
            for series in result.get("series", ())
            for values in series["values"]
        ]


@dataclass(frozen=True, slots=True)
class Aside:
    """One entry of a collector's set-aside file."""

    raw: bytes
    reason: str
    record: str | None

    @property
    def data(self) -> bytes | None:
        """The record's bytes out of the wire line; null where the line was none."""
        return None if self.record is None else self.raw.partition(b'"record":')[2][:-1]

    @property
    def unit(self) -> Unit | None:
        """The unit of an inspection; null for anything else."""
        content = json.loads(self.data or b"{}")
        serial = content.get("serial")
        return None if serial is None else (content["agent"], content["station"], serial)


def look_aside(path: Path) -> list[Aside]:
    """Every entry; none where the file has not been made."""
    rows = _ask(path, "SELECT raw, reason, agent, epoch, seq FROM entry")
    return [
        Aside(bytes(raw), reason, None if agent is None else f"{agent}/{epoch}/{seq}")
        for raw, reason, agent, epoch, seq in rows
    ]


@dataclass(slots=True)
class Finding:
    """What the comparison has found; `trouble` says each thing in words."""

    acknowledged: int = 0
    stored: int = 0
    lost: int = 0
    duplicated: int = 0
    set_aside: int = 0
    chain_ok: bool = True
    trouble: list[str] = field(default_factory=list)


def judge(account: Account, records: Sequence[Stored], aside: Sequence[Aside] = (), doubled_values: int = 0) -> Finding:
    """Compare. `aside` is what the collectors have set aside by now."""
    told = account.told
    found = Finding(acknowledged=len(told), stored=len({(one.id, one.branch) for one in records}), set_aside=len(aside))
    kept, ended = Counter[Unit](), Counter[Unit]()
    by_id: defaultdict[str, list[dict]] = defaultdict(list)
    attempts = Counter[tuple[Unit, int, int]]()
    # What was put back or copied knows nothing of what was measured since: it counts a unit's attempts anew, and a unit
    # that was half measured then is one in both, which the one that doesn't go on with it ends as incomplete.
    forgetful = {record.agent for record in records if record.branch}
    for record in records:
        content = json.loads(record.data)
        by_id[record.id].append(content)
        if content["kind"] == "inspection":
            unit = (record.agent, content["station"], content.get("serial", ""))
            kept[unit] += 1
            ended[unit] += record.agent not in forgetful or content["verdict"] != "incomplete"
            if record.agent not in forgetful:
                attempts[unit, content["attempt"], content["piece"]] += 1
    aside_ids = {one.record for one in aside if one.record is not None}
    _losses(account, by_id, kept, aside, found)
    _doubles(account, records, ended, attempts, found)
    if doubled_values:
        found.duplicated += doubled_values
        found.trouble.append(f"{doubled_values} measured values stand in the store twice")
    for fault in chain_faults(records, aside_ids):
        found.chain_ok = False
        found.trouble.append(fault)
    return found


def _losses(
    account: Account, by_id: Mapping[str, list[dict]], kept: Counter[Unit], aside: Sequence[Aside], found: Finding
) -> None:
    aside_ids = {one.record for one in aside}
    somewhere = kept + Counter(one.unit for one in aside if one.unit is not None)
    unnamed = Counter[Unit]()
    for word in account.told:
        if word.record is None:
            unnamed[word.unit] += 1
        elif word.record in aside_ids:
            continue
        elif word.record not in by_id:
            found.lost += 1
            found.trouble.append(f"lost: {word.record}, {' '.join(word.unit)}")
        elif not any(
            one.get("serial") == word.unit[2] and one["verdict"] == word.verdict for one in by_id[word.record]
        ):
            found.lost += 1
            found.trouble.append(f"altered: {word.record} was told for {' '.join(word.unit)} {word.verdict}")
    for unit, times in unnamed.items():
        if somewhere[unit] < times:
            found.lost += times - somewhere[unit]
            found.trouble.append(f"lost: {' '.join(unit)}, told {times} times, stored {kept[unit]} times")


def _doubles(account: Account, records: Sequence[Stored], ended: Counter[Unit], attempts: Counter, found: Finding):
    began = account.began
    there = Counter(f"{record.id} {record.branch}" for record in records)
    doubles = {one: times - 1 for one, times in there.items() if times > 1}
    again = {f"{unit} attempt {attempt}": n - 1 for (unit, attempt, _), n in attempts.items() if n > 1}
    too_often = {" ".join(unit): n - began[unit] for unit, n in ended.items() if n > began[unit]}
    # One doubled record shows in more than one of the three ways.
    found.duplicated += max(sum(doubles.values()), sum(again.values()), sum(too_often.values()))
    for what, many in (("the record", doubles), ("the unit", again), ("measured less often than stored:", too_often)):
        found.trouble += [f"doubled: {what} {name}, {times} too many" for name, times in many.items()]


def chain_faults(records: Iterable[Stored], elsewhere: set[str] | frozenset[str] = frozenset()) -> list[str]:
    """Every chain's first fault: a seal that doesn't hold, a gap, a link that names another seal.

    `elsewhere` are records that are known to be set aside: their place in the chain is a known gap.
    """
    chains: defaultdict[tuple[str, str, str], list[Stored]] = defaultdict(list)
    seals: defaultdict[tuple[str, str, int], set[str]] = defaultdict(set)
    for record in records:
        chains[record.agent, record.epoch, record.branch].append(record)
        seals[record.agent, record.epoch, record.seq].add(record.sha256)
    faults = [_first_fault(sorted(chain, key=lambda one: one.seq), elsewhere, seals) for chain in chains.values()]
    return [fault for fault in faults if fault is not None]


def _first_fault(
    chain: list[Stored], elsewhere: set[str] | frozenset[str], seals: Mapping[tuple[str, str, int], set[str]]
) -> str | None:
    """A second history begins behind a record of another one, and is called by its own first seal."""
    prev, expected = ZEROS, 1
    if chain[0].branch:
        first = chain[0]
        prev, expected = json.loads(first.data)["prev"], first.seq
        if not first.sha256.startswith(first.branch):
            return f"chain: {first.id} is not what the history {first.branch} begins with"
        if first.seq > 1 and prev not in seals.get((first.agent, first.epoch, first.seq - 1), set()):
            return f"chain: the history {first.branch} of {first.id} hangs nowhere"
    for record in chain:
        content = json.loads(record.data)
        known = True
        while expected < record.seq:
            if f"{record.agent}/{record.epoch}/{expected}" not in elsewhere:
                return f"chain: {record.agent}/{record.epoch}/{expected} is missing"
            expected, known = expected + 1, False
        if hashlib.sha256(record.data).hexdigest() != record.sha256:
            return f"chain: the seal of {record.id} doesn't hold"
        if (content["agent"], content["epoch"], content["seq"]) != (record.agent, record.epoch, record.seq):
            return f"chain: {record.id} says that it is another record"
        if known and content["prev"] != prev:
            return f"chain: {record.id} doesn't name the seal before it"
        prev, expected = record.sha256, record.seq + 1
    return None

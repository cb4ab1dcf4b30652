"""Ways to tamper with a stored chain, each with what `verify` must name: the test's forger.

A chain is a list of rows as a store holds them. A mutation changes one thing in it, and says which numbers must be
named as broken, which as missing, and whether others may be named beside them.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gaugetrail_collector.stores import Row
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.seal import seal_of


@dataclass(frozen=True)
class Mutated:
    rows: list[Row]
    broken: set[int] = field(default_factory=set)
    missing: list[tuple[int, int]] = field(default_factory=list)
    also: set[int] = field(default_factory=set)
    """Numbers that may be named too, because the chain alone can't tell which of them it was."""
    witnessed: bool = False
    """Only a seal noted outside the chain can tell."""


def altered(row: Row, dice: random.Random) -> bytes:
    """The record with one field or one bit changed and everything else as it was."""
    if dice.random() < 0.3:
        at = dice.randrange(len(row.data))
        return row.data[:at] + bytes([row.data[at] ^ (1 << dice.randrange(7))]) + row.data[at + 1 :]
    record = json.loads(row.data)
    change(record, dice)
    return json.dumps(record, separators=(",", ":")).encode()


def change(record: dict[str, Any], dice: random.Random) -> None:
    if record["kind"] == "inspection":
        field = dice.choice(["value", "usl", "serial", "operator", "mono_ns"])
    else:
        field = "type" if record["kind"] == "event" else "new"
    if field in ("value", "usl"):
        record["measurements"][0][field] = f"75.{dice.randint(100, 999)}"
    elif field == "mono_ns":
        record[field] += 1
    else:
        record[field] += "0"


def forged(row: Row, dice: random.Random, **changes: object) -> Row:
    """Another record in its place, sealed anew by the rules."""
    record = json.loads(row.data)
    change(record, dice)
    data = json.dumps(record | changes, separators=(",", ":")).encode()
    return replace(row, data=data, sha256=seal_of(data))


def put(rows: Sequence[Row], *changed: Row) -> list[Row]:
    by_seq = {row.seq: row for row in changed}
    return [by_seq.get(row.seq, row) for row in rows]


def alter_field(rows: list[Row], dice: random.Random) -> Mutated:
    row = dice.choice(rows)
    return Mutated(put(rows, replace(row, data=altered(row, dice))), {row.seq})


def alter_seal(rows: list[Row], dice: random.Random) -> Mutated:
    row = dice.choice(rows)
    return Mutated(put(rows, replace(row, sha256=seal_of(dice.randbytes(8)))), {row.seq})


def move_in_time(rows: list[Row], dice: random.Random) -> Mutated:
    """Filed under another moment than its own, before or after its neighbours."""
    row = dice.choice(rows)
    return Mutated(
        put(rows, replace(row, time_us=row.time_us + dice.choice([-3_500_000, -1, 1, 2_500_000]))), {row.seq}
    )


def remove(rows: list[Row], dice: random.Random) -> Mutated:
    first = dice.randrange(len(rows) - 1)
    count = dice.randint(1, min(3, len(rows) - 1 - first))
    return Mutated(rows[:first] + rows[first + count :], missing=[(first + 1, first + count)])


def swap(rows: list[Row], dice: random.Random) -> Mutated:
    one, other = dice.sample(rows, 2)
    return Mutated(put(rows, exchange(one, other), exchange(other, one)), {one.seq, other.seq})


def exchange(place: Row, content: Row) -> Row:
    return replace(place, data=content.data, sha256=content.sha256)


def forge(rows: list[Row], dice: random.Random) -> Mutated:
    """A field changed and the seal made anew; the record after it gives it away."""
    row = dice.choice(rows[:-1])
    last_but_one = row.seq == rows[-2].seq
    return Mutated(put(rows, forged(row, dice)), {row.seq}, also={rows[-1].seq} if last_but_one else set())


def forge_the_last(rows: list[Row], dice: random.Random) -> Mutated:
    return Mutated(put(rows, forged(rows[-1], dice)), {rows[-1].seq}, witnessed=True)


def cut_short(rows: list[Row], dice: random.Random) -> Mutated:
    left = dice.randrange(1, len(rows))
    return Mutated(rows[:left], missing=[(left + 1, len(rows))], witnessed=True)


def rewrite_from_here(rows: list[Row], dice: random.Random) -> Mutated:
    """Forged, and every record after it sealed anew upon the forgery: a whole chain that holds, but not to the seal
    that was noted."""
    start = dice.randrange(len(rows))
    made = list(rows[:start])
    for row in rows[start:]:
        made.append(forged(row, dice, **({"prev": made[-1].sha256} if made else {})))
    return Mutated(made, {rows[-1].seq}, witnessed=True)


def insert(rows: list[Row], dice: random.Random) -> Mutated:
    """A forgery put between two records, the rest moved up by one number."""
    at = dice.randrange(len(rows))
    row = rows[at]
    extra = forged(row, dice)
    moved = [replace(one, seq=one.seq + 1, time_us=one.time_us + 500) for one in rows[at:]]
    return Mutated([*rows[:at], extra, *moved], {row.seq, *(one.seq for one in moved)})


def append(rows: list[Row], dice: random.Random) -> Mutated:
    """A record behind the last that doesn't follow from it."""
    last = rows[-1]
    changes = {"seq": last.seq + 1, "time": utc_text(last.time_us + 777), "prev": seal_of(b"no such record")}
    extra = replace(forged(last, dice, **changes), seq=last.seq + 1, time_us=last.time_us + 777)
    return Mutated([*rows, extra], {extra.seq}, also={last.seq})


MUTATIONS: list[Callable[[list[Row], random.Random], Mutated]] = [
    *(alter_field, alter_seal, move_in_time, remove, swap, forge, forge_the_last),
    *(cut_short, rewrite_from_here, insert, append),
]

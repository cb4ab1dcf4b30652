"""The spool: the one durable buffer between a gauge and the store.

Constraints
-----------
- Once the future of `append` has its result, the record survives a power cut (as far as the disk keeps what it synced).
- Records are sealed in append order: `seq` gapless from 1 in an epoch, each naming the seal before, time strictly
  rising and greater than every moment handed out by `ticker` before; only a new epoch may begin at an earlier one.
- A number is never sealed twice in an epoch: where a file can't prove that it knows the last one, a new epoch begins.
- A record leaves only when a receipt has named it, and even then stays within a byte budget (`keep_bytes`).
- A full disk or a full spool refuses the new record (`SpoolFull`); nothing that is already in is touched, but for
  classes of records that a control plan has given up, and their loss is a record (`room.drop_lowest`).
- A record whose seal doesn't hold is never sent; a spoilt file is repaired, never in the way of a start.
- One agent a file: a second one is refused, and so is a file that a newer version has written.

Format: `schema`; the small file beside it: `bookmark`.

Operation
---------
One writer thread does all writing (`writer`; what it is asked for: `jobs`). It takes everything that waits (group
commit), seals each body inside one transaction (`sealing`), commits (one fsync for all) and only then resolves the
futures. Idle, a lone append is committed at once. Receipts are marked by the same thread, without hurry: losing a mark
costs a resend and nothing else. Between groups it takes one small step of tidying (`room`).

A new epoch also begins in the running spool, where a part of the agent asks for one (`Spool.begin_epoch`); its first
record is an event that says why.

Recovery
--------
SQLite rolls back what was not committed; nobody was told of it. The chain goes on from the last row. Times go on from
the greatest moment in the file, even if the wall clock has gone back since. Damage: `opening`, `repair`,
`salvage_pages`, `salvage_log`.
"""

from gaugetrail_agent.spool.spool import Spool
from gaugetrail_agent.spool.visit import statistics
from gaugetrail_agent.spool.words import (
    ALWAYS,
    REFUSE,
    Appended,
    Confirmed,
    OldEpoch,
    Origin,
    Room,
    SpoolBroken,
    SpoolFull,
    StillHere,
    Waiting,
)

__all__ = [
    "ALWAYS",
    "REFUSE",
    "Appended",
    "Confirmed",
    "OldEpoch",
    "Origin",
    "Room",
    "Spool",
    "SpoolBroken",
    "SpoolFull",
    "StillHere",
    "Waiting",
    "statistics",
]

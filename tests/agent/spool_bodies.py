"""What spool tests share: bodies, an open spool, what a crash leaves behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from gaugetrail_agent.spool import Appended, Spool
from gaugetrail_contract.clock import FixedClock
from gaugetrail_contract.events.registry import payload_of
from gaugetrail_contract.receipts import NotStored, Receipt
from gaugetrail_contract.record import (
    FIRST_PREV,
    Capture,
    CharacteristicKind,
    Event,
    Inspection,
    InspectionBody,
    Measurement,
    PlanRef,
    Record,
    Verdict,
)
from gaugetrail_contract.seal import open_sealed


def body(
    serial: str | None = "SN1", *, lot: str | None = None, started: str = "2026-11-23T08:00:00.000000Z"
) -> InspectionBody:
    return InspectionBody(
        site="s",
        line="l",
        station="OP10",
        part="P",
        serial=serial,
        lot=lot,
        plan=PlanRef(id="CP", revision="A", sha256="0" * 64),
        verdict=Verdict.PASS,
        started=started,
        duration_ms=1,
    )


def large_body(serial: str, values: int) -> InspectionBody:
    """Some 150 bytes a value."""
    measured = tuple(
        Measurement(
            characteristic=f"bore-{number}",
            kind=CharacteristicKind.VARIABLE,
            capture=Capture.TYPED,
            value="1.500",
            unit="mm",
            verdict=Verdict.PASS,
            time="2026-11-23T08:00:00.000000Z",
        )
        for number in range(values)
    )
    return msgspec.structs.replace(body(serial), measurements=measured)


@contextmanager
def spool(path: Path, clock: FixedClock | None = None, **more: int) -> Iterator[Spool]:
    one = Spool(path / "spool.db", agent="pc1", clock=clock or FixedClock(), **more)
    one.open()
    try:
        yield one
    finally:
        one.close()


def put(one: Spool, count: int, start: int = 1) -> list[Appended]:
    return [future.result(10) for future in [one.append(body(f"SN{n}")) for n in range(start, start + count)]]


def settle(one: Spool) -> None:
    """Wait until the writer has done all it was given, and one step of tidying before this."""
    one.remember("settled", "yes").result(10)


def receipt(one: Spool, *ranges: tuple[int, int, str], aside: tuple[NotStored, ...] = ()) -> Receipt:
    return Receipt(epoch=one.epoch, stored=ranges, set_aside=aside)


def records(one: Spool) -> list[Record]:
    """All that waits, each proven."""
    return [open_sealed(entry.sealed) for entry in one.waiting(0, 10_000_000)]


def inspections(one: Spool) -> list[Inspection]:
    """The units among what waits."""
    return [record for record in records(one) if isinstance(record, Inspection)]


def chained(one: Spool, epoch: str) -> list[int]:
    """The numbers of an epoch that wait, once their chain is proven from one to the next."""
    prev: dict[int, str] = {0: FIRST_PREV}
    numbers = []
    for entry in one.waiting(0, 10_000_000):
        record = open_sealed(entry.sealed)
        if record.epoch == epoch:
            assert prev.get(record.seq - 1, record.prev) == record.prev
            prev[record.seq] = entry.sealed.sha256
            numbers.append(record.seq)
    return numbers


def events(one: Spool) -> list[Event]:
    """The agent's own events among what waits, without who came and went; each reads by its type's model."""
    return [event for event in all_events(one) if not event.type.startswith("person.")]


def all_events(one: Spool) -> list[Event]:
    """The agent's own events among what waits; each is of a known type and reads by its model."""
    found = [record for record in records(one) if isinstance(record, Event)]
    for event in found:
        assert payload_of(event.type, event.subject.kind, event.payload) is not None, event.payload
    return found


FILES = ("spool.db", "spool.db-wal", "spool.mark")


def lying_there(folder: Path) -> dict[str, bytes]:
    """The files as they lie on the disk at this moment: what a crash would leave."""
    return {name: (folder / name).read_bytes() for name in FILES if (folder / name).exists()}


def lay(folder: Path, files: dict[str, bytes]) -> None:
    """Put files back in place, as a crash leaves them: in the same file, not in a copy of it."""
    for name in FILES:
        if name in files:
            (folder / name).write_bytes(files[name])
        else:
            (folder / name).unlink(missing_ok=True)
    (folder / "spool.db-shm").unlink(missing_ok=True)

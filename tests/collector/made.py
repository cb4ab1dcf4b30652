"""Records made for the store tests: sealed and opened as a collector gets them, chains as an agent writes them."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import msgspec
from samples import T0, head, inspection, measurement

from gaugetrail_contract.clock import ClockTrust, utc_text
from gaugetrail_contract.record import FIRST_PREV, Body, EventBody, Subject
from gaugetrail_contract.seal import Opened, open_line, seal

AGENT = "line1-pc1"
EPOCH = "abcdefgh"


def opened(
    seq: int = 1,
    serial: str | None = None,
    *,
    body: Body | None = None,
    agent: str = AGENT,
    epoch: str = EPOCH,
    prev: str | None = None,
    time_us: int | None = None,
    slot: int | None = None,
    clock: ClockTrust = ClockTrust.SYNCED,
    **fields: object,
) -> Opened:
    """One record. Its measurements' times lie just before its own, as a station writes them.

    Chains differ in the last digits of their times, and agents in their slots, as they do in a plant.
    """
    at = T0 + seq * 1000 + zlib.crc32(f"{agent} {epoch}".encode()) % 899 if time_us is None else time_us
    slot = zlib.crc32(agent.encode()) % 1000 if slot is None else slot
    if body is None:
        measurements = tuple(measurement(number, time=utc_text(at - 10 + number)) for number in range(2))
        body = inspection(serial or f"SN{seq:06}", **({"measurements": measurements} | fields))
    top = head(body, seq, (FIRST_PREV if seq == 1 else "1" * 64) if prev is None else prev, agent, epoch)
    changes = {"time": utc_text(at), "slot": slot, "clock": clock}
    return open_line(seal(msgspec.structs.replace(top, **changes), body).line())


def chain(count: int, agent: str = AGENT, epoch: str = EPOCH, first: int = 1) -> list[Opened]:
    """`count` inspections, each naming the seal before it."""
    made: list[Opened] = []
    for seq in range(first, first + count):
        made.append(opened(seq, agent=agent, epoch=epoch, prev=made[-1].sealed.sha256 if made else None))
    return made


def event(
    seq: int, subject: str = "CP-1", agent: str = AGENT, epoch: str = EPOCH, time_us: int | None = None
) -> Opened:
    """An event about a control plan."""
    body = EventBody(
        site="plant1", line="line1", station="OP20", type="plan_changed", subject=Subject(kind="plan", id=subject)
    )
    return opened(seq, body=body, agent=agent, epoch=epoch, time_us=time_us)


@dataclass(frozen=True)
class Twin:
    """A record and another under its identity."""

    first: Opened
    other: Opened


def twin(seq: int = 1, **fields: object) -> Twin:
    """Two records of one identity, as a restored spool or a forger makes them; by default they differ in the serial."""
    return Twin(opened(seq), opened(seq, **({"serial": "SN-OTHER"} | fields)))

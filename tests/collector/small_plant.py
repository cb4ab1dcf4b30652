"""A plant's records for the tests that ask: chains as agents write them, with units, lots, gauges, events, amendments.

Everything comes from a seed, so that two stores hold the same records and a failure can be repeated.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import msgspec
from samples import T0, amendment, head, inspection, measurement

from gaugetrail_collector.stores import Store
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.record import FIRST_PREV, Body, EventBody
from gaugetrail_contract.seal import Opened, open_line, seal

SECOND = 1_000_000
DAY = 86_400 * SECOND


def chained(
    bodies: Sequence[Body],
    agent: str = "pc1",
    epoch: str = "abcdefgh",
    start_us: int = T0,
    step_us: int = SECOND,
    slot: int = 7,
) -> list[Opened]:
    """The bodies sealed one after the other by one agent, `step_us` apart. Agents of a plant have their own slots."""
    made: list[Opened] = []
    for seq, body in enumerate(bodies, 1):
        prev = made[-1].sealed.sha256 if made else FIRST_PREV
        moved = {"time": utc_text(start_us + seq * step_us), "slot": slot}
        top = msgspec.structs.replace(head(body, seq, prev, agent, epoch), **moved)
        made.append(open_line(seal(top, body).line()))
    return made


def units(count: int, seed: int = 0, start_us: int = T0, step_us: int = SECOND, **changes: object) -> list[Body]:
    """`count` inspections, a `step_us` apart like the chain that they are for; serials from the seed."""
    dice = random.Random(seed)
    made: list[Body] = []
    for number in range(1, count + 1):
        at = start_us + number * step_us
        value = f"{74 + dice.randint(-60, 60) / 1000:.3f}"
        good = 73.95 <= float(value) <= 74.05
        bore = measurement(
            0, value=value, verdict="pass" if good else "fail", time=utc_text(at - 20), gauge=f"G-{dice.randint(1, 3)}"
        )
        fields: dict[str, object] = {
            "measurements": (bore, measurement(1, time=utc_text(at - 10), gauge="G-9")),
            "verdict": "pass" if good else "fail",
            "lot": f"L{dice.randint(1, 4)}",
            "order": f"PO-{dice.randint(1, 2)}",
            "components": (f"C{seed}-{number}",),
        }
        made.append(inspection(f"SN{seed}-{number:05}", **(fields | changes)))
    return made


def happening(kind: str, subject_kind: str, subject: str, **payload: object) -> EventBody:
    """An event of that type about that subject."""
    return msgspec.convert(
        {
            "site": "plant1",
            "line": "line1",
            "station": "OP20",
            "type": kind,
            "subject": {"kind": subject_kind, "id": subject},
            "payload": payload,
        },
        EventBody,
    )


def correction(target: Opened, **changes: object) -> Body:
    """An amendment of that record."""
    body = msgspec.structs.replace(amendment(target.record.id), target_sha256=target.sealed.sha256)
    return msgspec.structs.replace(body, **changes)


def fill(store: Store, records: Sequence[Opened]) -> None:
    """Store them all, in batches, and make sure that each is."""
    for start in range(0, len(records), 500):
        outcomes = store.write(records[start : start + 500])
        assert {str(outcome.fate) for outcome in outcomes} == {"stored"}, outcomes

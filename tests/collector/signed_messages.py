"""Chains of small records and the messages they travel in, signed or not."""

from __future__ import annotations

from collections.abc import Sequence

from gaugetrail_contract.clock import ClockTrust, utc_text
from gaugetrail_contract.record import FIRST_PREV, Head, InspectionBody, PlanRef, Verdict
from gaugetrail_contract.seal import Sealed, link_of, seal
from gaugetrail_contract.signing import Signer

KEY, FORGER = Signer.new(), Signer.new()
T0 = 1_790_000_000_000_000


def sealed_chain(
    count: int, agent: str = "pc1", epoch: str = "abcdefgh", *, start: int = 1, prev: str = FIRST_PREV, mark: str = "SN"
) -> list[Sealed]:
    """Records `start` to `start + count - 1` of a chain, each naming the one before."""
    chain: list[Sealed] = []
    for seq in range(start, start + count):
        body = InspectionBody(
            site="s",
            line="l",
            station="OP10",
            part="P",
            serial=f"{mark}{seq}",
            plan=PlanRef(id="CP", revision="A", sha256="0" * 64),
            verdict=Verdict.PASS,
            started=utc_text(T0),
            duration_ms=1,
        )
        head = Head(
            kind="inspection",
            agent=agent,
            epoch=epoch,
            seq=seq,
            prev=chain[-1].sha256 if chain else prev,
            time=utc_text(T0 + seq * 1000),
            utc_offset_min=0,
            clock=ClockTrust.SYNCED,
            mono_ns=seq,
            boot="boot-1",
            slot=7,
        )
        chain.append(seal(head, body))
    return chain


def message(records: Sequence[Sealed], signer: Signer | None = None, agent: str = "pc1") -> bytes:
    """The payload that an agent sends."""
    lines = [sealed.line() for sealed in records]
    if signer is not None:
        link = link_of(records[-1].data)
        lines.append(signer.records(agent, link.epoch, link.seq, [sealed.sha256 for sealed in records]))
    return b"\n".join(lines)

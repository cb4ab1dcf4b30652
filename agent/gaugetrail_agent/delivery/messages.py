"""From an order to a message: reads the spool, joins records of one epoch, signs them with the agent's key."""

from __future__ import annotations

from dataclasses import dataclass

from gaugetrail_agent.delivery.lanes import Lane, Order
from gaugetrail_agent.spool import Spool, Waiting
from gaugetrail_contract.seal import Link, link_of
from gaugetrail_contract.signing import Signer

MESSAGE_BYTES = 200_000
SIGNATURE_BYTES = 600
"""A signature's line is shorter."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message: its payload, the numbers in it as the order counts them, and what was asked for and is gone."""

    payload: bytes = b""
    numbers: tuple[int, ...] = ()
    gone: tuple[tuple[int, int], ...] = ()


class Outbox:
    """Fills messages for one agent; unsigned ones where there is no signer."""

    def __init__(self, spool: Spool, agent: str, signer: Signer | None) -> None:
        self._spool = spool
        self._agent = agent
        self._signer = signer

    def fill(self, order: Order, most_bytes: int = MESSAGE_BYTES) -> Outgoing:
        """The message that the order asks for; without numbers where the spool has nothing of it to send. It is larger
        than `most_bytes` only where its one record is.
        """
        lines_most = min(MESSAGE_BYTES, most_bytes - (SIGNATURE_BYTES if self._signer is not None else 0))
        if order.lane is Lane.ASKED:
            again = self._spool.again(order.epoch, order.first, order.last, order.most)
            return self._pack(again.records, lines_most, by_place=False, gone=again.gone)
        found = self._spool.waiting(order.first - 1, order.most)
        return self._pack([one for one in found if one.place <= order.last], lines_most, by_place=True)

    def _pack(
        self, found: list[Waiting], most: int, *, by_place: bool, gone: tuple[tuple[int, int], ...] = ()
    ) -> Outgoing:
        lines: list[bytes] = []
        numbers: list[int] = []
        size = 0
        last: Link | None = None
        for one in found:
            link = link_of(one.sealed.data)
            line = one.sealed.line()
            if last is not None and (size + len(line) > most or link.epoch != last.epoch):
                break
            lines.append(line)
            numbers.append(one.place if by_place else link.seq)
            size += len(line) + 1
            last = link
        if self._signer is not None and last is not None:
            seals = [one.sealed.sha256 for one in found[: len(lines)]]
            lines.append(self._signer.records(self._agent, last.epoch, last.seq, seals))
        return Outgoing(b"\n".join(lines), tuple(numbers), gone)

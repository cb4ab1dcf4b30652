"""Load for the collector's benchmark: sealed inspections of several agents as signed MQTT messages, and their lines.

An inspection as a line makes it: six measured characteristics, found by serial, lot, order and operator. It makes 11
points: one that carries the record, six measurements, four trace points. A small one, as a counter makes it: one
characteristic, found by its serial; three points.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "contract"))

import msgspec
from samples import head, inspection, measurement

from gaugetrail_collector.stores.lines import lines_of
from gaugetrail_contract import topics
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.record import FIRST_PREV
from gaugetrail_contract.seal import cut_line, open_line, seal
from gaugetrail_contract.signing import Signer

CHARACTERISTICS = 6
AGENTS = 4
EPOCH = "abcdefgh"
START_US = 1_795_600_000_000_000


@dataclass
class Load:
    """What one round sends: messages by topic, and what comes of them."""

    messages: list[tuple[str, bytes]] = field(default_factory=list)
    records: int = 0
    measurements: int = 0
    points: int = 0
    last_seq: dict[str, int] = field(default_factory=dict)
    """The number that each agent's last receipt must reach."""
    lines: list[list[str]] = field(default_factory=list)
    """The lines of each message, ready made."""


class Line:
    """Agents that go on from round to round, as agents do. Their lots have `lot_size` pieces."""

    def __init__(self, name: str = "pc", lot_size: int = 500, unit: str = "mm", operator: str = "OP") -> None:
        self._name, self._lot_size, self._unit, self._operator = name, lot_size, unit, operator
        self._seq = dict.fromkeys((f"{name}{number}" for number in range(AGENTS)), 0)
        self._prev = dict.fromkeys(self._seq, FIRST_PREV)
        self._signers = {agent: Signer.new() for agent in self._seq}

    def work(self, records: int, a_message: int, *, small: bool = False) -> Load:
        """So many inspections, so many of them a message, the agents taking turns."""
        load = Load()
        agents = list(self._seq)
        while load.records < records:
            agent = agents[len(load.messages) % AGENTS]
            lines = [self._inspect(agent, small=small) for _ in range(min(a_message, records - load.records))]
            signature = self._signers[agent].records(
                agent, EPOCH, self._seq[agent], [cut_line(one).sha256 for one in lines]
            )
            load.messages.append((topics.records(agent), b"\n".join([*lines, signature])))
            load.lines.append([line for one in lines for line in lines_of(open_line(one))])
            load.records += len(lines)
            load.last_seq[agent] = self._seq[agent]
        load.measurements = load.records * (1 if small else CHARACTERISTICS)
        load.points = sum(map(len, load.lines))
        return load

    def _inspect(self, agent: str, *, small: bool) -> bytes:
        seq = self._seq[agent] = self._seq[agent] + 1
        number = int(agent.removeprefix(self._name))
        at = START_US + seq * 100_000 + number * 100
        measured = tuple(
            measurement(
                one,
                time=utc_text(at - 50 + one),
                value=f"74.0{(seq * 7 + one) % 50:02}",
                gauge=f"G-{one}",
                unit=self._unit,
            )
            for one in range(1 if small else CHARACTERISTICS)
        )
        found_by = {
            "lot": f"L{seq // self._lot_size}",
            "order": f"WO-{seq // (4 * self._lot_size)}",
            "operator": f"{self._operator}-{number}{seq // 1000 % 3}",
        }
        body = inspection(
            f"SN{number}{seq:09}",
            measurements=measured,
            station=f"OP{number}0",
            **(dict.fromkeys(found_by) if small else found_by),
        )
        top = head(body, seq, self._prev[agent], agent, EPOCH)
        sealed = seal(msgspec.structs.replace(top, time=utc_text(at), slot=number), body)
        self._prev[agent] = sealed.sha256
        return sealed.line()

"""Load for the collector's benchmark: sealed inspections of several agents as MQTT messages, and the lines of the same.

An inspection as a line makes it: six measured characteristics, found by serial, lot, order and operator. It makes 11
points: one that carries the record, six measurements, four trace points.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "contract"))

from samples import head, inspection, measurement

from gaugetrail_collector.stores.lines import lines_of
from gaugetrail_contract import topics
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.record import FIRST_PREV
from gaugetrail_contract.seal import open_line, seal

CHARACTERISTICS = 6
AGENTS = 4
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
    """Agents that go on from round to round, as agents do."""

    def __init__(self) -> None:
        self._seq = dict.fromkeys((f"pc{number}" for number in range(AGENTS)), 0)
        self._prev = dict.fromkeys(self._seq, FIRST_PREV)

    def work(self, records: int, a_message: int) -> Load:
        """So many inspections, so many of them a message, the agents taking turns."""
        load = Load()
        agents = list(self._seq)
        while load.records < records:
            agent = agents[len(load.messages) % AGENTS]
            lines = [self._inspect(agent) for _ in range(min(a_message, records - load.records))]
            load.messages.append((topics.records(agent), b"\n".join(lines)))
            load.lines.append([line for one in lines for line in lines_of(open_line(one))])
            load.records += len(lines)
            load.last_seq[agent] = self._seq[agent]
        load.measurements = load.records * CHARACTERISTICS
        load.points = sum(map(len, load.lines))
        return load

    def _inspect(self, agent: str) -> bytes:
        seq = self._seq[agent] = self._seq[agent] + 1
        number = int(agent.removeprefix("pc"))
        at = START_US + seq * 100_000 + number * 100
        measured = tuple(
            measurement(one, time=utc_text(at - 50 + one), value=f"74.0{(seq * 7 + one) % 50:02}", gauge=f"G-{one}")
            for one in range(CHARACTERISTICS)
        )
        body = inspection(
            f"SN{number}{seq:09}",
            measurements=measured,
            station=f"OP{number}0",
            lot=f"L{seq // 500}",
            order=f"WO-{seq // 2000}",
            operator=f"OP-{number}{seq // 1000 % 3}",
        )
        top = head(body, seq, self._prev[agent], agent).model_copy(update={"time": utc_text(at), "slot": number})
        sealed = seal(top, body)
        self._prev[agent] = sealed.sha256
        return sealed.line()

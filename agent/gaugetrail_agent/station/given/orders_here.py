"""The orders of this line as they stand at a moment, and the one that a station works at. Pure data, but for `read`,
which looks an order's text up where it is kept.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from gaugetrail_agent.languages.sentences import Sentence
from gaugetrail_contract.distribution.listing import ListedEdition
from gaugetrail_contract.documents.order import OrderDocument
from gaugetrail_contract.record import InspectionBody, Verdict

MOST_OPEN = 1_000
"""Units of an order that were measured and haven't passed, which are remembered."""


@dataclass(frozen=True, slots=True)
class OrdersHere:
    """Order -> its edition in force, or why nobody may work at it."""

    orders: Mapping[str, ListedEdition | Sentence] = field(default_factory=dict)
    read: Callable[[ListedEdition], OrderDocument | Sentence] | None = field(default=None, compare=False)
    """The order in an edition; or why it can't be had."""


@dataclass(frozen=True, slots=True)
class OrderCount:
    """How many units of an order are good at a station: each once, however often it is measured."""

    done: int = 0
    open: tuple[str, ...] = ()
    """Those that were measured and haven't passed, the last `MOST_OPEN`."""

    def with_unit(self, body: InspectionBody) -> OrderCount:
        """A unit is recorded. A unit without a serial counts each time that it passes."""
        passed, serial = body.verdict is Verdict.PASS, body.serial
        if serial is None:
            return replace(self, done=self.done + passed)
        rest = tuple(one for one in self.open if one != serial)
        if not passed:
            known = body.attempt > 1 and serial not in self.open
            return self if known else replace(self, open=(*rest, serial)[-MOST_OPEN:])
        new = body.attempt == 1 or serial in self.open
        return OrderCount(self.done + new, rest)

    def text(self) -> str:
        """As the spool keeps it."""
        return json.dumps({"done": self.done, "open": self.open}, ensure_ascii=False)

    @classmethod
    def read(cls, text: str | None) -> OrderCount:
        """What `text` wrote; nothing done for anything else."""
        try:
            said = json.loads(text or "{}")
            return cls(int(said.get("done", 0)), tuple(map(str, said.get("open", ()))))
        except (ValueError, TypeError, AttributeError):
            return cls()


@dataclass(frozen=True, slots=True)
class OrderAtWork:
    """The order that a station works at, by an edition of it."""

    order: OrderDocument
    edition: ListedEdition
    count: OrderCount = OrderCount()

    @property
    def is_full(self) -> bool:
        """Whether as many units are good as were ordered."""
        return self.count.done >= self.order.quantity


def count_key(station: str, order: str) -> str:
    """Where the spool remembers the station's count of an order."""
    return f"order done/{station}/{order}"


def order_key(station: str) -> str:
    """Where the spool remembers at which order the station works."""
    return f"order in hand/{station}"

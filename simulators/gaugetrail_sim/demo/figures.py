"""The demo's outcome in figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Figures:
    """The demo's outcome."""

    sealed: int
    stored: int
    lost: int
    duplicated: int
    set_aside: int
    p50: float | None
    p99: float | None
    verify: dict[str, Any]
    trace_serial: str
    store: str
    acknowledged: int
    first_pass_yield: float
    broker: str
    units: int
    new_plan_from: str
    """The first unit that was measured by the plan's next revision."""
    wrong_values: tuple[str, ...]
    refused: int
    order_done: str = ""
    """How many good units of the order, of how many."""

    @property
    def good(self) -> bool:
        """Whether the demo shows what it promises."""
        whole = self.sealed == self.stored > 0 and not self.lost and not self.duplicated and not self.wrong_values
        return whole and self.verify.get("ok") is True

    def as_json(self) -> dict[str, object]:
        """What `--json` prints."""
        return {
            "sealed": self.sealed,
            "stored": self.stored,
            "lost": self.lost,
            "duplicated": self.duplicated,
            "set_aside": self.set_aside,
            "latency_ms": {"p50": self.p50, "p99": self.p99},
            "verify": {"ok": self.verify.get("ok") is True},
            "trace_serial": self.trace_serial,
            "store": self.store,
            "acknowledged": self.acknowledged,
            "first_pass_yield": round(self.first_pass_yield, 4),
            "broker": self.broker,
            "units": self.units,
            "new_plan_from": self.new_plan_from,
            "wrong_values": len(self.wrong_values),
            "refused": self.refused,
            "order_done": self.order_done,
        }

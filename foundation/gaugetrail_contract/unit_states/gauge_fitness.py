"""Whether a gauge is blocked by what was said of it. The gauge register has its own word; the stricter one counts."""

from __future__ import annotations

from collections.abc import Iterable

from gaugetrail_contract.unit_states.changes import JUDGING
from gaugetrail_contract.unit_states.said import GaugeWordSaid


def blocked_by(words: Iterable[GaugeWordSaid]) -> GaugeWordSaid | None:
    """The word that blocks it; null: none does. A block is lifted by a later check that passed, or by the role."""
    blocked: GaugeWordSaid | None = None
    for word in sorted(words, key=lambda one: one.order):
        if word.state == "blocked":
            blocked = word
        elif may_lift(word.check, word.role):
            blocked = None
    return blocked


def may_lift(check: str | None, role: str | None) -> bool:
    """Whether that is enough to find a gauge fit: the record of a check that passed, or a role that may."""
    return check is not None or JUDGING.include(role)

"""What a station knows of units, lots and gauges: the line's list, and what was said here and isn't in the list yet. Of
the list, too, are the answers of the office to suggestions.

Promise: of two words on one thing the later one counts, whichever way it came; a word that nobody may say changes
nothing. Without a list what was said here counts alone. Pure, and never changed: a new word makes a new `HeldNow`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from gaugetrail_contract.clock import utc_us
from gaugetrail_contract.holds.listing import ANSWER, FIT, Listed, ListedState, listed_gauge, listed_unit
from gaugetrail_contract.record.parts import UnitState
from gaugetrail_contract.unit_states.changes import refusal
from gaugetrail_contract.unit_states.folding import StateNow
from gaugetrail_contract.unit_states.gauge_fitness import may_lift
from gaugetrail_contract.unit_states.said import About, GaugeWordSaid, StateWordSaid

STATES = frozenset(UnitState)
REFUSED = frozenset({UnitState.HOLD, UnitState.SCRAP, UnitState.FAIL})
"""A unit in one of these isn't measured on; in rework, or with a concession, it is, and its record says so."""
_KINDS: Mapping[str, Listed] = {"serial": "unit", "lot": "lot"}


@dataclass(frozen=True, slots=True)
class HeldNow:
    """A lookup for stations."""

    entries: Mapping[tuple[str, str], ListedState] = field(default_factory=dict)
    said_us: int | None = None
    """When the collector said the list last; null: none has come, and only what was said here is known."""
    answers: tuple[ListedState, ...] = ()
    """What the office answered to suggestions of the line, the oldest first."""

    def of_unit(self, serial: str, now_us: int) -> ListedState | None:
        """What is known of the unit itself; null: nothing."""
        return self._at("unit", serial, now_us)

    def of_lot(self, lot: str, now_us: int) -> ListedState | None:
        """What is known of the lot."""
        return self._at("lot", lot, now_us)

    def barred(self, serial: str | None, lot: str | None, now_us: int) -> ListedState | None:
        """What keeps a unit of that lot from being measured on; null: nothing that is known. The unit's own release,
        concession or rework lets it go although its lot is held, where it is the later word.
        """
        own = None if serial is None else self.of_unit(serial, now_us)
        of_lot = None if lot is None else self.of_lot(lot, now_us)
        found = [one for one in (own, of_lot) if one is not None and one.state in REFUSED]
        if own is not None and own not in found:
            found = [one for one in found if one.since > own.since]
        return found[0] if found else None

    def blocked(self, gauge: str) -> ListedState | None:
        """Why the gauge gives no value; null: nothing blocks it."""
        found = self.entries.get(("gauge", gauge))
        return None if found is None or found.state == FIT else found

    def _at(self, kind: str, identifier: str, now_us: int) -> ListedState | None:
        found = self.entries.get((kind, identifier))
        if found is None or found.until is None or utc_us(found.until) > now_us:
            return found
        return found.model_copy(
            update={"state": str(UnitState.HOLD), "why": f"its {found.state} has ended: {found.why}"[:200]}
        )

    # --- from a list and from words

    @classmethod
    def of(cls, listed: Iterable[ListedState], said_us: int | None) -> HeldNow:
        """What a list says; entries of kinds and states that aren't known here are passed over."""
        listed = tuple(listed)
        known = (one for one in listed if one.kind == "gauge" or one.state in STATES)
        answers = sorted((one for one in listed if one.kind == ANSWER), key=lambda one: one.since)
        return cls({one.key: one for one in known}, said_us, tuple(answers))

    def with_state(self, about: About, word: StateWordSaid) -> HeldNow:
        """With what was said of a unit or lot here."""
        kind, identifier = _KINDS[about[0]], about[1]
        before = self._at(kind, identifier, word.time_us)
        state = UnitState.NOT_INSPECTED if before is None else UnitState(before.state)
        came = listed_unit(kind, identifier, StateNow(word.state, word))
        may = refusal(state, word.state, word.role) is None
        return self.with_entry(came) if may and came is not None else self

    def with_pass(self, serial: str, word: StateWordSaid) -> HeldNow:
        """With an inspection here that passed: it ends a rework, and lifts nothing else that was decided."""
        before = self.of_unit(serial, word.time_us)
        came = listed_unit("unit", serial, StateNow(word.state, word))
        ends = before is not None and before.state == UnitState.REWORK and word.state is UnitState.PASS
        return self.with_entry(came) if ends and came is not None else self

    def with_gauge(self, gauge: str, word: GaugeWordSaid) -> HeldNow:
        """With what was said of a gauge here."""
        may = word.state != FIT or may_lift(word.check, word.role)
        return self.with_entry(listed_gauge(gauge, word)) if may else self

    def with_entry(self, one: ListedState) -> HeldNow:
        """With one more, where it is later than what is known of the thing."""
        before = self.entries.get(one.key)
        if before is not None and before.since >= one.since:
            return self
        return replace(self, entries={**self.entries, one.key: one})

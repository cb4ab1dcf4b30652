"""Which units of a suspect window go on hold, and what is said of it. Pure.

What is on hold or scrap already stays that; what somebody has let go, or sent to rework, after the gauge failed was
decided with that known, and isn't held again. Units that others measured are held by the event alone: they stand on the
list of their line, and would push this station's own out of what it remembers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from gaugetrail_agent.station.looking_back import FoundRecords
from gaugetrail_agent.station.memory.gauge_checks import DoubtedWindow
from gaugetrail_agent.station.memory.held import KnownState
from gaugetrail_agent.station.words.state import StationState
from gaugetrail_agent.station.workflow.known_units import LET_ON, said_elsewhere
from gaugetrail_contract.events.nonconformity import SuspectWindow
from gaugetrail_contract.questions.history import UnitsFound
from gaugetrail_contract.record.parts import UnitState

Named = tuple[Literal["serial", "lot"], str]
STAYS = frozenset({UnitState.SCRAP, UnitState.HOLD})


def units_of(found: FoundRecords) -> dict[Named, None]:
    """What this PC's records name, each once; a unit without a serial by its lot."""
    named: dict[Named, None] = {}
    for one in found.units:
        if one.serial is not None:
            named["serial", one.serial] = None
        elif one.lot is not None:
            named["lot", one.lot] = None
    return named


def named_by(elsewhere: UnitsFound | None, found: FoundRecords) -> Iterator[Named]:
    """What the store names, and this PC's records don't."""
    if elsewhere is None:
        return
    here = units_of(found)
    all_named: list[Named] = [("serial", one) for one in elsewhere.serials]
    all_named += [("lot", one) for one in elsewhere.lots]
    yield from (one for one in all_named if one not in here)


def held_of(state: StationState, window: DoubtedWindow, named: Iterable[Named], now_us: int) -> Iterator[KnownState]:
    """The words that put them on hold."""
    said = {
        "state": UnitState.HOLD.value,
        "why": window.why,
        "at": window.until,
        "reaction": window.reaction,
        "characteristic": window.characteristic,
        "gauge": window.gauge,
        "window_since": window.since,
        "window_until": window.until,
        "record": window.failed_record,
    }
    for kind, name in named:
        if not _stays(state, window, kind, name, now_us):
            yield msgspec.convert({"kind": kind, "id": name, **said}, KnownState)


def _stays(state: StationState, window: DoubtedWindow, kind: str, name: str, now_us: int) -> bool:
    here, elsewhere = state.memory.held.of(kind, name), said_elsewhere(state, kind, name, now_us)
    words = [(here.state, here.at)] if here is not None else []
    words += [(elsewhere.state, elsewhere.since)] if elsewhere is not None else []
    return any(word in STAYS or (word in LET_ON and at > window.until) for word, at in words)


def what_is_open(window: DoubtedWindow, found: FoundRecords, elsewhere: UnitsFound | None) -> str | None:
    """What nobody could name so far, in a sentence; null: nothing is open."""
    if elsewhere is not None and elsewhere.answered:
        return elsewhere.open
    since = window.since or "ever"
    lacks = f"what other PCs measured with {window.gauge} since {since} is not known here"
    if elsewhere is not None:
        lacks = f"what other PCs measured with {window.gauge} since {since} is asked for again: {elsewhere.open}"
    return lacks if found.whole else f"older records are no longer on this PC; and {lacks}"


def suspect_window(window: DoubtedWindow) -> SuspectWindow:
    """What is said of it."""
    return SuspectWindow(
        why=window.why,
        characteristic=window.characteristic,
        since=window.since,
        until=window.until,
        good_check=window.good_record,
        failed_check=window.failed_record,
        units=window.units,
        complete=window.open is None,
        open_=window.open,
    )

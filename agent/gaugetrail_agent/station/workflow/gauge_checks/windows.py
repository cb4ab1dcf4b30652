"""What a gauge has measured since its last good check is in doubt once it fails one: it is looked for in this PC's
records and put on hold in one step. Pure.

The window is remembered from the failed check on, with it, until the holds are told; so a kill in between only begins
the search anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import msgspec

from gaugetrail_agent.station.events_here import event_here
from gaugetrail_agent.station.looking_back import FoundRecords, RecordSearch
from gaugetrail_agent.station.memory import StationMemory
from gaugetrail_agent.station.memory.gauge_checks import CheckedGauges, DoubtedWindow
from gaugetrail_agent.station.memory.held import KnownState
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.state_events import state_events
from gaugetrail_agent.station.words.effect import Effect, LookBack, TellEvent
from gaugetrail_agent.station.words.happening import LookedBack, Recorded, Tick, Woke
from gaugetrail_agent.station.words.state import StationState, Step
from gaugetrail_contract.events.nonconformity import GaugeStateSaid, SuspectWindow
from gaugetrail_contract.events.payload import EventPayload
from gaugetrail_contract.record import InspectionBody, Subject
from gaugetrail_contract.record.parts import UnitState

SUSPECT = "suspect window"
MOST_WINDOWS = 20


def doubted(
    checks: CheckedGauges, gauge: str, characteristic: str, until: str, why: str, reaction: str | None = None
) -> CheckedGauges:
    """What was measured since the last good check is to be looked for."""
    known = checks.of(gauge, characteristic)
    window = DoubtedWindow(gauge, characteristic, until, why, known.good_at, known.good_record, reaction=reaction)
    return msgspec.structs.replace(checks, windows=(*checks.windows, window)[-MOST_WINDOWS:])


def windows_remembered(setup: Setup, memory: StationMemory, body: InspectionBody) -> StationMemory:
    """A reaction that holds all since the last good check opens the window with its record."""
    checks = memory.gauge_checks
    for one in memory.reactions.open:
        mine = one.record is None and one.at == body.started and "since_last_good_check" in one.holds
        if mine and one.gauge is not None:
            why = f"{one.signal.replace('_', ' ')}: {', '.join(one.characteristics)} {one.value}".strip()[:200]
            checks = doubted(checks, one.gauge, one.characteristics[0], body.started, why, one.document)
    return memory if checks == memory.gauge_checks else msgspec.structs.replace(memory, gauge_checks=checks)


def windows_opened(setup: Setup, state: StationState, event: Recorded) -> Step:
    """The record is in the spool, so it is found, too."""
    body = event.body
    return (state, ()) if body is None else (state, _searches(state.memory.gauge_checks, until=body.started))


def checks_owed(setup: Setup, state: StationState, event: Tick | Woke) -> Step:
    """What a kill left untold."""
    state, effects = owed_checks(setup, state)
    searches = _searches(state.memory.gauge_checks) if isinstance(event, Woke) else ()
    return state, (*effects, *searches)


def owed_checks(setup: Setup, state: StationState, failed: tuple[str, str, str] | None = None) -> Step:
    """Gauges that were blocked and of which that isn't told. `failed`: gauge, characteristic, record of the check."""
    checks, effects = state.memory.gauge_checks, list[Effect]()
    for gauge, why in checks.blocked.items():
        if not why.told:
            record = failed[2] if failed is not None and failed[0] == gauge else None
            said = GaugeStateSaid(state="blocked", why=why.why, check=record, characteristic=why.characteristic)
            effects.append(_told(setup, gauge, said))
            checks = checks.with_blocked(gauge, msgspec.structs.replace(why, told=True, record=record))
    if failed is not None:
        gauge, characteristic, record = failed
        windows = tuple(
            msgspec.structs.replace(one, failed_record=record)
            if (one.gauge, one.characteristic, one.failed_record) == (gauge, characteristic, None)
            else one
            for one in checks.windows
        )
        checks = msgspec.structs.replace(checks, windows=windows)
        effects += _searches(checks, record=record)
    return _with(state, checks), tuple(effects)


def window_found(setup: Setup, state: StationState, event: LookedBack) -> Step:
    """All that the records name goes on hold, and what they can't name is said."""
    checks = state.memory.gauge_checks
    window = next((one for one in checks.windows if _search(one) == event.wanted), None)
    if window is None:
        return state, ()
    words = tuple(_held(state, window, event.found))
    rest = tuple(one for one in checks.windows if one is not window)
    state = _with(state, msgspec.structs.replace(checks, windows=rest))
    memory = msgspec.structs.replace(state.memory, held=state.memory.held.told(words))
    told = _told(setup, window.gauge, _suspect(window, len(words), event.found))
    return replace(state, memory=memory), (told, *state_events(setup, words))


def fit_again(
    setup: Setup, gauge: str, why: str, *, check: str | None = None, by: str | None = None, role: str | None = None
) -> TellEvent:
    """The block is lifted, by a check that passed or by somebody."""
    return _told(setup, gauge, GaugeStateSaid(state="fit", why=why, check=check), by, role)


def _searches(checks: CheckedGauges, *, until: str | None = None, record: str | None = None) -> tuple[LookBack, ...]:
    """For all windows; or for that one which ends there, or with that check."""
    return tuple(
        LookBack(_search(one))
        for one in checks.windows
        if until in (None, one.until) and record in (None, one.failed_record)
    )


def _search(one: DoubtedWindow) -> RecordSearch:
    return RecordSearch(SUSPECT, gauge=one.gauge, characteristic=one.characteristic, since=one.since)


def _held(state: StationState, window: DoubtedWindow, found: FoundRecords) -> Iterator[KnownState]:
    """Each unit once; what is scrap or on hold already stays that."""
    for unit in found.units:
        kind, name = ("serial", unit.serial) if unit.serial is not None else ("lot", unit.lot)
        known = state.memory.held.of(kind, name)
        if name is None or (known is not None and known.state in (UnitState.SCRAP, UnitState.HOLD)):
            continue
        yield msgspec.convert(
            {
                "kind": kind,
                "id": name,
                "state": UnitState.HOLD.value,
                "why": window.why,
                "at": window.until,
                "reaction": window.reaction,
                "characteristic": window.characteristic,
                "gauge": window.gauge,
                "window_since": window.since,
                "window_until": window.until,
                "record": window.failed_record,
            },
            KnownState,
        )


def _suspect(window: DoubtedWindow, units: int, found: FoundRecords) -> SuspectWindow:
    since = window.since or "ever"
    lacks = f"what other PCs measured with {window.gauge} since {since} is not known here"
    if not found.whole:
        lacks = f"older records are no longer on this PC; and {lacks}"
    return SuspectWindow(
        why=window.why,
        characteristic=window.characteristic,
        since=window.since,
        until=window.until,
        good_check=window.good_record,
        failed_check=window.failed_record,
        units=units,
        complete=False,
        open_=lacks,
    )


def _with(state: StationState, checks: CheckedGauges) -> StationState:
    if checks == state.memory.gauge_checks:
        return state
    return replace(state, memory=msgspec.structs.replace(state.memory, gauge_checks=checks))


def _told(setup: Setup, gauge: str, payload: EventPayload, by: str | None = None, role: str | None = None) -> TellEvent:
    return TellEvent(event_here(setup, payload, Subject(kind="gauge", id=gauge), by=by, role=role), sure=True)

"""What a gauge has measured since its last good check is in doubt once it fails one: it is looked for in this PC's
records and asked of the store, and put on hold in one step. Pure.

The window is remembered from the failed check on, with it, until the holds are told and the store has said what others
measured; so a kill in between only begins the search anew, and an answer that is lacking is asked for again when there
is one, over restarts, too.
"""

from __future__ import annotations

from dataclasses import replace

import msgspec

from gaugetrail_agent.languages.sentences import said
from gaugetrail_agent.station.events_here import event_here
from gaugetrail_agent.station.looking_back import RecordSearch
from gaugetrail_agent.station.memory import StationMemory
from gaugetrail_agent.station.memory.gauge_checks import CheckedGauges, DoubtedWindow
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.state_events import state_events
from gaugetrail_agent.station.words.effect import Effect, LookBack, TellEvent
from gaugetrail_agent.station.words.happening import LookedBack, Recorded, Tick, Woke
from gaugetrail_agent.station.words.notice import Notice
from gaugetrail_agent.station.words.state import StationState, Step
from gaugetrail_agent.station.workflow.gauge_checks.suspects import (
    held_of,
    named_by,
    suspect_window,
    units_of,
    what_is_open,
)
from gaugetrail_contract.events.nonconformity import GaugeStateSaid
from gaugetrail_contract.events.payload import EventPayload
from gaugetrail_contract.holds.listing import FIT
from gaugetrail_contract.questions.history import UnitsFound
from gaugetrail_contract.record import InspectionBody, Subject

SUSPECT = "suspect window"
AGAIN_SECS = 10
"""So often what is still open is asked for; a question costs little."""
NOTICE = "suspect window "


def windows_remembered(setup: Setup, memory: StationMemory, body: InspectionBody) -> StationMemory:
    """A reaction that holds all since the last good check opens the window with its record."""
    checks = memory.gauge_checks
    for one in memory.reactions.open:
        mine = one.record is None and one.at == body.started and "since_last_good_check" in one.holds
        if mine and one.gauge is not None:
            why = f"{one.signal.replace('_', ' ')}: {', '.join(one.characteristics)} {one.value}".strip()[:200]
            checks = checks.doubted(one.gauge, one.characteristics[0], body.started, why, one.document)
    return memory if checks == memory.gauge_checks else msgspec.structs.replace(memory, gauge_checks=checks)


def windows_opened(setup: Setup, state: StationState, event: Recorded) -> Step:
    """The record is in the spool, so it is found, too."""
    body = event.body
    return (state, ()) if body is None else (state, _searches(state.memory.gauge_checks, until=body.started))


def checks_owed(setup: Setup, state: StationState, event: Tick | Woke) -> Step:
    """What a kill left untold; what nobody could tell is asked again."""
    state, effects = owed_checks(setup, _lifted_elsewhere(state))
    state, searches = _asked_again(_with_notices(state), event)
    return state, (*effects, *searches)


def _lifted_elsewhere(state: StationState) -> StationState:
    """A gauge that was blocked here and found fit since, in the office or at another station, is blocked no more."""
    checks = state.memory.gauge_checks
    for gauge, why in checks.blocked.items():
        later = state.held.entries.get(("gauge", gauge))
        if later is not None and later.state == FIT and later.since > why.at:
            checks = checks.with_blocked(gauge, None).fit(gauge, later.since)
    return _with(state, checks)


def _asked_again(state: StationState, event: Tick | Woke) -> Step:
    """At a start, and from time to time while a window is open; whoever opens one asks for it at once."""
    windows, asked = state.memory.gauge_checks.windows, state.windows_asked
    if not windows:
        return (state if asked is None else replace(state, windows_asked=None)), ()
    if asked is not None and asked.secs_until(event.now) < AGAIN_SECS:
        return state, ()
    due = asked is not None or isinstance(event, Woke)
    return replace(state, windows_asked=event.now), _searches(state.memory.gauge_checks) if due else ()


def _with_notices(state: StationState) -> StationState:
    """That something is open stands among the notices."""
    others = {about: one for about, one in state.notices.items() if not about.startswith(NOTICE)}
    opened = {one.gauge for one in state.memory.gauge_checks.windows if one.open is not None}
    told = {f"{NOTICE}{gauge}": Notice("amber", said("window.open", gauge=gauge)) for gauge in sorted(opened)}
    return state if others | told == state.notices else replace(state, notices=others | told)


def owed_checks(setup: Setup, state: StationState, failed: tuple[str, str, str] | None = None) -> Step:
    """Gauges that were blocked and of which that isn't told. `failed`: gauge, characteristic, record of the check."""
    checks, effects = state.memory.gauge_checks, list[Effect]()
    for gauge, why in checks.blocked.items():
        if not why.told:
            record = failed[2] if failed is not None and failed[0] == gauge else None
            blocked = GaugeStateSaid(state="blocked", why=why.why, check=record, characteristic=why.characteristic)
            effects.append(_told(setup, gauge, blocked))
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
    """All that this PC's records and the store name goes on hold; what they can't name is said. Where nobody answered,
    the window stays, to be asked for again.
    """
    checks = state.memory.gauge_checks
    window = next((one for one in checks.windows if _is_about(event.wanted, one)), None)
    if window is None:
        return state, ()
    elsewhere = event.elsewhere if isinstance(event.elsewhere, UnitsFound) else None
    here = tuple(held_of(state, window, units_of(event.found), event.at_us))
    others = tuple(held_of(state, window, named_by(elsewhere, event.found), event.at_us))
    open_ = what_is_open(window, event.found, elsewhere)
    after = msgspec.structs.replace(window, units=window.units + len(here) + len(others), open=open_)
    stays = after if elsewhere is not None and not elsewhere.answered else None
    state = _with_notices(_with(state, checks.with_window(window, stays)))
    memory = msgspec.structs.replace(state.memory, held=state.memory.held.told(here))
    if stays is not None and window.open is not None and not others:
        return state, ()  # nobody has answered this time either
    told = _told(setup, window.gauge, suspect_window(after))
    return replace(state, memory=memory), (told, *state_events(setup, (*here, *others)))


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
    what = {"gauge": one.gauge, "characteristic": one.characteristic, "since": one.since, "until": one.ends}
    return RecordSearch(SUSPECT, here=one.open is None, **what)


def _is_about(wanted: RecordSearch, one: DoubtedWindow) -> bool:
    """The gauge may have become fit while it was looked for."""
    asked = (wanted.gauge, wanted.characteristic, wanted.since, wanted.here)
    return asked == (one.gauge, one.characteristic, one.since, one.open is None)


def _with(state: StationState, checks: CheckedGauges) -> StationState:
    if checks == state.memory.gauge_checks:
        return state
    return replace(state, memory=msgspec.structs.replace(state.memory, gauge_checks=checks))


def _told(setup: Setup, gauge: str, payload: EventPayload, by: str | None = None, role: str | None = None) -> TellEvent:
    return TellEvent(event_here(setup, payload, Subject(kind="gauge", id=gauge), by=by, role=role), sure=True)

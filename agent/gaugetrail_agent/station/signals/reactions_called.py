"""What a signal calls for: by the reaction document that the plan names for the characteristic, else by the plan's own
words. Pure.

Promise: of several signals of one value the narrowest is answered: that it can hardly be true before the first piece's
failure, that before a row of failures, that before a failure. Several characteristics of a unit that call for the same
are one reaction. Where nothing says what to do, nothing is asked.

`opened` is for whoever finds a signal beside a record: a check that was missed, a gauge that failed its check.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from gaugetrail_agent.station.given.reactions_here import ReactionHere
from gaugetrail_agent.station.memory import StationMemory
from gaugetrail_agent.station.memory.reactions import MOST_OPEN, OpenReaction
from gaugetrail_agent.station.setup import Setup
from gaugetrail_contract.documents.head import named_document
from gaugetrail_contract.documents.people import ROLES
from gaugetrail_contract.documents.plan import Characteristic, Plan
from gaugetrail_contract.documents.reaction import Reaction, Signal

FAILURES: tuple[Signal, ...] = ("first_piece_fail", "fails_in_row", "fail")
"""What the plan's own words answer, too: "what is to be done when it fails"."""


@dataclass(frozen=True, slots=True)
class SignalSeen:
    """One signal; `signals` are its names, the narrowest first."""

    signals: Sequence[Signal]
    at: str
    characteristic: str
    part: str
    revision: str | None = None
    serial: str | None = None
    lot: str | None = None
    value: str = ""
    rules: Sequence[str] = ()
    in_row: int = 0
    gauge: str | None = None


def called_for(setup: Setup, plan: Plan, seen: SignalSeen) -> OpenReaction | None:
    """What the signal calls for; null where nothing says."""
    wanted = next((one for one in plan.characteristics if one.name == seen.characteristic), None)
    if wanted is None or not wanted.reaction.strip():
        return None
    here = _document(setup, plan, wanted, seen)
    found = None if here is None else _answer(here, seen)
    if here is not None and found is not None:
        return _by_document(setup, here, *found, seen)
    if not set(seen.signals) & set(FAILURES):
        return None
    return msgspec.structs.replace(_blank(seen, seen.signals[-1]), text=wanted.reaction.strip())


def with_opened(memory: StationMemory, opened: Sequence[OpenReaction]) -> StationMemory:
    """These are open, too. What only is shown makes room for what waits for an answer."""
    found = list(memory.reactions.open)
    for new in opened:
        same = next((place for place, one in enumerate(found) if _same(one, new)), None)
        if same is None:
            found.append(new)
        else:
            names = tuple(dict.fromkeys((*found[same].characteristics, *new.characteristics)))
            found[same] = msgspec.structs.replace(found[same], characteristics=names)
    kept = sorted(found, key=lambda one: not one.waits)[:MOST_OPEN]
    kept = [one for one in found if one in kept]
    return msgspec.structs.replace(memory, reactions=msgspec.structs.replace(memory.reactions, open=tuple(kept)))


def opened(setup: Setup, memory: StationMemory, plan: Plan, seen: SignalSeen) -> StationMemory:
    """With what a signal calls for that no record brought."""
    found = called_for(setup, plan, seen)
    return memory if found is None else _with_window(with_opened(memory, (found,)), found)


def _with_window(memory: StationMemory, one: OpenReaction) -> StationMemory:
    """What its steps hold since the last good check; a check that failed sees to that itself."""
    if one.gauge is None or one.signal == "gauge_check_failed" or "since_last_good_check" not in one.holds:
        return memory
    why = f"{one.signal.replace('_', ' ')}: {', '.join(one.characteristics)}"[:200]
    checks = memory.gauge_checks.doubted(one.gauge, one.characteristics[0], one.at, why, one.document)
    return msgspec.structs.replace(memory, gauge_checks=checks)


def _document(setup: Setup, plan: Plan, wanted: Characteristic, seen: SignalSeen) -> ReactionHere | None:
    mention = named_document(wanted.reaction, setup.reactions)
    here = None if mention is None else setup.reactions.get(mention.id)
    if here is None:
        return None
    one, operation = here.document, setup.operation or plan.file.operation
    fits = one.is_for(seen.part, seen.revision, operation) and one.line in (None, setup.line)
    return here if fits and wanted.name in (one.characteristic or (wanted.name,)) else None


def _answer(here: ReactionHere, seen: SignalSeen) -> tuple[Signal, Reaction, str | None] | None:
    for signal in seen.signals:
        for rule in seen.rules or (None,):
            found = here.document.to(signal, in_row=seen.in_row, rule=rule)
            if found is not None:
                return signal, found, rule
    return None


def _by_document(
    setup: Setup, here: ReactionHere, signal: Signal, reaction: Reaction, rule: str | None, seen: SignalSeen
) -> OpenReaction:
    """Nobody stands at an automatic station: it is shown there, and what it holds is held."""
    roles = dict.fromkeys(one.who for one in reaction.step if one.who in ROLES and one.who != "operator")
    return msgspec.structs.replace(
        _blank(seen, signal),
        document=here.edition.id,
        rule=rule,
        in_row=seen.in_row if signal == "fails_in_row" else None,
        acknowledge="none" if setup.mode == "automatic" else reaction.acknowledge,
        holds=tuple(dict.fromkeys(one.hold for one in reaction.step if one.hold != "nothing")),
        confirm=tuple(roles) if setup.people is not None else (),
    )


def _blank(seen: SignalSeen, signal: str) -> OpenReaction:
    return OpenReaction(
        signal,
        seen.at,
        (seen.characteristic,),
        value=seen.value,
        serial=seen.serial,
        lot=seen.lot,
        gauge=seen.gauge,
    )


def _same(one: OpenReaction, other: OpenReaction) -> bool:
    """Whether both are one: of the same unit or moment, and the same to be done."""
    return (one.at, one.signal, one.document, one.text, one.rule) == (
        other.at,
        other.signal,
        other.document,
        other.text,
        other.rule,
    )

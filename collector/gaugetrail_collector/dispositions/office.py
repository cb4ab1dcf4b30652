"""Where the office decides of units and lots: judged by the state that each is in, and written as `unit.state` events.

Promise: what returns is committed in the store; where one unit may not become what was asked, nothing is written of any
(`Declined`, a line for each). Many units are several events of at most 60,000 bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from gaugetrail_collector.dispositions.known_units import KnownUnit, known_unit, lot_units
from gaugetrail_collector.documents.desk import Declined, Desk
from gaugetrail_collector.evidence.own_chain import SITE, OwnChain
from gaugetrail_collector.stores import Store
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.counts import counted
from gaugetrail_contract.documents.rights import RoleBook
from gaugetrail_contract.events.nonconformity import UnitStateSaid
from gaugetrail_contract.record import Body, EventBody, Subject
from gaugetrail_contract.record.parts import UnitState
from gaugetrail_contract.text import PRINTABLE, refuse_identifier
from gaugetrail_contract.unit_states.changes import refusal
from gaugetrail_contract.unit_states.said import About

DecidedState = Literal["hold", "released", "concession", "scrap", "rework"]
DECIDED_STATES: tuple[DecidedState, ...] = get_args(DecidedState)
LETTING_GO = frozenset({"released", "concession"})
MOST_WORDS = 2000
MOST_TOLD = 10
MOST_UNITS = 20_000


@dataclass(frozen=True, slots=True)
class WantedState:
    """What is to be said of which units or lot."""

    state: DecidedState
    why: str
    serials: tuple[str, ...] = ()
    lot: str | None = None
    code: str | None = None
    until_us: int | None = None
    """Of a concession or release: until when it counts."""
    quantity: int | None = None
    """Of a lot: how many of it, where it isn't the whole lot."""

    @property
    def about(self) -> tuple[About, ...]:
        """Each once."""
        units: tuple[About, ...] = tuple(("serial", one) for one in dict.fromkeys(self.serials))
        return units if self.lot is None else (*units, ("lot", self.lot))


class DispositionOffice:
    """Over the desk of the collector that writes; every method may raise `Declined` and `StoreDown`."""

    def __init__(self, desk: Desk, now_us: Callable[[], int]) -> None:
        self._desk = desk
        self._now_us = now_us

    def say(self, wanted: WantedState, by: str) -> list[str]:
        """Say it; the records that do."""
        _judge_words(wanted, by, self._now_us())

        def judge(people: RoleBook, chain: OwnChain) -> Sequence[Body]:
            known = [known_unit(self._desk.store, about) for about in wanted.about]
            role = self._role(people, by, known, wanted)
            if wanted.lot is not None and wanted.state == "released" and wanted.quantity is None:
                _refuse_open_lot(self._desk.store, wanted.lot, self._now_us())
            return list(_bodies(known, wanted, by, role, chain))

        return [one.record.id for one in self._desk.decide(judge)]

    def _role(self, people: RoleBook, by: str, known: Sequence[KnownUnit], wanted: WantedState) -> str | None:
        """In which they may say it of all; null where anybody may, and they have no role. Raises `Declined`."""
        now_us, after = self._now_us(), UnitState(wanted.state)
        unknown = [one.name for one in known if not one.known]
        if unknown and wanted.state != "hold":
            raise Declined(
                f"nothing is known of {_listed(unknown)}: look at the serial; only a hold is said beforehand"
            )
        held: dict[str, list[str]] = {}
        mine = sorted(people.of(by) - {"auditor"})
        for role in (*mine, None) if people.roles is None else mine:
            refused = [(one.name, refusal(one.at(now_us).state, after, role)) for one in known]
            held[str(role)] = [f"{name}: {why}" for name, why in refused if why is not None]
            if not held[str(role)]:
                return role
        if not held:
            raise Declined(f"{by} has no role in the people document that decides of units")
        fewest = min(held.values(), key=len)
        hint = "; no people document holds yet, so nobody has such a role" if people.roles is None else ""
        raise Declined("\n".join([*fewest[:MOST_TOLD], *_more(fewest)]) + hint)


def _refuse_open_lot(store: Store, lot: str, now_us: int) -> None:
    found = lot_units(store, lot)
    if found.not_passed:
        raise Declined(f"lot {lot} hasn't passed at {_listed(found.not_passed)}: it isn't released before")
    if not_done := found.open_at(now_us):
        told = _listed([f"{one.name} is {one.at(now_us).state}" for one in not_done])
        raise Declined(
            f"lot {lot} has {counted(len(not_done), 'unit')} of {len(found.units)} that aren't done: {told}; "
            "pass, release or scrap each of them first"
        )


def _bodies(
    known: Sequence[KnownUnit], wanted: WantedState, by: str, role: str | None, chain: OwnChain
) -> Iterator[EventBody]:
    """Units of one line together: a line's list has those that were seen there last."""
    said = UnitStateSaid(
        state=wanted.state,
        why=wanted.why,
        code=wanted.code,
        until=None if wanted.until_us is None else utc_text(wanted.until_us),
    )
    lines: dict[tuple[str, str], list[str]] = {}
    for one in known:
        place = (SITE, chain.collector) if one.last is None else (one.last.site, one.last.line)
        if one.about[0] == "serial":
            lines.setdefault(place, []).append(one.about[1])
        else:
            payload = said.model_copy(update={"quantity": wanted.quantity})
            yield _body(place, Subject(kind="lot", id=one.about[1]), payload, by, role, chain)
    for place, serials in lines.items():
        for subject, piece in said.pieces_for(serials):
            yield _body(place, Subject(kind="unit", id=subject), piece, by, role, chain)


def _body(
    place: tuple[str, str], subject: Subject, said: UnitStateSaid, by: str, role: str | None, chain: OwnChain
) -> EventBody:
    return EventBody(
        site=place[0],
        line=place[1],
        station=chain.purpose,
        type=said.TYPE,
        subject=subject,
        payload=said.written(),
        by=by,
        role=role,
        reason=said.why,
        reason_code=said.code,
    )


def _judge_words(wanted: WantedState, by: str, now_us: int) -> None:
    if not wanted.about:
        raise Declined("say of which units: their serials, or a lot")
    if len(wanted.about) > MOST_UNITS:
        raise Declined(f"at most {MOST_UNITS:,} units at once")
    if not wanted.why.strip() or len(wanted.why) > MOST_WORDS or not PRINTABLE.holds(wanted.why):
        raise Declined(f"say why, in one line of at most {MOST_WORDS:,} characters")
    names = {"the name": by, **({} if wanted.code is None else {"the code": wanted.code})}
    for what, name in (*names.items(), *(about for about in wanted.about)):
        if (reason := refuse_identifier(name)) is not None:
            raise Declined(f"{what} {name!r}: {reason}")
    if wanted.until_us is not None and (wanted.state not in LETTING_GO or wanted.until_us <= now_us):
        raise Declined("until when goes with a release or a concession, and lies ahead")
    if wanted.quantity is not None and (wanted.lot is None or wanted.quantity < 1):
        raise Declined("a quantity, from 1 on, goes with a lot")


def _listed(names: Sequence[str]) -> str:
    return ", ".join([*names[:MOST_TOLD], *_more(names)])


def _more(some: Sequence[str]) -> list[str]:
    return [f"and {len(some) - MOST_TOLD} more"] if len(some) > MOST_TOLD else []

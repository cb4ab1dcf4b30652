"""What stations work by, as the documents stand on a shelf at a moment: plans, gauge register, people list.

Promise: a station gets the edition that is in force and no other; where there is none, or this station can't work by
it, it gets the sentence that says so and what to do, and begins by itself once that is over. A plan that is a file
counts as what it claims to be, unless the list of documents says otherwise. What `check` has to say of it is in
`remarks`. Reads the shelf's texts and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from gaugetrail_agent.documents.shelf import DocumentShelf
from gaugetrail_agent.languages.sentences import ENGLISH, Sentence, said
from gaugetrail_agent.papers.limits import station_limits
from gaugetrail_agent.papers.plans import MOST_PLANS, PlanReading
from gaugetrail_agent.papers.shown import station_instructions, station_reactions
from gaugetrail_agent.station.given.instructions_here import InstructionHere
from gaugetrail_agent.station.given.limits_here import LimitsHere
from gaugetrail_agent.station.given.orders_here import OrdersHere
from gaugetrail_agent.station.given.plans_here import FromDocument, PlansHere, RegisterHere
from gaugetrail_agent.station.given.reactions_here import ReactionHere
from gaugetrail_agent.station.setup import StationTable
from gaugetrail_contract.clock import to_the_minute, utc_text
from gaugetrail_contract.distribution.in_force import DocumentsAtHand, DocumentStanding
from gaugetrail_contract.distribution.listing import ListedEdition
from gaugetrail_contract.documents.calendar import Calendar
from gaugetrail_contract.documents.files import plan_in
from gaugetrail_contract.documents.order import OrderDocument
from gaugetrail_contract.documents.plan import Plan, PlanFile
from gaugetrail_contract.settings import ConfigError, Loaded, Problem, Settings, Steps, settings_in

S = TypeVar("S", bound=Settings)
R = TypeVar("R")


@dataclass
class DocumentReading(Generic[S]):
    """Reads the documents of one agent. `channels`: every device, and what it is known to tell apart."""

    loaded: Loaded[S]
    channels: Mapping[str, tuple[str, ...]]
    shelf: DocumentShelf
    remarks: list[Problem] = field(default_factory=list)
    registers: dict[str, RegisterHere] = field(default_factory=dict)
    """Those that are documents in force."""
    _told: set[Path] = field(default_factory=set)
    """Files of which it is told already that they are only that."""

    # --- registers

    def register(self, key: str, source: object, read: Callable[[bytes, str], R]) -> R | Sentence | None:
        """The register that a document is; why it isn't here; null where the settings name none, or a file."""
        if not isinstance(source, FromDocument):
            return None
        standing = self.shelf.here.standing(source.document)
        found = self._register(key, standing, read)
        if isinstance(found, Sentence):
            self._remark(("agent", key), f"every unit is refused that needs it: {ENGLISH.text(found)}")
        return found

    def _register(self, key: str, standing: DocumentStanding, read: Callable[[bytes, str], R]) -> R | Sentence:
        text = self._text(standing)
        if isinstance(text, Sentence):
            return text
        edition = standing.edition
        assert edition is not None, "whose text is here is listed"
        try:
            found = read(text, str(edition))
            self.registers[key] = RegisterHere(edition.id, edition.revision, edition.sha256)
            return found
        except ConfigError as error:
            return at_fault(standing, error.problems[0])

    def _text(self, standing: DocumentStanding) -> bytes | Sentence:
        why, edition = why_barred(standing, self.shelf.here), standing.edition
        if why is not None or edition is None:
            return why or said("document.unknown", document=standing.document)
        return self.shelf.text(edition) or said("document.not_here", document=str(edition))

    # --- plans

    def plans(self, number: int, table: StationTable, files: Sequence[Plan]) -> PlansHere:
        """By which plans the station may work. `files`: those that it has as files."""
        if isinstance(table.plan, FromDocument):
            here = self._one(number, table, self.shelf.here.standing(table.plan.document))
        elif table.plans == "documents":
            here = self._all(number, table)
        else:
            here = PlansHere(tuple(files), dict(self._barred_files(number, table, files)))
        key = "plans" if table.plan is None else "plan"
        if here.refuses is not None:
            self._remark(("station", number, key), f"{table.name} refuses every unit: {ENGLISH.text(here.refuses)}")
        for plan, why in here.barred.items():
            self._remark(("station", number, key), f"{table.name} takes no unit by {plan}: {ENGLISH.text(why)}")
        return here

    def _one(self, number: int, table: StationTable, standing: DocumentStanding) -> PlansHere:
        plan, why = self._plan(number, table, standing)
        if plan is None:
            return PlansHere(refuses=why)
        if not _is_here(plan, table):
            here = table.operation or table.name
            what = said("plan.other_operation", plan=str(standing.edition), planned=plan.file.operation or "",
                        operation=here)  # fmt: skip
            return PlansHere((plan,), {plan.ref.id: what})
        return PlansHere((plan,), {} if why is None else {plan.ref.id: why})

    def _all(self, number: int, table: StationTable) -> PlansHere:
        """Every plan for the operation that is in force or will be; a unit of the latter is told from when."""
        missing: Sentence | None = None
        plans: list[Plan] = []
        barred: dict[str, Sentence] = {}
        for standing in self.shelf.here.of_kind("plan")[:MOST_PLANS]:
            plan, why = self._plan(number, table, standing)
            if plan is None and standing.how != "withdrawn":
                missing = missing or why
            if plan is not None and _is_here(plan, table):
                plans.append(plan)
                barred |= {} if why is None else {plan.ref.id: why}
        if plans:
            return PlansHere(tuple(plans), barred)
        if self.shelf.here.entries is None:
            what = said("plan.of_operation", operation=table.operation or "")
            return PlansHere(refuses=said("document.no_list", document=what))
        return PlansHere(refuses=missing or said("plan.none_here", operation=table.operation or ""))

    def _plan(
        self, number: int, table: StationTable, standing: DocumentStanding
    ) -> tuple[Plan | None, Sentence | None]:
        """The plan as far as its text is here, and why no unit may be begun by it."""
        why, edition = why_barred(standing, self.shelf.here), standing.edition
        if edition is None or standing.how in ("withdrawn", "not_here"):
            return None, why
        text = self.shelf.text(edition)
        if text is None:
            return None, said("document.not_here", document=str(edition))
        try:
            plan, file = _read(text, str(edition))
        except ConfigError as error:
            return None, at_fault(standing, error.problems[0])
        plan = replace(plan, ref=msgspec.structs.replace(plan.ref, id=edition.id, effective=edition.effective[:10]))
        bound, fault = self._bound(number, table, plan, file)
        return bound, why if fault is None or why is not None else at_fault(standing, fault)

    def _bound(
        self, number: int, table: StationTable, plan: Plan, file: Loaded[PlanFile]
    ) -> tuple[Plan, Problem | None]:
        """The plan wired; where that can't be, without any device, and what is wrong."""
        reading = PlanReading(self.loaded, self.channels)
        bound = reading.bind(number, table, plan, file)
        if not reading.problems:
            return bound, None
        bare = tuple(one.model_copy(update={"device": None, "channel": None}) for one in plan.characteristics)
        unwired = replace(plan, file=plan.file.model_copy(update={"characteristic": bare}))
        # What the settings call the place is for whoever checks them, not for the person at the terminal.
        return unwired, replace(reading.problems[0], key="")

    # --- orders

    def orders(self, table: StationTable) -> OrdersHere | None:
        """The orders of this line; null where they are nothing to the station."""
        if table.orders == "off":
            return None
        here = self.shelf.here
        standing = {one.document: one for one in here.of_kind("order")}
        found = {name: why_barred(one, here) or one.edition for name, one in standing.items()}
        return OrdersHere({name: one for name, one in found.items() if one is not None}, self._order)

    def _order(self, edition: ListedEdition) -> OrderDocument | Sentence:
        text = self.shelf.text(edition)
        if text is None:
            return said("document.not_here", document=str(edition))
        try:
            return settings_in(OrderDocument, text, Path(str(edition))).settings
        except ConfigError as error:
            return said("document.at_fault", document=str(edition), fault=error.problems[0].message)

    # --- control limits

    def limits(self, number: int, table: StationTable) -> tuple[LimitsHere, ...]:
        """The control limits that values are judged by here."""
        found, remarks = station_limits(self.shelf, table)
        for what in remarks:
            self._remark(("station", number, "name"), what)
        return found

    # --- the calendar

    def calendar(self, number: int, table: StationTable) -> Calendar | None:
        """The calendar in force for this line, one of the line's own before one of every line; none is guessed."""
        found = [one for standing in self.shelf.here.of_kind("calendar") if (one := self._calendar(standing))]
        own = [one for one in found if one.line is not None] or found
        if len(own) > 1:
            names = ", ".join(one.id for one in own)
            self._remark(("station", number, "name"), f"{table.name} goes by no calendar: {names} are all in force")
        return own[0] if len(own) == 1 else None

    def _calendar(self, standing: DocumentStanding) -> Calendar | None:
        text = self._text(standing)
        if isinstance(text, Sentence):
            return None
        try:
            return settings_in(Calendar, text, Path(str(standing.edition))).settings
        except ConfigError:  # the office checks it before it is in force; without it the shift is asked
            return None

    # --- reactions

    def reactions(self, number: int, table: StationTable) -> dict[str, ReactionHere]:
        """The reaction documents that hold here."""
        found, remarks = station_reactions(self.shelf, table)
        for what in remarks:
            self._remark(("station", number, "name"), what)
        return found

    # --- instructions

    def instructions(self, number: int, table: StationTable) -> dict[str, InstructionHere]:
        """The instructions that hold here."""
        found, remarks = station_instructions(self.shelf, table)
        for what in remarks:
            self._remark(("station", number, "name"), what)
        return found

    # --- plans that are files

    def _barred_files(self, number: int, table: StationTable, files: Sequence[Plan]) -> Iterator[tuple[str, Sentence]]:
        for plan in files:
            standing = self.shelf.here.standing(plan.ref.id)
            if standing.how in ("no_list", "unknown"):
                if plan.path not in self._told:
                    self._told.add(plan.path)
                    self._remark(("station", number, "plan" if table.plan is not None else "plans"), claims(plan))
                continue
            why = _why_barred_file(plan, standing, self.shelf.here)
            if why is not None:
                yield plan.ref.id, why

    def _remark(self, steps: Steps, what: str) -> None:
        self.remarks.append(self.loaded.problem(steps, what, warning=True))


_read = lru_cache(MOST_PLANS)(plan_in)
"""A text is read once: what comes changes few of many plans."""


def why_barred(standing: DocumentStanding, here: DocumentsAtHand) -> Sentence | None:
    """Why nobody may work by the document at this moment; null where they may."""
    edition = standing.edition
    named = standing.document if edition is None else str(edition)
    match standing.how:
        case "holds":
            return None
        case "not_yet":
            return said("document.not_yet", document=named, since=to_the_minute(_effective(edition)))
        case "too_old":
            return said("document.too_old", document=named, since=to_the_minute(utc_text(here.said_us or 0)))
        case "no_list":
            return said("document.no_list", document=named)
        case "unknown":
            return said("document.unknown", document=named)
        case "withdrawn":
            return said("document.withdrawn", document=named)
        case "not_here":
            return said("document.not_here", document=named)


def at_fault(standing: DocumentStanding, fault: Problem) -> Sentence:
    """It is in force, and can't be worked by."""
    where = f"{fault.key}: " if fault.key else ""
    return said("document.at_fault", document=str(standing.edition), fault=f"{where}{fault.message}")


def claims(plan: Plan) -> str:
    """What is worth saying of a plan that is only a file."""
    return (
        f"{plan.path.name} is a file of this PC: {plan.ref.id} {plan.ref.revision} counts as approved because it says "
        f"so (by {plan.file.approved_by}, {plan.file.approved_on}); take it into the documents with "
        "gaugetrail-collector document take-over"
    )


def _why_barred_file(plan: Plan, standing: DocumentStanding, here: DocumentsAtHand) -> Sentence | None:
    """A file is recognised by its digest; another text than the listed one is none that holds."""
    edition = standing.edition
    same = edition is not None and edition.sha256 == plan.ref.sha256
    if standing.how == "not_here" and same:
        return None
    if standing.how in ("holds", "too_old", "not_here") and not same:
        return said("plan.superseded", file=plan.path.name, holds=str(edition))
    return why_barred(standing, here)


def _is_here(plan: Plan, table: StationTable) -> bool:
    return plan.file.operation in (None, table.operation)


def _effective(edition: ListedEdition | None) -> str:
    return "" if edition is None else edition.effective

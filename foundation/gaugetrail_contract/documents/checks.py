"""What is held against a text before it becomes an edition: by kind, one function each.

Each gives what the text says of itself, or raises `ConfigError` with every fault. To check another kind is one line in
`CHECKS`. What only the other documents can tell is `named`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from gaugetrail_contract.counts import counted
from gaugetrail_contract.documents.calendar import Calendar
from gaugetrail_contract.documents.editions import DocumentKind
from gaugetrail_contract.documents.external import ExternalDocument
from gaugetrail_contract.documents.files import load_plan
from gaugetrail_contract.documents.form import Form
from gaugetrail_contract.documents.gauges import GaugeRegister
from gaugetrail_contract.documents.head import DocumentHead
from gaugetrail_contract.documents.instruction import InstructionDocument
from gaugetrail_contract.documents.limits import LimitsDocument
from gaugetrail_contract.documents.lists import load_gauges, load_people
from gaugetrail_contract.documents.order import OrderDocument
from gaugetrail_contract.documents.plan_faults import plan_remarks
from gaugetrail_contract.documents.reaction import ReactionPlan
from gaugetrail_contract.settings import ConfigError, Problem, load_settings


@dataclass(frozen=True, slots=True)
class SaidOfItself:
    """What a text says of itself; null where it says nothing."""

    id: str | None = None
    revision: str | None = None
    title: str = ""
    remarks: tuple[str, ...] = ()
    """What is worth a look and keeps nobody from taking it."""
    valid_until: str | None = None
    file_sha256: str | None = None
    """Of the file that it is about, where that is not the text itself."""
    pictures: tuple[str, ...] = ()
    """Digests of the files that it shows, each of which must be attached."""
    line: str | None = None
    """The line that it is for; null: every line."""


Check = Callable[[Path], SaidOfItself]


def _plan(path: Path) -> SaidOfItself:
    plan, _ = load_plan(path)
    remarks = tuple(one.says for one in plan_remarks(plan.file))
    return SaidOfItself(plan.file.id, plan.file.revision, plan.file.title, remarks)


def _gauges(path: Path) -> SaidOfItself:
    title = counted(len(load_gauges(path)), "gauge")
    if path.suffix.lower() != ".toml":
        return SaidOfItself(title=title)
    register = load_settings(GaugeRegister, path).settings
    return SaidOfItself(register.id, register.revision, title)


def _people(path: Path) -> SaidOfItself:
    people = load_people(path)
    return SaidOfItself(people.id, people.revision, counted(len(people.person), "person", "people"))


def _external(path: Path) -> SaidOfItself:
    said = load_settings(ExternalDocument, path).settings
    title = f"{said.title} ({said.issuer})".strip()
    return SaidOfItself(said.id, said.revision, title, (), said.valid_until, said.sha256)


def _headed(model: type[DocumentHead]) -> Check:
    """The check of a kind whose text begins as most do."""

    def checked(path: Path) -> SaidOfItself:
        said = load_settings(model, path).settings
        return SaidOfItself(said.id, said.revision, said.title, line=said.line)

    return checked


def _order(path: Path) -> SaidOfItself:
    order = load_settings(OrderDocument, path).settings
    return SaidOfItself(order.id, order.revision, order.title or order.words, line=order.line)


def _instruction(path: Path) -> SaidOfItself:
    said = load_settings(InstructionDocument, path).settings
    return SaidOfItself(said.id, said.revision, said.title, line=said.line, pictures=said.pictures)


def _limits(path: Path) -> SaidOfItself:
    said = load_settings(LimitsDocument, path).settings
    title = said.title or f"{said.characteristic} {said.type}"
    return SaidOfItself(said.id, said.revision, title, line=said.line)


CHECKS: Mapping[DocumentKind, Check] = {
    DocumentKind.PLAN: _plan,
    DocumentKind.GAUGES: _gauges,
    DocumentKind.PEOPLE: _people,
    DocumentKind.EXTERNAL: _external,
    DocumentKind.ORDER: _order,
    DocumentKind.CALENDAR: _headed(Calendar),
    DocumentKind.INSTRUCTION: _instruction,
    DocumentKind.REACTION: _headed(ReactionPlan),
    DocumentKind.LIMITS: _limits,
    DocumentKind.FORM: _headed(Form),
}


def check(kind: DocumentKind, path: Path, content: bytes) -> SaidOfItself:
    """What the text says of itself, as it was read from that file. Raises `ConfigError`."""
    said = CHECKS[kind](path)
    if path.read_bytes() != content:
        raise ConfigError([Problem(str(path), "", "has changed while it was read; do it again")])
    return said

"""The text of an edition as people read it: a plan, a gauge register, a people list as tables, others key by key.

What can't be read as what it claims to be is shown as the text that it is, with why; what is no text, as its size.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from gaugetrail_collector.documents.at_a_moment.rows_then import gauges_of
from gaugetrail_collector.documents.roles import people_of
from gaugetrail_contract.documents.calendar import Calendar
from gaugetrail_contract.documents.editions import DocumentKind
from gaugetrail_contract.documents.external import ExternalDocument
from gaugetrail_contract.documents.form import Form
from gaugetrail_contract.documents.gauges import GaugeRegister
from gaugetrail_contract.documents.instruction import InstructionDocument
from gaugetrail_contract.documents.limits import LimitsDocument
from gaugetrail_contract.documents.order import OrderDocument
from gaugetrail_contract.documents.people import PeopleList
from gaugetrail_contract.documents.plan import Characteristic, PlanFile
from gaugetrail_contract.documents.plan_table import frequency_words
from gaugetrail_contract.documents.reaction import ReactionPlan
from gaugetrail_contract.files import text_of
from gaugetrail_contract.settings import ConfigError, Settings
from gaugetrail_contract.toml_words import TomlFault, read_toml

MOST_CHARACTERS = 60_000
"""Of a text on a page."""
MOST_ROWS = 500
"""Of a table on a page."""


@dataclass(frozen=True, slots=True)
class TextShown:
    """A text; `table` is what it says where it can be read, else `fault` says why it can't."""

    text: str | None
    size: int
    table: Settings | None = None
    fault: str = ""

    @property
    def plan(self) -> PlanFile | None:
        """Where it is one."""
        return self.table if isinstance(self.table, PlanFile) else None

    @property
    def gauges(self) -> GaugeRegister | None:
        """Where it is a register of them."""
        return self.table if isinstance(self.table, GaugeRegister) else None

    @property
    def people(self) -> PeopleList | None:
        """Where it is a list of them."""
        return self.table if isinstance(self.table, PeopleList) else None

    @property
    def tree(self) -> Mapping[str, Any] | None:
        """Keys and values of any other kind, without what it leaves to the rule."""
        if self.table is None or isinstance(self.table, PlanFile | GaugeRegister | PeopleList):
            return None
        return self.table.model_dump(mode="json", by_alias=True, exclude_defaults=True)

    @property
    def cut(self) -> int:
        """Characters that don't stand on the page."""
        return max(0, len(self.text or "") - MOST_CHARACTERS)


def _as(model: type[Settings]) -> Callable[[bytes], Settings]:
    return lambda content: model.model_validate(read_toml(text_of(content)))


AS_TABLE: Mapping[DocumentKind, Callable[[bytes], Settings]] = {
    DocumentKind.PLAN: _as(PlanFile),
    DocumentKind.GAUGES: gauges_of,
    DocumentKind.PEOPLE: people_of,
    DocumentKind.EXTERNAL: _as(ExternalDocument),
    DocumentKind.ORDER: _as(OrderDocument),
    DocumentKind.CALENDAR: _as(Calendar),
    DocumentKind.INSTRUCTION: _as(InstructionDocument),
    DocumentKind.REACTION: _as(ReactionPlan),
    DocumentKind.LIMITS: _as(LimitsDocument),
    DocumentKind.FORM: _as(Form),
}
"""Those that have no table of their own in the template are shown key by key."""


Read = Callable[[bytes], Settings]


def shown(kind: DocumentKind, content: bytes, read: Read | None = None) -> TextShown:
    """The text of a document of that kind; `read` where somebody knows a quicker way to its table."""
    try:
        text = text_of(content)
    except UnicodeDecodeError:
        return TextShown(None, len(content), None, "it is no text")
    read = read or AS_TABLE.get(kind)
    if read is None:
        return TextShown(text, len(content))
    try:
        return TextShown(text, len(content), read(content))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        return TextShown(text, len(content), None, f"{where}: {first['msg']}")
    except (TomlFault, ConfigError) as error:
        return TextShown(text, len(content), None, str(error).partition("\n")[0])


def how_often(one: Characteristic) -> str:
    """`5, 1/50`: how many each time, and when."""
    size = "" if one.sample_size is None else str(one.sample_size)
    return ", ".join(part for part in (size, frequency_words(one)) if part)


def measured_with(one: Characteristic) -> str:
    """What kind of gauge, how fine; or what it is made of."""
    if one.formula is not None:
        return f"= {one.formula}"
    step = "" if one.resolution is None else f"{one.resolution} {one.unit or ''}".strip()
    return ", ".join(part for part in (one.gauge_kind or "", f"to {step}" if step else "") if part)


PLAN_COLUMNS = ("number", "balloon", "class_", "requirement", "method", "owner", "reaction", "instruction")


def columns_used(plan: PlanFile) -> frozenset[str]:
    """Columns of a plan's table that say anything; the others are left out."""
    used = {key for key in PLAN_COLUMNS if any(getattr(one, key) for one in plan.characteristic)}
    if any(map(how_often, plan.characteristic)):
        used.add("often")
    if any(map(measured_with, plan.characteristic)):
        used.add("with")
    return frozenset(used)

"""What doesn't change of a station while it runs: its table of the settings file, and the `Setup` made of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Discriminator, Field, Tag, ValidationError, model_validator

from gaugetrail_agent.barcodes.profiles import OwnLabel
from gaugetrail_agent.languages.sentences import Sentence
from gaugetrail_agent.languages.spoken import refuse_language
from gaugetrail_agent.station.freshness import FreshRule
from gaugetrail_agent.station.given.instructions_here import InstructionHere
from gaugetrail_agent.station.given.interlock_settings import InterlockTable
from gaugetrail_agent.station.given.limits_here import LimitsHere
from gaugetrail_agent.station.given.orders_here import OrdersHere
from gaugetrail_agent.station.given.plans_here import (
    NO_PLAN,
    FinishingLot,
    FromDocument,
    PlansHere,
    RegisterHere,
    SettingsHere,
)
from gaugetrail_agent.station.given.reactions_here import ReactionHere
from gaugetrail_agent.station.given.wiring import Wiring
from gaugetrail_contract.documents.calendar import Calendar, Shift
from gaugetrail_contract.documents.gauges import Calibration, Gauge
from gaugetrail_contract.documents.people import PeopleList, Role
from gaugetrail_contract.documents.plan import Plan
from gaugetrail_contract.record import Capture, PlanRef
from gaugetrail_contract.settings import Settings
from gaugetrail_contract.text import Identifier, Name, Text

IDENTIFIERS = ("serial", "lot", "part", "revision", "order", "heat")
"""What a unit's code may say of it."""
CODE_PROFILES: Mapping[str, str | None] = {"pattern": None, "structured": ""}


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"{text!r} is not a regular expression: {error}") from error
    return text


def _spoken(code: str) -> str:
    if (reason := refuse_language(code)) is not None:
        raise ValueError(reason)
    return code


Pattern = Annotated[str, AfterValidator(_pattern)]
Spoken = Annotated[str, AfterValidator(_spoken)]
GaugeLock = Literal["refuse", "flag"]
FileOrDocument = Annotated[
    Annotated[Path, Tag("a file")] | Annotated[FromDocument, Tag("a document")],
    Discriminator(lambda said: "a document" if isinstance(said, dict | FromDocument) else "a file"),
]
FilesOrDocuments = Annotated[
    Annotated[tuple[str, ...], Tag("some files")] | Annotated[Literal["documents"], Tag("all documents")],
    Discriminator(lambda said: "all documents" if isinstance(said, str) else "some files"),
]


class UnitCounter(Settings):
    """`counter`: a number of a PLC that goes up by one with each unit."""

    device: Identifier = Field(description="the [[device]]")
    channel: Identifier = Field(description="its channel; a whole number")


class StationTable(Settings):
    """`[[station]]`: where units are inspected."""

    name: Name = Field(description="ISA-95 station", examples=["OP20"])
    mode: Literal["operator", "automatic"] = Field(
        "operator", description="operator: badge, unit, gauges; automatic: each block that the PLC offers is a unit"
    )
    plan: FileOrDocument | None = Field(
        None,
        description='the control plan: a controlled document, {document = "CP-1001"}, or a file, relative to this file',
        examples=["plans/piston.toml"],
    )
    plans: FilesOrDocuments = Field(
        (),
        description='instead of plan: "documents", every controlled plan for the operation; or several files, or '
        "patterns of files. The unit's code says by part and revision which of them holds for it",
        examples=[["plans/*.toml"]],
    )
    operation: Identifier | None = Field(
        None, description="step of the routing that is done here; stands in each record", examples=["OP20"]
    )
    wiring: tuple[Wiring, ...] = Field(
        (), description="[[station.wiring]]: which device gives a characteristic here, where the plan doesn't say it"
    )
    interlock: InterlockTable | None = Field(
        None, description="[station.interlock]: operator: the machine is told by its PLC whether the part may go on"
    )
    scanner: Identifier | None = Field(None, description="the [[device]] that scans badges and units; none: typed")
    device: Identifier | None = Field(None, description="automatic: the Modbus [[device]] that offers the blocks")
    badge_pattern: Pattern = Field("OP-[0-9]+", description="what a badge looks like, a regular expression")
    unit_pattern: Pattern = Field(
        ".+",
        description="what a unit's code looks like; named groups (?P<serial>…), lot, part, revision, "
        "order, heat are taken",
    )
    unit_code: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")] = Field(
        "pattern",
        description="pattern: as unit_pattern says; structured: GS1 or ISO 15434; gs1: GS1 whatever the symbol says of "
        "itself; data-identifiers: structured, and short codes like S4711 are one data identifier; hkmc, gm, gtl3: a "
        "customer's profile; else the name of a label profile (gaugetrail-agent profiles labels)",
        examples=["structured"],
    )
    unit_code_roles: dict[
        Annotated[str, Field(pattern=r"^[0-9]{0,3}[A-Z]$")], Literal["serial", "lot", "part_number"]
    ] = Field(
        {},
        description="structured codes: what an identifier means in this house, where labels differ from MH10.8.2",
        examples=[{"4L": "lot"}],
    )
    counter: UnitCounter | None = Field(
        None,
        description='{device = "press", channel = "parts"}: a PLC counts the units that checks by count go by; left '
        "out: those that are scanned are counted",
    )
    serial_channel: str = Field("serial", description="automatic: the value of the block that holds the serial")
    part_channel: str | None = Field(None, description="automatic: the value that holds the part number")
    revision_channel: str | None = Field(None, description="automatic: the value that holds the part's revision")
    order_channel: str | None = Field(
        None, description="automatic: the value that holds the order; empty there: the part is of none"
    )
    on_spool_full: Literal["refuse", "drop_lowest"] = Field(
        "refuse",
        description="refuse: red light, nothing is recorded until there is room; drop_lowest: unsent records of plans "
        "with a drop_class make room, and their loss is a record",
    )
    unfinished_secs: float = Field(
        600,
        ge=1,
        le=86_400,
        description="so long a unit that the agent left half measured is offered; then it is recorded as incomplete",
    )
    on_overdue_gauge: GaugeLock = Field(
        "refuse",
        description="refuse: no value of a gauge that is overdue for calibration is taken; flag: it is taken, and the "
        "record says so with unfit_gauge_reason",
    )
    on_blocked_gauge: GaugeLock = Field(
        "refuse", description="the same for a gauge that is blocked in the gauge register"
    )
    unfit_gauge_reason: Text = Field(
        "",
        description="flag: who allows it and why; stands in each record that such a gauge measured",
        examples=["QE-3: G-0017 is at the laboratory on Monday, checked against the master each morning"],
    )

    orders: Literal["off", "offered", "required"] = Field(
        "off",
        description="off: an order's code is a unit's like any other; offered: scanned, it says part and plan of the "
        "units that follow; required: no unit is taken before an order is scanned",
    )
    order_pattern: Pattern | None = Field(
        None,
        description="what an order's code looks like, a regular expression; the order is the named group (?P<order>…), "
        "or all of it. Left out: structured codes that name an order and no serial",
        examples=["PO:(?P<order>.+)"],
    )
    on_full_order: Literal["warn", "refuse"] = Field(
        "warn", description="once as many units are good as were ordered: warn, or refuse further ones"
    )
    language: Spoken = Field(
        "en",
        description="what the terminal speaks while nobody is logged on, and to people whose list names no language",
        examples=["de"],
    )
    shift: tuple[Shift, ...] = Field(
        (), description="[[station.shift]]: when people work here, where no calendar of the documents says it"
    )
    time_zone: Text = Field(
        "", description="of shift: IANA name of the zone whose clocks hang here", examples=["Europe/Berlin"]
    )
    log_off_mins: float = Field(
        480,
        gt=0,
        le=10_080,
        description="whoever does nothing for so long is logged off, unless a unit is in hand; so long a log-in lasts "
        "over a restart, too",
    )
    override_roles: tuple[Role, ...] = Field(
        ("quality engineer",),
        description="who may let a person or a gauge measure that the station refuses, by badge and with a reason "
        "(%ALLOW:reason); empty: nobody",
    )

    @property
    def gauge_locks(self) -> frozenset[Calibration]:
        """How a gauge stands of which no value is taken."""
        found: dict[Calibration, GaugeLock] = {"overdue": self.on_overdue_gauge, "blocked": self.on_blocked_gauge}
        return frozenset(calibration for calibration, lock in found.items() if lock == "refuse")

    @property
    def own_calendar(self) -> Calendar | None:
        """The shifts of the settings."""
        if not self.shift:
            return None
        return Calendar(id=self.name, time_zone=self.time_zone, shift=self.shift)

    @model_validator(mode="after")
    def _shifts_make_sense(self) -> Self:
        try:
            self.own_calendar  # noqa: B018 (its own rules judge it)
        except ValidationError as error:
            raise ValueError(f"{self.name}: shift: {error.errors()[0]['msg']}") from error
        return self

    @model_validator(mode="after")
    def _unlocked_with_a_reason(self) -> Self:
        for key in ("on_overdue_gauge", "on_blocked_gauge"):
            if getattr(self, key) == "flag" and not self.unfit_gauge_reason.strip():
                raise ValueError(
                    f'{self.name}: {key} = "flag" takes values of unfit gauges: say who allows it and why '
                    f'(unfit_gauge_reason = "…"), or leave {key} out'
                )
        return self

    @model_validator(mode="after")
    def _has_one_kind_of_plan(self) -> Self:
        if (self.plan is None) == (not self.plans):
            raise ValueError(
                f'{self.name} works by a plan: name one (plan = {{document = "…"}}, or a file) or several '
                '(plans = "documents", or […])'
            )
        if self.plans == "documents" and self.operation is None:
            raise ValueError(f"{self.name} takes every controlled plan for its operation: say which (operation = …)")
        return self

    @model_validator(mode="after")
    def _orders_can_be_scanned(self) -> Self:
        if self.orders == "off":
            return self
        if self.mode == "automatic":
            return self._orders_come_in_blocks()
        if self.order_pattern is None and self.unit_code == "pattern":
            raise ValueError(f"{self.name} couldn't tell an order's code from a unit's: say order_pattern = …")
        if self.order_pattern is not None and set(re.compile(self.order_pattern).groupindex) - {"order"}:
            raise ValueError("order_pattern has one named group, (?P<order>…), or none")
        return self

    def _orders_come_in_blocks(self) -> Self:
        if self.order_channel is None:
            raise ValueError(
                f"{self.name} is automatic, and nobody scans an order there: say which value of the block holds it "
                "(order_channel = …), or leave orders out"
            )
        if self.on_full_order == "refuse":
            raise ValueError(
                f"{self.name} is automatic: a full order is told there, not refused; leave on_full_order out"
            )
        return self

    @model_validator(mode="after")
    def _mode_has_its_device(self) -> Self:
        if self.mode == "automatic" and self.device is None:
            raise ValueError(f"{self.name} is automatic: name the Modbus device that offers its blocks (device = …)")
        if self.mode == "automatic" and self.interlock is not None:
            raise ValueError(f"{self.name} is automatic, and answers by its handshake: leave interlock out")
        groups = set(re.compile(self.unit_pattern).groupindex)
        if strange := groups.difference(IDENTIFIERS):
            raise ValueError(f"unit_pattern names the group {', '.join(sorted(strange))}; known: {sorted(IDENTIFIERS)}")
        if groups and not groups & {"serial", "lot"}:
            raise ValueError("unit_pattern names groups, but neither serial nor lot")
        return self


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """What the configuration says of a device, as far as a record needs it."""

    gauge: str | None
    capture: Capture
    rule: FreshRule = field(default_factory=FreshRule)
    """When its value is a new unit's."""
    channels: tuple[str, ...] = ()
    """What it is known to tell apart, by its driver or its settings."""


@dataclass(frozen=True, slots=True)
class Setup:
    """Everything of a station that doesn't change while a unit is in hand."""

    site: str
    line: str
    station: str
    mode: Literal["operator", "automatic"]
    plan: Plan
    """The one that holds for the unit in hand; the only one, or any, without a unit; `NO_PLAN` where none is here."""
    devices: Mapping[str, DeviceFacts]
    gauges: Mapping[str, Gauge]
    people: PeopleList | None
    badge: re.Pattern[str]
    unit: re.Pattern[str]
    code_profile: str | None = None
    """Read unit codes as structured codes: a customer's profile by name, or empty for what the code says it is."""
    code_label: OwnLabel | None = None
    """The customer's own label of that name, where it is one."""
    code_roles: Mapping[str, str] = field(default_factory=dict)
    """What an identifier means in this house: `4L` is the lot on some suppliers' labels, not the country."""
    serial_channel: str = "serial"
    part_channel: str | None = None
    revision_channel: str | None = None
    order_channel: str | None = None
    operation: str | None = None
    """Step of the routing that is done here."""
    counter: tuple[str, str | None] | None = None
    """The device and channel that count units; null: scans do."""
    choice: tuple[Plan, ...] = ()
    """All plans of the station, where it has several."""
    barred: Mapping[str, Sentence] = field(default_factory=dict)
    """Plan -> why no unit may be begun by it."""
    refuses: Sentence | None = None
    """Why no unit at all may be begun: a plan, people list or gauge register isn't here, or not in force."""
    registers: Mapping[str, RegisterHere] = field(default_factory=dict)
    """`people` and `gauges` -> which ones these are."""
    settings: SettingsHere = field(default_factory=SettingsHere)
    finishing: Mapping[str, FinishingLot] = field(default_factory=dict, compare=False)
    """Plan -> the edition before, as long as its order or lot lasts."""
    orders: OrdersHere | None = None
    """At which orders may be worked here; null where orders are nothing to the station."""
    limits: tuple[LimitsHere, ...] = ()
    """Control limits that values are judged by, those for the narrowest place first."""
    calendar: Calendar | None = None
    """By which a moment is in a shift; null where nobody says when people work."""
    reactions: Mapping[str, ReactionHere] = field(default_factory=dict)
    """Reaction documents in force, by their ids."""
    instructions: Mapping[str, InstructionHere] = field(default_factory=dict)
    """Instructions in force, where a screen shows them."""
    order_code: re.Pattern[str] | None = None
    orders_wanted: Literal["off", "offered", "required"] = "off"
    on_full_order: Literal["warn", "refuse"] = "warn"
    gauge_locks: frozenset[Calibration] = frozenset({"overdue", "blocked"})
    """How a gauge stands of which no value is taken."""
    unfit_gauge_reason: str = ""
    """Who allows the values of others, and why."""
    override_roles: tuple[Role, ...] = ("quality engineer",)
    """Who may allow what is refused of a person or a gauge."""
    language: str = "en"
    """What the terminal speaks to whom has no language of their own."""
    on_spool_full: Literal["refuse", "drop_lowest"] = "refuse"
    unfinished_secs: float = 600
    log_off_secs: float = 480 * 60
    """After so long with nothing done nobody is logged on any more."""
    _heard: dict[str | None, set[str | None]] = field(default_factory=dict, init=False, compare=False, repr=False)
    """Device -> the channels that any plan measures; found when first asked for."""

    @property
    def by_documents(self) -> bool:
        """Whether its plans are controlled documents: of these the record says from when they hold."""
        return any(plan.ref.effective is not None for plan in self.plans)

    @property
    def qualified_for(self) -> str:
        """What people are qualified for here."""
        return self.operation or self.plan.file.operation or self.station

    @property
    def plans(self) -> tuple[Plan, ...]:
        """All plans that the station works by."""
        return self.choice or (() if self.plan is NO_PLAN else (self.plan,))

    @property
    def texts(self) -> tuple[Plan, ...]:
        """Those, and the editions before them that still finish a lot."""
        return *self.plans, *(one.plan for one in self.finishing.values())

    @property
    def refusal(self) -> Sentence | None:
        """Why nothing that comes can be measured here now; null where it is the part's matter."""
        only = self.plans[0].ref.id if len(self.plans) == 1 else ""
        return self.refuses or self.barred.get(only)

    @property
    def devices_wanted(self) -> frozenset[str]:
        """The devices that its plans measure with."""
        found = {c.device for plan in self.texts for c in plan.characteristics if c.device is not None}
        return frozenset(found if self.counter is None else found | {self.counter[0]})

    def plan_of(self, ref: PlanRef) -> Plan | None:
        """The plan that a record names, where the station works by it, be it a file or a document."""
        wanted = (ref.id, ref.revision, ref.sha256)
        return next((one for one in self.texts if (one.ref.id, one.ref.revision, one.ref.sha256) == wanted), None)

    def hears(self, device: str, channel: str | None) -> bool:
        """Whether a reading may matter here: a press always does, what goes on all the time where it is measured."""
        if self.mode == "automatic":
            return False
        if (device, channel) == self.counter:
            return True
        if not self._heard:  # asked at each reading, and a station may have thousands of plans
            for wanted in (one for plan in self.texts for one in plan.characteristics):
                self._heard.setdefault(wanted.device, set()).add(wanted.channel)
        channels = self._heard.get(device, set())
        return self.devices[device].rule.fresh == "event" or not channels.isdisjoint((None, channel))


def station_setup(
    table: StationTable,
    here: PlansHere,
    *,
    site: str,
    line: str,
    devices: Mapping[str, DeviceFacts],
    gauges: Mapping[str, Gauge],
    people: PeopleList | None,
    label: OwnLabel | None = None,
    registers: Mapping[str, RegisterHere] | None = None,
    settings: SettingsHere | None = None,
) -> Setup:
    """What the settings say of a station, compiled, with the documents that it works by."""
    return Setup(
        site=site,
        line=line,
        station=table.name,
        mode=table.mode,
        plan=here.plans[0] if here.plans else NO_PLAN,
        choice=here.plans if len(here.plans) > 1 else (),
        barred=here.barred,
        registers=registers or {},
        settings=settings or SettingsHere(),
        refuses=here.refuses,
        orders=here.orders,
        limits=here.limits,
        calendar=here.calendar or table.own_calendar,
        reactions=here.reactions,
        instructions=here.instructions,
        order_code=None if table.order_pattern is None else re.compile(table.order_pattern),
        orders_wanted=table.orders,
        on_full_order=table.on_full_order,
        operation=table.operation,
        counter=None if table.counter is None else (table.counter.device, table.counter.channel),
        devices=devices,
        gauges=gauges,
        people=people,
        badge=re.compile(table.badge_pattern),
        unit=re.compile(table.unit_pattern),
        code_profile=CODE_PROFILES.get(table.unit_code, table.unit_code),
        code_label=label,
        code_roles=table.unit_code_roles,
        serial_channel=table.serial_channel,
        part_channel=table.part_channel,
        revision_channel=table.revision_channel,
        order_channel=table.order_channel,
        gauge_locks=table.gauge_locks,
        unfit_gauge_reason=table.unfit_gauge_reason,
        override_roles=table.override_roles,
        language=table.language,
        on_spool_full=table.on_spool_full,
        unfinished_secs=table.unfinished_secs,
        log_off_secs=table.log_off_mins * 60,
    )

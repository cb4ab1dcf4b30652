"""A station on paper: its setup, the events of a shift, and what became of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal, TypeGuard

from gaugetrail_agent.languages.sentences import ENGLISH
from gaugetrail_agent.reading import Reading, Status
from gaugetrail_agent.station.display import display
from gaugetrail_agent.station.freshness import FreshRule
from gaugetrail_agent.station.setup import DeviceFacts, Setup
from gaugetrail_agent.station.steps import step
from gaugetrail_agent.station.words.effect import Effect, KeepIt, Refusal, SealIt, TellEvent, TellUse
from gaugetrail_agent.station.words.happening import BatchCame, Scanned, StationEvent, ValueCame
from gaugetrail_agent.station.words.state import StationState
from gaugetrail_contract.documents.gauges import Calibration, Gauge
from gaugetrail_contract.documents.people import PeopleList, Person
from gaugetrail_contract.documents.plan import Characteristic, Plan, PlanFile
from gaugetrail_contract.record import Capture, EventBody, InspectionBody, PlanRef

BORE = Characteristic(name="bore", unit="mm", nominal="74.000", lsl="73.950", usl="74.050", device="bore")
WEIGHT = Characteristic(name="weight", unit="g", lsl="10.0", device="scale")
FORCE = Characteristic(name="force", unit="kN", lsl="10", usl="20", device="press", channel="force")
PRESSED = FreshRule(asked=True)
"""A gauge that measures anew when asked: each value is an event of its own."""
LOOKS = Characteristic.model_validate({"name": "looks", "kind": "attribute"})


def gauge(number: str, due: str | None, status: str = "active", **more: object) -> Gauge:
    return Gauge.model_validate({"id": number, "calibration_due": due, "status": status, **more})


def on_list(*badges: str, qualification: str | None = None) -> PeopleList:
    """A list of before, which says who there is and not who may do what."""
    people = tuple(Person(badge=badge, name="Ada", qualification=qualification) for badge in badges)
    return PeopleList(qualifications="not_kept", person=people)


def setup(
    *characteristics: Characteristic,
    mode: Literal["operator", "automatic"] = "operator",
    order: str = "strict",
    people: PeopleList | None = None,
    gauges: dict[str, Gauge] | None = None,
    locks: frozenset[Calibration] = frozenset({"overdue", "blocked"}),
    rules: dict[str, FreshRule] | None = None,
) -> Setup:
    file = PlanFile.model_validate(
        {
            "id": "CP-1",
            "revision": "C",
            "part": "PR-74",
            "approved_by": "QE-3",
            "approved_on": "2026-11-01",
            "order": order,
            "characteristic": tuple(c.model_dump() for c in characteristics or (BORE, WEIGHT)),
        }
    )
    return Setup(
        site="s",
        line="l",
        station="OP20",
        mode=mode,
        plan=Plan(file, PlanRef(id="CP-1", revision="C", sha256="0" * 64), Path("cp.toml")),
        devices={
            name: DeviceFacts(gauge, capture, (rules or {}).get(name, PRESSED))
            for name, gauge, capture in (
                ("bore", "G-17", Capture.GAUGE),
                ("scale", "G-18", Capture.GAUGE),
                ("press", "G-19", Capture.PLC),
            )
        },
        gauges=gauges or {},
        people=people,
        badge=re.compile(r"OP-\d+"),
        unit=re.compile(r"SN\d{6}|[0-9E]+"),
        gauge_locks=locks,
        unfit_gauge_reason="QE-3: the laboratory is full",
    )


class Floor:
    """One station with the events of a shift; time moves a second an event."""

    def __init__(self, at: Setup) -> None:
        self.setup = at
        self.state = StationState()
        self.now = 1_790_000_000_000_000
        self.effects: list[Effect] = []
        self.told: list[TellUse] = []
        self.kept: list[InspectionBody] = []
        self.refused: list[Refusal] = []
        self.people: list[EventBody] = []
        """Who came and who went."""
        self.said: list[StationEvent] = []
        """What a test wants to count."""

    @property
    def message(self) -> str:
        """What the terminal shows of what was said last."""
        return str(display(self.setup, self.state).document(ENGLISH)["message"])

    def say(self, event: StationEvent) -> tuple[Effect, ...]:
        """What the station wants done; what it tells other stations, keeps and refuses, and who came, stand apart."""
        self.state, effects = step(self.setup, self.state, event)
        self.told += (effect for effect in effects if isinstance(effect, TellUse))
        self.kept += (effect.body for effect in effects if isinstance(effect, KeepIt))
        self.refused += (effect for effect in effects if isinstance(effect, Refusal))
        self.people += (effect.body for effect in effects if _is_of_people(effect))
        apart = (TellUse, KeepIt, Refusal)
        effects = tuple(one for one in effects if not isinstance(one, apart) and not _is_of_people(one))
        self.effects += effects
        return effects

    def tick(self) -> dict[str, int]:
        self.now += 1_000_000
        return {"at_us": self.now, "mono_ns": self.now * 1000}

    def scan(self, text: str, raw: bytes = b"") -> tuple[Effect, ...]:
        """A text that was typed, or with `raw` one that a reader read."""
        return self.say(Scanned(text, **self.tick(), raw=raw))

    def gauge(self, device: str, value: str | None, unit: str | None, status: Status = Status.OK) -> tuple[Effect, ...]:
        return self.say(ValueCame(device, Reading(status, b"raw", value=value, unit=unit), **self.tick()))

    def sealed(self) -> InspectionBody:
        body = next(e.body for e in reversed(self.effects) if isinstance(e, SealIt))
        assert isinstance(body, InspectionBody)
        return body


def _is_of_people(effect: Effect) -> TypeGuard[TellEvent]:
    return isinstance(effect, TellEvent) and effect.body.type.startswith("person.")


def measured_unit(bore: str = "74.010", weight: str = "12.0", at: Setup | None = None) -> Floor:
    floor = Floor(at or setup())
    floor.scan("OP-12")
    floor.scan("SN000001")
    floor.gauge("bore", bore, "mm")
    floor.gauge("scale", weight, "g")
    return floor


def block(serial: str | None, force: str | None, status: Status = Status.OK, trigger: int = 7) -> BatchCame:
    readings = [Reading(status, b"\x41", value=force, unit="kN", channel="force")]
    if serial is not None:
        readings.append(Reading(Status.INFO, b"\x42", channel="serial", text=serial))
    start = 1_790_000_000_000_000
    return BatchCame("press", tuple(readings), trigger, tuple(start + n for n in range(len(readings))), 5)

"""The agent says how it is every few seconds, and at once when something changed for whoever watches the line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from spool_bodies import put, spool

from gaugetrail_agent.drivers.stream import DeviceState
from gaugetrail_agent.health.heartbeat import BEAT_SECS, CLOCK_SECS, NEWS_SECS, Heartbeat
from gaugetrail_agent.health.report import Health
from gaugetrail_agent.languages.sentences import said
from gaugetrail_agent.spool import Spool
from gaugetrail_agent.station.display import Display
from gaugetrail_agent.station.words.state import StationState
from gaugetrail_contract.clock import FixedClock
from gaugetrail_contract.record import PlanRef
from gaugetrail_contract.status import AgentStatus, DeliveryStatus


class Watched:
    """The parts around a heartbeat: what they complain of, and what was sent."""

    def __init__(self, one: Spool) -> None:
        self.spool = one
        self.sent: list[AgentStatus] = []
        self.measured: list[AgentStatus] = []
        self.broker: str | None = None
        self.clock_trouble: str | None = None
        self.trouble: str | None = None
        self.pins: dict[str, str] = {}
        self.stranger: str | None = None
        self.jobs: dict[str, tuple[float, object]] = {}
        self.beats = Heartbeat(
            Health("pc1", FixedClock(), "0" * 64),
            spool=one,
            publisher=self,  # type: ignore[arg-type]
            collectors=self,  # type: ignore[arg-type]
            clock_watch=self,  # type: ignore[arg-type]
            metrics=self,  # type: ignore[arg-type]
        )

    def known(self) -> dict[str, str]:
        return self.pins

    def strange(self) -> str | None:
        return self.stranger

    def publish_status(self, document: AgentStatus) -> None:
        self.sent.append(document)

    def tell(self, document: AgentStatus) -> None:
        self.measured.append(document)

    def state(self) -> DeliveryStatus | None:
        return None

    def alarm(self) -> str | None:
        return self.broker

    def look(self) -> str | None:
        return self.clock_trouble

    def not_taken(self) -> str | None:
        return None

    def every(self, seconds: float, name: str, work: object) -> None:
        self.jobs[name] = (seconds, work)

    @property
    def alarms(self) -> tuple[str, ...]:
        return self.sent[-1].alarms


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    with spool(tmp_path) as one:
        yield Watched(one)


UP = DeviceState(up=True, since=0.0)


def test_a_beat_sends_the_document_and_tells_the_figures_the_same(watched: Watched) -> None:
    put(watched.spool, 2)
    watched.pins = {"main": "a" * 64}
    watched.beats.beat()
    (document,) = watched.sent
    assert watched.measured == [document]
    assert (document.online, document.spool.waiting, document.collector_keys) == (True, 2, watched.pins)


def test_what_parts_complain_of_is_an_alarm_until_it_is_over(watched: Watched) -> None:
    watched.broker, watched.trouble = "the broker is away", "metrics: port taken"
    watched.stranger = "the collector 'c2' is not known here"
    watched.beats.beat()
    assert set(watched.alarms) == {"the broker is away", "metrics: port taken", watched.stranger}
    watched.broker = watched.trouble = watched.stranger = None
    watched.beats.beat()
    assert watched.alarms == ()


def test_lost_records_are_an_alarm_once(watched: Watched) -> None:
    """Against the state at the last beat."""
    fine = watched.spool.state()
    states = [fine, fine.model_copy(update={"dropped": 4})]
    watched.spool.state = lambda: states[-1 if len(watched.sent) else 0]  # type: ignore[method-assign]
    watched.beats.beat()
    assert watched.alarms == ()
    watched.beats.beat()
    assert "unsent records were dropped" in watched.alarms[0]
    watched.beats.beat()
    assert watched.alarms == ()


def test_news_are_told_once_and_no_news_not_at_all(watched: Watched) -> None:
    watched.beats.beat()
    watched.beats.tell_news()
    assert len(watched.sent) == 1
    watched.beats.station(shown("measuring"))
    assert len(watched.sent) == 1, "what an operator does is told with the next news, not at each scan"
    watched.beats.tell_news()
    watched.beats.tell_news()
    assert len(watched.sent) == 2
    assert watched.sent[-1].stations == {"OP20": "measuring"}
    watched.broker = "the broker is away"
    watched.beats.tell_news()
    assert watched.alarms == ("the broker is away",)


def shown(waits: str) -> Display:
    says = said("record.not_recorded", reason="the disk is full") if waits == "refused" else said("badge.logged_off")
    return Display(
        station="OP20",
        waits=waits,  # type: ignore[arg-type]
        plan=PlanRef(id="CP-1", revision="C", sha256="0" * 64),
        asks=said("prompt.scan_unit"),
        light="off",
        next=None,
        state=StationState(says=says),
    )


def test_a_part_that_the_spool_refuses_is_an_alarm_at_once_until_it_is_in(watched: Watched) -> None:
    watched.beats.station(shown("sealing"))
    assert watched.sent == []
    watched.beats.station(shown("refused"))
    assert watched.alarms == ("OP20: NOT RECORDED: the disk is full. Hold the part; trying again",)
    watched.beats.station(shown("refused"))
    assert len(watched.sent) == 1
    watched.beats.station(shown("wait_unit"))
    assert watched.alarms == ()


def test_a_device_that_comes_goes_or_complains_is_told_at_once_and_a_reading_is_not(watched: Watched) -> None:
    watched.beats.device("bore", UP)
    assert watched.sent[-1].devices["bore"].up
    watched.beats.device("bore", replace(UP, readings=7))
    assert len(watched.sent) == 1
    watched.beats.device("bore", replace(UP, readings=7, detail="bore: battery low for 7 s", alarm="bore: battery low"))
    assert watched.alarms == ("bore: battery low",)
    watched.beats.device("bore", replace(UP, up=False, detail="bore: battery low for 9 s", alarm="bore: battery low"))
    assert len(watched.sent) == 3
    watched.beats.device("bore", UP)
    assert (len(watched.sent), watched.alarms) == (4, ())


def test_a_clock_that_jumped_is_told_at_once(watched: Watched) -> None:
    watched.beats.look_at_clock()
    assert watched.sent == []
    watched.clock_trouble = "this PC's clock has jumped"
    watched.beats.look_at_clock()
    watched.beats.look_at_clock()
    assert len(watched.sent) == 1
    assert watched.alarms == ("this PC's clock has jumped",)


def test_each_has_its_own_interval(watched: Watched) -> None:
    watched.beats.schedule(watched)  # type: ignore[arg-type]
    beats = watched.beats
    assert watched.jobs == {
        "heartbeat": (BEAT_SECS, beats.beat),
        "news": (NEWS_SECS, beats.tell_news),
        "clock": (CLOCK_SECS, beats.look_at_clock),
    }


def test_an_agent_without_figures_beats_too(tmp_path: Path) -> None:
    with spool(tmp_path) as one:
        parts = Watched(one)
        beats = Heartbeat(
            Health("pc1", FixedClock(), "0" * 64),
            spool=one,
            publisher=parts,  # type: ignore[arg-type]
            collectors=parts,  # type: ignore[arg-type]
            clock_watch=parts,  # type: ignore[arg-type]
            metrics=None,
        )
        beats.beat()
        assert (len(parts.sent), parts.measured) == (1, [])

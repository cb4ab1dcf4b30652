"""The console says what is broken and claims no more than it knows: broker, store, PLC, gauge away, one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from console_floor import Pages, inspection, own_status, sealed

from gaugetrail_collector.console.troubles import as_of
from gaugetrail_contract import topics
from gaugetrail_contract.signed_status import collector_offline
from gaugetrail_contract.status import AgentStatus, CollectorStatus, agent_offline

TEN_PAST_ONE = 1_790_039_400_000_000
"""2026-09-22 01:10 UTC."""


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Pages]:
    made = Pages(tmp_path)
    made.neighbours.now_us = lambda: TEN_PAST_ONE
    made.facts.board.take_stored([one.record for one in sealed([inspection("SN1")])])
    say(made)
    hear(made, CollectorStatus(online=True, collector="collector-1", store="up", broker="up"))
    yield made
    made.close()


def say(pages: Pages, *, told: bool = True, **devices: dict[str, object]) -> None:
    """pc1 says of itself: OP20 works with `bore` and `press`, OP30 with `scale`."""
    bodies = {"bore": {"up": True}, "press": {"up": True}, "scale": {"up": True}} | devices
    of = {"OP20": {"devices": ["bore", "press"]}, "OP30": {"devices": ["scale"]}}
    document = AgentStatus.model_validate(
        {
            "online": True,
            "agent": "pc1",
            "stations": {"OP20": "wait_unit", "OP30": "wait_unit"},
            "station_details": of if told else {},
            "devices": bodies,
            "spool": {"epoch": "abcdefgh", "last_seq": 9, "waiting": 4, "bytes": 100},
        }
    )
    pages.neighbours.hear(topics.status("pc1"), document.model_dump_json(exclude_none=True).encode())


def hear(pages: Pages, document: CollectorStatus) -> None:
    payload = document.model_dump_json(exclude_none=True).encode()
    pages.neighbours.hear(topics.collector_status(document.collector), payload)


def tile(page: str, station: str) -> str:
    """The article of a station, its own tag included."""
    (found,) = [one for one in page.split('<article class="station ')[1:] if f"<h2>{station}</h2>" in one]
    return found.partition("</article>")[0]


def test_with_the_broker_away_the_page_says_so_and_of_when_it_is_and_calls_nobody_gone(pages: Pages) -> None:
    """As a broker dies it may still hand out last wills: they say nothing of the line PCs."""
    pages.neighbours.hear(topics.status("pc1"), agent_offline("pc1"))
    pages.neighbours.hear(topics.collector_status("collector-1"), collector_offline("collector-1"))
    pages.own = own_status(broker="down", broker_detail="127.0.0.1:1883: connection refused; trying again")
    page = pages.ask("/").text
    assert "The broker can&#39;t be reached." in page
    assert "hat stands here is as of 2026-09-22 01:10 UTC" in page
    assert "127.0.0.1:1883: connection refused" in page
    assert "gone</p>" not in page
    assert "✗ down" not in page
    assert "not heard since 2026-09-22 01:10 UTC" in tile(page, "OP20")
    assert tile(page, "OP20").split(">")[0].endswith('gone "') is False
    assert "✓ up" in page, "the store is the collector's own matter"
    assert "not known while the broker is away" in page
    services = pages.ask("/services").text
    assert "not heard" in services
    assert ">gone<" not in services
    told = pages.ask("/api/line").json()
    assert (told["broker"], told["store"], told["records_waiting"]) == ("down", "up", None)
    assert told["as_of"] == "2026-09-22T01:10:00.000000Z"
    assert told["troubles"][0].startswith("The broker can't be reached; what stands here is as of")
    assert told["alarms"] == []


def test_a_broker_that_was_never_reached(tmp_path: Path) -> None:
    made = Pages(tmp_path)
    made.own = own_status(broker="down", broker_detail="not connected yet", store="unknown")
    page = made.ask("/").text
    assert "Nothing has been heard yet" in page
    assert ">–</span>" in page
    made.close()


def test_the_moment_is_given_by_the_clock_alone_while_the_day_is_the_same(pages: Pages) -> None:
    view = pages.facts.board.view()
    assert as_of(replace(view, now_us=TEN_PAST_ONE + 60_000_000)) == "01:10 UTC"


def test_with_the_store_away_live_tiles_stay_and_the_page_says_what_waits(pages: Pages) -> None:
    pages.own = own_status(store="down", store_detail="InfluxDB at http://influx:8086 doesn't answer: refused")
    page = pages.ask("/").text
    assert "The store can&#39;t be reached." in page
    assert "InfluxDB at http://influx:8086 doesn&#39;t answer" in page
    assert "✗ down" in page
    assert "waits for a unit" in tile(page, "OP20")
    assert "broker can" not in page
    assert "the store is down" not in page, "said once"


def test_another_collectors_store_is_its_own(pages: Pages) -> None:
    hear(pages, CollectorStatus(online=True, collector="c2", store="down", store_detail="disk full"))
    page = pages.ask("/").text
    assert "✓ up" in page
    assert "the store is down: disk full" in page


def test_a_tile_whose_gauge_or_plc_is_gone_is_not_green_and_names_it(pages: Pages) -> None:
    say(pages, bore={"up": False, "detail": "bore: no such port; looking again"}, press={"up": False})
    page = pages.ask("/").text
    bad, well = tile(page, "OP20"), tile(page, "OP30")
    assert bad.startswith("pass gone")
    assert "bore: no such port; looking again" in bad
    assert "bore: bore:" not in page
    assert "press: is not connected" in bad
    assert "gone" not in well.split(">")[0]
    told = {one["station"]: one["faults"] for one in pages.ask("/api/line").json()["stations"]}
    assert told == {"OP20": ["bore: no such port; looking again", "press: is not connected"], "OP30": []}
    say(pages)
    assert "gone" not in tile(pages.ask("/").text, "OP20").split(">")[0]


def test_what_the_operator_is_told_stands_on_the_tile_and_red_takes_its_colour(pages: Pages) -> None:
    def tell(sign: str, *notices: str) -> str:
        details = {"OP20": {"devices": [], "sign": sign, "notices": notices}}
        document = {"online": True, "agent": "pc1", "stations": {"OP20": "wait_unit"}, "station_details": details}
        payload = AgentStatus.model_validate(document).model_dump_json(exclude_none=True)
        pages.neighbours.hear(topics.status("pc1"), payload.encode())
        return tile(pages.ask("/").text, "OP20")

    amber = tell("amber", "the disk is nearly full", "G-0017 is due in 3 days")
    assert amber.startswith("pass ")
    assert "gone" not in amber.split(">")[0]
    assert "the disk is nearly full" in amber
    assert "G-0017 is due in 3 days" in amber
    assert "gone" in tell("red", "bore is not connected: check the cable").split(">")[0]
    (told,) = pages.ask("/api/line").json()["stations"]
    assert told["notices"] == ["bore is not connected: check the cable"]


def test_gauges_that_are_overdue_blocked_or_soon_due_are_named(pages: Pages) -> None:
    gauges = {
        "G-1": {
            "device": "bore",
            "calibration": "overdue",
            "detail": "overdue since July",
            "refused_at": ["OP20"],
        },
        "G-2": {
            "device": "scale",
            "calibration": "valid",
            "due_soon": True,
            "detail": "due on 2026-09-30",
        },
        "G-3": {"device": "press", "calibration": "valid"},
    }
    document = AgentStatus.model_validate({"online": True, "agent": "pc1", "gauges": gauges})
    pages.neighbours.hear(topics.status("pc1"), document.model_dump_json(exclude_none=True).encode())
    page = pages.ask("/").text
    assert "pc1, refused at OP20" in page
    assert "overdue since July" in page
    assert "due on 2026-09-30" in page
    assert "G-3" not in page


def test_of_an_older_agent_any_device_may_be_the_stations(pages: Pages) -> None:
    say(pages, told=False, bore={"up": False})
    page = pages.ask("/").text
    assert "bore: is not connected" in tile(page, "OP20")
    assert "bore: is not connected" in tile(page, "OP30")


def test_a_tile_names_its_agent(pages: Pages) -> None:
    assert "plant1 / line1 · pc1" in tile(pages.ask("/").text, "OP20")
    pages.neighbours.hear(topics.status("pc1"), agent_offline("pc1"))
    assert "its agent pc1 is gone" in tile(pages.ask("/").text, "OP20")


def test_alarms_of_a_collector_come_in_its_own_words(pages: Pages) -> None:
    pages.own = own_status(alarms=("two stores stand behind one group",))
    hear(pages, CollectorStatus(online=True, collector="c2", alarms=("another has this id",)))
    assert [what for _, what in pages.facts.board.view().alarms] == [
        "another has this id",
        "two stores stand behind one group",
    ]


def test_what_the_collector_finds_itself_is_shown_at_once(pages: Pages) -> None:
    """A live page looks again when broker or store come or go, with nobody speaking."""
    before = pages.facts.own_state
    pages.own = own_status(broker="down")
    assert pages.facts.own_state != before

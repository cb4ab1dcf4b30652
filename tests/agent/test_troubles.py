"""What of an agent's facts is a trouble, and what is only worth a look: each side of each line that is drawn."""

from __future__ import annotations

from pathlib import Path

import pytest
from station_floor import setup

from gaugetrail_agent.drivers.stream import DeviceState
from gaugetrail_agent.health.calibration import SOON_DAYS
from gaugetrail_agent.inquiries import troubles
from gaugetrail_agent.languages.sentences import ENGLISH, said
from gaugetrail_agent.links.wire_tap import WireTap
from gaugetrail_agent.station.display import display
from gaugetrail_agent.station.words.state import StationState
from gaugetrail_agent.station.words.unit import Unit
from gaugetrail_contract.clock import ClockTrust
from gaugetrail_contract.findings import Finding, in_lines
from gaugetrail_contract.status import AgentStatus, SpoolStatus

FOLDER = Path("/var/lib/gaugetrail")
SPOOL = SpoolStatus(epoch="abcdefgh", last_seq=9, waiting=0, bytes=1)


def one(found: object) -> Finding:
    (finding,) = found  # type: ignore[misc]
    return finding


# --- devices


def state(**more: object) -> DeviceState:
    return DeviceState(up=True, since=0.0, **more)  # type: ignore[arg-type]


def heard(*pieces: bytes) -> WireTap:
    tap = WireTap(now_us=lambda: 0)
    for piece in pieces:
        tap.passed("in", piece)
    return tap


def test_a_device_that_is_well_or_not_reported_yet_is_none() -> None:
    assert list(troubles.device("bore", None, heard())) == []
    assert list(troubles.device("bore", state(frames=3, readings=2, garbled=1), heard(b"1\r"))) == []
    assert list(troubles.device("bore", state(), heard())) == []


@pytest.mark.parametrize(
    ("detail", "cure"),
    [
        ("COM7: no such port; there are COM3", "plug the adapter in"),
        ("COM7: permission denied: add …", "usermod -aG dialout"),
        ("COM7: busy: held by minicom (process 7)", "stop that program"),
        ("10.0.0.7:502: connection refused: nothing listens there", "switch the device on"),
        ("10.0.0.7:502: no answer in 5 s: check power", "look at its power, its network cable"),
        ("gauge.example:1: the name is unknown: check the spelling", "put host in [[link]] right"),
        ("a fault of ours in LineDriver.received (KeyError)", "report it"),
        ("no answer to 3 polls on COM7 for 3 s", "switch the gauge on"),
        ("nothing from COM7 for 60 s; the gauge may sleep", "press its DATA key; gaugetrail-agent tap bore"),
        ("2 of 5 values are refused: force at 40001 (exception 2)", "put the address and type"),
        ("unit 3 didn't answer", "look at its power, unit id and cable; gaugetrail-agent tap bore"),
        ("10.0.0.7:4545: connection closed by the device", "look whether it restarts"),
        ("COM7: broken: Input/output error", "look at the cable and the adapter"),
        ("something new", "gaugetrail-agent check --probe"),
    ],
)
def test_each_kind_of_outage_has_its_cure(detail: str, cure: str) -> None:
    down = DeviceState(up=False, since=0.0, detail=f"bore: {detail}")
    found = one(troubles.device("bore", down, heard()))
    assert (found.about, found.what, found.wrong) == ("device bore", detail, True)
    assert found.cure.startswith(cure)


def test_a_device_that_complains_while_it_is_open_is_a_trouble() -> None:
    assert one(troubles.device("bore", state(detail="bore: no answer to 3 polls"), heard())).wrong
    assert one(troubles.device("bore", DeviceState(up=False, since=0.0), heard())).what == "not opened yet"


def test_nothing_but_garbled_frames_is_a_wrong_line() -> None:
    found = one(troubles.device("bore", state(frames=2, garbled=2), heard(b"x" * 30 + b"\x9d\r")))
    assert found.what == "each of its 2 frames is garbled, last " + "x" * 22 + "\\x9d\\r"
    assert found.cure == troubles.WRONG_LINE
    assert one(troubles.device("bore", state(garbled=1), heard())).what.endswith("last nothing")


def test_bytes_without_a_frame_are_worth_a_look_and_many_of_them_a_trouble() -> None:
    """The first half of a frame is none yet."""
    assert list(troubles.device("bore", state(), heard(b"half"))) == []
    few, many = heard(b"a", b"b"), heard(b"a", b"b" * 200)
    assert not one(troubles.device("bore", state(), few)).wrong
    assert one(troubles.device("bore", state(), many)).wrong


# --- stations


MEASURING = StationState(operator="OP-12", unit=Unit({"serial": "SN1"}, 0, 0))


def silent(secs: float, bytes_age: float | None) -> list[Finding]:
    return list(troubles.station("OP20", display(setup(), MEASURING), secs, lambda device: bytes_age))


def test_a_gauge_is_silent_when_somebody_has_waited_long_and_no_byte_came_since() -> None:
    assert silent(troubles.SILENT_SECS - 1, None) == []
    assert silent(60, 59) == []
    for age in (None, 61):
        found = one(silent(60, age))
        assert (found.about, found.what) == (
            "device bore",
            "silent: OP20 has waited for it for 60 s and no byte came",
        )
    assert len(silent(troubles.SILENT_SECS, None)) == 1


def test_nobody_waits_for_a_gauge_at_a_station_without_a_unit() -> None:
    waiting = display(setup(), StationState(operator="OP-12"))
    assert list(troubles.station("OP20", waiting, 1e6, lambda device: None)) == []


def complaints(light: str, sentence: str, **values: str) -> list[Finding]:
    shown = display(setup(), StationState(light=light, says=said(sentence, **values)))  # type: ignore[arg-type]
    return list(troubles.station("OP20", shown, 0, lambda device: None))


@pytest.mark.parametrize("light", ["amber", "red"])
def test_what_a_station_refuses_is_a_trouble_while_its_light_says_so(light: str) -> None:
    found = one(complaints(light, "badge.unknown", badge="OP-99"))
    assert (found.about, found.what) == ("station OP20", "OP-99 is not in the people list")
    assert complaints("off", "badge.unknown", badge="OP-99") == []
    assert complaints("red", "record.recorded", serial="SN1", verdict="fail") == []


def test_a_station_s_cure_names_the_device() -> None:
    found = one(complaints("amber", "value.no_value", device="bore", status="overrange", characteristic="width"))
    assert "gaugetrail-agent tap bore" in found.cure


def test_each_cure_of_a_station_belongs_to_a_sentence_that_there_is() -> None:
    assert set(troubles.STATION_CURES) <= set(ENGLISH.templates)


# --- the rest


def test_a_broker_without_a_complaint_is_well_and_a_new_complaint_keeps_its_words() -> None:
    assert list(troubles.broker("", "b:1")) == []
    assert one(troubles.broker("something new", "b:1")) == Finding(
        "broker", "something new", "gaugetrail-agent doctor asks b:1"
    )


def test_a_spool_s_troubles() -> None:
    def told(**more: object) -> list[str]:
        return [found.what for found in troubles.spool(SPOOL.model_copy(update=more), FOLDER)]

    assert list(troubles.spool(None, FOLDER)) == []
    assert told() == []
    assert told(full=True) == ["it takes no records, so parts are not recorded: as many wait as it may hold"]
    locked = {"full": True, "refuses": "dbtool (process 8) has locked spool.db"}
    assert told(**locked) == ["it takes no records, so parts are not recorded: dbtool (process 8) has locked spool.db"]
    (found,) = troubles.spool(SPOOL.model_copy(update=locked), FOLDER)
    assert found.cure == "close that program; it goes on by itself"
    assert told(set_aside=1, damaged=2) == [
        "1 record set aside, here or by the collector",
        "the disk has spoilt 2 records",
    ]


@pytest.mark.parametrize(
    ("free", "total", "wrong"),
    [(0, 10**9, True), (49_999_999, 10**12, True), (50_000_000, 10**12, False), (4, 100, True), (5, 100, False)],
)
def test_a_disk_is_full_below_50_mb_or_a_twentieth(free: int, total: int, wrong: bool) -> None:
    assert bool(list(troubles.disk(FOLDER, {"free_bytes": free, "total_bytes": total}))) == wrong


def test_a_disk_that_is_gone() -> None:
    assert "can't be looked at" in one(troubles.disk(FOLDER, {})).what


def status(**more: object) -> AgentStatus:
    return AgentStatus(online=True, agent="pc1", **more)  # type: ignore[arg-type]


def test_a_clock_without_a_source_is_worth_a_look_and_a_wrong_one_a_trouble() -> None:
    assert list(troubles.clock(status(clock=ClockTrust.SYNCED))) == []
    for trust in (ClockTrust.UNSYNCED, ClockTrust.STEPPED):
        found = one(troubles.clock(status(clock=trust)))
        assert (found.what.partition(";")[0], found.wrong) == (f"it is {trust}", False)
    wrong = "the clock of this PC says a day before 2024-01-01: set it"
    assert one(troubles.clock(status(clock=ClockTrust.UNSYNCED, alarms=(wrong,)))).wrong


def test_lines_of_the_log_that_nobody_took_are_worth_a_look() -> None:
    assert list(troubles.log(status())) == []
    found = one(troubles.log(status(log_dropped=12)))
    assert (found.about, found.wrong) == ("log", False)
    assert found.what == "12 lines of it lost since the start: its reader stood still"


def gauge(state_: str, days: int | None = None) -> dict[str, object]:
    return {"gauge": "G-1", "device": "bore", "due": "2026-12-24", "days_left": days, "state": state_}


@pytest.mark.parametrize(
    ("row", "wrong"),
    [
        (gauge("valid", SOON_DAYS + 1), None),
        (gauge("valid", SOON_DAYS), False),
        (gauge("due", 0), False),
        (gauge("unknown"), False),
        (gauge("blocked"), True),
        (gauge("overdue", -1), True),
    ],
    ids=lambda value: str(value["state"]) if isinstance(value, dict) else None,
)
def test_a_gauge_is_a_trouble_once_it_may_not_be_used(row: dict[str, object], wrong: bool | None) -> None:
    assert [found.wrong for found in troubles.calibration([row])] == ([] if wrong is None else [wrong])


def test_an_agent_that_has_not_reported_for_half_a_minute_hangs() -> None:
    assert list(troubles.reported(troubles.HANGS_SECS)) == []
    assert one(troubles.reported(31)).what == "it has not reported for 31 s: it hangs"


def test_an_alarm_that_no_finding_names_is_told_as_it_is() -> None:
    named = [Finding("device bore", "x", "y"), Finding("station OP20", "x", "y")]
    alarms = {"device bore": "a", "refused OP20": "b", "refused OP30": "c", "key": "d"}
    assert [(found.about, found.what) for found in troubles.others(alarms, named)] == [
        ("station OP30", "c"),
        ("key", "d"),
    ]


def test_findings_in_lines() -> None:
    look, wrong = Finding("a", "b", "c", wrong=False), Finding("d", "e", "f")
    assert in_lines([], "well") == ["well"]
    assert in_lines([look], "well") == ["worth a look: a: b -> c", "well"]
    assert in_lines([wrong, look], "well") == ["worth a look: a: b -> c", "NOT WELL: 1 thing to do", "  d: e -> f"]
    assert in_lines([wrong, wrong], "well")[0] == "NOT WELL: 2 things to do"

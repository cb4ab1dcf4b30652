"""A station in rehearsal is the real one: its order of things, its journal, its timers; devices and time are played."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from running_agent import asked
from station_floor import BORE, FORCE, LOOKS, gauge, on_list, setup

from gaugetrail_agent.languages.sentences import ENGLISH
from gaugetrail_agent.rehearsal.play import PlayedLine, notice_of, play
from gaugetrail_agent.rehearsal.script import NOTICES, read_script
from gaugetrail_agent.rehearsal.stage import RehearsedStation
from gaugetrail_agent.rehearsal.telling import told
from gaugetrail_agent.station.setup import Setup

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "config" / "examples"


def played(at: Setup, folder: Path, text: str) -> list[PlayedLine]:
    plc = "press" if at.mode == "automatic" else None
    script = read_script(text, name="f", day="2026-11-28", devices=tuple(at.devices), blocks=plc is not None)
    return list(play(script, RehearsedStation(at, "pc1", folder, plc, {"force": "kN"})))


def kinds(outcome: PlayedLine) -> list[str]:
    return [kind for effect in outcome.effects for kind in effect]


def parts(outcomes: list[PlayedLine], kind: str) -> list[Any]:
    return [effect[kind] for outcome in outcomes for effect in outcome.effects if kind in effect]


def test_green_is_shown_after_the_record_is_committed(tmp_path: Path) -> None:
    """The runner's order: the record is on the disk before anybody is told, and shown last."""
    *_, last = played(setup(BORE), tmp_path, "08:00 scan OP-12\nscan SN000001\n+3s bore 74.012 mm\n")
    assert kinds(last) == ["show", "record", "show"]
    sealing, record, green = (effect[kind] for kind, effect in zip(kinds(last), last.effects, strict=True))
    assert (sealing["light"], sealing["message"]) == ("off", "being recorded")
    assert (record["serial"], record["verdict"], record["operator"]) == ("SN000001", "pass", "OP-12")
    assert (record["started"], record["duration_ms"]) == ("2026-11-28T08:00:00.000002Z", 3000)
    assert (record["measurements"][0]["value"], record["measurements"][0]["gauge"]) == ("74.012", "G-17")
    assert (green["light"], green["says"]) == ("green", "record.recorded")
    assert last.shown is green
    assert last.as_json()["event"] == "bore 74.012 mm"
    assert last.as_json()["at"] == "2026-11-28T08:00:03.000000Z"


def test_a_restart_drops_the_station_and_its_journal_brings_the_unit_back(tmp_path: Path) -> None:
    """What was kept comes back, and who was logged on; and nothing is recorded twice."""
    outcomes = played(
        setup(BORE, LOOKS),
        tmp_path,
        "08:00 scan OP-12\nscan SN000001\nbore 74.012 mm\nrestart\nbore 74.0 mm\n"
        "+1min scan OP-12\npress GO\npress OK\n",
    )
    assert (outcomes[3].shown["asks"], outcomes[3].shown["operator"]) == ("prompt.unfinished", "OP-12")
    (record,) = parts(outcomes, "record")
    assert [one["characteristic"] for one in record["measurements"]] == ["bore", "looks"]
    assert [one["why"] for one in record["interruptions"]] == ["the agent was started again"]


def test_hours_pass_at_once_and_what_is_due_by_then_happens_then(tmp_path: Path) -> None:
    """An unfinished unit that nobody asks for is sealed after its ten minutes, to the second, not at the end."""
    *_, waited = played(
        setup(BORE, LOOKS), tmp_path, "08:00 scan OP-12\nscan SN000001\nbore 74.012 mm\nrestart\nwait 10 min\n"
    )
    (record,) = parts([waited], "record")
    assert (record["verdict"], record["time"][:19]) == ("incomplete", "2026-11-28T08:10:00")
    *_, later = played(
        setup(BORE, LOOKS), tmp_path / "b", "08:00 scan OP-12\nscan SN000001\nbore 74.012 mm\nrestart\nwait 20 min\n"
    )
    (record,) = parts([later], "record")
    assert record["time"][:19] == "2026-11-28T08:10:00"
    assert later.at == "2026-11-28T08:20:00.000000Z"


def test_a_full_disk_holds_the_part_and_its_record_comes_when_there_is_room(tmp_path: Path) -> None:
    """G8: red and held as long as it lasts, then recorded once."""
    outcomes = played(
        setup(BORE),
        tmp_path,
        "08:00 scan OP-12\nscan SN000001\ndisk full\nbore 74.012 mm\nwait 1 min\ndisk well\nwait 2 s\n",
    )
    held, still, _, recorded = outcomes[3:]
    assert (held.shown["state"], held.shown["light"]) == ("refused", "red")
    assert (still.shown["state"], parts([still], "record")) == ("refused", [])
    assert parts(outcomes, "record") == parts([recorded], "record")
    assert recorded.shown["light"] == "green"


def test_a_plc_is_told_after_the_record_and_the_same_block_once(tmp_path: Path) -> None:
    """Also over a restart: what was answered is remembered with its record."""
    block = 'plc {"serial": "SN000001", "force": 15.20, "trigger": 7}\n'
    outcomes = played(
        setup(FORCE, mode="automatic"),
        tmp_path,
        f'08:00 {block}{block}restart\n{block}plc {{"serial": "SN000002", "force": 99}}\nplc {{"force": null}}\n',
    )
    assert [kind for kind in kinds(outcomes[0]) if kind != "show"] == ["record", "plc"]
    assert parts(outcomes, "plc") == [
        {"device": "press", "trigger": 7, "code": 1, "means": "STORED_PASS"},
        {"device": "press", "trigger": 7, "code": 1, "means": "STORED_PASS", "again": True},
        {"device": "press", "trigger": 7, "code": 1, "means": "STORED_PASS", "again": True},
        {"device": "press", "trigger": 8, "code": 2, "means": "STORED_FAIL"},
        {"device": "press", "trigger": 9, "code": 4, "means": "REJECTED"},
    ]
    assert [record["serial"] for record in parts(outcomes, "record")] == ["SN000001", "SN000002"]
    (measured, _) = (record["measurements"][0] for record in parts(outcomes, "record"))
    assert (measured["value"], measured["unit"]) == ("15.20", "kN")
    assert [event["type"] for event in parts(outcomes, "event")] == ["block_rejected"]


def test_what_is_refused_is_told_with_its_cause_and_the_gauge_that_is_asked_is_named(tmp_path: Path) -> None:
    outcomes = played(
        setup(BORE, LOOKS, people=on_list("OP-12"), gauges={"G-17": gauge("G-17", "2026-11-27")}),
        tmp_path,
        "08:00 scan OP-13\nexpect refused badge.unknown\nscan OP-12\nscan SN000001\nexpect asked bore\n"
        "bore 74 mm\nexpect refused value.gauge_unfit\nexpect nothing recorded\nexpect light green\n",
    )
    assert [outcome.is_met for outcome in outcomes] == [True] * 8 + [False]
    assert outcomes[-1].as_json()["found"] == ["amber"]
    assert list(told(outcomes[-1]))[-1].strip() == "NOT AS EXPECTED: amber"
    assert [one["payload"]["cause"] for one in parts(outcomes, "refused")] == ["badge.unknown", "value.gauge_unfit"]


def test_a_pin_is_tried_by_the_real_counter_and_waits_in_the_scripts_time(tmp_path: Path) -> None:
    """A wrong guess makes the next one wait, also over a restart; the right one lets in."""
    outcomes = played(
        setup(BORE),
        tmp_path,
        "08:00 pin OP-12 482193\nscan OP-12\nexpect state wait_pin\ntype 111111\nexpect says pin.wrong\n"
        "restart\nscan OP-12\ntype 482193\nexpect says pin.wait\n+10s type 482193\nexpect operator OP-12\n",
    )
    assert [outcome.is_met for outcome in outcomes] == [True] * len(outcomes)


def test_what_is_not_well_around_the_station_is_told_and_stays_told_over_a_restart(tmp_path: Path) -> None:
    outcomes = played(setup(BORE), tmp_path, "08:00 notice broker\nrestart\nwell broker\n")
    assert [[one["about"] for one in outcome.shown["notices"]] for outcome in outcomes] == [["broker"], ["broker"], []]
    assert {ENGLISH.text(notice_of(about).says) for about in NOTICES if about != "clock"} >= {
        "the broker can't be reached: parts are recorded here, and sent when it is back"
    }
    assert len({notice_of(about).says.id for about in (*NOTICES, "device bore")}) == len(NOTICES) + 1


def test_a_clock_that_is_set_back_takes_nothing_with_it(tmp_path: Path) -> None:
    """G6: times of records go on rising; G12: what is due is due by the time that passed."""
    outcomes = played(
        setup(BORE),
        tmp_path,
        "08:00 scan OP-12\nscan SN000001\nbore 74 mm\nclock -1 h\nscan SN000002\nbore 74 mm\n",
    )
    first, second = parts(outcomes, "record")
    assert first["time"] < second["time"]
    assert outcomes[-1].at == "2026-11-28T07:00:00.000000Z"


def test_the_same_script_says_the_same_each_time(tmp_path: Path) -> None:
    """Nothing hangs on the machine's clock or on how long a commit took."""
    text = "08:00 scan OP-12\nscan SN000001\nbore 74.012 mm\nscan SN000002\nwait 5 min\npress CANCEL\n"
    runs = [
        [(one.at, one.shown, kinds(one)) for one in played(setup(BORE), tmp_path / name, text)] for name in ("a", "b")
    ]
    assert runs[0] == runs[1]


def test_a_fault_of_the_station_itself_ends_the_rehearsal(tmp_path: Path) -> None:
    """Never silence: what would end an agent ends the script."""
    broken = replace(setup(BORE), badge=None)  # type: ignore[arg-type]
    with pytest.raises(AttributeError):
        played(broken, tmp_path, "08:00 scan OP-12\n")


def test_for_people_it_is_told_in_their_language_line_by_line(tmp_path: Path) -> None:
    at = replace(setup(FORCE, mode="automatic"), language="de")
    lines = [
        line for one in played(at, tmp_path, '08:00 plc {"serial": "SN000001", "force": 15}\n') for line in told(one)
    ]
    assert lines[0] == '08:00:00  plc {"serial": "SN000001", "force": 15}'
    assert lines[1:3] == ["          warte auf die SPS", "          SN000001 angeboten — warte auf die SPS"]
    assert lines[3].startswith("          recorded: SN000001 pass, as pc1/")
    assert lines[4:] == [
        "          tells press 1 (STORED_PASS) for block 1",
        "          [green] SN000001 gut, aufgezeichnet — warte auf die SPS",
    ]


def test_the_example_is_played_as_it_expects_and_its_lines_are_json(tmp_path: Path) -> None:
    """The command over the shipped settings and script: no device, no broker, no data folder."""
    words = ("station", "OP20", "-c", str(EXAMPLES / "agent.toml"), "--script", str(EXAMPLES / "op20.script"))
    code, out, err = asked(*words, "--day", "2026-11-28")
    assert (code, err) == (0, "")
    assert out.count('"record"') == 3
    assert out.splitlines()[0].startswith('{"line": 4, "at": "2026-11-28T06:00:00.000000Z", "event": "scan SN000001"')
    code, out, _ = asked(*words, "--say")
    assert (code, out.count("recorded: ")) == (0, 3)


def test_what_the_command_cannot_play_is_said_with_what_to_do(tmp_path: Path) -> None:
    bad, odd = tmp_path / "bad.script", tmp_path / "odd.script"
    bad.write_text("08:00 scann SN1\n", "utf-8")
    odd.write_text("08:00 scan OP-12\nexpect light green\n", "utf-8")
    agent = ("-c", str(EXAMPLES / "agent.toml"))
    code, _, err = asked("station", "OP2", *agent, "--script", str(bad))
    assert (code, err) == (
        2,
        f"there is no station 'OP2' in {EXAMPLES / 'agent.toml'}; there is OP20; did you mean OP20?\n",
    )
    code, _, err = asked("station", "OP20", *agent, "--script", str(tmp_path / "none"))
    assert (code, err) == (2, f"{tmp_path / 'none'} can't be read: No such file or directory\n")
    code, _, err = asked("station", "OP20", *agent, "--script", str(odd))
    assert (code, err) == (1, f"{odd}: not all came as expected\n")
    with pytest.raises(Exception, match=r"bad\.script:1: 'scann' is no event and no device; did you mean scan"):
        asked("station", "OP20", *agent, "--script", str(bad))

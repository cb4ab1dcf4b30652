"""What a station may not work by, said before it refuses: unfit gauges, plans of tomorrow, plans that changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from running_agent import asked

from gaugetrail_agent import config as configuration
from gaugetrail_agent.app import Agent
from gaugetrail_agent.config import AgentConfig
from gaugetrail_agent.doubts.locks_ahead import asks_nobody, locks_ahead
from gaugetrail_agent.doubts.odd_settings import doubts
from gaugetrail_agent.health.calibration import SOON_DAYS, calibration_doubts, standings
from gaugetrail_agent.papers import plans_seen
from gaugetrail_contract.figures import agent_parts
from gaugetrail_contract.settings import ConfigError

AGENT = """\
[agent]
id = "pc"
site = "s"
line = "l"
data_dir = "data"
gauges = "gauges.csv"
{links}
[[station]]
name = "OP20"
plan = "plan.toml"
{station}
"""
DEVICE = """
[[link]]
name = "{name}"
kind = "serial"
port = "/dev/{name}"
[[device]]
name = "{name}"
link = "{name}"
driver = "digimatic-13"
gauge = "G-{name}"
"""
PLAN = """\
id = "CP-1"
revision = "A"
part = "PR-1"
approved_by = "QE"
approved_on = "{approved_on}"
order = "free"
"""
CHARACTERISTIC = """
[[characteristic]]
name = "{name}"
device = "{name}"
usl = "74.050"
"""
TODAY = date(2026, 11, 28)
NAMES = ("old", "out", "soon", "later", "new")
REGISTER = """\
id,calibration_due,status
G-old,2026-11-27,active
G-out,2030-01-01,blocked
G-soon,2026-12-12,active
G-later,2026-12-13,active
"""


def written(folder: Path, station: str = "", approved_on: str = "2026-11-01", spare: str = "") -> Path:
    links = "".join(DEVICE.format(name=name) for name in (*NAMES, spare) if name)
    plan = PLAN.format(approved_on=approved_on) + "".join(CHARACTERISTIC.format(name=name) for name in NAMES)
    (folder / "agent.toml").write_text(AGENT.format(links=links, station=station))
    (folder / "plan.toml").write_text(plan)
    (folder / "gauges.csv").write_text(REGISTER + ("G-spare,2026-01-01,active\n" if spare else ""))
    return folder / "agent.toml"


def loaded(folder: Path, **more: Any) -> AgentConfig:
    return configuration.load(written(folder, **more), {}, TODAY)


def refused(path: Path, today: date = TODAY) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        configuration.load(path, {}, today)
    return [str(problem).replace(str(path.parent), "") for problem in caught.value.problems]


# --- gauges


def test_check_names_what_will_be_refused_and_what_is_due_within_fourteen_days(tmp_path: Path) -> None:
    config = loaded(tmp_path, spare="spare")
    told = [str(problem).partition("warning: ")[2] for problem in calibration_doubts(config, TODAY)]
    calibrate = "have it calibrated and enter the new date in the gauge register, or use another one"
    none = "no value of it is taken at OP20"
    old = f"the gauge G-old (old) is overdue for calibration since 2026-11-27: {none}; {calibrate}"
    out = f"the gauge G-out (out) is blocked: {none}; use another one, or release it in the gauge register"
    soon = "the gauge G-soon (soon) is due for calibration on 2026-12-12; from the day after, no value of it is taken"
    assert told == [
        f"device[1].gauge: {old}",
        f"device[2].gauge: {out}",
        f"device[3].gauge: {soon} at OP20",
        f"device[6].gauge: the gauge G-spare (spare) is overdue for calibration since 2026-01-01; {calibrate}",
    ]


def test_check_prints_the_warnings_with_the_line_and_still_ends_well(tmp_path: Path) -> None:
    code, out, err = asked("check", "--config", str(written(tmp_path)))
    assert code == 0
    assert (
        "agent.toml:26: warning: device[2].gauge: the gauge G-out (out) is blocked: no value of it is taken at OP20"
        in err
    )
    assert "warning" in out


def test_a_station_that_takes_unfit_gauges_says_why_and_is_named_for_it(tmp_path: Path) -> None:
    flagged = 'on_overdue_gauge = "flag"\nunfit_gauge_reason = "QE-3: the laboratory is full until Monday"'
    old, out, *_ = standings(loaded(tmp_path, station=flagged), TODAY)
    assert (old.refused_at, old.taken_at) == ((), ("OP20",))
    assert old.alarm == (
        "the gauge G-old (old) is overdue for calibration since 2026-11-27; its values are taken all the same at OP20, "
        "as the settings say"
    )
    assert (out.refused_at, out.taken_at) == (("OP20",), ())
    written(tmp_path, station='on_overdue_gauge = "flag"')
    (told,) = refused(tmp_path / "agent.toml")
    assert told.endswith('(unfit_gauge_reason = "…"), or leave on_overdue_gauge out')


def test_a_gauge_within_its_grace_is_taken_and_named_with_who_gave_it(tmp_path: Path) -> None:
    path = written(tmp_path)
    register = "id,calibration_due,status,grace_days,grace_approved_by\nG-old,2026-11-27,active,7,QE-3\n"
    (tmp_path / "gauges.csv").write_text(register)
    config = configuration.load(path, {}, TODAY)
    old, *_ = standings(config, TODAY)
    assert (old.calibration, old.days_left, old.refused_at, old.taken_at) == ("overdue", -1, (), ("OP20",))
    assert old.alarm == (
        "the gauge G-old (old) is overdue for calibration since 2026-11-27; its values are taken until 2026-12-04, as "
        "QE-3 allows; have it calibrated by then"
    )
    (late, *_) = standings(config, date(2026, 12, 5))
    assert (late.refused_at, late.grace) == (("OP20",), None)


def test_check_says_whom_and_which_gauges_a_station_will_refuse(tmp_path: Path) -> None:
    path = written(tmp_path)
    path.write_text(path.read_text().replace("data_dir", 'people = "people.csv"\ndata_dir'))
    (tmp_path / "people.csv").write_text("id,name,operation,issued,expires\nOP-1,Ada,OP20,2026-01-01,2026-11-27\n")
    rows = "G-old,,active,new;soon\nG-out,,active,out\n"
    (tmp_path / "gauges.csv").write_text("id,calibration_due,status,characteristics\n" + rows)

    def told(today: date) -> list[str]:
        config = configuration.load(path, {}, TODAY)
        return [str(problem).partition("warning: ")[2] for problem in locks_ahead(config, today)]

    with_kind = 'gauge_kind = "depth gauge"\nresolution = "0.001"\nname = "soon"'
    plan = tmp_path / "plan.toml"
    plan.write_text(plan.read_text().replace('name = "soon"', with_kind))
    bound = "device[1].gauge: OP20 will take no value of G-old for old: the gauge register binds it to new, soon"
    nobody = "station[1].name: nobody on the people list may measure at OP20 today: every badge will be refused"
    assert told(date(2026, 11, 27)) == [bound]
    assert told(TODAY) == [nobody, bound]


def test_check_says_that_without_a_people_list_anybody_measures(tmp_path: Path) -> None:
    (told,) = locks_ahead(loaded(tmp_path), TODAY)
    assert told.warning
    assert told.message.startswith("there is no people list: whoever has a badge may measure")
    config = loaded(tmp_path)
    stations = tuple(one.model_copy(update={"mode": "automatic"}) for one in config.settings.station)
    settings = config.settings.model_copy(update={"station": stations})
    assert not asks_nobody(replace(config, loaded=replace(config.loaded, settings=settings)))


@pytest.mark.parametrize(
    ("today", "calibration", "soon"),
    [
        (date(2026, 12, 12), "due", True),
        (date(2026, 12, 13), "overdue", False),
        (date(2026, 11, 28), "valid", True),
        (date(2026, 11, 27), "valid", False),
    ],
)
def test_a_gauge_is_fit_up_to_its_day_and_named_from_fourteen_days_before(
    tmp_path: Path, today: date, calibration: str, soon: bool
) -> None:
    one = next(one for one in standings(loaded(tmp_path), today) if one.gauge == "G-soon")
    assert (one.calibration, one.soon, SOON_DAYS) == (calibration, soon, 14)


def test_status_and_ready_name_the_gauges_and_the_alarm_goes_with_the_new_date(tmp_path: Path) -> None:
    agent = Agent(loaded(tmp_path))
    agent.spool.open()
    try:
        agent.health.gauges_stand(standings(agent.config, TODAY))
        told = agent.health.document(agent.spool.state())
        assert {name: one.calibration for name, one in told.gauges.items()} == {
            "G-old": "overdue",
            "G-out": "blocked",
            "G-soon": "valid",
            "G-later": "valid",
            "G-new": "unknown",
        }
        assert [name for name, one in told.gauges.items() if one.due_soon] == ["G-soon"]
        assert [name for name, one in told.gauges.items() if one.refused_at] == ["G-old", "G-out"]
        assert [alarm.partition(":")[0] for alarm in told.alarms] == [
            "the gauge G-old (old) is overdue for calibration since 2026-11-27",
            "the gauge G-out (out) is blocked",
        ]
        ready = agent_parts(told)["gauges"]
        assert ready.state == "failed"
        assert "G-old" in ready.reason
        assert "G-out" in ready.reason
        agent.health.gauges_stand([one for one in standings(agent.config, TODAY) if one.gauge == "G-soon"])
        told = agent.health.document(agent.spool.state())
        assert told.alarms == ()
        assert agent_parts(told)["gauges"].state == "warning"
        assert agent_parts(told)["gauges"].reason == "G-soon: due for calibration on 2026-12-12"
    finally:
        agent.spool.close()


# --- plans


def test_a_plan_that_is_approved_tomorrow_is_refused_today(tmp_path: Path) -> None:
    path = written(tmp_path, approved_on="2026-11-29")
    (told,) = refused(path)
    assert told == (
        "/plan.toml:5: approved_on: CP-1 A is approved on 2026-11-29, which is still to come (today is 2026-11-28): no "
        "record against a plan that isn't approved; put the date right, or wait with the plan"
    )
    configuration.load(path, {}, date(2026, 11, 29))
    configuration.load(path, {}, date(1996, 11, 28))  # a lost battery: the clock is the alarm, not the plan


def test_today_is_the_machines_day(tmp_path: Path) -> None:
    code, _, err = asked("check", "--config", str(written(tmp_path, approved_on="2999-01-01")))
    assert code == 78
    assert "CP-1 A is approved on 2999-01-01, which is still to come" in err


def test_an_approval_on_no_day_of_the_calendar_is_refused(tmp_path: Path) -> None:
    assert refused(written(tmp_path, approved_on="2026-02-30")) == [
        "/plan.toml:5: approved_on: '2026-02-30' is no day of the calendar"
    ]


def test_a_plan_that_changed_under_its_revision_is_refused_with_the_lines_that_differ(tmp_path: Path) -> None:
    """Remembered from a former life of the agent; a new revision is another plan."""
    path, plan = written(tmp_path), tmp_path / "plan.toml"
    config = loaded(tmp_path)
    plans_seen.remember(config.plans_folder, config.plans)
    configuration.load(path, {}, TODAY)
    text = plan.read_text()
    plan.write_text(text.replace('usl = "74.050"', 'usl = "74.060"', 1).replace('order = "free"\n', ""))
    told, *places = refused(path)
    assert told == (
        "/plan.toml: revision: the plan CP-1 has another text than when OP20 first worked by it, under the same "
        "revision A: records of one revision must mean one text; give it a new revision with its approval, or put the "
        "text back"
    )
    assert places == [
        "/plan.toml:6: was 'order = \"free\"', is not there",
        "/plan.toml:10: was 'usl = \"74.050\"', is 'usl = \"74.060\"'",
    ]
    plan.write_text(plan.read_text().replace('revision = "A"', 'revision = "B"'))
    newer = configuration.load(path, {}, TODAY)
    plans_seen.remember(newer.plans_folder, newer.plans)
    plan.write_text(text)
    configuration.load(path, {}, TODAY)
    assert {file.read_text() for file in config.plans_folder.iterdir()} > {text}


def test_what_was_first_seen_stays_whatever_is_remembered_later(tmp_path: Path) -> None:
    config = loaded(tmp_path)
    first = config.plans
    plans_seen.remember(config.plans_folder, first)
    (tmp_path / "plan.toml").write_text((tmp_path / "plan.toml").read_text() + "\n# later\n")
    with pytest.raises(ConfigError):
        configuration.load(tmp_path / "agent.toml", {}, TODAY)
    assert [file.read_text() for file in config.plans_folder.iterdir()] == [first["OP20"][0].text]


def test_line_ends_alone_are_another_text_and_are_said_as_such(tmp_path: Path) -> None:
    config, plan = loaded(tmp_path), tmp_path / "plan.toml"
    plans_seen.remember(config.plans_folder, config.plans)
    plan.write_bytes(plan.read_bytes().replace(b"\n", b"\r\n"))
    assert refused(tmp_path / "agent.toml")[1:] == ["/plan.toml: the lines are the same; how they end differs"]


def test_two_stations_may_hold_one_revision_with_two_wirings(tmp_path: Path) -> None:
    """A plan still names its station's devices; what each station saw first is what counts there."""
    path = written(tmp_path, station='[[station]]\nname = "OP30"\nplan = "other.toml"')
    text = (tmp_path / "plan.toml").read_text()
    (tmp_path / "other.toml").write_text(text + "# on the other bench\n")
    config = configuration.load(path, {}, TODAY)
    plans_seen.remember(config.plans_folder, config.plans)
    configuration.load(path, {}, TODAY)
    (tmp_path / "other.toml").write_text(text)
    assert refused(path)[0].startswith("/other.toml: revision: the plan CP-1 has another text than when OP30 first")


def test_a_plan_that_was_written_anew_shows_the_first_places_only(tmp_path: Path) -> None:
    config, plan = loaded(tmp_path), tmp_path / "plan.toml"
    plans_seen.remember(config.plans_folder, config.plans)
    plan.write_text(plan.read_text().replace("\n", "  # anew\n\n"))
    told = refused(tmp_path / "agent.toml")
    assert len(told) == 1 + plans_seen.MOST_PLACES + 1
    assert told[-1].endswith("more places differ")


def test_an_agent_keeps_the_plans_it_starts_with_and_check_keeps_nothing(tmp_path: Path) -> None:
    path = written(tmp_path)
    asked("check", "--config", str(path))
    config = configuration.load(path, {}, TODAY)
    assert not config.plans_folder.exists()
    agent = Agent(config)
    agent._remember_plans()
    assert [file.read_text() for file in config.plans_folder.iterdir()] == [(tmp_path / "plan.toml").read_text()]


def test_a_folder_that_can_not_keep_them_is_an_alarm_and_one_that_can_not_be_read_a_fault(tmp_path: Path) -> None:
    config = loaded(tmp_path)
    config.data_dir.mkdir()
    config.plans_folder.write_text("a file stands in the way")
    agent = Agent(config)
    agent._remember_plans()
    assert "the plans' texts can't be kept in" in agent.health.alarms()["plans"]
    config.plans_folder.unlink()
    agent._remember_plans()
    assert "plans" not in agent.health.alarms()
    (kept,) = config.plans_folder.iterdir()
    kept.unlink()
    kept.mkdir()
    (told,) = refused(tmp_path / "agent.toml")
    assert "it holds the plans as they were first seen" in told


def test_who_may_not_look_into_the_services_folder_is_told_so_and_refused_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root may look everywhere, so the system's refusal is played here."""
    config = loaded(tmp_path)
    plans_seen.remember(config.plans_folder, config.plans)
    (tmp_path / "plan.toml").write_text((tmp_path / "plan.toml").read_text() + "# changed\n")
    real = Path.exists

    def exists(path: Path) -> bool:
        if config.data_dir in path.parents:
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(Path, "exists", exists)
    other = configuration.load(tmp_path / "agent.toml", {}, TODAY)
    told = [str(problem) for problem in doubts(other)]
    assert any("whether a plan changed under its revision was not checked" in one for one in told)

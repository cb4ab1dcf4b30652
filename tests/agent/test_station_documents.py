"""What a station works by, as the documents stand: one edition in force, or the sentence that says why not and what to
do; offline, from what lies on disk.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from documents_on_paper import HOUR, NOW, listed, shelf
from running_agent import AGENT, PLAN, asked

from gaugetrail_agent.config import AgentConfig, load, with_documents
from gaugetrail_agent.documents.shelf import DocumentShelf
from gaugetrail_agent.languages.sentences import ENGLISH
from gaugetrail_agent.station.given.plans_here import PlansHere
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.distribution.listing import ListedEdition
from gaugetrail_contract.settings import ConfigError

TYPED = PLAN + 'capture = "typed"\n'
OTHER = TYPED.replace("CP-1", "CP-2").replace('part = "P"', 'part = "Q"')
LATER = utc_text(NOW + HOUR)
CP1, CP2 = listed("CP-1", TYPED), listed("CP-2", OTHER)
ONE = 'plan = {document = "CP-1"}\n'
ALL = 'plans = "documents"\noperation = "OP10"\n'


def settings(folder: Path, plan: str = ONE, agent: str = "", more: str = "") -> Path:
    path = folder / "agent.toml"
    path.write_text(f'{AGENT}{agent}[[station]]\nname = "OP10"\n{plan}{more}')
    return path


def config(folder: Path, on: DocumentShelf, plan: str = ONE, agent: str = "", more: str = "") -> AgentConfig:
    return load(settings(folder, plan, agent, more), {}, shelf=lambda: on)


def stands(here: PlansHere) -> dict[str, str]:
    """Each plan with why it is barred; under "" why no unit is taken at all."""
    found = {plan.ref.id: "" for plan in here.plans}
    found |= {name: ENGLISH.text(why) for name, why in here.barred.items()}
    return found if here.refuses is None else found | {"": ENGLISH.text(here.refuses)}


def test_a_station_works_by_the_edition_in_force(tmp_path: Path) -> None:
    """Its record names the text, and from when it holds."""
    found = config(tmp_path, shelf({CP1: TYPED}))
    assert stands(found.here["OP10"]) == {"CP-1": ""}
    ref = found.plans["OP10"][0].ref
    assert (ref.id, ref.revision, ref.sha256, ref.effective) == ("CP-1", "C", CP1.sha256, CP1.effective[:10])
    assert found.document_remarks == ()


@pytest.mark.parametrize(
    ("texts", "more", "told"),
    [
        (None, {}, {"": "CP-1 is not here: no list of documents has come to this PC yet"}),
        ({}, {}, {"": "no edition of CP-1 is in force for this line: it isn't approved"}),
        ({CP2: OTHER}, {}, {"": "no edition of CP-1 is in force for this line: it isn't approved"}),
        ({CP1: ""}, {}, {"": "CP-1 A, edition 1 is in force, and its text hasn't come to this PC yet"}),
        (
            {listed("CP-1", TYPED, state="withdrawn"): ""},
            {},
            {"": "CP-1 A, edition 1 was withdrawn, and no other edition is in force"},
        ),
        (
            {listed("CP-1", TYPED, state="approved", effective=LATER): TYPED},
            {},
            {"CP-1": f"CP-1 A, edition 1 is in force from {LATER[:10]} {LATER[11:16]}Z on"},
        ),
        (
            {CP1: TYPED},
            {"said_us": NOW - 2 * HOUR, "refuse_hours": 1.5},
            {"CP-1": f"nobody has said since {utc_text(NOW - 2 * HOUR)[:10]}"},
        ),
        (
            {listed("CP-1", "part = 7"): "part = 7"},
            {},
            {"": "CP-1 A, edition 1 is in force, and this station can't work by it: id: is required"},
        ),
    ],
)
def test_each_reason_has_its_sentence_and_check_says_it(
    tmp_path: Path, texts: dict[ListedEdition, str] | None, more: dict[str, object], told: dict[str, str]
) -> None:
    found = config(tmp_path, shelf(texts, **more))
    ((name, says),) = stands(found.here["OP10"]).items()
    ((wanted, begins),) = told.items()
    assert (name, says[: len(begins)]) == (wanted, begins)
    (remark,) = found.document_remarks
    assert remark.warning
    assert str(remark).endswith(says)


def test_wiring_that_a_new_edition_lacks_bars_it_and_names_the_part(tmp_path: Path) -> None:
    """And wiring for what it no longer measures is no fault: the office's plan changes without this PC's settings."""
    wiring = '[[station.wiring]]\ncharacteristic = "gone"\ncapture = "typed"\n'
    found = config(tmp_path, shelf({listed("CP-1", PLAN): PLAN}), more=wiring)
    (says,) = stands(found.here["OP10"]).values()
    assert "this station can't work by it: no device measures width of CP-1 at OP10" in says
    assert [one.device for one in found.plans["OP10"][0].characteristics] == [None]
    assert stands(config(tmp_path, shelf({CP1: TYPED}), more=wiring).here["OP10"]) == {"CP-1": ""}


PRESS = """[[device]]
name = "press"
link = "net"
driver = "modbus"
trigger = {seq = 100, result = 101, echo = 102}
[[device.value]]
name = "serial"
address = 0
type = "string[8]"
[[device.value]]
name = "bore"
address = 10
type = "float32"
[[link]]
name = "net"
kind = "modbus-tcp"
host = "127.0.0.1"
"""


@pytest.mark.parametrize(
    ("more", "lacks"),
    [
        ("", "width"),
        ('[[station.wiring]]\ncharacteristic = "width"\ndevice = "press"\nchannel = "bore"\n', ""),
        ('[[station.wiring]]\ncharacteristic = "width"\ndevice = "press"\nchannel = "serial"\n', "width"),
    ],
)
def test_a_plan_for_which_a_block_has_no_value_stops_the_automatic_station(
    tmp_path: Path, more: str, lacks: str
) -> None:
    """And what is derived of it is no value of the block."""
    text = PLAN + '[[characteristic]]\nname = "twice"\nunit = "mm"\nformula = "2 * width"\ndecimals = 2\n'
    plan = f'{ONE}mode = "automatic"\ndevice = "press"\n'
    found = config(tmp_path, shelf({listed("CP-1", text): text}), plan, more=f"{more}{PRESS}")
    (says,) = stands(found.here["OP10"]).values()
    wanted = f"can't work by it: the block of press has no number for {lacks} of CP-1 at OP10: add a [[device.value]]"
    assert (wanted if lacks else "") in says
    assert bool(lacks) == bool(says)


def test_wiring_to_a_device_that_isnt_there_is_a_fault_of_the_settings(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no device 'bore'"):
        config(tmp_path, shelf(None), more='[[station.wiring]]\ncharacteristic = "width"\ndevice = "bore"\n')


def test_a_plan_of_another_operation_bars_the_station(tmp_path: Path) -> None:
    text = f'operation = "OP20"\n{TYPED}'
    found = config(tmp_path, shelf({listed("CP-1", text): text}), plan=ONE + 'operation = "OP10"\n')
    (says,) = stands(found.here["OP10"]).values()
    assert says.startswith("CP-1 A, edition 1 is for the operation OP20, and this station does OP10")


def test_a_station_takes_every_plan_of_its_operation(tmp_path: Path) -> None:
    """One that comes later is barred for its parts alone; that of another operation is nobody's here."""
    there = f'operation = "OP20"\n{OTHER.replace("CP-2", "CP-3")}'
    later = listed("CP-2", OTHER, state="approved", effective=LATER)
    found = config(tmp_path, shelf({CP1: TYPED, later: OTHER, listed("CP-3", there): there}), ALL)
    told = stands(found.here["OP10"])
    assert (list(told), told["CP-1"]) == (["CP-1", "CP-2"], "")
    assert told["CP-2"].startswith("CP-2 A, edition 1 is in force from")


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        (None, "a plan for the operation OP10 is not here: no list"),
        ({}, "no plan for the operation OP10 is in force"),
        ({listed("CP-1", TYPED, state="withdrawn"): ""}, "no plan for the operation OP10 is in force"),
        ({CP1: ""}, "CP-1 A, edition 1 is in force, and its text hasn't come"),
    ],
)
def test_a_station_without_any_plan_of_its_operation(
    tmp_path: Path, texts: dict[ListedEdition, str] | None, says: str
) -> None:
    assert stands(config(tmp_path, shelf(texts), ALL).here["OP10"])[""].startswith(says)


def test_all_plans_of_which_operation_must_be_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="every controlled plan for its operation: say which"):
        config(tmp_path, shelf({}), 'plans = "documents"\n')


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ('plans = "plans/*.toml"\n', r"station\[1\]\.plans: is none of the known choices.*'documents'"),
        ("plan = 7\n", r"agent\.toml:8: station\[1\]\.plan: must be a path|input is not a valid path"),
        ('plan = {dokument = "CP-1"}\n', r"station\[1\]\.plan\.dokument: unknown key; did you mean document"),
    ],
)
def test_a_wrong_word_for_where_plans_come_from_is_named_at_its_key(tmp_path: Path, plan: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        config(tmp_path, shelf({}), plan)


# --- registers


PEOPLE = listed("PEOPLE", "id,name,qualification\nOP-1,Ann,\n", kind="people")
GAUGES = listed("GAUGES", "id,calibration_due,status\nG1,2099-01-01,active\n", kind="gauges")
REGISTERS = 'people = {document = "PEOPLE"}\ngauges = {document = "GAUGES"}\n'


def test_people_and_gauges_come_from_documents(tmp_path: Path) -> None:
    texts = {PEOPLE: "id,name,qualification\nOP-1,Ann,\n", GAUGES: "id,calibration_due,status\nG1,2099-01-01,active\n"}
    found = config(tmp_path, shelf({CP1: TYPED} | texts), agent=REGISTERS)
    assert found.people is not None
    assert ([one.badge for one in found.people.person], list(found.gauges)) == (["OP-1"], ["G1"])
    assert stands(found.here["OP10"]) == {"CP-1": ""}


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        ({CP1: TYPED}, "no edition of GAUGES is in force"),
        ({CP1: TYPED, GAUGES: "id,calibration_due,status\n"}, "no edition of PEOPLE is in force"),
        ({CP1: TYPED, GAUGES: "id,due\n"}, "GAUGES A, edition 1 is in force, and this station can't work by it"),
    ],
)
def test_a_register_that_isnt_in_force_refuses_every_unit(
    tmp_path: Path, texts: dict[ListedEdition, str], says: str
) -> None:
    """Never: anybody with anything."""
    found = config(tmp_path, shelf(texts), agent=REGISTERS)
    assert stands(found.here["OP10"])[""].startswith(says)
    assert found.people is None


# --- files


def with_file(folder: Path, on: DocumentShelf) -> AgentConfig:
    (folder / "plan.toml").write_text(TYPED)
    return config(folder, on, 'plan = "plan.toml"\n')


def test_a_file_counts_as_what_it_claims_while_no_document_says_otherwise(tmp_path: Path) -> None:
    for on in (shelf(None), shelf({CP2: OTHER})):
        found = with_file(tmp_path, on)
        assert stands(found.here["OP10"]) == {"CP-1": ""}
        (remark,) = found.document_remarks
        assert "plan.toml is a file of this PC: CP-1 C counts as approved because it says so" in str(remark)


def test_a_file_that_is_the_text_in_force_is_known_by_its_digest(tmp_path: Path) -> None:
    """Also before the text itself has come."""
    for text in (TYPED, ""):
        found = with_file(tmp_path, shelf({CP1: text}))
        assert (stands(found.here["OP10"]), found.document_remarks) == ({"CP-1": ""}, ())


@pytest.mark.parametrize(
    ("edition", "says"),
    [
        (listed("CP-1", "else", 2), "the plan in plan.toml is not the text in force, which is CP-1 B, edition 2"),
        (listed("CP-1", TYPED, state="withdrawn"), "CP-1 A, edition 1 was withdrawn"),
        (listed("CP-1", TYPED, state="approved", effective=LATER), "CP-1 A, edition 1 is in force from"),
    ],
)
def test_a_file_that_is_not_in_force_is_barred(tmp_path: Path, edition: ListedEdition, says: str) -> None:
    found = with_file(tmp_path, shelf({edition: "text"}))
    assert stands(found.here["OP10"])["CP-1"].startswith(says)
    free = with_documents(found, shelf({CP1: TYPED}))
    assert stands(free.here["OP10"]) == {"CP-1": ""}


def test_check_works_offline_and_says_what_isnt_there(tmp_path: Path) -> None:
    code, _, err = asked("check", "--config", str(settings(tmp_path)))
    assert code == 0
    assert "agent.toml:8: warning: station[1].plan: OP10 refuses every unit: CP-1 is not here: no list of" in err

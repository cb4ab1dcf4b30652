"""What a scan names: the bare code at every station, and what was scanned in the record."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from station_floor import BORE, FORCE, LOOKS, Floor, block, measured_unit, setup

from gaugetrail_agent.barcodes.profiles import OwnLabel
from gaugetrail_agent.station.words.effect import SealIt
from gaugetrail_agent.station.words.happening import Recorded, Scanned
from gaugetrail_contract.documents.plan import Characteristic
from gaugetrail_contract.record import EventBody, Verdict


@pytest.mark.parametrize("around", ["]C0{}", "]d1\\000026{}", "\ufeff{}", "\u00a0{}\u200b", "]Q1\ufeff{} \u00a0\r"])
def test_what_a_scanner_puts_around_a_code_is_in_raw_alone(around: str) -> None:
    """Badge, unit, defects and commands are asked of the bare code; the record keeps what was scanned."""
    floor = Floor(setup(LOOKS))
    for code in ("OP-12", "SN000001", "%NOK:DENT"):
        floor.scan(around.format(code))
    body = floor.sealed()
    assert (body.operator, body.serial, body.measurements[0].defects) == ("OP-12", "SN000001", ("DENT",))
    assert body.raw == around.format("SN000001").encode().hex()
    floor.say(Recorded("pc1/e/1", "SN000001", Verdict.FAIL))
    floor.scan(around.format("%LOGOFF"))
    assert floor.state.operator is None


def test_a_plain_code_needs_no_raw_and_a_label_keeps_all_of_its_own() -> None:
    """The identifier itself is not written twice; of a structured code every field stays, as the scanner sent it."""
    assert measured_unit().sealed().raw is None
    label = "[)>\x1e06\x1dPPR-74\x1dS00012345\x1dQ10\x1e\x04"
    floor = Floor(replace(setup(BORE), code_profile=""))
    floor.scan("OP-12")
    floor.say(Scanned(label, **floor.tick(), symbology="]d1", raw=b"]d1" + label.encode() + b"\r"))
    floor.gauge("bore", "74.0", "mm")
    assert (floor.sealed().serial, floor.sealed().raw) == ("00012345", (b"]d1" + label.encode() + b"\r").hex())


def test_of_an_endless_code_the_beginning_is_kept() -> None:
    """Room for the measurements stays in a record of 60,000 bytes."""
    floor = Floor(replace(setup(BORE), unit=re.compile("(?P<serial>SN[0-9]+).*")))
    floor.scan("OP-12")
    floor.scan("SN1" + "x" * 2000)
    floor.gauge("bore", "74.0", "mm")
    assert (floor.sealed().serial, floor.sealed().raw) == ("SN1", (b"SN1" + b"x" * 1021).hex())


def test_a_scanned_text_keeps_what_stood_around_it() -> None:
    """A component's serial, scanned for a characteristic."""
    floor = Floor(setup(Characteristic.model_validate({"name": "pump", "kind": "text"})))
    for code in ("OP-12", "SN000001", "]C0PUMP-7"):
        floor.scan(code)
    [taken] = floor.sealed().measurements
    assert (taken.text, taken.raw) == ("PUMP-7", b"]C0PUMP-7".hex())


@pytest.mark.parametrize("code", ["OP-\u200b12", "SN00\u00a00001", "SN000001]C0SN000002", "%OK\ufeff%OK"])
def test_a_code_with_something_unseen_inside_is_refused_with_the_cure(code: str) -> None:
    """For badges, units and commands alike; nothing changes."""
    floor = Floor(setup(LOOKS))
    floor.scan("OP-12")
    before = floor.state
    floor.scan(code)
    assert (floor.state.unit, floor.state.operator, floor.state.light) == (before.unit, before.operator, "red")
    assert "tell who prints the labels" in floor.message


@pytest.mark.parametrize("word", ["NOREAD", "]C0ERROR", "????", "ER,LON,00"])
def test_a_readers_own_word_is_no_unit_and_no_result(word: str) -> None:
    """Also where it came through a keyboard, so that no driver saw it."""
    floor = Floor(
        replace(setup(Characteristic.model_validate({"name": "pump", "kind": "text"})), unit=re.compile(".+"))
    )
    floor.scan("OP-12")
    floor.scan(word)
    assert floor.state.unit is None
    floor.scan("SN000001")
    floor.scan(word)
    assert not floor.effects
    assert "the reader read nothing" in floor.message


def test_a_symbol_decides_what_its_code_is() -> None:
    """The wire takes the AIM identifier off; the station still knows by it what may be GS1."""
    data = "010950600013435221AB"
    for symbology, profile, serial in (("]d2", "", "AB"), ("]d1", "", None), ("]d1", "gs1", "AB")):
        floor = Floor(replace(setup(BORE), code_profile=profile))
        floor.scan("OP-12")
        floor.say(Scanned(data, **floor.tick(), symbology=symbology, raw=data.encode()))
        assert serial == (floor.state.unit.ids["serial"] if floor.state.unit else None)


def test_a_short_code_is_a_data_identifier_only_where_the_station_asks() -> None:
    """S4711 is a serial of its own in many a house."""
    for profile, serial in (("", None), ("data-identifiers", "4711")):
        floor = Floor(replace(setup(BORE), code_profile=profile))
        floor.scan("OP-12")
        floor.scan("]A0S4711")
        assert serial == (floor.state.unit.ids["serial"] if floor.state.unit else None)


def test_a_customers_own_label_names_the_unit() -> None:
    """Part, serial, order and heat of its named groups; for another part it is refused."""
    label = OwnLabel("ours", [re.compile(r"(?P<part>PR-\d+)/(?P<serial>\w+)/(?P<order>\w+)/(?P<heat>\w+)")])
    floor = Floor(replace(setup(BORE), code_profile="ours", code_label=label))
    floor.scan("OP-12")
    floor.scan("PR-75/1/A/B")
    assert "this is a PR-75" in floor.message
    floor.scan("PR-74/1")
    assert floor.state.unit is None
    floor.scan("]d1PR-74/0001/WO7/H9")
    floor.gauge("bore", "74.0", "mm")
    body = floor.sealed()
    assert (body.part, body.serial, body.order, body.heat) == ("PR-74", "0001", "WO7", "H9")


def test_a_serial_that_a_plc_hands_on_is_bare_too() -> None:
    """The PLC's scanner sends AIM identifiers as any other."""
    floor = Floor(setup(FORCE, mode="automatic"))
    floor.say(block("]C0SN000001", "15"))
    assert floor.sealed().serial == "SN000001"
    floor.say(block("SN00\u200b0001", "15", trigger=8))
    assert isinstance(floor.effects[-1], SealIt)
    assert isinstance(floor.effects[-1].body, EventBody)
    assert "nobody sees" in floor.message

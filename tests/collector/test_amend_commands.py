"""Amendments by the commands that people type: who they are is proven, what waits is listed until it is answered."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from amending_office import AmendingOffice, made_office


@pytest.fixture
def office(tmp_path: Path) -> AmendingOffice:
    return made_office(tmp_path)


def test_a_correction_waits_for_a_second_person_and_then_every_command_shows_it(office: AmendingOffice) -> None:
    correct = ("amend", "correct", "SN2", "--field", "bore_diameter", "--new", "74.025", "--reason", "read upside down")
    code, said = office.run(*correct, by="eva", password="guessed")
    assert (code, said) == (1, "that is not the password of eva, or eva is no user of the console; nothing was done\n")
    said = office.good(*correct, "--old", "74.045", "--code", "R7", by="eva")
    assert said.startswith("it waits for another person: gaugetrail-collector amend approve collector:collector-1/deci")
    shown = office.good("trace", "SN2")
    assert "as amended" not in shown
    assert "event: amendment.requested agent pc1: correct bore_diameter: 74.045 -> 74.025 of pc1/abcdefgh/2" in shown
    asked = json.loads(office.good("amend", "ls", "--json"))
    assert (asked["target"], asked["old"], asked["new"], asked["fate"]) == (
        "pc1/abcdefgh/2",
        "74.045",
        "74.025",
        "waits",
    )
    code, said = office.run("amend", "approve", "1", by="eva")
    assert (code, "another person approves" in said) == (1, True)
    said = office.good("amend", "approve", "1", by="uwe")
    assert "uwe approves: correct bore_diameter from 74.045 to 74.025 of pc1/abcdefgh/2: read upside down (eva," in said
    assert "approved (record collector:collector-1/decisions0001" in said
    shown = office.good("trace", "SN2")
    assert "as amended: bore_diameter 74.025\n" in shown
    assert "74.045" in shown, "the original"
    assert office.good("amend", "ls") == "nothing waits\n"
    assert "approved by uwe  correct" in office.good("amend", "ls", "--all")
    assert "amendment" not in office.good("verify"), "the proof holds"
    found = json.loads(office.good("stats", "describe", "--characteristic", "bore_diameter", "--json"))
    assert "1 value taken as amendments corrected them" in found["warnings"]
    assert "; 1 amendment\n" in office.good("store", "stats")


def test_every_action_has_its_command(office: AmendingOffice) -> None:
    because = ("--reason", "it was so")
    for words in (
        ("re-attribute", "SN1", "--field", "lot", "--new", "L8"),
        ("exclude", "SN2", "--field", "bore_diameter"),
        ("void", "SN3"),
    ):
        office.good("amend", *words, *because, by="eva")
    assert "annotated pc1/abcdefgh/1 (record" in office.good("amend", "annotate", "SN1", *because, by="eva")
    said = office.good("amend", "reject", "2", "--reason", "keep it", by="ida")
    assert "nothing came of it" in said
    for request in ("1", "3"):
        office.good("amend", "approve", request, by="ida")
    fates = [json.loads(line)["fate"] for line in office.good("amend", "ls", "--all", "--json").splitlines()]
    assert fates == ["approved", "rejected", "approved"]
    assert "as amended: lot L8" in office.good("trace", "--lot", "L8")
    assert "as amended: void" in office.good("trace", "SN3")
    assert json.loads(office.good("store", "stats", "--json"))["amendments"] == 3


def test_what_cannot_be_is_one_sentence(office: AmendingOffice) -> None:
    because = ("--reason", "x")
    for words, by, why in (
        (("correct", "SN9", "--field", "bore", "--new", "1", *because), "eva", "no record and no unit is called SN9"),
        (
            ("correct", "SN1", "--field", "bore", "--new", "1", *because),
            "eva",
            "has no characteristic bore: bore_diameter",
        ),
        (("void", "SN1", *because, "--approve"), "eva", "another person approves"),
        (("void", "SN1", *because), "olaf", "olaf may not ask"),
        (("approve", "77"), "ida", "no request is called 77"),
    ):
        code, said = office.run("amend", *words, by=by)
        assert (code, why in said, "Traceback" in said) == (1, True, False), said
    code, said = office.run("amend", "void", "SN1", *because, by="eva", at="other")
    assert (code, "documents are written by collector-1, not by other" in said) == (1, True)

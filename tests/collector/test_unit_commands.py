"""States of units and lots by the commands that people type."""

from __future__ import annotations

import json
from pathlib import Path

from amending_office import AmendingOffice, made_office


def test_the_quality_office_holds_and_lets_go(tmp_path: Path) -> None:
    office: AmendingOffice = made_office(tmp_path)
    (tmp_path / "held.txt").write_text("SN2\n\n SN3 \n")
    because = ("--reason", "burr at the seat")
    said = office.good("unit", "hold", "SN1", "--file", str(tmp_path / "held.txt"), *because, "--code", "H3", by="eva")
    assert said.startswith("3 units: on hold (1 record: collector:collector-1/decisions0001")
    shown = office.good("unit", "show", "SN1", "SN2")
    assert shown.startswith("SN1: hold: burr at the seat (eva, ")
    assert "event: unit.state unit SN1: hold  by eva" in office.good("trace", "SN2")
    code, said = office.run("unit", "release", "--lot", "L7", *because, by="eva")
    assert (code, "lot L7 has 3 units of 3 that aren't done: SN1 is hold" in said) == (1, True), said
    said = office.good("unit", "release", "SN1", "--reason", "looked at again", "--until", "2099-01-01", by="uwe")
    assert "1 unit: released" in said
    office.good("unit", "scrap", "SN2", *because, by="eva")
    office.good("unit", "rework", "SN3", *because, by="eva")
    office.good("unit", "concession", "SN3", *because, by="eva")
    found = [json.loads(line) for line in office.good("unit", "show", "SN1", "SN2", "SN3", "--json").splitlines()]
    assert [(one["state"], one["by"]) for one in found] == [
        ("released", "uwe"),
        ("scrap", "eva"),
        ("concession", "eva"),
    ]
    assert found[0]["until"] == "2099-01-01T00:00:00.000000Z"
    said = office.good(
        "unit",
        "release",
        "--lot",
        "L7",
        *because,
        by="eva",
    )
    assert "lot L7: released" in said
    code, said = office.run("unit", "show", "SN9")
    assert (code, said) == (1, "SN9: nothing is known of it\n")
    for words, by, why in (
        (("release", "SN1", *because), "olaf", "olaf has no role"),
        (("release", *because), "eva", "say of which units"),
        (("hold", "SN1", "--file", str(tmp_path / "none.txt"), *because), "eva", "can't be read"),
    ):
        code, said = office.run("unit", *words, by=by)
        assert (code, why in said, "Traceback" in said) == (1, True, False), said

"""A plan that was a file becomes a document as it is: once, by somebody who may approve, who says so."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from test_document_commands import PLAN, Office, users

__all__ = ["users"]


@pytest.fixture
def office(tmp_path: Path, users: str) -> Office:
    office = Office(tmp_path, users)
    assert office.ask("init", by="ida")[0] == 0
    return office


def taken(office: Office, by: str = "ida", text: str = PLAN) -> tuple[int, str, str]:
    (office.folder / "plan.toml").write_text(text)
    return office.ask("take-over", str(office.folder / "plan.toml"), by=by)


def shown(office: Office) -> dict[str, object]:
    return dict(json.loads(office.ask("show", "CP-1001", "--json")[1]))


def test_the_same_bytes_are_in_force_by_one_person_who_says_what_the_file_said(office: Office) -> None:
    code, out, err = taken(office)
    assert (code, "ida says by this of CP-1001 C:" in err) == (0, True), err
    assert out.startswith("CP-1001 C, edition 1: effective since")
    found = shown(office)
    assert (found["state"], found["sha256"]) == ("effective", hashlib.sha256(PLAN.encode()).hexdigest())
    history = office.ask("history", "CP-1001")[1]
    assert history.count("taken over from a file that says: approved by ida on 2026-11-01") == 3


def test_a_claim_that_lies_in_the_future_holds_from_then(office: Office) -> None:
    assert taken(office, text=PLAN.replace("2026-11-01", "2099-11-01"))[0] == 0
    assert (shown(office)["state"], shown(office)["effective"]) == ("approved", "2099-11-01T00:00:00.000000Z")


def test_it_is_no_way_round_the_second_person(office: Office) -> None:
    """A changed text under an id that is a document is a new edition, however it comes."""
    assert taken(office)[0] == 0
    code, _, err = taken(office, text=PLAN.replace('"C"', '"D"'))
    assert (code, "CP-1001 is a document already; a file is taken over once" in err) == (1, True)
    assert shown(office)["revision"] == "C"


def test_who_may_not_approve_takes_nothing_over(office: Office) -> None:
    code, _, err = taken(office, by="eva")
    assert code == 1
    assert "eva" in err
    assert office.ask("ls")[1] == ""


def test_a_faulty_file_is_refused_with_its_line(office: Office) -> None:
    code, _, err = taken(office, text=PLAN.replace('usl = "74.050"', 'usl = "73.050"'))
    assert (code, "are not in order" in err) == (1, True)

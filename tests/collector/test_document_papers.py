"""Orders, calendars, instructions, reactions and limits as documents: who gets them, and what a plan names."""

from __future__ import annotations

import hashlib
from contextlib import closing
from pathlib import Path

import pytest
from test_document_commands import PLAN, Office, users  # noqa: F401 - the fixture

from gaugetrail_collector.documents.folding import read_register
from gaugetrail_collector.documents.texts import stored_text
from gaugetrail_collector.documents.to_stations.by_line import LineTexts
from gaugetrail_collector.stores.sqlite.store import SqliteStore
from gaugetrail_contract.clock import WallClock
from gaugetrail_contract.distribution.current import listed_editions
from gaugetrail_contract.distribution.listing import for_line

EXAMPLES = Path(__file__).parents[2] / "config" / "documents"


@pytest.fixture
def office(tmp_path: Path, users: str) -> Office:  # noqa: F811 - it is that fixture
    made = Office(tmp_path, users)
    made.good("init", by="ida")
    return made


def written(office: Office, name: str, text: str) -> str:
    (office.folder / name).write_text(text, "utf-8")
    return str(office.folder / name)


def approved(office: Office, kind: str, file: str, document: str, *more: str) -> None:
    office.good("new", kind, file, *more, by="eva")
    office.good("submit", document, by="eva")
    office.good("approve", document, by="ida")


@pytest.mark.parametrize("kind", ["order", "calendar", "reaction", "limits", "form"])
def test_the_shipped_example_of_each_kind_is_taken_in_as_it_is(office: Office, kind: str) -> None:
    assert "good." in office.good("check", kind, str(EXAMPLES / f"{kind}.toml"))
    office.good("new", kind, str(EXAMPLES / f"{kind}.toml"), by="eva")


def test_an_order_and_a_calendar_hold_at_once_and_reach_their_line_alone(office: Office) -> None:
    office.good("new", "order", str(EXAMPLES / "order.toml"), by="eva")
    office.good("new", "calendar", str(EXAMPLES / "calendar.toml"), by="eva")
    everywhere = (EXAMPLES / "order.toml").read_text("utf-8").replace('line = "L1"\n', "").replace("-10", "-20")
    office.good("new", "order", written(office, "all.toml", everywhere), by="eva")
    with closing(SqliteStore(office.folder / "store.db")) as store:
        store.open()
        listed = listed_editions(
            read_register(store).lives.values(), WallClock().now_us(), LineTexts(lambda one: stored_text(store, one))
        )
    assert {one.state for one in listed} == {"effective"}
    assert {one.id: one.line for one in listed} == {"4500123-10": "L1", "CAL-L1": "L1", "4500123-20": None}
    assert [one.id for one in for_line(listed, "L2")] == ["4500123-20"]


def test_an_order_without_a_revision_has_its_editions_number_and_the_later_one_holds(office: Office) -> None:
    text = (EXAMPLES / "order.toml").read_text("utf-8")
    office.good("new", "order", written(office, "order.toml", text), by="eva")
    said = office.good("new", "order", written(office, "order.toml", text.replace("= 500", "= 450")), by="eva")
    assert "4500123-10 2, edition 2: effective since" in said
    assert "450 x PR-74 C, due 2026-12-18" in office.good("ls")


def test_an_instruction_is_taken_in_with_all_its_pictures_or_not_at_all(office: Office) -> None:
    picture = office.folder / "stop.png"
    picture.write_bytes(b"\x89PNG a gauge at its stop")
    sha256 = hashlib.sha256(picture.read_bytes()).hexdigest()
    shown = (EXAMPLES / "instruction.toml").read_text("utf-8")
    text = shown.replace("6f2c3d1f0c6be1e1f4a5a52f5f6a9fb6b7a8d7c3e2a1908f7e6d5c4b3a291807", sha256)
    file = written(office, "wi.toml", text)
    other = office.folder / "other.png"
    other.write_bytes(b"another picture")
    for attached in ([], ["--attach", str(other)]):
        told = office.bad("new", "instruction", file, *attached, by="eva")
        assert f"the text shows the file with the sha256 {sha256}, which isn't attached: add --attach FILE" in told
    assert office.good("ls") == ""
    office.good("new", "instruction", file, "--attach", str(picture), by="eva")
    assert sha256 in office.good("show", "WI-7")


def test_a_picture_that_is_too_large_to_travel_is_told(office: Office) -> None:
    path = office.folder / "c1.toml"
    path.write_text(path.read_text("utf-8") + "picture_mb = 0.00001\n", "utf-8")
    (office.folder / "a.png").write_bytes(b"ten bytes.")
    (office.folder / "b.png").write_bytes(b"eleven byte")
    pictures = "".join(
        f'[[step.picture]]\nsha256 = "{hashlib.sha256((office.folder / name).read_bytes()).hexdigest()}"\n'
        for name in ("a.png", "b.png")
    )
    text = 'id = "WI-8"\n[[step]]\nnumber = 1\ntext = { en = "Look." }\n' + pictures
    attach = [word for name in ("a.png", "b.png") for word in ("--attach", str(office.folder / name))]
    code, _, err = office.ask("new", "instruction", written(office, "wi.toml", text), *attach, by="eva")
    assert code == 0
    assert "worth a look: b.png has 11 bytes and does not go to the stations: [documents] picture_mb = 1e-05" in err
    assert "a.png" not in err
    with closing(SqliteStore(office.folder / "store.db")) as store:
        store.open()
        (edition,) = read_register(store).lives["WI-8"].editions
    assert edition.draft.travels == (hashlib.sha256(b"ten bytes.").hexdigest(),)


def test_what_a_plan_names_and_nobody_has_is_a_remark_of_check(office: Office) -> None:
    names = 'reaction = "RP-12: stop, sort"\ninstruction = "WI-7 step 3"\ncapture = "typed"'
    second = '[[characteristic]]\nname = "weld"\nkind = "attribute"\nreaction = "RP-12"\ncapture = "typed"\n'
    file = office.plan(PLAN.replace('capture = "typed"', names) + second)
    at = ("--config", str(office.folder / "c2.toml"))
    assert "worth a look" not in office.good("check", "plan", file)
    told = office.good("check", "plan", file, *at)
    lacking = "which isn't there yet; document new"
    assert f"worth a look: bore_diameter, weld: the plan names the reaction RP-12, {lacking} reaction" in told
    assert f"worth a look: bore_diameter: the plan names the instruction WI-7, {lacking} instruction" in told

    office.good("new", "reaction", str(EXAMPLES / "reaction.toml"), by="eva")
    text = (EXAMPLES / "instruction.toml").read_text("utf-8").partition("[[step.picture]]")[0]
    approved(office, "instruction", written(office, "wi.toml", text.replace("number = 3", "number = 4")), "WI-7")
    told = office.good("check", "plan", file, *at)
    assert "bore_diameter, weld: the plan names the reaction RP-12, of which no edition holds" in told
    assert "bore_diameter: the plan names step 3 of WI-7 B, which has the steps 1, 4" in told

    office.good("submit", "RP-12", by="eva")
    office.good("approve", "RP-12", by="ida")
    approved(office, "instruction", written(office, "wi.toml", text.replace('"B"', '"C"')), "WI-7")
    assert "worth a look" not in office.good("check", "plan", file, *at)

    swapped = PLAN.replace('capture = "typed"', 'reaction = "WI-7 step 3"\ninstruction = "RP-12"\ncapture = "typed"')
    told = office.good("check", "plan", office.plan(swapped), *at)
    assert "the plan names the reaction WI-7, which is a document of kind instruction" in told
    assert "the plan names the instruction RP-12, which is a document of kind reaction" in told

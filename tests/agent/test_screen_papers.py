"""Instructions step by step on the screen, the documents that hold to read, and what a record says was shown."""

from __future__ import annotations

import hashlib
import html
from collections.abc import Mapping
from dataclasses import replace

import pytest
from documents_on_paper import listed, shelf
from station_floor import BORE, LOOKS, WEIGHT, Floor, on_list, setup
from test_reactions import RP

from gaugetrail_agent.papers.shown import station_instructions, station_reactions
from gaugetrail_agent.screen.drawing import Drawing, PageFacts
from gaugetrail_agent.screen.paper_rack import PaperRack
from gaugetrail_agent.seen.made import Made, ShiftCount
from gaugetrail_agent.seen.papers import papers_of
from gaugetrail_agent.seen.snapshot import ShownMoment, Snapshot, snapshot
from gaugetrail_agent.station.display import display
from gaugetrail_agent.station.given.instructions_here import InstructionHere
from gaugetrail_agent.station.setup import Setup, StationTable
from gaugetrail_agent.station.words.state import StationState
from gaugetrail_contract.documents.people import PeopleList, Person

PICTURE = b"\x89PNG\r\n and the rest"
DIGEST = hashlib.sha256(PICTURE).hexdigest()
WI = f"""id = "WI-7"
title = "Measuring pistons"
[[step]]
number = 1
text = {{ en = "Wipe the bore.", de = "Bohrung wischen." }}
[[step]]
number = 3
text = {{ en = "Put the gauge in.", de = "Messgerät einführen." }}
characteristic = ["bore"]
[[step.picture]]
sha256 = "{DIGEST}"
caption = {{ en = "At its stop", de = "Am Anschlag" }}
mark = [{{ x = 42, y = 30.5, characteristic = "bore" }}, {{ x = 7, y = 8, characteristic = "weight" }}]
"""
FOR_PARTS = (
    'id = "{id}"\npart = "{part}"\n[[step]]\nnumber = 1\ntext = {{ en = "Weigh." }}\ncharacteristic = ["weight"]'
)
TABLE = StationTable(name="OP20", plans="documents", operation="OP20")
PEOPLE = PeopleList(qualifications="not_kept", person=(Person(badge="OP-12"), Person(badge="OP-13", language="de")))


def instructions(*texts: str) -> dict[str, InstructionHere]:
    names = [text.partition('"')[2].partition('"')[0] for text in texts]
    kept = {listed(name, text, kind="instruction"): text for name, text in zip(names, texts, strict=True)}
    found, remarks = station_instructions(shelf(kept), TABLE)
    assert remarks == ()
    return found


def at(*texts: str, bore: str = "WI-7 step 3", weight: str = "") -> Setup:
    wanted = (BORE.model_copy(update={"instruction": bore}), WEIGHT.model_copy(update={"instruction": weight}))
    return replace(setup(*wanted, people=PEOPLE), instructions=instructions(*(texts or (WI,))))


def with_unit(where: Setup, badge: str = "OP-12") -> Floor:
    floor = Floor(where)
    floor.scan(badge)
    floor.scan("SN000001")
    return floor


def seen(floor: Floor, has: bool = True) -> Snapshot:
    shown = display(floor.setup, floor.state)
    return snapshot(ShownMoment(floor.setup, shown, Made(ShiftCount("06:00")), has_file=lambda _: has))


def page(now: Snapshot) -> str:
    return html.unescape(Drawing(PageFacts("pc1", "1", "token")).parts(now, 1))


class Kept:
    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files

    def has(self, sha256: str) -> bool:
        return sha256 in self._files

    def file(self, sha256: str) -> bytes | None:
        return self._files.get(sha256)


def rack(floor: Floor, *files: bytes) -> PaperRack:
    kept = Kept({hashlib.sha256(file).hexdigest(): file for file in files})
    return PaperRack(lambda _: floor.setup, lambda _: floor.state, kept)


# --- the step of what is measured


def test_the_step_that_the_plan_names_is_shown_in_the_persons_language_with_its_picture_and_where_to_measure() -> None:
    """Only this characteristic's mark is drawn; the revision stands beside the words."""
    shown = page(seen(with_unit(at())))
    assert "WI-7 A · 3" in shown
    assert "Put the gauge in." in shown
    assert "Wipe the bore." not in shown
    assert f'src="/shown/OP20/{DIGEST}"' in shown
    assert 'cx="42.0%" cy="30.5%"' in shown
    assert 'cx="7.0%"' not in shown
    assert "At its stop" in shown
    german = page(seen(with_unit(at(), "OP-13")))
    assert "Messgerät einführen." in german
    assert "Am Anschlag" in german


def test_a_picture_that_has_not_come_yet_is_not_shown_as_a_broken_one() -> None:
    shown = page(seen(with_unit(at()), has=False))
    assert "Put the gauge in." in shown
    assert "<img" not in shown


def test_without_a_step_in_the_plan_those_that_name_the_characteristic_are_shown() -> None:
    how = seen(with_unit(at(bore="WI-7"))).how
    assert how is not None
    assert [one.number for one in how.steps] == [3]


@pytest.mark.parametrize(
    ("texts", "bore"),
    [
        ((WI,), "WI-8 step 3"),
        ((WI.replace('id = "WI-7"', 'id = "WI-7"\npart = "PR-99"'),), "WI-7 step 3"),
        ((WI.replace('id = "WI-7"', 'id = "WI-7"\nline = "line9"'),), "WI-7 step 3"),
    ],
    ids=["no such document", "another part's", "another line's"],
)
def test_what_is_for_another_or_not_in_force_is_not_shown_and_the_plans_words_are(
    texts: tuple[str, ...], bore: str
) -> None:
    floor = with_unit(at(*texts, bore=bore))
    now = seen(floor)
    assert now.how is None
    assert bore in page(now)
    floor.gauge("bore", "74.01", "mm")
    floor.gauge("scale", "12", "g")
    assert floor.sealed().instruction is None


def test_a_document_for_the_part_is_shown_where_it_alone_names_the_characteristic() -> None:
    """Of two nobody knows which is meant."""
    weigh = FOR_PARTS.format(id="WI-8", part="PR-74")
    one = with_unit(at(WI, weigh))
    one.gauge("bore", "74.01", "mm")
    how = seen(one).how
    assert how is not None
    assert how.edition.id == "WI-8"
    two = with_unit(at(WI, weigh, FOR_PARTS.format(id="WI-9", part="PR-74")))
    two.gauge("bore", "74.01", "mm")
    assert seen(two).how is None


def test_the_record_says_which_edition_was_shown() -> None:
    floor = with_unit(at())
    floor.gauge("bore", "74.01", "mm")
    floor.gauge("scale", "12", "g")
    shown = floor.sealed().instruction
    assert shown is not None
    assert (shown.id, shown.revision, shown.sha256) == ("WI-7", "A", hashlib.sha256(WI.encode()).hexdigest())


# --- the documents that hold


def test_plan_instruction_reaction_and_order_are_listed_with_their_revisions() -> None:
    where = at()
    reacting, _ = station_reactions(shelf({listed("RP-12", RP, kind="reaction"): RP}), TABLE)
    bore, weight = where.plan.characteristics
    file = where.plan.file.model_copy(
        update={"characteristic": (bore.model_copy(update={"reaction": "RP-12: stop"}), weight)}
    )
    where = replace(where, plan=replace(where.plan, file=file), reactions=reacting)
    found = papers_of(where, StationState())
    assert [(one.kind, one.id, one.revision) for one in found] == [
        ("plan", "CP-1", "C"),
        ("instruction", "WI-7", "A"),
        ("reaction", "RP-12", "A"),
    ]
    shown = page(seen(with_unit(where)))
    assert shown.count("data-paper=") == 3
    assert "Reaction plan RP-12" in shown


def test_each_opens_as_its_text_and_nothing_else_does() -> None:
    where = at()
    where = replace(where, plan=replace(where.plan, text='id = "CP-1" # <b>'))
    floor = with_unit(where)
    other = b"the people list"
    lent = rack(floor, WI.encode(), other, PICTURE)
    assert lent.text("OP20", "0" * 64) == 'id = "CP-1" # <b>'
    assert lent.text("OP20", hashlib.sha256(WI.encode()).hexdigest()) == WI
    assert lent.text("OP20", hashlib.sha256(other).hexdigest()) is None
    assert lent.text("OP20", DIGEST) is None
    assert rack(floor).text("OP20", hashlib.sha256(WI.encode()).hexdigest()) is None  # its text isn't here


def test_a_picture_is_given_out_where_an_instruction_shows_it_and_it_is_one() -> None:
    floor = with_unit(at())
    assert rack(floor, PICTURE).picture("OP20", DIGEST) == (PICTURE, "image/png")
    assert rack(floor).picture("OP20", DIGEST) is None
    paper = b"%PDF-1.7"
    told = WI.replace(DIGEST, hashlib.sha256(paper).hexdigest())
    floor = with_unit(at(told))
    assert rack(floor, paper).picture("OP20", hashlib.sha256(paper).hexdigest()) is None
    assert rack(floor, PICTURE).picture("OP20", DIGEST) is None


def test_a_station_without_instructions_shows_none_and_lists_its_plan() -> None:
    floor = Floor(setup(LOOKS, people=on_list("OP-12")))
    assert [one.id for one in papers_of(floor.setup, floor.state)] == ["CP-1"]

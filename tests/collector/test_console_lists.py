"""What the console's lists of documents show of many: words, pages, days. Pure."""

from __future__ import annotations

import pytest

from gaugetrail_collector.console.documents.catalogue import (
    PAGE_OF_DOCUMENTS,
    ShowDocuments,
    WantedDocuments,
    catalogue,
)
from gaugetrail_collector.console.documents.contents import how_often, measured_with, shown
from gaugetrail_collector.console.documents.gauges import (
    PAGE_OF_GAUGES,
    GaugeUse,
    ShowGauges,
    WantedGauges,
    gauge_listing,
)
from gaugetrail_collector.console.documents.one_document import whether_valid
from gaugetrail_collector.console.documents.parts import parts_in
from gaugetrail_collector.console.documents.people import (
    MOST_SUBJECTS,
    PAGE_OF_PEOPLE,
    ShowPeople,
    WantedPeople,
    people_listing,
)
from gaugetrail_collector.documents.at_a_moment.in_force import ListInForce
from gaugetrail_collector.documents.folding import DocumentRegister
from gaugetrail_contract.clock import DAY_US
from gaugetrail_contract.documents.editions import (
    NEEDED,
    DocumentKind,
    Draft,
    Edition,
    Life,
    LifeStep,
    StepKind,
    take,
)
from gaugetrail_contract.documents.gauges import Gauge, GaugeRegister
from gaugetrail_contract.documents.people import PeopleList, Person, Qualification
from gaugetrail_contract.documents.plan import Characteristic

NOON = 1_790_000_000_000_000


def life_of(document: str, *steps: tuple[StepKind, int, int], kind: DocumentKind = DocumentKind.PLAN) -> Life:
    """Each step with its edition and its day."""
    life = Life(kind, document)
    for what, number, day in steps:
        draft = None
        if what is StepKind.NEW:
            draft = Draft(f"R{number}", f"{number:064x}", 1, NEEDED[kind], f"Title of {document}")
        by = "ida" if what is StepKind.APPROVE else "eva"
        after = take(life, LifeStep(what, number, by, NOON + day * DAY_US, "why", draft))
        assert isinstance(after, Life), after
        life = after
    return life


def held(number: int, day: int) -> tuple[tuple[StepKind, int, int], ...]:
    """From draft to approved on one day."""
    return tuple((what, number, day) for what in (StepKind.NEW, StepKind.SUBMIT, StepKind.APPROVE))


def register_of(*lives: Life) -> DocumentRegister:
    return DocumentRegister({life.id: life for life in lives})


def ids(
    register: DocumentRegister, wanted: WantedDocuments, parts: dict[str, tuple[str, ...]] | None = None
) -> list[str]:
    listing = catalogue(register, lambda sha256: (parts or {}).get(sha256, ()), wanted, NOON + DAY_US)
    return [row.life.id for row in listing.rows]


# --- documents


def test_a_page_holds_a_hundred_and_says_where_the_next_begins() -> None:
    register = register_of(*(life_of(f"CP-{number:04}", *held(1, 0)) for number in range(250)))
    seen: list[str] = []
    for show in (ShowDocuments.ALL, ShowDocuments.HOLDING):
        after: int | None = 0
        seen = []
        while after is not None:
            listing = catalogue(register, lambda _: (), WantedDocuments(show=show, after=after), NOON)
            assert listing.total == 250
            assert len(listing.rows) <= PAGE_OF_DOCUMENTS
            seen += [row.life.id for row in listing.rows]
            after = listing.next
        assert seen == sorted(register.lives)


def test_a_last_page_that_is_full_leads_to_no_other() -> None:
    register = register_of(*(life_of(f"CP-{number:04}", *held(1, 0)) for number in range(2 * PAGE_OF_DOCUMENTS)))
    for show in (ShowDocuments.ALL, ShowDocuments.HOLDING):
        listing = catalogue(register, lambda _: (), WantedDocuments(show=show, after=PAGE_OF_DOCUMENTS), NOON)
        assert (len(listing.rows), listing.next) == (PAGE_OF_DOCUMENTS, None)


def test_a_document_of_which_nothing_holds_shows_its_newest_edition() -> None:
    first = life_of("CP-1", (StepKind.NEW, 1, 0))
    ended = life_of("CP-2", *held(1, 0), *held(2, 0), (StepKind.WITHDRAW, 2, 1))
    rows = catalogue(register_of(first, ended), lambda _: (), WantedDocuments(), NOON + DAY_US).rows
    assert [one.number for one in rows[0].waiting] == [1]
    assert (rows[0].holding, rows[0].newest.number) == (None, 1)
    assert (rows[1].holding, rows[1].newest.number, rows[1].waiting) == (None, 2, ())


def test_every_word_is_looked_for_in_id_title_and_parts_whatever_its_case() -> None:
    register = register_of(life_of("CP-1", *held(1, 0)), life_of("WI-2", *held(1, 0)))
    parts = {f"{1:064x}": ("Ä-4711",)}
    assert ids(register, WantedDocuments("cp ä-47 TITLE"), parts) == ["CP-1"]
    assert ids(register, WantedDocuments("cp wi"), parts) == []
    assert ids(register, WantedDocuments("ä-4711")) == [], "a text that isn't looked into has no parts"


def test_what_is_shown_is_what_its_name_says() -> None:
    future = life_of("CP-3", *held(1, 3))
    register = register_of(
        life_of("CP-1", *held(1, 0), (StepKind.NEW, 2, 0)),
        life_of("CP-2", *held(1, 0), (StepKind.WITHDRAW, 1, 0)),
        future,
        life_of("CP-4", (StepKind.NEW, 1, 0), (StepKind.NEW, 2, 0), (StepKind.SUBMIT, 2, 0), (StepKind.APPROVE, 2, 0)),
    )
    for show, found in (
        (ShowDocuments.HOLDING, ["CP-1", "CP-4"]),
        (ShowDocuments.COMING, ["CP-3"]),
        (ShowDocuments.WAITING, ["CP-1"]),
        (ShowDocuments.ENDED, ["CP-2"]),
    ):
        assert ids(register, WantedDocuments(show=show)) == found, f"{show}; a draft that is passed by waits no more"
    only = WantedDocuments(kind=DocumentKind.GAUGES)
    assert ids(register_of(future, life_of("GR-1", *held(1, 0), kind=DocumentKind.GAUGES)), only) == ["GR-1"]


def edition_of(life: Life, number: int) -> Edition:
    edition = life.edition(number)
    assert edition is not None
    return edition


def test_whether_one_may_work_by_an_edition_is_said_with_what_to_work_by_instead() -> None:
    life = life_of("CP-1", *held(1, 0), *held(2, 1), (StepKind.NEW, 3, 1))
    at = NOON + 2 * DAY_US
    told = [whether_valid(life, edition_of(life, number), at) for number in (1, 2, 3)]
    instead = "revision R2, edition 2, is in force"
    assert [one.validity for one in told] == ["not valid", "valid", "not valid"]
    assert told[0].sentence == f"this edition is superseded; {instead}"
    assert told[1].sentence.startswith("in force since 2026-09-22")
    assert told[2].sentence == f"this edition is a draft, nobody may work by it; {instead}"
    gone = life_of("CP-2", *held(1, 0), (StepKind.WITHDRAW, 1, 1))
    sentence = whether_valid(gone, edition_of(gone, 1), at).sentence
    assert sentence == "withdrawn 2026-09-22 14:13Z by eva: why; no edition is in force"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ('part = "A"\n[[also_for]]\npart = "B"\n[[characteristic]]\npart = "no"\n', ("A", "B")),
        ('part = "A"\n[[characteristic]]\nname = "x"\n[[ also_for ]]\npart = "A"\n', ("A",)),
        ('note = """\n[not a table]\n"""\npart = "A"\n', ("A",)),
        ('list = [\n[1],\n]\npart = "A"\n', ("A",)),
        ('id = "WI-7"\n', ()),
        ("part = 7\nalso_for = 3\n", ()),
    ],
)
def test_part_numbers_are_found_wherever_a_text_may_have_them(text: str, parts: tuple[str, ...]) -> None:
    assert parts_in(text) == parts


# --- what a text is shown as


def test_a_text_that_is_not_what_it_claims_stands_as_it_was_written_with_why() -> None:
    for kind, content, why in (
        (DocumentKind.PLAN, b"id = ", "is not TOML: the value behind the = is missing"),
        (DocumentKind.PLAN, b'id = "CP-1"\nrevision = "A"\n', "part: Field required"),
        (DocumentKind.GAUGES, b"id,x\n1,2\n", "lacks the column calibration_due, status"),
    ):
        found = shown(kind, content)
        assert (found.text, found.table) == (content.decode(), None)
        assert why in found.fault
    binary = shown(DocumentKind.PLAN, b"\xff\xfe\x00")
    assert (binary.text, binary.size, binary.fault) == (None, 3, "it is no text")
    long = shown(DocumentKind.FORM, b"x" * 70_000)
    assert (long.cut, long.table) == (10_000, None)


def test_a_characteristic_says_how_often_and_with_what() -> None:
    one = Characteristic(
        name="bore", gauge_kind="bore gauge", resolution="0.001", unit="mm", sample_size=5, every_units=50
    )
    assert (how_often(one), measured_with(one)) == ("5, 1/50", "bore gauge, to 0.001 mm")
    derived = Characteristic(name="mean", formula="mean(a, b)", decimals=3, at=("tool_change",))
    assert (how_often(derived), measured_with(derived)) == ("tool change", "= mean(a, b)")
    assert (how_often(Characteristic(name="x")), measured_with(Characteristic(name="x"))) == ("", "")


# --- gauges


def gauges_held(*gauges: Gauge) -> list[ListInForce[GaugeRegister]]:
    life = life_of("GR-1", *held(1, 0), kind=DocumentKind.GAUGES)
    return [ListInForce(life, life.editions[0], GaugeRegister(gauge=gauges))]


def test_a_gauge_is_due_through_the_last_day_that_counts_as_soon() -> None:
    days = {"G-1": "2026-11-27", "G-2": "2026-11-28", "G-3": "2026-12-28", "G-4": "2026-12-29"}
    held_ones = gauges_held(
        *(Gauge(id=name, calibration_due=due) for name, due in days.items()),
        Gauge(id="G-5", status="blocked", calibration_due="2026-12-01"),
        Gauge(id="G-6"),
    )
    found = gauge_listing(held_ones, {}, WantedGauges(show=ShowGauges.DUE), "2026-11-28")
    assert [(row.gauge.id, row.days_left) for row in found.rows] == [("G-2", 0), ("G-3", 30)]
    assert list(found.counts.values()) == [6, 1, 1, 2, 1]
    more = gauge_listing(held_ones, {}, WantedGauges(show=ShowGauges.DUE, days=31), "2026-11-28")
    assert [row.gauge.id for row in more.rows] == ["G-2", "G-3", "G-4"]
    last = gauge_listing(held_ones, {}, WantedGauges(), "2026-11-28").rows[-1]
    assert (last.gauge.id, last.days_left, last.calibration) == ("G-6", None, "unknown"), "without a day the last"


def test_gauges_come_in_pages_and_by_every_name_of_their_place() -> None:
    many = gauges_held(*(Gauge(id=f"G-{number:04}", location="hall 7") for number in range(450)))
    uses = {"G-0001": (GaugeUse("pc1", ("line1",)),)}
    first = gauge_listing(many, uses, WantedGauges(), "2026-11-28")
    assert (len(first.rows), first.total, first.next) == (PAGE_OF_GAUGES, 450, PAGE_OF_GAUGES)
    last = gauge_listing(many, uses, WantedGauges(after=400), "2026-11-28")
    assert (len(last.rows), last.next) == (50, None)
    assert first.places == ("hall 7", "line1", "pc1")
    for place in ("pc1", "line1"):
        found = gauge_listing(many, uses, WantedGauges(place=place), "2026-11-28")
        assert [row.gauge.id for row in found.rows] == ["G-0001"]
        assert found.counts[ShowGauges.ALL] == 1
    assert gauge_listing(many, uses, WantedGauges(place="hall"), "2026-11-28").total == 0, "a place, not a piece of one"


def test_a_register_that_cannot_be_read_is_told_beside_those_that_can() -> None:
    life = life_of("GR-2", *held(1, 0), kind=DocumentKind.GAUGES)
    broken: ListInForce[GaugeRegister] = ListInForce(life, life.editions[0], None, "row 3: no number")
    found = gauge_listing([*gauges_held(Gauge(id="G-1")), broken], {}, WantedGauges(), "2026-11-28")
    assert [row.gauge.id for row in found.rows] == ["G-1"]
    assert [one.fault for one in found.registers] == ["", "row 3: no number"]


# --- people


def people_held(*people: Person, kept: bool = True) -> list[ListInForce[PeopleList]]:
    life = life_of("PL-1", *held(1, 0), kind=DocumentKind.PEOPLE)
    listed = PeopleList(qualifications="required" if kept else "not_kept", person=people)
    return [ListInForce(life, life.editions[0], listed)]


def qualified(badge: str, expires: str | None, operation: str = "OP20") -> Person:
    held_one = Qualification(operation=operation, issued="2026-01-01", expires=expires)
    return Person(badge=badge, name=f"Name of {badge}", qualified=(held_one,))


def test_a_qualification_ends_soon_through_the_last_day_that_counts() -> None:
    ends = {"A": "2026-11-27", "B": "2026-11-28", "C": "2026-12-28", "D": "2026-12-29", "E": None}
    people = people_held(*(qualified(badge, expires) for badge, expires in ends.items()))
    soon = people_listing(people, WantedPeople(show=ShowPeople.EXPIRING), "2026-11-28")
    assert [row.person.badge for row in soon.rows] == ["B", "C"], "what has ended doesn't end soon"
    assert list(soon.counts.values()) == [5, 2, 1]
    none = people_listing(people, WantedPeople(show=ShowPeople.EXPIRING, days=0), "2026-11-28")
    assert [row.person.badge for row in none.rows] == ["B"]
    before = people_listing(people, WantedPeople(show=ShowPeople.EXPIRED), "2025-12-31")
    assert (before.total, before.counts[ShowPeople.EXPIRING]) == (0, 0), "it was not yet issued"


def test_people_come_in_pages_with_as_many_columns_as_have_room() -> None:
    people = people_held(*(qualified(f"B-{number:03}", None, f"OP{number % 20:02}") for number in range(230)))
    page = people_listing(people, WantedPeople(), "2026-11-28")
    assert (len(page.rows), page.total, page.next) == (PAGE_OF_PEOPLE, 230, PAGE_OF_PEOPLE)
    assert (len(page.subjects), len(page.further)) == (MOST_SUBJECTS, 20 - MOST_SUBJECTS)
    last = people_listing(people, WantedPeople(after=200), "2026-11-28")
    assert (len(last.rows), last.next) == (30, None)
    one = people_listing(people, WantedPeople(subject="OP19", words="name b-0"), "2026-11-28")
    assert (one.subjects, [row.person.badge for row in one.rows]) == (
        ("OP19",),
        [f"B-0{n}" for n in (19, 39, 59, 79, 99)],
    )


def test_a_list_that_does_not_say_who_is_qualified_says_that() -> None:
    row = people_listing(people_held(Person(badge="A"), kept=False), WantedPeople(), "2026-11-28").rows[0]
    assert (row.kept, dict(row.cells)) == (False, {})


def test_a_people_list_that_cannot_be_read_is_told_beside_those_that_can() -> None:
    life = life_of("PL-2", *held(1, 0), kind=DocumentKind.PEOPLE)
    broken: ListInForce[PeopleList] = ListInForce(life, life.editions[0], None, "row 3: no badge")
    found = people_listing([broken, *people_held(Person(badge="A"))], WantedPeople(), "2026-11-28")
    assert [row.person.badge for row in found.rows] == ["A"]
    assert [one.fault for one in found.lists] == ["row 3: no badge", ""]

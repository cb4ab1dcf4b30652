"""The screen's words: every language whole, no sentence missed, numbers as the gauge gave them."""

from __future__ import annotations

import gettext
import html
import importlib.util
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType

import pytest
from station_floor import BORE, LOOKS, Floor, on_list, setup
from station_lives import inspected
from test_before_unit import CHECKS, floor_at
from test_order_choice import OrderFloor, made_to_order
from test_reactions import BAD, CODES, floor_with, reacting
from test_sampling import EVERY_4, HOURLY, Shift, governed

from gaugetrail_agent.languages.sentences import ENGLISH, PLACEHOLDER, Language, said
from gaugetrail_agent.screen import drawing
from gaugetrail_agent.screen.drawing import Drawing, PageFacts
from gaugetrail_agent.seen.made import MadeHere
from gaugetrail_agent.seen.snapshot import ShownMoment, Snapshot, snapshot
from gaugetrail_agent.seen.words import PageWords, catalogues, page_words
from gaugetrail_agent.station.display import display
from gaugetrail_agent.station.words.effect import CountOrders
from gaugetrail_agent.station.words.happening import HeldKnown, Noticed, OrdersCounted, Recorded
from gaugetrail_agent.station.words.notice import Notice
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.holds.known import HeldNow
from gaugetrail_contract.holds.listing import ListedState
from gaugetrail_contract.record import InspectionBody, Verdict

ROOT = Path(__file__).parents[2]
FACTS = PageFacts("pc1", "1", "token")
FILLED = re.compile(r"%\([a-z]+\)s")
PLANT = """OP20 Ada OP-1 OP-12 CP-1 CP-74B CP-74C CP-75 C PR-74 PR-75 bore looks weight mm SN000001 SN000002 BURR pc1
Gaugetrail jaws in torque RP-12 Put it into the red box TOOL CHIP worn tool a chip A-1 A-2 A-3"""
DATA = set(PLANT.split())
"""What is the plant's own and in no language."""


def maker() -> ModuleType:
    """The module of `make docs` that reads the catalogues."""
    spec = importlib.util.spec_from_file_location("screen_catalogues", ROOT / "docs" / "screen_catalogues.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def moments() -> list[Snapshot]:
    """A shift in moments that show every part of the page."""
    floor, made = Floor(setup(BORE, LOOKS, people=on_list("OP-12"))), MadeHere(("06:00",))
    seen = []

    def look() -> None:
        seen.append(
            snapshot(ShownMoment(floor.setup, display(floor.setup, floor.state), made.at(floor.now, "CP-1", "bore")))
        )

    def done(verdict: Verdict) -> None:
        body = floor.sealed()
        assert isinstance(body, InspectionBody)
        made.add(body, floor.now)
        floor.say(Recorded("pc1/e/1", "SN000001", verdict))

    look()
    for text in ("OP-99", "OP-12", "SN000001"):
        floor.scan(text)
        look()
    floor.say(Noticed("broker", Notice("amber", said("notice.broker_away"))))
    floor.say(Noticed("disk", Notice("red", said("notice.disk_full"))))
    floor.gauge("bore", "74.090", "mm")
    look()
    floor.scan("%AGAIN")
    look()
    floor.scan("%CANCEL")
    floor.scan("%NOK:BURR")
    look()
    done(Verdict.FAIL)
    look()
    floor.scan("SN000002")
    floor.scan("%CANCEL")
    done(Verdict.INCOMPLETE)
    look()
    floor.scan("%CALL:BURR")
    look()
    floor.scan("%HANDOVER:BURR")
    told = {"kind": "answer", "id": "pc1/e/1", "state": "answered", "since": utc_text(floor.now), "record": "pc1/e/2"}
    words = {"station": "OP20", "to": "OP-12", "by": "OP-12", "why": "BURR", "text": "BURR"}
    floor.say(HeldKnown(HeldNow.of([ListedState.model_validate(told | words)], floor.now)))
    floor.scan("%LOGOFF")
    floor.scan("OP-12")
    look()
    floor.scan("%LOGOFF")
    look()
    return [*seen, *forms()]


def forms() -> Iterator[Snapshot]:
    """What is asked in several parts, and the sampling clock."""
    change_over, reaction, orders = (
        floor_at(change_over=CHECKS),
        floor_with(reacting(CODES)),
        OrderFloor(made_to_order()),
    )
    change_over.scan("SN000001")
    inspected(reaction, "SN000001", BAD)
    (listed,) = (one for one in orders.scan("%ORDERS") if isinstance(one, CountOrders))
    orders.say(OrdersCounted(listed.orders, listed.count))
    shift = Shift(governed(EVERY_4, HOURLY))
    for floor in (change_over, reaction, orders, shift):
        shown = display(floor.setup, floor.state)
        yield snapshot(ShownMoment(floor.setup, shown, MadeHere(("06:00",)).at(floor.now), shift.moment))
    for mins in (10, 60, 120):
        shift.unit()
        shift.now += mins * 60_000_000
        shown = display(shift.setup, shift.state)
        yield snapshot(ShownMoment(shift.setup, shown, MadeHere(("06:00",)).at(shift.now), shift.moment))


class _Shown(HTMLParser):
    """What a reader sees or hears of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.texts.append(data.strip())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.texts += [value or "" for name, value in attrs if name in ("aria-label", "title", "alt", "placeholder")]


@pytest.mark.parametrize("language", ["de", "es", "zh"])
def test_a_catalogue_says_all_that_the_page_does(language: str) -> None:
    """Each message, with the same names to fill in, and none that nobody says any more."""
    made = maker()
    catalogue = made.catalogues(ROOT)[language]
    said_there = {str(one.id): str(one.string) for one in catalogue if one.id}
    assert made.messages(ROOT) == set(said_there)
    for message, words in said_there.items():
        assert words.strip(), message
        assert sorted(FILLED.findall(message)) == sorted(FILLED.findall(words)), message
        assert not any(one.fuzzy for one in catalogue if one.id)


def test_what_gettext_reads_is_what_translators_wrote() -> None:
    """`make docs` writes it."""
    for path, data in maker().compiled(ROOT).items():
        assert (ROOT / path).read_bytes() == data, path


def test_no_word_of_the_page_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a language that puts each word in brackets nothing stands outside of them but the plant's own words."""

    class Bracketed(gettext.NullTranslations):
        def gettext(self, message: str) -> str:
            return f"⟦{message}⟧"

    sentences = Language({name: f"⟦{template}⟧" for name, template in ENGLISH.templates.items()})
    pseudo = PageWords("xx", Bracketed(), sentences)
    monkeypatch.setattr(drawing, "page_words", lambda _: pseudo)
    drawn = Drawing(FACTS)
    pages = [drawn.parts(seen, 1) for seen in moments()]
    pages += [drawn.page("OP20", None, 0), drawn.stations(("OP20",))]
    missed = {text for page in pages for text in _outside(page)}
    assert missed == set()
    assert sum("⟦PASS⟧" in page or "⟦FAIL⟧" in page for page in pages) > 2


def _outside(page: str) -> set[str]:
    shown = _Shown()
    shown.feed(page)
    outside = set()
    for text in shown.texts:
        rest = text
        while (bare := re.sub(r"⟦[^⟦⟧]*⟧", " ", rest)) != rest:  # a sentence may hold another one
            rest = bare
        words = re.findall(r"%?[A-Za-z][A-Za-z0-9-]*", rest)  # %NOTE is a code, in every language
        outside |= {word for word in words if word not in DATA and word[0] != "%" and len(word) > 1}
    return outside


@pytest.mark.parametrize(
    ("codes", "language", "unit"),
    [
        (("de",), "de", "Teil in Arbeit"),
        (("es-MX", "de"), "es", "Pieza en curso"),
        (("zh-Hans", None), "zh", "当前工件"),
        (("xx", "en"), "en", "Unit in hand"),
        ((None,), "en", "Unit in hand"),
    ],
)
def test_the_first_language_that_there_is_is_spoken(codes: tuple[str | None, ...], language: str, unit: str) -> None:
    words = page_words(codes)
    assert (language, unit) == (words.code, words.text("Unit in hand"))


def test_there_are_four_languages() -> None:
    assert set(catalogues()) == {"en", "de", "es", "zh"}


@pytest.mark.parametrize(
    ("code", "text", "shown"),
    [
        ("de", "74.010", "74,010"),
        ("de", "-0.50", "-0,50"),
        ("es", "1234.5", "1234,5"),
        ("zh", "74.010", "74.010"),
        ("en", "74.010", "74.010"),
        ("de", "A.7", "A.7"),
        ("de", "1.2.3", "1.2.3"),
        ("de", "12", "12"),
        ("de", None, ""),
    ],
)
def test_a_number_has_the_gauges_digits_and_the_persons_sign(code: str, text: str | None, shown: str) -> None:
    assert shown == page_words((code,)).number(text)


@pytest.mark.parametrize("code", ["en", "de", "es", "zh"])
def test_the_pad_has_every_letter_digit_and_sign_that_a_text_may_want(code: str) -> None:
    """Each once; those of the language, too; what the station's own codes need is among the signs."""
    words = page_words((code,))
    keys = "".join(words.letters) + words.signs
    assert sorted(set(keys)) == sorted(keys)
    assert set("abcdefghijklmnopqrstuvwxyz0123456789-./") <= set(keys)
    assert set("@*%:,#") <= set(words.signs)
    assert set({"de": "äöüß", "es": "ñáéíóú"}.get(code, "")) <= set(keys)


def test_a_share_is_a_dash_while_there_is_none() -> None:
    assert (page_words(("de",)).share(None), page_words(("de",)).share(0.975)) == ("–", "97,5 %")


def test_the_page_is_drawn_in_the_language_of_whoever_is_there() -> None:
    drawn = Drawing(FACTS)
    floor = Floor(setup(BORE, people=on_list("OP-12")))
    seen = snapshot(ShownMoment(floor.setup, display(floor.setup, floor.state), MadeHere(("06:00",)).at(floor.now)))
    for code, nobody in (("en", "Nobody is logged in"), ("es", "Nadie se ha identificado"), ("zh", "无人登录")):
        page = html.unescape(drawn.page("OP20", replaced(seen, code), 0))
        assert f'<html lang="{code}"' in page
        assert nobody in page
        assert not PLACEHOLDER.search(re.sub(r"<[^>]*>", "", page))


def replaced(seen: Snapshot, code: str) -> Snapshot:
    return Snapshot(**{**{name: getattr(seen, name) for name in Snapshot.__slots__}, "speaks": (code,)})

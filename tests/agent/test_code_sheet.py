"""What a sheet prints, a reader reads, and the station takes for what the sheet says."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import zxingcpp
from floor import program
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image
from playwright.sync_api import sync_playwright
from running_agent import asked
from station_floor import BORE, on_list, setup
from test_order_choice import made_to_order

from gaugetrail_agent.code_sheet.bars import THINNEST_MM, NoBars, bars_of
from gaugetrail_agent.code_sheet.entries import badges_part, commands_part, defects_part, orders_part
from gaugetrail_agent.code_sheet.page import COLUMN_MM, PAGE_MM, SheetPage
from gaugetrail_agent.languages.sentences import ENGLISH
from gaugetrail_agent.languages.spoken import spoken
from gaugetrail_agent.station.choosing.order_choice import order_code
from gaugetrail_agent.station.words.happening import Scanned
from gaugetrail_agent.station.workflow.commands import COMMANDS
from gaugetrail_contract.documents.plan import Characteristic

AGENT = Path(__file__).parents[2] / "config" / "examples" / "agent.toml"
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


def drawn(svg: str) -> Image.Image:
    """The drawing's path in pixels, three for a module, as a printer would put it."""
    width = int(re.search(r'viewBox="0 0 (\d+) 1"', svg)[1])
    row = bytearray(b"\xff" * width * 3)
    for place, length in re.findall(r"M(\d+) 0h(\d+)v1h-\2z", svg):
        start, end = 3 * int(place), 3 * (int(place) + int(length))
        row[start:end] = bytes(end - start)
    return Image.frombytes("L", (width * 3, 60), bytes(row) * 60)


def read(svg: str) -> list[str]:
    return [one.text for one in zxingcpp.read_barcodes(drawn(svg), formats=zxingcpp.BarcodeFormat.Code128)]


def codes_of(page: str) -> list[str]:
    """What a reader reads of each code of a page, in its order."""
    return [text for svg in re.findall(r"<svg.*?</svg>", page) for text in read(svg)]


def printed(page: str) -> list[str]:
    """What stands in letters below the bars."""
    return re.findall(r"</svg><b>(.*?)</b>", page)


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=24))
@example("%OK")
@example("1234567")
@example("A12345B6789")
def test_a_reader_reads_what_was_printed_or_nothing_is_printed(text: str) -> None:
    """Another maker's reader (zxing-cpp) over the drawing itself; digits are packed two by two."""
    try:
        bars = bars_of(text, PAGE_MM)
    except NoBars:
        assert len(text) > 40
        return
    assert read(bars.svg()) == [text]
    assert bars.module_mm >= THINNEST_MM
    assert bars.width_mm <= PAGE_MM


def test_what_no_reader_would_take_gets_no_bars() -> None:
    for text, says in (
        ("Ärger", "no bars for"),
        ("A\x1dB", "no bars for"),
        ("", "no bars for"),
        ("x" * 80, "too long"),
    ):
        with pytest.raises(NoBars, match=says):
            bars_of(text, PAGE_MM)


def test_every_command_is_on_the_sheet_and_in_the_stations_language() -> None:
    """From the one table: a further command is printed without anybody's thinking of it."""
    page = SheetPage("OP20", "de", spoken(("de",)), [commands_part(spoken(("de",)))])
    alone = [one.word for one in COMMANDS if one.alone]
    assert codes_of(page.text) == printed(page.text) == alone
    assert "%ALLOW" not in alone
    assert "<td>%ALLOW:the laboratory is full until Monday</td><td>messen lassen, was abgelehnt wurde" in page.text
    assert '<html lang="de">' in page.text
    assert "Codes für OP20" in page.text
    assert page.refused == []


def test_defects_are_the_plans_and_those_asked_for_and_one_that_the_station_reads_otherwise_is_left_out() -> None:
    """A comma parts two defects, @ a place and * a count."""
    looks = {"kind": "attribute", "defects": ["SCRATCH", "DENT"]}
    planned = [
        Characteristic.model_validate({"name": "looks", "title": "the surface", **looks}),
        Characteristic.model_validate({"name": "edge", **looks, "defects": ["DENT"]}),
    ]
    part = defects_part(setup(BORE, *planned), ["RUST", "DENT", "a,b", "A@3", "B*2", " C", ""])
    assert [(one.code, one.means) for one in part.entries] == [
        ("%NOK:SCRATCH", "SCRATCH: the surface"),
        ("%NOK:DENT", "DENT: the surface, edge"),
        ("%NOK:RUST", "RUST"),
    ]
    assert [code for code, _ in part.refused] == ["a,b", "A@3", "B*2", " C", ""]


def test_a_badge_that_would_be_no_badge_here_is_left_out_and_a_name_is_text() -> None:
    people = on_list("OP-12", "QE-3")
    people = people.model_copy(
        update={"person": (people.person[0].model_copy(update={"name": "<b>A"}), people.person[1])}
    )
    page = SheetPage("OP20", "en", ENGLISH, [badges_part(setup(BORE, people=people))])
    assert codes_of(page.text) == ["OP-12"]
    assert "<span>&lt;b&gt;A</span>" in page.text
    assert page.refused == [("QE-3", "is no badge here, which look like OP-\\d+")]
    assert badges_part(setup(BORE)).entries == ()


@pytest.mark.parametrize(
    ("pattern", "code"),
    [
        ("PO:(?P<order>.+)", "PO:A-1"),
        (r"A-\d", "A-1"),
        (r"\+(?P<order>A-[0-9])\.", "+A-1."),
        ("(?P<order>[0-9]+)", None),
    ],
)
def test_an_order_is_printed_as_the_station_reads_it(pattern: str, code: str | None) -> None:
    """The pattern says what stands around the order; where nothing fits, nothing is printed."""
    at = made_to_order(order_code=re.compile(pattern))
    part = orders_part(at)
    assert [one.code for one in part.entries][:1] == ([] if code is None else [code])
    assert all(order_code(at, Scanned(one.code, 0, 0)) == one.means for one in part.entries)
    assert "A-9" not in [one.means for one in part.entries], "it was withdrawn"
    assert ("A-1" in [name for name, _ in part.refused]) == (code is None)
    assert orders_part(replace(at, orders=None)).entries == ()


def test_a_wide_code_gets_the_width_of_the_page_and_one_that_is_too_long_is_named() -> None:
    long, longer = "D" * 25, "D" * 80
    page = SheetPage("OP20", "en", ENGLISH, [defects_part(setup(BORE), [long, longer])])
    assert bars_of(f"%NOK:{long}", PAGE_MM).width_mm > COLUMN_MM
    assert page.text.count('class="code wide"') == 1
    assert [code for code, _ in page.refused] == [f"%NOK:{longer}"]


def test_the_command_writes_the_page_and_names_what_it_left_out(tmp_path: Path) -> None:
    out = tmp_path / "codes.html"
    words = ("codes", "OP20", "-c", str(AGENT), "--out", str(out))
    assert asked(*words) == (0, f"{out}: print it at 100 %, A4\n", "")
    assert printed(out.read_text("utf-8")) == [one.word for one in COMMANDS if one.alone]
    code, _, err = asked(*words, "--badges", "--orders", "--defect", "RUST", "--defect", "a,b", "--language", "de-AT")
    assert (code, err.startswith("left out: a,b: is no code of one defect")) == (1, True)
    assert printed(out.read_text("utf-8"))[-4:] == ["%NOK:RUST", "OP-12", "OP-13", "OP-3"]
    assert "Ausweise" in out.read_text("utf-8")
    assert asked(*words, "--language", "tlh")[0] == 2
    assert asked("codes", "OP2", "-c", str(AGENT))[0] == 2
    code, _, err = asked(*words[:-1], str(out / "x.html"))
    assert (code, "can't be written: " in err) == (1, True)


@pytest.fixture
def screenshot(tmp_path: Path) -> Iterator[Image.Image]:
    """The whole page as a browser lays it out, twice as fine as a screen."""
    out = tmp_path / "codes.html"
    asked("codes", "OP20", "-c", str(AGENT), "--badges", "--defect", "RUST", "--out", str(out))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program("chromium"), headless=True, args=FLAGS)
        try:
            page = browser.new_page(viewport={"width": 794, "height": 1123}, device_scale_factor=2)
            page.goto(out.as_uri())
            yield Image.open(io.BytesIO(page.screenshot(full_page=True)))
        finally:
            browser.close()


@pytest.mark.chromium
def test_a_browser_shows_bars_that_are_read_each_beside_the_others(screenshot: Image.Image) -> None:
    """What stands between two codes is enough, and no style squeezes one."""
    found = {one.text for one in zxingcpp.read_barcodes(screenshot)}
    assert found == {*(one.word for one in COMMANDS if one.alone), "%NOK:RUST", "OP-12", "OP-13", "OP-3"}

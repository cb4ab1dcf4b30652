"""Statistics in the console: the page of a characteristic, and the command's kinds under /api."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest
from console_floor import NASTY, T0, Pages, inspection, measurement, sealed
from typer.testing import CliRunner

from gaugetrail_collector import cli
from gaugetrail_collector.console import statistics_pages
from gaugetrail_collector.console.chart_picture import MOST_DRAWN, picture, thinned
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.record.parts import ControlLimits

TOPPLED = 74.2
VALUES = [74 + 0.001 * (at * 7 % 13) for at in range(60)]


def plant() -> list:
    values = [*VALUES, TOPPLED]
    return sealed(
        inspection(
            f"SN{at}",
            machine=f"M{at % 3}",
            measurements=(measurement("bore", f"{value:.3f}", time=utc_text(T0 + at * 1000)),),
        )
        for at, value in enumerate(values)
    )


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    made = Pages(tmp_path_factory.mktemp("console"), plant())
    yield made
    made.close()


def test_api_and_command_give_the_same_numbers(pages: Pages) -> None:
    config = pages.path.parent / "collector.toml"
    config.write_text('id = "c1"\ndata_dir = "data"\n[store]\nkind = "sqlite"\npath = "store.db"\n')
    words = ["--characteristic", "bore", "--lsl", "73.9", "--usl", "74.5", "--anyway", "--where", "machine=M1"]
    command = CliRunner().invoke(cli.app, ["stats", "capability", *words, "-c", str(config), "--json"])
    fields = {"characteristic": "bore", "lsl": "73.9", "usl": "74.5", "anyway": "", "where": "machine=M1"}
    answer = pages.ask("/api/stats/capability", fields)
    assert answer.status_code == 200
    assert answer.json() == json.loads(command.stdout)
    assert answer.json()["n"] == 20


@pytest.mark.parametrize(
    ("kind", "fields", "code", "said"),
    [
        ("capability", {"characteristic": "bore", "lsl": "73"}, 400, "not stable"),
        ("capability", {"characteristic": "bore", "lsl": "73", "convention": "mine"}, 400, "invalid choice"),
        ("describe", {"characteristic": "nothing"}, 400, "has no value of characteristic nothing"),
        ("describe", {"data": "/etc/passwd"}, 400, "for the command line only"),
        ("describe", {"config": "/etc/passwd"}, 400, "for the command line only"),
        ("describe", {"data=/etc/passwd": ""}, 400, "is no option"),
        ("describe", {"json": ""}, 400, "for the command line only"),
        ("describe", {}, 400, "no data"),
        ("describe", {"characteristic": "bore", "value": "heat-1"}, 400, "no column"),
        ("nothing", {}, 404, "no kind of statistics"),
    ],
)
def test_a_question_that_has_no_answer_is_one_sentence(
    pages: Pages, kind: str, fields: dict[str, str], code: int, said: str
) -> None:
    answer = pages.ask(f"/api/stats/{kind}", fields)
    assert answer.status_code == code
    assert said in answer.json()["error"]
    assert "root:" not in answer.text


def test_a_kind_without_data_answers_too(pages: Pages) -> None:
    assert pages.ask("/api/stats/constants", {"n": "5"}).json()["constants"][0]["d2"] == pytest.approx(2.32592895)


def test_a_question_for_too_many_records_is_refused_with_the_way_out(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statistics_pages, "MOST_RECORDS", 60)
    answer = pages.ask("/api/stats/describe", {"characteristic": "bore"})
    assert answer.status_code == 400
    assert "more than 60 records" in answer.json()["error"]


def test_the_page_shows_chart_limits_signals_and_why_there_is_no_capability(pages: Pages) -> None:
    page = pages.ask("/statistics", {"characteristic": "bore", "since": ""})
    assert page.status_code == 200
    svg = ET.fromstring(re.search(r"<svg class=\"chart\".*?</svg>", page.text, re.S)[0])
    dots = [one for one in svg.iter() if one.tag.endswith("circle")]
    assert len(dots) == 61
    assert [one.attrib["class"] for one in dots].count("signal") >= 1
    assert {one.attrib["class"] for one in svg.iter() if one.tag == "line"} == {"ucl", "center", "lcl"}
    assert "we1" in page.text
    assert "no capability: the process is not stable" in page.text
    assert "--anyway" not in page.text
    link = re.search(r'href="(/statistics[^"]*anyway=true)"', page.text)[1].replace("&amp;", "&")
    anyway = pages.ask(link)
    assert "Cpk" in anyway.text
    assert "computed anyway" in anyway.text
    assert "<script" not in page.text.partition("<main>")[2]
    assert "style=" not in page.text


def test_the_page_of_a_stable_characteristic_shows_its_indices(tmp_path: Path) -> None:
    calm = sealed(
        inspection(f"SN{at}", measurements=(measurement("bore", f"{value:.3f}", time=utc_text(T0 + at * 1000)),))
        for at, value in enumerate(VALUES)
    )
    pages = Pages(tmp_path, calm)
    page = pages.ask("/statistics", {"characteristic": "bore", "since": ""}).text
    pages.close()
    for word in ("Cpk", "Ppk", "Cwk", "AIAG SPC 2nd edition 2005", "Limits 73.95 to 74.05", "ppm"):
        assert word in page


def test_the_page_shows_by_which_limits_each_value_was_judged_and_draws_them_as_they_held(tmp_path: Path) -> None:
    """Twenty values before there were limits, twenty under A, the rest under B, by which value 50 signals."""
    control = {
        version: ControlLimits(
            lcl=f"{74 - away:.2f}", cl="74.00", ucl=f"{74 + away:.2f}", version=version, document="CL-1"
        )
        for version, away in (("A", 0.05), ("B", 0.02))
    }
    values = [74 + 0.001 * (at * 7 % 13) + (0.03 if at in (29, 49) else 0) for at in range(60)]
    records = sealed(
        inspection(
            f"SN{at}",
            measurements=(
                measurement(
                    "bore",
                    f"{value:.3f}",
                    time=utc_text(T0 + at * 1000),
                    control=None if at < 20 else control["A" if at < 40 else "B"],
                ),
            ),
        )
        for at, value in enumerate(values)
    )
    pages = Pages(tmp_path, records)
    usual = pages.ask("/statistics", {"characteristic": "bore", "since": ""}).text
    held = pages.ask("/statistics", {"characteristic": "bore", "since": "", "limits": "recorded"}).text
    api = pages.ask("/api/stats/chart", {"characteristic": "bore", "type": "imr", "limits": "recorded", "rules": "we1"})
    pages.close()
    for page in (usual, held):
        assert re.findall(r"<td>CL-1 (.)</td><td>(\d+) to (\d+)</td>", page) == [("B", "41", "60"), ("A", "21", "40")]
    assert "of the values shown</td>" in usual
    svg = ET.fromstring(re.search(r"<svg class=\"chart\".*?</svg>", held, re.S)[0])
    assert [one.attrib["class"] for one in svg.iter() if one.tag == "line"] == ["ucl", "ucl", "center", "lcl", "lcl"]
    assert "<td>we1</td><td>50</td><td>50</td><td>CL-1 B</td>" in held
    assert "of the values shown</td>" not in held
    signals = api.json()["charts"]["i"]["signals"]
    assert signals == [{"rule": "we1", "at": 50, "points": [50], "limits_version": "CL-1 B"}]


def test_an_empty_form_asks_nothing_and_an_unknown_name_says_so(pages: Pages) -> None:
    assert pages.ask("/statistics").status_code == 200
    none = pages.ask("/statistics", {"characteristic": "born", "since": ""})
    assert none.status_code == 400
    assert "the store has no value of characteristic born" in none.text
    odd = pages.ask("/statistics", {"characteristic": "bore", "since": "soon"})
    assert odd.status_code == 400
    assert "is no time" in odd.text


def test_a_nasty_characteristic_is_shown_literally(tmp_path: Path) -> None:
    records = sealed(
        inspection(
            f"SN{at}",
            measurements=tuple(
                measurement(name, f"{value:.3f}", time=utc_text(T0 + at * 1000 + place))
                for place, name in enumerate(NASTY)
            ),
        )
        for at, value in enumerate(VALUES[:25])
    )
    pages = Pages(tmp_path, records)
    shown = [pages.ask("/statistics", {"characteristic": name, "since": ""}) for name in NASTY]
    pages.close()
    for page in shown:
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "<img" not in page.text
        assert '<svg class="chart"' in page.text


def test_many_points_are_thinned_for_the_eye_and_no_signal_is_lost() -> None:
    spots = [(at, float(at * 37 % 101), at % 997 == 0) for at in range(1, 30_001)]
    drawn = thinned(spots)
    assert len(drawn) < 2 * MOST_DRAWN
    assert {spot for spot in spots if spot[2]} <= set(drawn)
    assert (min(v for _, v, _ in drawn), max(v for _, v, _ in drawn)) == (0, 100)
    assert [spot[0] for spot in drawn] == sorted(spot[0] for spot in drawn)
    assert thinned(spots[:MOST_DRAWN]) == spots[:MOST_DRAWN]


def test_a_chart_without_values_has_no_picture_and_one_value_has() -> None:
    empty = {"points": [{"at": 1, "value": None, "signals": []}], "ucl": None, "center": None, "lcl": None}
    assert picture(empty, "x") == ""
    bare = {"at": 1, "value": 5.0, "signals": [], "ucl": None, "center": 5.0, "lcl": None}
    one = {"points": [bare], "ucl": None, "center": 5.0, "lcl": None}
    assert picture(one, "x").count("<circle") == 1

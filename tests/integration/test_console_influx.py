"""The console over a real InfluxDB: nasty serials are taken literally there too, and nothing is changed by asking."""

from __future__ import annotations

import html
from collections.abc import Iterator
from pathlib import Path

import pytest
from console_floor import NASTY, Pages, inspection, sealed
from floor import Floor

from gaugetrail_collector.config import load

pytestmark = [pytest.mark.influxdb, pytest.mark.processes]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    folder: Path = tmp_path_factory.mktemp("influx")
    with Floor(folder) as floor:
        floor.influxd()
        config = load(floor.write_collector("influxdb"), {})
        records = sealed([inspection("SN1"), *(inspection(text, lot=None) for text in NASTY)])
        made = Pages(folder, records, config.store)
        yield made
        made.close()


@pytest.mark.parametrize("serial", NASTY)
def test_a_nasty_serial_finds_itself_alone_and_changes_nothing(pages: Pages, serial: str) -> None:
    for path, key in (("/search", "q"), ("/history", "id")):
        page = pages.ask(path, {key: serial})
        assert page.status_code == 200
        assert serial in html.unescape(page.text)
        assert "SN1<" not in page.text
    answer = pages.ask("/api/trace", {"id": serial, "kind": "serial"}).json()
    assert [one["serial"] for one in answer["inspections"]] == [serial]
    assert pages.count() == 1 + len(NASTY)


def test_history_and_gauges_over_influxdb(pages: Pages) -> None:
    assert "74.010" in pages.ask("/history", {"id": "SN1"}).text
    assert "found as gauge" in pages.ask("/search", {"q": "G-0017"}).text

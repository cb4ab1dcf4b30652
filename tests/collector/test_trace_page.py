"""docs/tracing.md can't lie: every command on it is run, and prints what the page shows.

`PRINT=1 pytest tests/collector/test_trace_page.py` writes the page's answers anew.
"""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import pytest
from samples import inspection, measurement
from small_plant import SECOND, chained, correction, fill, happening
from typer.testing import CliRunner

from gaugetrail_collector import cli
from gaugetrail_collector.stores.sqlite.store import SqliteStore
from gaugetrail_contract.clock import utc_text, utc_us
from gaugetrail_contract.record import Body
from gaugetrail_contract.seal import Opened

PAGE = Path(__file__).parents[2] / "docs" / "tracing.md"
BLOCK = re.compile(r"```console\n\$ ([^\n]+)\n(.*?)```", re.DOTALL)
START = utc_us("2026-09-21T06:00:00.000000Z")


def bored(number: int, value: str, gauge: str, verdict: str) -> Body:
    at = START + number * 60 * SECOND
    bore = measurement(0, characteristic="bore", value=value, gauge=gauge, verdict=verdict, time=utc_text(at - SECOND))
    fields = {"lot": "L7" if number < 4 else "L8", "heat": "H-3301", "components": (f"SLEEVE-{number}",)}
    return inspection(f"SN00412{number}", 1, measurements=(bore,), verdict=verdict, duration_ms=12_000, **fields)


def plant() -> list[Opened]:
    values = [("74.012", "G-17"), ("74.046", "G-17"), ("74.061", "G-17"), ("73.998", "G-18"), ("73.951", "G-17")]
    bodies = [
        bored(number, value, gauge, "fail" if value > "74.050" else "pass")
        for number, (value, gauge) in enumerate(values, 1)
    ]
    bodies.append(happening("assembly.built", "unit", "ENGINE-88", **{"from": ["SN004122", "SN004124"]}))
    bodies.append(happening("gauge.checked", "gauge", "G-17", result="out of calibration"))
    made = chained(bodies, "line1-pc1", "k3v9q0ab", START, 60 * SECOND)
    office = [correction(made[2], action="void", field=None, old=None, new=None, reason="measured twice by mistake")]
    return [*made, *chained(office, "office", "m2x7w1cd", START + 9000 * SECOND, slot=9)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("page")
    store = SqliteStore(made / "store.db")
    store.open()
    fill(store, plant())
    store.close()
    (made / "collector.toml").write_text('id = "c1"\ndata_dir = "data"\n[store]\nkind = "sqlite"\npath = "store.db"\n')
    return made


def printed(folder: Path, command: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(folder)
    words = shlex.split(command)
    assert words[0] == "gaugetrail-collector"
    done = CliRunner().invoke(cli.app, words[1:], catch_exceptions=False)
    lines = f"{done.stdout}{done.stderr}".splitlines()
    return "".join(f"{line.rstrip()}\n" for line in lines)


def test_every_command_of_the_page_prints_what_the_page_shows(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = PAGE.read_text("utf-8")
    shown = BLOCK.findall(text)
    answers = [(command, printed(folder, command, monkeypatch)) for command, _ in shown]
    if os.environ.get("PRINT"):
        for (command, before), (_, now) in zip(shown, answers, strict=True):
            text = text.replace(f"$ {command}\n{before}```", f"$ {command}\n{now}```")
        PAGE.write_text(text, "utf-8")
        return
    assert len(shown) >= 8
    assert answers == shown

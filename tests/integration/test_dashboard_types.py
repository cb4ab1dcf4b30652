"""The dashboards' JSON against Grafana's own TypeScript types, strictly: an unknown key or a wrong word fails."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from floor import program

GRAFANA = Path(__file__).parents[2] / "config" / "grafana"

pytestmark = pytest.mark.npm


def complaints(folder: Path, boards: dict[str, str]) -> list[str]:
    """What the compiler says of the boards: `name: sentence`."""
    lines = ['import type { Board } from "./check.ts";']
    begins: dict[str, int] = {}
    for number, (name, text) in enumerate(boards.items()):
        begins[name] = sum(line.count("\n") + 1 for line in lines)
        lines.append(f"export const board{number}: Board = {text.strip()};")
    (folder / "boards.ts").write_text("\n".join(lines), "utf-8")
    options = ("--noEmit", "--strict", "--skipLibCheck", "--module", "esnext", "--moduleResolution", "bundler")
    done = subprocess.run(
        (folder / "node_modules/.bin/tsc", *options, "--allowImportingTsExtensions", "boards.ts"),
        cwd=folder, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    found = []
    for line in done.stdout.splitlines():
        match = re.match(r"boards\.ts\(([0-9]+),[0-9]+\): (.*)", line)
        at = int(match[1]) if match else 0
        owner = max((name for name in boards if begins[name] < at), key=lambda name: begins[name], default="?")
        found.append(f"{owner}: {match[2] if match else line}")
    assert done.returncode == 0 or found, done.stderr
    return [line for line in found if not line.split(": ", 1)[1].startswith(" ")]


@pytest.fixture(scope="module")
def types(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the types' folder with its packages, as the lock file names them."""
    folder = tmp_path_factory.mktemp("types") / "types"
    shutil.copytree(GRAFANA / "types", folder)
    npm = program("npm")
    assert npm is not None
    done = subprocess.run(
        (npm, "ci", "--no-audit", "--no-fund"), cwd=folder, capture_output=True, text=True, timeout=180
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_dashboards_are_what_grafana_takes(types: Path) -> None:
    boards = {path.stem: path.read_text("utf-8") for path in sorted((GRAFANA / "dashboards").glob("*.json"))}
    assert len(boards) == 8
    assert complaints(types, boards) == []


def test_wrong_dashboards_are_told_apart(types: Path) -> None:
    """The check bites: a key that Grafana doesn't know, a word it doesn't have, a number as text."""
    good = (GRAFANA / "dashboards" / "gaugetrail-plant.json").read_text("utf-8")
    board = json.loads(good)
    wrong = {
        "key": board | {"colour": "red"},
        "word": board | {"panels": [board["panels"][0] | {"repeatDirection": "x"}]},
        "type": board | {"panels": [board["panels"][0] | {"id": "one"}]},
    }
    found = complaints(types, {"good": good} | {name: json.dumps(text, indent=1) for name, text in wrong.items()})
    assert {line.split(":")[0] for line in found} == set(wrong)

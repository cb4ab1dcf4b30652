"""The folders of 0.1, a collector's and a line PC's, under the present commands."""

from __future__ import annotations

import itertools
import json
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import Result
from floor import Floor
from golden_0_1 import but_for_the_lost, read, unpack
from typer.testing import CliRunner

from gaugetrail_collector.cli import app

_numbers = itertools.count(1)
COMMON = 'id = "collector-1"\ndata_dir = "data"\n'
SQLITE = COMMON + '[store]\nkind = "sqlite"\npath = "store.db"\n'


@dataclass(frozen=True)
class Shop:
    """A folder with `collector.toml` and everything that it names."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "collector.toml"

    def ask(self, *words: str) -> Result:
        """A command run in this process; what it raises is raised here."""
        config = [] if words[:2] == ("archive", "verify") else ["--config", str(self.config)]
        return CliRunner().invoke(app, [*words, *config], catch_exceptions=False)

    def records(self) -> bytes:
        """Every record of the store as wire lines, oldest first."""
        done = self.ask("export")
        assert done.exit_code == 0, done.stderr
        return done.stdout_bytes

    def verify(self) -> dict[str, Any]:
        """The proof, but for what only a version after 0.1 knows to be missing."""
        return but_for_the_lost(json.loads(self.ask("verify", "--json").stdout))


def empty_shop(folder: Path, store: str = SQLITE, more: str = "") -> Shop:
    """A collector without a record."""
    folder.mkdir(exist_ok=True)
    (folder / "collector.toml").write_text(store + more)
    return Shop(folder)


def sqlite_shop(folder: Path) -> Shop:
    """Just as 0.1 left it."""
    unpack("collector", folder)
    return empty_shop(folder)


def influx_store(floor: Floor) -> tuple[str, str]:
    """A database of its own: its name, and the settings that lead there."""
    name = f"golden{next(_numbers)}"
    floor.influx(f"CREATE DATABASE {name}")
    url = f"http://127.0.0.1:{floor.influx_port}"
    return name, f'{COMMON}[store]\nkind = "influxdb"\nurl = "{url}"\nversion = "1"\ndatabase = "{name}"\n'


def influx_shop(folder: Path, floor: Floor) -> Shop:
    """The same records as the points that 0.1 wrote, put into the database by nobody's code but the test's."""
    name, settings = influx_store(floor)
    url = f"http://127.0.0.1:{floor.influx_port}/write?db={name}&precision=ns"
    with urllib.request.urlopen(url, read("points.txt"), timeout=60) as answer:
        assert answer.status == 204
    unpack("collector", folder)
    (folder / "store.db").unlink()
    return empty_shop(folder, settings)


def line_pc(folder: Path, port: int = 1) -> Path:
    """The PC's folder with today's settings."""
    unpack("agent", folder / "agent-data")
    (folder / "plan.toml").write_text(
        'id = "CP-1"\nrevision = "A"\npart = "PR-1"\napproved_by = "QE"\napproved_on = "2026-11-01"\n'
        '[[characteristic]]\nname = "depth"\nunit = "mm"\nlsl = "1.0"\nusl = "2.0"\ncapture = "typed"\n'
    )
    path = folder / "agent.toml"
    path.write_text(
        '[agent]\nid = "pc1"\nsite = "plant1"\nline = "line1"\ndata_dir = "agent-data"\n'
        f'[mqtt]\nhost = "127.0.0.1"\nport = {port}\nresend_secs = 1\n[terminal]\n'
        '[[station]]\nname = "OP10"\nplan = "plan.toml"\nunit_pattern = "SN[0-9]+"\n'
    )
    return path


def pair(floor: Floor, more: str = "") -> Shop:
    """The collector's folder and the line PC's, both of 0.1, under the programs of today."""
    floor.broker()
    unpack("collector", floor.folder)
    shop = empty_shop(floor.folder, SQLITE, f"[mqtt]\nport = {floor.mqtt_port}\n{more}")
    line_pc(floor.folder, floor.mqtt_port)
    return shop

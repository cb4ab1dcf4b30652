"""What isn't configured isn't loaded: looked up in the modules of a process of its own that serves its metrics."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

AGENT = """\
[agent]
id = "pc1"
site = "s"
line = "l"
data_dir = "data"
"""
COLLECTOR = """\
id = "c1"
data_dir = "data"
[store]
kind = "sqlite"
path = "store.db"
"""
METRICS = "[metrics]\nport = 0\n"
CONSOLE = "[console]\nport = 0\n"
FRAMEWORKS = {"fastapi", "starlette", "jinja2", "influxdb_client", "urllib3", "pyarrow", "apscheduler"}
SERVER = {"uvicorn", "h11", "prometheus_client"}

LOOK = """\
import sys, time, urllib.request
from pathlib import Path
from gaugetrail_{part} import config
from gaugetrail_{part}.app import {service}
made = {service}(config.load(Path("settings.toml"), {{}}))
if made.metrics is not None:
    Path("data").mkdir(exist_ok=True)
    made.metrics.start()
    told, end = Path("data/metrics.port"), time.monotonic() + 30
    while not (told.exists() and told.read_text()) and time.monotonic() < end:
        time.sleep(0.01)
    with urllib.request.urlopen("http://127.0.0.1:" + told.read_text() + "/metrics") as answer:
        assert b"process_resident_memory_bytes" in answer.read()
    made.metrics.stop()
print(*sorted({{name.partition(".")[0] for name in sys.modules}}))
"""


def loaded(folder: Path, part: str, settings: str) -> set[str]:
    (folder / "settings.toml").write_text(settings)
    script = LOOK.format(part=part, service=part.title())
    told = subprocess.run([sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, timeout=60)
    assert told.returncode == 0, told.stderr
    return set(told.stdout.split())


@pytest.mark.parametrize(("part", "settings"), [("agent", AGENT), ("collector", COLLECTOR)])
def test_metrics_alone_load_a_web_server_and_no_pages(tmp_path: Path, part: str, settings: str) -> None:
    assert (there := loaded(tmp_path, part, settings + METRICS)) >= SERVER
    assert there & FRAMEWORKS == set()


@pytest.mark.parametrize(("part", "settings"), [("agent", AGENT), ("collector", COLLECTOR)])
def test_no_door_loads_no_web_server(tmp_path: Path, part: str, settings: str) -> None:
    assert loaded(tmp_path, part, settings) & (SERVER | FRAMEWORKS) == set()


def test_a_console_loads_its_pages_and_still_no_foreign_database(tmp_path: Path) -> None:
    there = loaded(tmp_path, "collector", COLLECTOR + CONSOLE)
    assert {"uvicorn", "fastapi", "jinja2"} <= there
    assert "influxdb_client" not in there

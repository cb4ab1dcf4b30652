"""The shape of the house: generated pages are current, examples load, edge libraries stand in one module each."""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from gaugetrail_agent import config as agent_config
from gaugetrail_collector import config as collector_config
from gaugetrail_contract.figures import AGENT_FIGURES, COLLECTOR_FIGURES

ROOT = Path(__file__).parents[2]
SOURCES = {
    "agent": ROOT / "agent" / "gaugetrail_agent",
    "collector": ROOT / "collector" / "gaugetrail_collector",
    "contract": ROOT / "foundation" / "gaugetrail_contract",
    "service": ROOT / "foundation" / "gaugetrail_service",
    "statistics": ROOT / "foundation" / "gaugetrail_statistics",
}
EDGES = {
    ("agent", "barcode"): {"code_sheet/bars.py"},
    ("agent", "serial"): {"links/serial_port.py"},
    ("agent", "pymodbus"): {"links/modbus.py"},
    ("agent", "jinja2"): {"screen/drawing.py"},
    ("agent", "starlette"): {"screen/pages.py"},
    ("contract", "cryptography"): {"pins.py", "signing.py"},
    ("service", "apscheduler"): {"scheduler.py"},
    ("service", "prometheus_client"): {"web/metrics.py"},
    ("service", "cryptography"): {"certificates/contents.py", "web/console_users.py"},
    ("service", "paho"): {"mqtt/broker_visit.py", "mqtt/connection.py"},
    ("service", "uvicorn"): {"web/server.py"},
    ("collector", "jinja2"): {"console/shown.py"},
    ("collector", "starlette"): {"console/app.py"},
    ("collector", "paho"): {"intake/receiving/connection.py"},
    ("collector", "matplotlib"): {"statistics/pictures/page.py"},
    ("collector", "pyarrow"): {"tracing/export_parquet.py"},
    ("collector", "influxdb_client"): {"stores/influx/requests.py"},
}


def imports(path: Path) -> set[str]:
    """The top-level packages that a module imports, in functions too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def test_each_edge_library_is_met_in_one_place() -> None:
    """A library's quirks live in one module, so a new release is one file's work."""
    libraries = {library for _, library in EDGES}
    found: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for part, folder in SOURCES.items():
        for path in folder.rglob("*.py"):
            for library in imports(path) & libraries:
                found[part, library].add(path.relative_to(folder).as_posix())
    assert dict(found) == EDGES


def test_the_product_knows_nothing_of_its_tests() -> None:
    """No name that pytest would collect, and none of its attributes: what a test imports is called for what it does."""
    for folder in SOURCES.values():
        for path in folder.rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                name = getattr(node, "name", None) or getattr(node, "attr", None)
                assert not str(name).startswith(("test_", "Test", "__test__")), f"{path}: {name}"


def test_a_name_is_one_thing() -> None:
    """No class name stands in two modules: who searches for one finds it, and no import gets the wrong one."""
    homes: defaultdict[str, list[str]] = defaultdict(list)
    for folder in (*SOURCES.values(), ROOT / "simulators" / "gaugetrail_sim"):
        for path in folder.rglob("*.py"):
            for node in ast.parse(path.read_text("utf-8")).body:
                if isinstance(node, ast.ClassDef):
                    homes[node.name].append(path.relative_to(ROOT).as_posix())
    assert {name: paths for name, paths in homes.items() if len(paths) > 1} == {}
    assert len(homes) > 200


def generator():
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["generate"] = module
    spec.loader.exec_module(module)
    return module


def test_generated_pages_are_current() -> None:
    stale = [
        str(path)
        for path, text in generator().pages().items()
        if not (ROOT / path).exists() or (ROOT / path).read_text("utf-8") != text
    ]
    assert stale == [], "run: make docs"


@pytest.mark.parametrize("path", sorted((ROOT / "config" / "examples").glob("agent*.toml")), ids=lambda path: path.name)
def test_agent_examples_pass_the_check(path: Path) -> None:
    """An example that a newcomer copies is without a fault, plans and registers included."""
    loaded = agent_config.load(path, {})
    assert loaded.plans


@pytest.mark.parametrize(
    "path", sorted((ROOT / "config" / "examples").glob("collector*.toml")), ids=lambda path: path.name
)
def test_collector_examples_pass_the_check(path: Path) -> None:
    assert collector_config.load(path, {}).settings.id


def test_the_page_on_metrics_names_figures_that_there_are() -> None:
    """An alarm rule copied from the docs must not wait for a name that never comes."""
    page = (ROOT / "docs" / "metrics.md").read_text("utf-8")
    named = set(re.findall(r"gaugetrail_(?:agent|collector)_[a-z_]+", page))
    assert named <= {figure.name for figure in (*AGENT_FIGURES, *COLLECTOR_FIGURES)}
    assert len(named) >= 10


def test_links_in_the_docs_lead_somewhere() -> None:
    """A page that points to a file points to one that is there."""
    broken = []
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
            if "://" not in target and not (page.parent / target).exists():
                broken.append(f"{page.relative_to(ROOT)} -> {target}")
    assert broken == []

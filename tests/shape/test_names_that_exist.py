"""What README, CONTRIBUTING, docs and pyproject.toml name is there: files, make targets, commands, packages."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import typer.main
from typer.core import TyperGroup

from gaugetrail_agent import cli as agent_cli
from gaugetrail_collector import cli as collector_cli
from gaugetrail_sim import cli as sim_cli

ROOT = Path(__file__).parents[2]
FOLDERS = ("agent", "collector", "config", "docs", "foundation", "simulators", "tests")
FILES = [
    path.relative_to(ROOT).as_posix()
    for top in FOLDERS
    for path in (ROOT / top).rglob("*")
    if path.is_file() and "__pycache__" not in path.parts
]
FILES += [path.name for path in ROOT.iterdir() if path.is_file()]
TREE = "".join(f"/{path}\n" for path in FILES)
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
CLIS = {
    name: typer.main.get_command(cli.app)
    for name, cli in (("agent", agent_cli), ("collector", collector_cli), ("sim", sim_cli))
}
THE_READERS = re.compile(r"(^|/)(my-|old\.|new\.|kept\.)")
"""Files that a page tells its reader to make."""
TOOLS = {"import-linter", "mypy", "pytest-xdist", "ruff", "types-psutil", "types-pyserial"}
"""Of the development extra: run, not imported."""


def shown(page: str) -> Iterator[str]:
    """What stands in backticks, and each line of a shell block."""
    for block in re.findall(r"^ *```sh\n(.*?)^ *```", page, re.DOTALL | re.MULTILINE):
        yield from block.splitlines()
    yield from re.findall(r"`([^`\n]+)`", re.sub(r"^ *```.*?^ *```", "", page, flags=re.DOTALL | re.MULTILINE))


def missing_paths(words: Iterator[str]) -> list[str]:
    """Words that are paths in this tree, whole or from some folder on, and lead nowhere. What begins with `/`, holds a
    placeholder or is the reader's own is none of ours.
    """
    missing = []
    for word in words:
        path = word.strip("\"'.,:;()").removesuffix("/")
        ours = path.split("/")[0] in FOLDERS and "/" in word
        looks = re.fullmatch(r"[\w./-]+\.(py|md|sh|c)|[\w.-]+(/[\w.-]+)+\.(toml|json|csv|yaml|conf)", path)
        if not (ours or looks) or re.search(r"[<>*…{]|^/|://", word) or THE_READERS.search(path):
            continue
        if f"/{path}\n" not in TREE and f"/{path}/" not in TREE:
            missing.append(word)
    return missing


def words_of(page: Path) -> Iterator[str]:
    return (word for text in shown(page.read_text("utf-8")) for word in text.split())


def test_a_path_that_leads_nowhere_is_noticed() -> None:
    gone = ["tests/shape/test_edges.py", "test_edges.py", "docs/nowhere/", "provisioning/none.yaml"]
    assert missing_paths(iter(gone)) == gone
    there = ["tests/shape/test_shape.py", "test_shape.py", "docs/drivers/", "provisioning/datasources/gaugetrail.yaml"]
    assert missing_paths(iter([*there, "/metrics", "docs/drivers/my-gauge.md", "<agent>/records"])) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_paths_on_a_page_are_there(page: Path) -> None:
    assert missing_paths(words_of(page)) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_make_targets_and_commands_on_a_page_are_there(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    wrong = []
    for text in shown(page.read_text("utf-8")):
        wrong += [f"make {name}" for name in re.findall(r"(?:^|\s)make ([a-z][a-z-]*)", text) if name not in targets]
        for name, rest in re.findall(r"\bgaugetrail-(agent|collector|sim) ([a-z-]+(?: [a-z-]+(?![\w.]))?)", text):
            wrong += [f"gaugetrail-{name} {rest}"] * (not is_command(name, rest.split()))
    assert wrong == []


def is_command(name: str, words: list[str]) -> bool:
    """Whether these words begin with a command; a word behind a command is its argument."""
    command: object = CLIS[name]
    for word in words:
        if not isinstance(command, TyperGroup) or word.startswith("--"):
            return True
        if word not in command.commands:
            return False
        command = command.commands[word]
    return True


def test_make_help_lists_the_targets() -> None:
    text = (ROOT / "Makefile").read_text("utf-8")
    phony = set(re.findall(r"^\.PHONY: (.*)", text, re.MULTILINE)[0].split())
    told = set(re.findall(r"make ([a-z-]+)", "\n".join(re.findall(r"^\t@echo \"(.*)", text, re.MULTILINE))))
    assert phony - {"help"} == told


# --- pyproject.toml


def test_comments_of_the_project_file_name_files_that_are_there() -> None:
    comments = re.findall(r"#(.*)", (ROOT / "pyproject.toml").read_text("utf-8"))
    assert missing_paths(word for comment in comments for word in comment.split()) == []


def test_lists_of_the_project_file_name_what_is_there() -> None:
    tool = PROJECT["tool"]
    targets = tool["hatch"]["build"]["targets"]
    named = [
        *targets["wheel"]["packages"],
        *targets["sdist"]["include"],
        *tool["ruff"]["src"],
        *tool["mypy"]["mypy_path"],
    ]
    named += tool["ruff"]["lint"]["per-file-ignores"]
    assert [one for one in named if not any(ROOT.glob(one))] == []
    modules = {path.removesuffix(".py").replace("/", ".").partition(".")[2] for path in FILES if path.endswith(".py")}
    ours = [name for table in tool["mypy"]["overrides"] for name in table["module"] if name.startswith("gaugetrail")]
    assert [name for name in ours if name not in modules] == []


def test_what_make_needs_is_in_the_source_distribution() -> None:
    """`make` in an unpacked source distribution works as in a clone."""
    included = set(PROJECT["tool"]["hatch"]["build"]["targets"]["sdist"]["include"])
    assert {"Makefile", "uv.lock", "compose.yaml"} <= included


@cache
def imported(folder: Path) -> set[str]:
    """Top-level packages that the modules of a folder import, by name as by `import_module`."""
    found: set[str] = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.partition(".")[0])
            elif isinstance(node, ast.Call) and _called(node) in ("import_module", "find_spec"):
                found |= {str(one.value) for one in node.args if isinstance(one, ast.Constant)}
    return found


def _called(call: ast.Call) -> str:
    return str(getattr(call.func, "attr", None) or getattr(call.func, "id", ""))


def spelt(distribution: str) -> str:
    """A distribution's name as the index compares it."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


WHERE = {
    "agent": ("agent", "foundation"),
    "collector": ("collector", "foundation"),
    "parquet": ("collector",),
    "pictures": ("collector",),
    "statistics": ("collector", "foundation"),
    "windows": ("agent",),
    "sim": ("simulators",),
    "dev": ("tests", "config", "docs"),
}


OWNERS = cache(packages_distributions)
"""Read once: each asking opens what every installed package says of itself."""
NOT_HERE = {"pywin32": {"win32serviceutil"}}
"""Packages that only another system has, with a module of each."""


@pytest.mark.parametrize("extra", PROJECT["project"]["optional-dependencies"])
def test_each_package_of_an_extra_is_used_where_the_extra_is_for(extra: str) -> None:
    """A package that nobody imports any more is still downloaded by everybody."""
    used = set().union(*(imported(ROOT / folder) for folder in WHERE[extra]))
    distributions = {module: {spelt(one) for one in owners} for module, owners in OWNERS().items()}
    names = {
        spelt(re.split(r"[<>=!;\[ ]", one)[0]) for one in PROJECT["project"]["optional-dependencies"][extra]
    } - TOOLS
    known = {
        name: {module for module, owners in distributions.items() if name in owners} or NOT_HERE.get(name, set())
        for name in names
    }
    idle = [name for name, modules in known.items() if not modules & used]
    assert idle == []

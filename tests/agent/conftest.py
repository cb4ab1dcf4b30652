from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Generator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from fuzz_count import FRAMES


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--gauge", default=None, help="only what is tried for this profile, by its name")
    parser.addoption("--frames", type=int, default=None, help="fail where fewer frames went through the parsers")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """A test tells with its result how many frames it has put through a parser."""
    before = FRAMES.total
    yield
    if FRAMES.total != before:
        item.user_properties.append(("frames", FRAMES.total - before))


def _frames_by_file(reporter: pytest.TerminalReporter) -> Counter[str]:
    counted: Counter[str] = Counter()
    for report in reporter.stats.get("passed", []):
        for name, value in report.user_properties:
            if name == "frames":
                counted[report.nodeid.partition("::")[0]] += value
    return counted


def _reporter(config: pytest.Config) -> pytest.TerminalReporter | None:
    return config.pluginmanager.get_plugin("terminalreporter")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """With `--frames N`: fewer are a failure, however many tests have passed."""
    wanted, reporter = session.config.getoption("--frames"), _reporter(session.config)
    if wanted is not None and reporter is not None and _frames_by_file(reporter).total() < wanted:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    wanted = config.getoption("--frames")
    if wanted is None:
        return
    counted = _frames_by_file(terminalreporter)
    terminalreporter.section("frames through the parsers")
    for file, frames in counted.most_common():
        terminalreporter.line(f"{frames:>11,} {file}")
    terminalreporter.line(f"{counted.total():>11,} in all, of at least {wanted:,}")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With `--gauge NAME`: the tests that have the profile among their parameters, by its name or its frame's."""
    name = config.getoption("--gauge")
    if name is None:
        return
    chosen = [item for item in items if _gauge_of(item) == name]
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    items[:] = chosen


def _gauge_of(item: pytest.Item) -> str | None:
    parameters = getattr(item, "callspec", None)
    given = {} if parameters is None else parameters.params
    profile = getattr(given.get("frame"), "profile", given.get("profile"))
    return getattr(profile, "name", given.get("name"))

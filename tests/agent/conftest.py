from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--gauge", default=None, help="only what is tried for this profile, by its name")


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

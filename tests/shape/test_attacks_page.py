"""The page on attacks: each has its row, and each test that it names is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| A(\d+) \|.*\|$", re.MULTILINE)
DEFINED = re.compile(r"^ *(?:async )?def (test_\w+)\(", re.MULTILINE)
ATTACKS = 70


def rows() -> dict[int, str]:
    page = (ROOT / "docs" / "attacks.md").read_text("utf-8")
    found = [(int(row[1]), row[0]) for row in ROW.finditer(page)]
    assert len(found) == len(dict(found)), "a number stands twice"
    return dict(found)


def defined() -> set[str]:
    return {name for path in (ROOT / "tests").rglob("test_*.py") for name in DEFINED.findall(path.read_text("utf-8"))}


def named(row: str) -> set[str]:
    return set(re.findall(r"`(test_\w+)`", row))


def test_every_attack_has_its_row() -> None:
    assert set(range(1, ATTACKS + 1)) == rows().keys()


def test_each_test_that_the_page_names_is_there() -> None:
    assert {name for row in rows().values() for name in named(row)} - defined() == set()


def test_a_row_that_nothing_holds_says_so() -> None:
    """Either a test holds it, or the page says that it isn't held, or that there is nothing to attack."""
    words = ("not yet", "in part", "nothing is", "nobody", "no plan", "have none")
    silent = [number for number, row in rows().items() if not named(row) and not any(word in row for word in words)]
    assert silent == []

"""The console's history pages and its JSON tell of a store of 0.1 what they told."""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from floor import Floor, free_port, until
from golden_0_1 import differences, lines
from page_facts import facts
from shop_0_1 import Shop

PAGES = lines("pages.jsonl")
pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def address(shop: Shop) -> Iterator[str]:
    """The console of a real collector that has no broker."""
    shop.config.write_text(f"{shop.config.read_text()}[mqtt]\nport = {free_port()}\n[console]\nport = 0\n")
    port = shop.folder / "data" / "console.port"
    with Floor(shop.folder) as floor:
        floor.collector()
        until(port.exists, "the console is there")
        yield f"http://127.0.0.1:{port.read_text().strip()}"


def ask(address: str, path: str, page: dict[str, Any]) -> bytes:
    asked = urllib.parse.urlencode({"id": page["id"], "kind": page["kind"]})
    with urllib.request.urlopen(f"{address}{path}?{asked}", timeout=30) as answer:
        return bytes(answer.read())


@pytest.mark.parametrize("then", PAGES, ids=lambda page: f"{page['kind']} {page['id'][:30]}")
def test_a_page_shows_every_fact_that_it_showed(address: str, then: dict[str, Any]) -> None:
    """Values with their digits and units, verdicts, gauges, amendments, events, seals; a later page may show more."""
    shown = facts(ask(address, "/history", then).decode("utf-8"))
    assert Counter(then["facts"]) - Counter(shown) == Counter()
    assert then["facts"]


@pytest.mark.parametrize("then", PAGES, ids=lambda page: f"{page['kind']} {page['id'][:30]}")
def test_its_json_is_the_same(address: str, then: dict[str, Any]) -> None:
    assert differences(then["trail"], json.loads(ask(address, "/api/trace", then))) == []

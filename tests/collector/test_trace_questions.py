"""What InfluxDB is asked for a serial: few requests, and nothing that makes it walk through every series."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import pytest
from places import InfluxPlace
from small_plant import chained, correction, fill, units

from gaugetrail_collector.stores.influx import read
from gaugetrail_collector.stores.influx.http import InfluxAddress, InfluxHttp, Point
from gaugetrail_collector.stores.influx.store import InfluxStore
from gaugetrail_collector.tracing.trace import trace

BUCKET = re.compile(
    r"SELECT \* FROM \(SELECT \* FROM trace WHERE zb = '\d+'( AND id_kind = (\$kind|'record'))?\) WHERE "
)
OWN_POINT = re.compile(
    r'SELECT record, sha256, seq, epoch, agent, branch, fork FROM \w+ WHERE time = \d+( AND "\w+" = \$\w+)+$'
)


class Heard(InfluxHttp):
    """Asks the server, and keeps what was asked: the statements of each request."""

    def __init__(self, address: InfluxAddress) -> None:
        super().__init__(address)
        self.requests: list[list[str]] = []

    def _query(self, texts: Sequence[str], bound: Mapping[str, str | int], *, post: bool = False) -> list[list[Point]]:
        self.requests.append(list(texts))
        return super()._query(texts, bound, post=post)


def test_a_serials_trace_asks_little(influx: InfluxPlace) -> None:
    """Its trace points, its record, its amendments, and its agent's events, which tell of epochs: four requests. A
    condition on a field beside the tags of `trace` would have InfluxDB 1 list thousands of series (decision 6), so it
    stands outside of the bucket; a record is named by its time and tags, so that one shard is opened.
    """
    store = influx.store()
    assert isinstance(store, InfluxStore)
    records = chained(units(3))
    fill(store, [*records, *chained([correction(records[1])], agent="pc2")])
    store._http.close()
    store._http = heard = Heard(influx.address)
    heard.connect()
    assert trace(store, "SN0-00003", "serial").inspections
    assert [len(texts) for texts in heard.requests] == [1, 1, 1, 1]
    (points,), (record,), (amendments,), (epochs,) = heard.requests
    assert BUCKET.match(points), points
    assert OWN_POINT.fullmatch(record), record
    assert BUCKET.match(amendments), amendments
    assert BUCKET.match(epochs), epochs

    heard.requests.clear()
    found = trace(store, "SN0-00002")
    assert (len(found.inspections), len(found.amendments)) == (1, 1)
    assert len(heard.requests) == 6, "two more: for the amendment's record, and for what amends that"


def test_a_long_answer_comes_in_pages_that_grow_and_each_record_once(
    influx: InfluxPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where agents have records of one moment on both sides of a page's end."""
    monkeypatch.setattr(read, "PAGE", 3)
    monkeypatch.setattr(read, "MOST_A_PAGE", 7)
    store = influx.store()
    assert isinstance(store, InfluxStore)
    records = [*chained(units(20)), *chained(units(20, 1), agent="pc2", slot=8)]
    fill(store, records)
    store._http.close()
    store._http = heard = Heard(influx.address)
    heard.connect()
    found = [(row.agent, row.seq) for row in store.search(None)]
    assert found == [(agent, seq) for seq in range(1, 21) for agent in ("pc1", "pc2")]
    texts = [text for (text,) in heard.requests]
    asked = [own[1] for text in texts if (own := re.search(r"FROM inspection .* LIMIT (\d+)", text))]
    assert asked[:3] == ["3", "7", "7"]
    assert len(asked) < 10


def test_pages_of_large_records_stay_small() -> None:
    page = [{"record": "x" * 2_000}] * read.PAGE
    assert read.following_page(page) == read.MOST_A_PAGE
    assert read.following_page([{"record": "x" * 60_000}] * read.PAGE) == read.PAGE
    assert read.following_page([{"record": "x" * 4_000}] * read.PAGE) == read.PAGE_BYTES // 4_000
    assert read.following_page([{"seq": 1}]) == read.MOST_A_PAGE

"""The InfluxDB store's questions: where a record is, what carries an identifier, every record of a chain.

Statements are put together from our own names and whole numbers; every value from outside is bound.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from heapq import merge

from gaugetrail_collector.stores import Row
from gaugetrail_collector.stores.influx_http import InfluxAddress, InfluxHttp, Point
from gaugetrail_collector.stores.lines import bucket, stored_tag

PAGE = 500
CARRIERS = ("inspection", "event")
"""The measurements whose points carry a record."""
TAG_KEYS = {
    "inspection": ("site", "line", "station", "agent", "part", "plan", "reason", "verdict"),
    "event": ("site", "line", "station", "agent", "type", "subject_kind"),
}


class InfluxReads:
    """What can be asked of an InfluxDB store. Every method may raise `StoreDown` or `StoreRefuses`."""

    def __init__(self, address: InfluxAddress) -> None:
        self._http = InfluxHttp(address)

    def find(self, identifier: str, kind: str | None = None) -> list[Row]:
        """Through the identifier's bucket to the points that carry the records."""
        bound: dict[str, str | int] = {"zb": bucket(identifier), "id": identifier}
        where = "zb = $zb AND (id = $id OR also != '')"
        if kind is not None:
            where, bound = f"{where} AND id_kind = $kind", {**bound, "kind": kind}
        rows: dict[tuple[str, str, int], Row] = {}
        for lead in self._http.query(f"SELECT * FROM trace WHERE {where}", bound):
            if lead["id"] != identifier and identifier not in json.loads(lead.get("also") or "[]"):
                continue
            for row in self._carried(lead):
                rows[row.agent, row.epoch, row.seq] = row
        return list(rows.values())

    def _carried(self, lead: Point) -> list[Row]:
        """The record that a trace point leads to: its point is named by every tag and the time."""
        point = str(lead["point"])
        assert point in CARRIERS
        tags = [key for key in TAG_KEYS[point] if lead.get(key)]
        # Tag names are ours; their values are bound.
        where = " AND ".join(f'"{key}" = ${key}' for key in tags)
        bound: dict[str, str | int] = {key: stored_tag(str(lead[key])) for key in tags}
        text = f"SELECT record, sha256, seq, epoch FROM {point} WHERE time = {int(lead['time'])} AND {where}"
        agent, epoch, seq = str(lead["agent"]), str(lead["epoch"]), int(lead["seq"])
        return [
            _row(agent, row) for row in self._http.query(text, bound) if (row["epoch"], int(row["seq"])) == (epoch, seq)
        ]

    def chains(self) -> list[tuple[str, str]]:
        """By the agent tag, then the epochs that each has."""
        found: set[tuple[str, str]] = set()
        for name in CARRIERS:
            for tag in self._http.query(f'SHOW TAG VALUES FROM {name} WITH KEY = "agent"'):
                bound: dict[str, str | int] = {"agent": tag["value"]}
                agent = self._agent(name, str(tag["value"]))
                text = f"SELECT DISTINCT(epoch) AS epoch FROM {name} WHERE agent = $agent"
                found |= {(agent, str(row["epoch"])) for row in self._http.query(text, bound)}
        return sorted(found)

    def _agent(self, name: str, tag: str) -> str:
        """The agent that a tag stands for. The blank at the end of one may have been a backslash; a record tells."""
        if tag.endswith(" "):
            for row in self._http.query(f"SELECT record FROM {name} WHERE agent = $agent LIMIT 1", {"agent": tag}):
                return str(json.loads(row["record"])["agent"])
        return tag

    def rows(self, agent: str, epoch: str) -> Iterator[Row]:
        """Page by page along time, which rises with seq within a chain; both carriers merged."""
        streams = [self._pages(name, agent, epoch) for name in CARRIERS]
        for _, row in merge(*streams, key=lambda pair: pair[0]):
            yield row

    def _pages(self, name: str, agent: str, epoch: str) -> Iterator[tuple[int, Row]]:
        last, yielded = -(2**62), set[tuple[int, str]]()
        bound: dict[str, str | int] = {"agent": stored_tag(agent), "epoch": epoch}
        while True:
            page = self._http.query(
                f"SELECT record, sha256, seq, epoch FROM {name}"
                f" WHERE agent = $agent AND epoch = $epoch AND time >= {last} ORDER BY time LIMIT {PAGE}",
                bound,
            )
            fresh = [row for row in page if (int(row["time"]), str(row["sha256"])) not in yielded]
            for row in fresh:
                yield int(row["time"]), _row(agent, row)
            if not fresh:
                return
            # Points that share the page's last time may go on in the next page; those seen are passed over there.
            last = int(page[-1]["time"])
            yielded = {(int(row["time"]), str(row["sha256"])) for row in page if row["time"] == last}

    def count(self) -> int:
        """All points that carry a record."""
        return sum(
            int(row["n"]) for name in CARRIERS for row in self._http.query(f"SELECT count(seq) AS n FROM {name}")
        )


def _row(agent: str, point: Point) -> Row:
    return Row(
        agent, str(point["epoch"]), int(point["seq"]), str(point["sha256"]), str(point["record"]).encode("utf-8")
    )

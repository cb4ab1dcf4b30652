"""The InfluxDB store's questions: what carries a term, what was amended, every record of a chain.

Statements are put together from our own names and whole numbers; every value from outside is bound. Everything is read
page by page along time, so that no answer is ever held whole. What an identifier leads to is found through its bucket
of `trace`; station, part and plan are tags of `inspection`; a gauge is a tag of `measurement` and leads to the stations
that ever used it, whose records are read.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from itertools import groupby, islice
from typing import TypeVar

from gaugetrail_collector.stores import Row
from gaugetrail_collector.stores.influx.http import InfluxAddress, InfluxHttp, Point
from gaugetrail_collector.stores.lines import bucket, stored_tag
from gaugetrail_collector.stores.question import ALL_TIME, CONTEXT_KINDS, Asked, Position, Window
from gaugetrail_contract.seal import ChainName

PAGE = 500
MOST_A_PAGE = 2000
PAGE_BYTES = 4_000_000
LEADS = 50
"""Records that are fetched by one request when each is named by its point; keeps the request's URL short."""
CARRIERS = ("inspection", "event")
"""The measurements whose points carry a record."""
TAG_KEYS = {
    "inspection": ("site", "line", "station", "agent", "part", "plan", "reason", "verdict"),
    "event": ("site", "line", "station", "agent", "type", "subject_kind"),
}
FAR = 2**62
FEW, MANY = 8, 5000
"""Ids whose amendments are asked for one by one; amendments in the store that are looked through for more ids."""
RECORDS = "'record'"
"""The kind of identifier that an amendment's target is filed under."""
RECORD = "record, sha256, seq, epoch, agent, branch, fork"
Bound = dict[str, str | int]
Thing = TypeVar("Thing")


class InfluxReads:
    """What can be asked of an InfluxDB store. Every method may raise `StoreDown` or `StoreRefuses`."""

    def __init__(self, address: InfluxAddress) -> None:
        self._http = InfluxHttp(address)

    # --- by what a record carries

    def search(self, term: Asked | None, window: Window = ALL_TIME, after: Position | None = None) -> Iterator[Row]:
        """The term's trace points, its tags, or both; where the tag is a gauge's, everything of its stations."""
        streams: list[Iterator[Row]] = []
        if term is None:
            streams += [self._carriers(name, "", {}, window, after) for name in CARRIERS]
        else:
            if term.kind in CONTEXT_KINDS:
                streams += self._tagged(term, window, after)
            streams.append(self._traced(term, window, after))
        for position, same in groupby(merge(*map(_in_place, streams), key=_place), key=_place):
            if after is None or position > after:
                yield next(same)

    def _tagged(self, term: Asked, window: Window, after: Position | None) -> list[Iterator[Row]]:
        tag, values = str(term.kind), [stored_tag(term.identifier)]
        if term.kind == "gauge":
            tag, values = "station", self._stations_of(term.identifier)
        elif term.kind == "plan":
            (plan,) = values
            known = self._tag_values("inspection", "plan")
            values = [value for value in known if value == plan or value.startswith(f"{term.identifier} ")]
        if not values:
            return []
        where = " OR ".join(f'"{tag}" = $v{number}' for number in range(len(values)))
        bound: Bound = {f"v{number}": value for number, value in enumerate(values)}
        carriers = {"station": CARRIERS, "type": ("event",)}.get(tag, ("inspection",))
        return [self._carriers(name, f"({where})", bound, window, after) for name in carriers]

    def _stations_of(self, gauge: str) -> list[str]:
        """The tag values of the stations that ever used the gauge."""
        text = 'SHOW TAG VALUES FROM "measurement" WITH KEY = "station" WHERE gauge = $gauge'
        return [str(row["value"]) for row in self._http.query(text, {"gauge": stored_tag(gauge)})]

    def _tag_values(self, name: str, tag: str) -> list[str]:
        return [str(row["value"]) for row in self._http.query(f'SHOW TAG VALUES FROM {name} WITH KEY = "{tag}"')]

    def _carriers(self, name: str, where: str, bound: Bound, window: Window, after: Position | None) -> Iterator[Row]:
        for point in self._pages(f"SELECT {RECORD} FROM {name}", where, bound, _since(window, after), _until(window)):
            yield _row(point)

    def _traced(self, term: Asked, window: Window, after: Position | None) -> Iterator[Row]:
        """Through the identifier's bucket to the points that carry the records."""
        bound: Bound = {"id": term.identifier}
        if term.kind is not None:
            bound["kind"] = term.kind
        select = _filed(term.identifier, "" if term.kind is None else "$kind")
        points = self._pages(select, "(id = $id OR also != '')", bound, _since(window, after), _until(window))
        yield from self._carried(lead for lead in points if _names(lead, term.identifier))

    def _carried(self, leads: Iterable[Point]) -> Iterator[Row]:
        """The records that trace points lead to: a record's point is named by every tag and the time."""
        for batch in _batches(leads, LEADS):
            texts, bound = zip(*(_point_of(number, lead) for number, lead in enumerate(batch)), strict=True)
            for lead, points in zip(batch, self._http.query_all(texts, bound), strict=True):
                identity = _identity(lead)
                yield from (_row(point) for point in points if _identity(point) == identity)

    def find(self, identifier: str, kind: str | None = None) -> list[Row]:
        """The whole answer of `search`."""
        return list(self.search(Asked(kind, identifier)))

    def amendments_of(self, ids: Sequence[str]) -> list[Row]:
        """Through the trace points of kind `record`. Of many ids, most were never amended: those are found out by one
        statement, unless there are too many amendments in all.
        """
        asked = list(ids)
        if len(asked) > FEW:
            amended = self._http.query(f"SELECT id FROM trace WHERE id_kind = 'record' LIMIT {MANY + 1}")
            if len(amended) <= MANY:
                among = {point["id"] for point in amended}
                asked = [one for one in asked if one in among]
        return sorted(self._carried(self._amendment_leads(asked)), key=_place)

    def _amendment_leads(self, ids: Sequence[str]) -> Iterator[Point]:
        """One statement for each id: InfluxDB 1 takes a second to plan one statement for fifty."""
        for batch in _batches(ids, LEADS):
            texts = [f"{_filed(one, RECORDS)} WHERE id = $id{number}" for number, one in enumerate(batch)]
            bound: list[Bound] = [{f"id{number}": one} for number, one in enumerate(batch)]
            for one, leads in zip(batch, self._http.query_all(texts, bound), strict=True):
                yield from (lead for lead in leads if _names(lead, one))

    # --- whole chains

    def named(self, agent: str, epoch: str, seq: int) -> list[Row]:
        """By a look through the agent's points: whoever knows a record's time or an identifier finds it faster."""
        bound: Bound = {"agent": stored_tag(agent), "epoch": epoch, "seq": seq}
        where = "agent = $agent AND epoch = $epoch AND seq = $seq"
        texts = [f"SELECT {RECORD} FROM {name} WHERE {where}" for name in CARRIERS]
        return sorted((_row(point) for text in texts for point in self._http.query(text, bound)), key=_place)

    def chains(self) -> list[ChainName]:
        """By the agent tag, then the epochs that each has, then the histories."""
        found: set[ChainName] = set()
        for name in CARRIERS:
            for tag in self._tag_values(name, "agent"):
                agent = self._agent(name, tag)
                text = f"SELECT DISTINCT(epoch) AS epoch FROM {name} WHERE agent = $agent"
                found |= {ChainName(agent, str(row["epoch"])) for row in self._http.query(text, {"agent": tag})}
                found |= self._forks(name, tag, agent)
        return sorted(found)

    def _forks(self, name: str, tag: str, agent: str) -> set[ChainName]:
        """The agent's histories that have a name; the index tells quickly that there are none."""
        if not self._http.query(f'SHOW TAG VALUES FROM {name} WITH KEY = "fork" WHERE agent = $agent', {"agent": tag}):
            return set()
        text = f"SELECT epoch, branch FROM {name} WHERE agent = $agent AND branch != ''"
        points = self._http.query(text, {"agent": tag})
        return {ChainName(agent, str(point["epoch"]), str(point["branch"])) for point in points}

    def _agent(self, name: str, tag: str) -> str:
        """The agent that a tag stands for. The blank at the end of one may have been a backslash; a record tells."""
        if tag.endswith(" "):
            for point in self._http.query(f"SELECT {RECORD} FROM {name} WHERE agent = $agent LIMIT 1", {"agent": tag}):
                return _row(point).agent
        return tag

    def rows(self, agent: str, epoch: str, branch: str = "", *, window: Window = ALL_TIME) -> Iterator[Row]:
        """Page by page along time, which rises with seq within a chain; both carriers merged."""
        bound: Bound = {"agent": stored_tag(agent), "epoch": epoch}
        where, since, until = "agent = $agent AND epoch = $epoch", _since(window, None), _until(window)
        streams = [self._pages(f"SELECT {RECORD} FROM {name}", where, bound, since, until) for name in CARRIERS]
        merged = merge(*streams, key=lambda point: int(point["time"]))
        yield from (_row(point) for point in merged if (point.get("branch") or "") == branch)

    def _pages(
        self, select: str, where: str, bound: Bound, since_ns: int | None, until_ns: int | None
    ) -> Iterator[Point]:
        """The points of a statement in the order of time."""
        last = -FAR if since_ns is None else since_ns
        before = "" if until_ns is None else f" AND time < {until_ns}"
        given: list[Point] = []
        size = PAGE
        while True:
            text = f"{select} WHERE time >= {last}{before}{f' AND {where}' if where else ''} ORDER BY time LIMIT {size}"
            page = self._http.query(text, bound)
            # Points that share the page's last time may go on in the next page; those given are passed over there.
            fresh = [point for point in page if point not in given]
            yield from fresh
            if len(page) < size or not fresh:
                return
            size = following_page(page)
            last = int(page[-1]["time"])
            given = [point for point in page if point["time"] == last]

    def count(self) -> int:
        """All points that carry a record."""
        return sum(
            int(row["n"]) for name in CARRIERS for row in self._http.query(f"SELECT count(seq) AS n FROM {name}")
        )


def following_page(page: Sequence[Point]) -> int:
    """How many points to ask for next: more where records are small. For each page InfluxDB 1 reads a block of every
    series, so that pages of 500 cost it more than twice what one answer does, pages of 2000 a quarter more.
    """
    weight = sum(len(str(point.get("record") or "")) for point in page) / len(page)
    return max(PAGE, min(MOST_A_PAGE, int(PAGE_BYTES / max(1.0, weight))))


def _filed(identifier: str, kind: str = "") -> str:
    """The start of a statement about the trace points of an identifier's bucket, all kinds or one (`'lot'`, `$kind`).

    The bucket is a subquery. InfluxDB 1 lists every series of the measurement for each condition on a field before it
    looks at the tags, thousands for one that is wanted; around a subquery the condition meets the bucket's points only
    (decision 6).
    """
    of_kind = f" AND id_kind = {kind}" if kind else ""
    return f"SELECT * FROM (SELECT * FROM trace WHERE zb = '{bucket(identifier)}'{of_kind})"


def _identity(point: Point) -> tuple[object, ...]:
    """What a trace point and the point of its record have alike, beside the tags that are asked for."""
    return point["epoch"], point["seq"], point.get("fork") or ""


def _names(lead: Point, identifier: str) -> bool:
    """Whether a trace point is of that identifier; one that nobody of ours wrote leads nowhere."""
    if lead.get("point") not in CARRIERS:
        return False
    with contextlib.suppress(ValueError, TypeError):
        return lead.get("id") == identifier or identifier in list(json.loads(lead.get("also") or "[]"))
    return False


def _point_of(number: int, lead: Point) -> tuple[str, Bound]:
    """The statement for the point that a trace point leads to; tag names are ours, their values are bound."""
    point = str(lead["point"])
    tags = [key for key in TAG_KEYS[point] if lead.get(key)]
    where = " AND ".join(f'"{key}" = ${key}_{number}' for key in tags)
    bound: Bound = {f"{key}_{number}": stored_tag(str(lead[key])) for key in tags}
    return f"SELECT {RECORD} FROM {point} WHERE time = {int(lead['time'])} AND {where}", bound


def _since(window: Window, after: Position | None) -> int | None:
    starts = [window.since_us, after.time_us if after else None]
    return max((_ns(start) for start in starts if start is not None), default=None)


def _until(window: Window) -> int | None:
    return None if window.until_us is None else _ns(window.until_us)


def _ns(us: int) -> int:
    """Nanoseconds, kept within what InfluxDB can count: the years 1823 to 2116."""
    return max(-FAR, min(FAR, us * 1000))


def _place(row: Row) -> Position:
    return row.position


def _in_place(rows: Iterator[Row]) -> Iterator[Row]:
    """Rows that come by nanosecond (their agent's slot) in the order of their positions (their agent's name)."""
    for _, same in groupby(rows, key=lambda row: row.time_us):
        yield from sorted(same, key=_place)


def _batches(things: Iterable[Thing], size: int) -> Iterator[list[Thing]]:
    left = iter(things)
    while batch := list(islice(left, size)):
        yield batch


def _row(point: Point) -> Row:
    """A field that somebody left out is empty, or 0, which no record's is."""
    data = str(point["record"] or "")
    return Row(
        _agent_of(str(point["agent"]), data),
        str(point["epoch"]),
        int(point["seq"] or 0),
        str(point["sha256"] or ""),
        data.encode("utf-8"),
        int(point["time"]) // 1000,
        str(point.get("branch") or ""),
    )


def _agent_of(tag: str, data: str) -> str:
    if tag.endswith(" "):
        with contextlib.suppress(ValueError, TypeError, KeyError):
            agent = str(json.loads(data)["agent"])
            return agent if stored_tag(agent) == tag else tag
    return tag

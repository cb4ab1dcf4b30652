"""The InfluxDB store: 1.x from 1.6, 2.x and 3.x. The only module that meets influxdb-client.

Promise: `write` returns after the server has committed; the same record again writes the same points; a record that the
server can't take is found by halving the batch and is the only one left out.

Writes are our own ready lines, sent through the client's HTTP layer to `/api/v2/write`, or to `/write` for 1.x (before
1.8 there is no other). Reads are InfluxQL on `/query`, the one dialect that all three answer; every value in a query is
a bound string or number. Status codes: 204 committed · 400 (422 on 3.x) something in the batch is no good: halve · 401,
403, 404 we are refused: keep everything, say what to fix · 413 too large: halve · all else: down, wait, go on.

A fork (same identity, other seal) would stand beside the first record, since its time or tags differ. So a record whose
number is not beyond the head of its chain is looked up before it is written: by its time, failing that by its number.
"""

from __future__ import annotations

import json
import logging
from base64 import b64encode
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import merge
from typing import Any, Literal

import urllib3.exceptions
from influxdb_client._sync.api_client import ApiClient
from influxdb_client.configuration import Configuration
from influxdb_client.rest import ApiException

from gaugetrail_collector.stores import (
    STORED,
    THERE,
    Fate,
    Outcome,
    Row,
    StoreDown,
    StoreRefuses,
    fork_reason,
)
from gaugetrail_collector.stores.lines import bucket, lines_of, time_ns
from gaugetrail_contract.seal import Opened

log = logging.getLogger(__name__)

PAGE = 500
RECENT = 20_000
REFUSALS = {
    401: "the token or password is not accepted",
    403: "this user may not do that; give it read and write rights",
    404: "there is no such database or bucket; create it",
}
CARRIERS = ("inspection", "event")
"""The measurements whose points carry a record."""

Point = dict[str, Any]


@dataclass(frozen=True, slots=True)
class InfluxAddress:
    """Where the database is and who we are there."""

    url: str
    version: Literal["1", "2", "3"]
    database: str
    org: str = ""
    retention_policy: str = ""
    token: str | None = None
    username: str | None = None
    password: str | None = None
    timeout_secs: float = 20.0


@dataclass(slots=True)
class _Chain:
    """What this store knows of an (agent, epoch): the greatest number there, and the seals seen lately."""

    head: int
    seals: OrderedDict[int, str] = field(default_factory=OrderedDict)

    def put(self, seq: int, sha256: str) -> None:
        self.head = max(self.head, seq)
        self.seals[seq] = sha256
        while len(self.seals) > RECENT:
            self.seals.popitem(last=False)


class InfluxStore:
    """See the module's promise. One thread at a time."""

    def __init__(self, address: InfluxAddress) -> None:
        self._at = address
        self._client: ApiClient | None = None
        self._server = ""
        self._chains: dict[tuple[str, str], _Chain] = {}

    # --- life

    def open(self) -> None:
        """Reach the server and, on 1.x, create the database if it isn't there."""
        if self._client is None:
            configuration = Configuration()
            configuration.host = self._at.url.rstrip("/")
            configuration.verify_ssl = True
            self._client = ApiClient(configuration=configuration, retries=False)
        self._server = self._version()
        if self._at.version == "1":
            names = [row["name"] for row in self._query("SHOW DATABASES")]
            if self._at.database not in names:
                self._query(f"CREATE DATABASE {quoted(self._at.database)}", post=True)
        else:
            self._query("SHOW MEASUREMENTS LIMIT 1")

    def close(self) -> None:
        """Forget what was cached; the connections close with their pool."""
        if self._client is not None:
            self._client.rest_client.pool_manager.clear()
        self._client = None
        self._chains.clear()

    def health(self) -> str:
        """Server version and database."""
        return f"InfluxDB {self._server or self._at.version}, {self._at.database} at {self._at.url}"

    def _version(self) -> str:
        status, headers, _ = self._http("GET", "/ping", {})
        if status >= 500:
            raise StoreDown(f"InfluxDB at {self._at.url} answers {status}")
        return str({key.lower(): value for key, value in headers.items()}.get("x-influxdb-version", ""))

    # --- writing

    def write(self, batch: Sequence[Opened]) -> list[Outcome]:
        """Compare what might be there with what is, write the rest, commit."""
        outcomes: list[Outcome | None] = [self._known(opened) for opened in batch]
        fresh: dict[tuple[str, str, int], int] = {}
        for index, opened in enumerate(batch):
            if outcomes[index] is not None:
                continue
            record, sha256 = opened.record, opened.sealed.sha256
            first = fresh.setdefault((record.agent, record.epoch, record.seq), index)
            if first != index:
                other = batch[first].sealed.sha256
                outcomes[index] = THERE if other == sha256 else Outcome(Fate.FORK, fork_reason(sha256, other))
        indexes = list(fresh.values())
        for index, outcome in zip(indexes, self._write_all([batch[i] for i in indexes]), strict=True):
            outcomes[index] = outcome
            if outcome.fate is Fate.STORED:
                record = batch[index].record
                self._chains[record.agent, record.epoch].put(record.seq, batch[index].sealed.sha256)
        return [outcome for outcome in outcomes if outcome is not None]

    def _known(self, opened: Opened) -> Outcome | None:
        """The outcome of a record that is there already, seal and all or not; null for one to be written."""
        record, sha256 = opened.record, opened.sealed.sha256
        key = (record.agent, record.epoch)
        if key not in self._chains:
            self._chains[key] = _Chain(self._head(*key))
        chain = self._chains[key]
        if record.seq > chain.head:
            return None
        other = chain.seals.get(record.seq) or self._look_up(opened)
        if other is None:
            return None
        chain.put(record.seq, other)
        return THERE if other == sha256 else Outcome(Fate.FORK, fork_reason(sha256, other))

    def _head(self, agent: str, epoch: str) -> int:
        found = [
            int(row["seq"])
            for name in CARRIERS
            for row in self._query(
                f"SELECT max(seq) AS seq FROM {name} WHERE agent = $agent AND epoch = $epoch",
                {"agent": stored_tag(agent), "epoch": epoch},
            )
        ]
        return max(found, default=0)

    def _look_up(self, opened: Opened) -> str | None:
        """The seal under which the record's identity is stored; null when it isn't."""
        record = opened.record
        bound: dict[str, str | int] = {"agent": stored_tag(record.agent), "epoch": record.epoch, "seq": record.seq}
        at = time_ns(record.time_us, record.slot)
        for where in (f"time = {at} AND ", ""):
            for name in CARRIERS:
                text = f"SELECT sha256, seq FROM {name} WHERE {where}agent = $agent AND epoch = $epoch AND seq = $seq"
                for row in self._query(text, bound):
                    return str(row["sha256"])
        return None

    def _write_all(self, batch: Sequence[Opened]) -> list[Outcome]:
        """Write; halve a batch that the server doesn't take until the record at fault is alone."""
        if not batch:
            return []
        body = "\n".join(line for opened in batch for line in lines_of(opened)).encode("utf-8")
        status, _, answer = self._http("POST", self._write_path, self._write_query, body, "text/plain; charset=utf-8")
        if status in (200, 204):
            return [STORED] * len(batch)
        reason = error_text(answer) or f"status {status}"
        if status in (400, 413, 422):
            if self._at.version == "1" and "database not found" in reason:
                raise StoreRefuses(f"InfluxDB at {self._at.url}: {reason}; create it")
            if len(batch) == 1:
                return [Outcome(Fate.REJECTED, f"InfluxDB refuses it: {reason}")]
            middle = len(batch) // 2
            return self._write_all(batch[:middle]) + self._write_all(batch[middle:])
        self._raise(status, reason)
        raise AssertionError(status)

    @property
    def _write_path(self) -> str:
        return "/write" if self._at.version == "1" else "/api/v2/write"

    @property
    def _write_query(self) -> dict[str, str]:
        at = self._at
        if at.version == "1":
            query = {"db": at.database, "precision": "ns"}
            return query | ({"rp": at.retention_policy} if at.retention_policy else {})
        query = {"bucket": at.database, "precision": "ns"}
        return query | ({"org": at.org} if at.org else {})

    # --- reading

    def find(self, identifier: str, kind: str | None = None) -> list[Row]:
        """Through the identifier's bucket to the points that carry the records."""
        bound: dict[str, str | int] = {"zb": bucket(identifier), "id": identifier}
        where = "zb = $zb AND (id = $id OR also != '')"
        if kind is not None:
            where, bound = f"{where} AND id_kind = $kind", {**bound, "kind": kind}
        rows: dict[tuple[str, str, int], Row] = {}
        for lead in self._query(f"SELECT * FROM trace WHERE {where}", bound):
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
        return [_row(agent, row) for row in self._query(text, bound) if (row["epoch"], int(row["seq"])) == (epoch, seq)]

    def chains(self) -> list[tuple[str, str]]:
        """By the agent tag, then the epochs that each has."""
        found: set[tuple[str, str]] = set()
        for name in CARRIERS:
            for agent in self._query(f'SHOW TAG VALUES FROM {name} WITH KEY = "agent"'):
                bound: dict[str, str | int] = {"agent": agent["value"]}
                text = f"SELECT DISTINCT(epoch) AS epoch FROM {name} WHERE agent = $agent"
                found |= {(str(agent["value"]).removesuffix(" "), row["epoch"]) for row in self._query(text, bound)}
        return sorted(found)

    def rows(self, agent: str, epoch: str) -> Iterator[Row]:
        """Page by page along time, which rises with seq within a chain; both carriers merged."""
        streams = [self._pages(name, agent, epoch) for name in CARRIERS]
        for _, row in merge(*streams, key=lambda pair: pair[0]):
            yield row

    def _pages(self, name: str, agent: str, epoch: str) -> Iterator[tuple[int, Row]]:
        last, yielded = -(2**62), set[tuple[int, str]]()
        bound: dict[str, str | int] = {"agent": stored_tag(agent), "epoch": epoch}
        while True:
            page = self._query(
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
        return sum(int(row["n"]) for name in CARRIERS for row in self._query(f"SELECT count(seq) AS n FROM {name}"))

    # --- HTTP

    def _query(self, text: str, bound: Mapping[str, str | int] | None = None, *, post: bool = False) -> list[Point]:
        """The rows of one InfluxQL statement, each as a dict with its tags; times are nanoseconds."""
        query = {"db": self._at.database, "q": text, "epoch": "ns"}
        if self._at.retention_policy:
            query["rp"] = self._at.retention_policy
        if bound:
            # A bound object would be taken for a regular expression: only text and whole numbers pass.
            assert all(type(value) in (str, int) for value in bound.values())
            query["params"] = json.dumps(bound)
        status, _, answer = self._http("POST" if post else "GET", "/query", query)
        if status != 200:
            self._raise(status, error_text(answer) or f"status {status}")
        document = json.loads(answer)
        result = document.get("results", [{}])[0]
        if "error" in result:
            raise StoreRefuses(f"InfluxDB at {self._at.url}: {result['error']}")
        return [
            dict(zip(series["columns"], values, strict=True)) | series.get("tags", {}) | {"_name": series.get("name")}
            for series in result.get("series", ())
            for values in series.get("values", ())
        ]

    def _http(
        self, method: str, path: str, query: Mapping[str, str], body: bytes | None = None, kind: str | None = None
    ) -> tuple[int, Mapping[str, str], bytes]:
        """One request through the client; the answer whatever its status. Raises `StoreDown` without an answer."""
        if self._client is None:
            raise StoreDown(f"InfluxDB at {self._at.url}: not connected")
        headers = self._authority() | ({"Content-Type": kind} if kind else {})
        try:
            answer = self._client.rest_client.request(
                method,
                self._client.configuration.host + path,
                query_params=list(query.items()),
                headers=headers,
                body=body,
                _preload_content=False,
                _request_timeout=self._at.timeout_secs,
            )
            return answer.status, dict(answer.headers), answer.data
        except ApiException as error:
            return int(error.status or 0), dict(error.headers or {}), error.body or b""
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise StoreDown(f"InfluxDB at {self._at.url} doesn't answer: {reason_of(error)}") from error

    def _authority(self) -> dict[str, str]:
        at = self._at
        if at.token is not None:
            return {"Authorization": f"Token {at.token}"}
        if at.username is not None:
            pair = f"{at.username}:{at.password or ''}".encode()
            return {"Authorization": f"Basic {b64encode(pair).decode('ascii')}"}
        return {}

    def _raise(self, status: int, reason: str) -> None:
        where = f"InfluxDB at {self._at.url}"
        if status in REFUSALS:
            raise StoreRefuses(f"{where}, {self._at.database}: {REFUSALS[status]} ({reason})")
        if status == 400:
            raise StoreRefuses(f"{where}: {reason}")
        raise StoreDown(f"{where} answers {status}: {reason}")


TAG_KEYS = {
    "inspection": ("site", "line", "station", "agent", "part", "plan", "reason", "verdict"),
    "event": ("site", "line", "station", "agent", "type", "subject_kind"),
}


def _row(agent: str, point: Point) -> Row:
    return Row(
        agent, str(point["epoch"]), int(point["seq"]), str(point["sha256"]), str(point["record"]).encode("utf-8")
    )


def stored_tag(value: str) -> str:
    """A tag value as it stands in the store; see `lines.tag_value` for the blank."""
    return value + " " if value.endswith("\\") else value


def quoted(name: str) -> str:
    """An InfluxQL identifier; a database's name can't be bound."""
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def error_text(answer: bytes) -> str:
    """What the server says is wrong: `error` (1.x, 3.x) or `message` (2.x), or the start of any other text."""
    try:
        document = json.loads(answer)
    except ValueError:
        return answer[:200].decode("utf-8", "replace").strip()
    if isinstance(document, dict):
        return str(document.get("error") or document.get("message") or "")[:500]
    return str(document)[:200]


def reason_of(error: BaseException) -> str:
    """The innermost cause in its own words, without the library's wrapping."""
    while error.__cause__ is not None or isinstance(getattr(error, "reason", None), BaseException):
        inner = getattr(error, "reason", None)
        error = inner if isinstance(inner, BaseException) else error.__cause__ or error
    text = str(error)
    return text.rpartition(": ")[2] if "object at 0x" in text else text

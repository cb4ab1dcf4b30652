"""A stub of InfluxDB 2 and 3, in this process, for what can't be installed here.

It is strict about what we send: method, path, query parameters, `Authorization`, content type, every byte of the line
protocol (read by `line_protocol`), bound values, statement forms (`influxql`). It answers with the status codes and
bodies that the makers' documents and sources give for those versions; for 2.x also to tokens that may do less (tenant,
authorizer and http in influxdata/influxdb of 2.7).

What it does not prove: that a real 2.x or 3.x takes the same lines, plans the same queries, or is fast. It holds
everything in memory, has no shards, and where the documents are silent it is a guess. `make test-servers` runs the same
suites against a real one where somebody names it.
"""

from __future__ import annotations

import gzip
import json
import re
import threading
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import parse_qs, urlsplit

import influxql
from line_protocol import BadLine, Point, Value, point

from gaugetrail_contract.clock import utc_text

TOKEN = "stub-token"
"""The operator's: it may do all."""
ORG = "plant"
WEEK_SECS = 7 * 86_400
"""A shard of a bucket that is kept for ever, unless it was asked otherwise."""


@dataclass
class Trouble:
    """An answer that the next write gets instead of its own; `taken` tells whether the points are kept all the same."""

    status: int
    body: bytes = b"{}"
    taken: bool = False


@dataclass
class Stub:
    """One server. `databases` maps each bucket or database to its points."""

    version: Literal["2", "3"]
    databases: dict[str, dict[object, Point]] = field(default_factory=dict)
    oldest_ns: int | None = None
    """Retention: what is older is dropped, and said to be."""
    keeps: dict[str, int] = field(default_factory=dict)
    """Bucket -> how many seconds it keeps; for `init`."""
    shards: dict[str, int] = field(default_factory=dict)
    """Bucket -> how many seconds a new shard holds."""
    mappings: list[dict[str, object]] = field(default_factory=list)
    maps_by_itself: bool = True
    """Whether each bucket is mapped without being asked, as from 2.1 on."""
    rights: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    """Token -> the buckets that it may `read` or `write`, for tokens that aren't the operator's."""
    troubles: deque[Trouble] = field(default_factory=deque)
    writes: list[int] = field(default_factory=list)
    """How many lines each write had."""
    url: str = ""

    def __post_init__(self) -> None:
        self._types: dict[tuple[str, str, str], type] = {}
        self._lock = threading.Lock()
        handler = type("Handler", (_Handler,), {"stub": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    # --- what a server does

    def write(self, database: str, lines: list[str]) -> tuple[int, object]:
        """Keep what can be kept; the status and body for the rest."""
        with self._lock:
            self.writes.append(len(lines))
            faults: list[tuple[int, str, str]] = []
            read: list[tuple[int, str, Point]] = []
            for number, line in enumerate(lines, 1):
                try:
                    read.append((number, line, point(line)))
                except BadLine as error:
                    faults.append((number, line, str(error)))
            if faults and self.version == "2":
                return 400, {"code": "invalid", "message": f"unable to parse '{faults[0][1]}': {faults[0][2]}"}
            for number, line, one in read:
                reason = self._refuse(database, one)
                if reason is None:
                    self._keep(database, one)
                else:
                    faults.append((number, line, reason))
        if not faults:
            return 204, None
        if self.version == "2":
            message = f"failure writing points to database: partial write: {faults[0][2]} dropped={len(faults)}"
            return 422, {"code": "unprocessable entity", "message": message}
        told = [{"original_line": line, "line_number": at, "error_message": reason} for at, line, reason in faults]
        return 400, {"error": "partial write of line protocol occurred", "data": told}

    def _refuse(self, database: str, one: Point) -> str | None:
        if self.oldest_ns is not None and one.time < self.oldest_ns:
            return "points beyond retention policy"
        for name, value in one.fields.items():
            has = self._types.get((database, one.measurement, name), type(value))
            if has is not type(value):
                words = {str: "string", int: "integer", float: "float", bool: "boolean"}
                if self.version == "3":
                    words = {str: "string", int: "i64", float: "f64", bool: "bool"}
                    return (
                        f"invalid column type for column '{name}', expected iox::column_type::field::{words[has]}, "
                        f"got iox::column_type::field::{words[type(value)]}"
                    )
                return (
                    f'field type conflict: input field "{name}" on measurement "{one.measurement}" is type '
                    f"{words[type(value)]}, already exists as type {words[has]}"
                )
        return None

    def _keep(self, database: str, one: Point) -> None:
        for name, value in one.fields.items():
            self._types[database, one.measurement, name] = type(value)
        kept = self.databases[database]
        before = kept.get(one.key)
        kept[one.key] = one if before is None else Point(*one.key[:2], {**before.fields, **one.fields}, one.time)

    def drop(self, database: str, measurement: str) -> None:
        """As if an administrator had dropped the measurement, types and all."""
        with self._lock:
            kept = self.databases[database]
            self.databases[database] = {key: one for key, one in kept.items() if one.measurement != measurement}
            self._types = {key: value for key, value in self._types.items() if key[:2] != (database, measurement)}

    def ask(self, database: str, text: str, bound: dict[str, str | int | float]) -> list[influxql.Series]:
        """Raises `BadQuery`."""
        if dropped := re.fullmatch(r"DROP MEASUREMENT (\w+)", text):
            self.drop(database, dropped[1])
            return []
        with self._lock:
            stored = list(self.databases[database].values())
        return influxql.answer(text, bound, stored)


class _Handler(BaseHTTPRequestHandler):
    stub: Stub
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 65_536

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self._serve("GET", b"")

    def do_DELETE(self) -> None:
        self._serve("DELETE", b"")

    def do_PATCH(self) -> None:
        self._serve("PATCH", self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def do_POST(self) -> None:
        self._serve("POST", self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def _serve(self, method: str, body: bytes) -> None:
        split = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(split.query, keep_blank_values=True).items()}
        doors = {
            ("2", "GET", "/ping"): self._ping,
            ("3", "GET", "/ping"): self._ping,
            ("2", "POST", "/api/v2/write"): self._write,
            ("3", "POST", "/api/v2/write"): self._write,
            ("2", "GET", "/query"): self._query_2,
            ("2", "POST", "/query"): self._query_form,
            ("3", "POST", "/api/v3/query_influxql"): self._query_3,
        }
        doors |= {
            ("2", "GET", "/api/v2/orgs"): self._orgs,
            ("2", "GET", "/api/v2/buckets"): self._buckets,
            ("2", "POST", "/api/v2/buckets"): self._new_bucket,
            ("2", "GET", "/api/v2/dbrps"): self._mappings,
            ("2", "POST", "/api/v2/dbrps"): self._new_mapping,
            ("2", "POST", "/api/v2/authorizations"): self._new_token,
            ("3", "POST", "/api/v3/configure/database"): self._new_database,
            ("3", "DELETE", "/api/v3/configure/database"): self._drop_database,
        }
        if split.path.startswith("/api/v2/buckets/id-"):
            doors["2", "PATCH", split.path] = self._change_bucket
            doors["2", "DELETE", split.path] = self._drop_bucket
        door = doors.get((self.stub.version, method, split.path))
        if door is None:
            self._answer(404, {"error": f"{method} {split.path} is no path of version {self.stub.version}"})
        elif not self._knows_us(open_to_all=split.path == "/ping" and self.stub.version == "2"):
            unknown = {"2": {"code": "unauthorized", "message": "unauthorized access"}}
            self._answer(401, unknown.get(self.stub.version, {"error": "the request was not authenticated"}))
        else:
            door(query, body)

    def _knows_us(self, *, open_to_all: bool) -> bool:
        return open_to_all or self._token() in (TOKEN, *self.stub.rights)

    def _token(self) -> str:
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        return token if scheme == {"2": "Token", "3": "Bearer"}[self.stub.version] else ""

    def _may(self, action: str, bucket: str = "") -> bool:
        """Whether this token may read or write that bucket; without one, whether it is the operator's."""
        return self._token() == TOKEN or (action, bucket) in self.stub.rights.get(self._token(), ())

    def _refuse_right(self, what: str) -> None:
        """2.x answers 401 to a token that it knows, where that lacks the right."""
        self._answer(401, {"code": "unauthorized", "message": f"{what} is unauthorized"})

    def _answer(self, status: int, document: object, headers: dict[str, str] | None = None) -> None:
        body = document if isinstance(document, bytes) else b"" if document is None else json.dumps(document).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if status != 204:
            self.wfile.write(body)

    def _ping(self, query: dict[str, str], body: bytes) -> None:
        if self.stub.version == "2":
            self._answer(204, None, {"X-Influxdb-Version": "v2.7.12", "X-Influxdb-Build": "OSS"})
        else:
            self._answer(200, {"version": "3.2.0"}, {"x-influxdb-version": "3.2.0", "x-influxdb-build": "Core"})

    def _write(self, query: dict[str, str], body: bytes) -> None:
        wanted = {"bucket", "precision"} | ({"org"} if self.stub.version == "2" else set())
        if set(query) != wanted or query["precision"] != "ns":
            return self._answer(400, {"code": "invalid", "message": f"parameters are {sorted(query)}"})
        if self.headers.get("Content-Type") != "text/plain; charset=utf-8":
            return self._answer(415, {"code": "invalid", "message": str(self.headers.get("Content-Type"))})
        if self.stub.version == "2" and query["org"] != ORG:
            return self._answer(404, {"code": "not found", "message": f'organization name "{query["org"]}" not found'})
        database = query["bucket"]
        if database not in self.stub.databases:
            if self.stub.version == "2":
                return self._answer(404, {"code": "not found", "message": f'bucket "{database}" not found'})
            self.stub.databases[database] = {}
        if not self._may("write", database):
            return self._answer(403, {"code": "forbidden", "message": "insufficient permissions for write"})
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        lines = [line for line in body.decode("utf-8").split("\n") if line]
        if self.stub.troubles:
            trouble = self.stub.troubles.popleft()
            if trouble.taken:
                self.stub.write(database, lines)
            return self._answer(trouble.status, trouble.body)
        status, document = self.stub.write(database, lines)
        return self._answer(status, document)

    # --- setting up

    def _orgs(self, query: dict[str, str], body: bytes) -> None:
        if query != {"org": ORG}:
            return self._no_organisation(query.get("org", ""))
        return self._answer(200, {"orgs": [{"id": "org1", "name": ORG}] if self._may("read") else []})

    def _no_organisation(self, name: str) -> None:
        self._answer(404, {"code": "not found", "message": f'organization name "{name}" not found'})

    def _bucket(self, name: str) -> dict[str, object]:
        rule = {
            "type": "expire",
            "everySeconds": self.stub.keeps.get(name, 0),
            "shardGroupDurationSeconds": self.stub.shards.get(name, WEEK_SECS),
        }
        return {"id": f"id-{name}", "name": name, "orgID": "org1", "retentionRules": [rule]}

    def _buckets(self, query: dict[str, str], body: bytes) -> None:
        if query.get("org") != ORG:
            return self._no_organisation(query.get("org", ""))
        name = query["name"]
        if name not in self.stub.databases:
            return self._answer(404, {"code": "not found", "message": f'bucket "{name}" not found'})
        return self._answer(200, {"buckets": [self._bucket(name)] if self._may("read", name) else []})

    def _new_bucket(self, query: dict[str, str], body: bytes) -> None:
        asked = json.loads(body)
        if not self._may("write"):
            return self._refuse_right("write:orgs/org1/buckets")
        if asked["orgID"] != "org1" or asked["name"] in self.stub.databases:
            return self._answer(
                422, {"code": "conflict", "message": f"bucket with name {asked['name']} already exists"}
            )
        self.stub.databases[asked["name"]] = {}
        self._rule(asked["name"], asked["retentionRules"])
        return self._answer(201, self._bucket(asked["name"]))

    def _change_bucket(self, query: dict[str, str], body: bytes) -> None:
        name = urlsplit(self.path).path.rpartition("/id-")[2]
        if not self._may("write", name):
            return self._refuse_right(f"write:orgs/org1/buckets/id-{name}")
        self._rule(name, json.loads(body)["retentionRules"])
        return self._answer(200, self._bucket(name))

    def _drop_bucket(self, query: dict[str, str], body: bytes) -> None:
        name = urlsplit(self.path).path.rpartition("/id-")[2]
        if not self._may("write"):
            return self._refuse_right(f"write:orgs/org1/buckets/id-{name}")
        del self.stub.databases[name]
        return self._answer(204, None)

    def _drop_database(self, query: dict[str, str], body: bytes) -> None:
        del self.stub.databases[query["db"]]
        self._answer(200, None)

    def _rule(self, name: str, rules: list[dict[str, object]]) -> None:
        """What a rule leaves out stays; a shard is no longer than what is kept."""
        assert len(rules) <= 1, "buckets cannot have more than one retention rule at this time"
        for rule in rules:
            keeps, shard = (int(str(rule[key])) for key in ("everySeconds", "shardGroupDurationSeconds"))
            assert not keeps or shard <= keeps
            self.stub.keeps[name], self.stub.shards[name] = keeps, shard

    def _new_token(self, query: dict[str, str], body: bytes) -> None:
        asked = json.loads(body)
        if not self._may("write"):
            return self._refuse_right("write:orgs/org1/authorizations")
        token = f"drawn-{len(self.stub.rights)}"
        self.stub.rights[token] = {
            (one["action"], one["resource"]["id"].removeprefix("id-")) for one in asked["permissions"]
        }
        return self._answer(201, {"id": "auth1", "token": token, "permissions": asked["permissions"]})

    def _mappings(self, query: dict[str, str], body: bytes) -> None:
        name = query["db"]
        found = [one for one in self.stub.mappings if one["database"] == name]
        if self.stub.maps_by_itself and name in self.stub.databases and self._may("read", name):
            found.append({"database": name, "bucketID": query["bucketID"], "default": True, "virtual": True})
        self._answer(200, {"content": found})

    def _new_mapping(self, query: dict[str, str], body: bytes) -> None:
        asked = json.loads(body)
        if not self._may("write"):
            return self._refuse_right("write:orgs/org1/dbrp")
        assert set(asked) == {"orgID", "bucketID", "database", "retention_policy", "default"}
        self.stub.mappings.append(asked)
        return self._answer(201, asked)

    def _new_database(self, query: dict[str, str], body: bytes) -> None:
        name = json.loads(body)["db"]
        if name in self.stub.databases:
            return self._answer(409, {"error": f"attempted to create a resource that already exists: {name}"})
        self.stub.databases[name] = {}
        return self._answer(200, None)

    def _query_form(self, query: dict[str, str], body: bytes) -> None:
        """The demo's way: a form, and times as they come."""
        form = {key: values[0] for key, values in parse_qs(body.decode()).items()}
        self._query_2({"epoch": "ns"} | query | form, b"")

    def _query_2(self, query: dict[str, str], body: bytes) -> None:
        if not {"db", "q", "epoch"} <= set(query) or set(query) - {"db", "q", "epoch", "params", "rp"}:
            return self._answer(400, {"error": f"parameters are {sorted(query)}"})
        if query["epoch"] != "ns":
            return self._answer(400, {"error": "times are asked for in nanoseconds"})
        if query["db"] not in self.stub.databases:
            return self._answer(404, {"code": "not found", "message": f"database not found: {query['db']}"})
        if not self._may("read", query["db"]):
            return self._refuse_right(f"read:orgs/org1/buckets/id-{query['db']}")
        results: list[dict[str, object]] = []
        bound = json.loads(query.get("params", "{}"))
        # Several statements in one request; none of ours holds a semicolon in a text, for texts are bound.
        for number, statement in enumerate(query["q"].split(";")):
            own = {key: value for key, value in bound.items() if re.search(rf"\${key}\b", statement)}
            try:
                found = self.stub.ask(query["db"], statement, own)
            except influxql.BadQuery as error:
                return self._answer(400, {"code": "invalid", "message": f"error parsing query: {error}"})
            series = [{"name": one.name, "columns": one.columns, "values": one.values} for one in found]
            results.append({"statement_id": number} | ({"series": series} if series else {}))
        if unused := [key for key in bound if not re.search(rf"\${key}\b", query["q"])]:
            return self._answer(400, {"code": "invalid", "message": f"bound and not used: {unused}"})
        return self._answer(200, {"results": results})

    def _query_3(self, query: dict[str, str], body: bytes) -> None:
        asked = json.loads(body)
        if query or self.headers.get("Content-Type") != "application/json":
            return self._answer(400, {"error": f"parameters stand in the JSON body, not in {sorted(query)}"})
        if not {"db", "q", "format"} <= set(asked) or set(asked) - {"db", "q", "format", "params"}:
            return self._answer(400, {"error": f"keys are {sorted(asked)}"})
        if asked["format"] != "json":
            return self._answer(400, {"error": f"format is {asked['format']}"})
        if asked["db"] not in self.stub.databases:
            return self._answer(404, {"error": f"database not found: {asked['db']}"})
        try:
            found = self.stub.ask(asked["db"], asked["q"], asked.get("params", {}))
        except influxql.BadQuery as error:
            return self._answer(400, {"error": f"error while planning query: {error}"})
        return self._answer(200, [row for one in found for row in _rows_3(one)])


def _rows_3(series: influxql.Series) -> list[dict[str, Value]]:
    """Rows as version 3 writes them: no nulls, times as text without a zone."""
    rows = []
    for values in series.values:
        named = dict(zip(series.columns, values, strict=True))
        row = {key: value for key, value in named.items() if value is not None}
        if isinstance(row.get("time"), int):
            whole, rest = divmod(int(row["time"]), 1000)
            row["time"] = f"{utc_text(whole)[:-1]}{rest:03}"
        rows.append({"iox::measurement": series.name, **row})
    return rows

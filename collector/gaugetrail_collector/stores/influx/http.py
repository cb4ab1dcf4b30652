"""Talking to InfluxDB: where it is, who we are there, what its answers mean.

Everything is a request (`requests`): writes as ready lines, reads as InfluxQL, the one dialect that 1.x, 2.x
and 3.x all answer; every value in a query is a bound string or number. 1.x and 2.x are asked on `/query`, 3.x on
`/api/v3/query_influxql`, because 3.x binds no values on `/query`. What a status code asks for:

- 200, 204: done
- 401, 403, 404: we are refused: `StoreRefuses`, which says what to fix
- 400, 413, 422 of a write: something in the batch is no good; the caller finds it (`influx.py`)
- all else, and no answer at all: `StoreDown`

Token and password are asked for at each `connect`, and once more where the server no longer accepts them: one that was
changed at both ends is used without a restart.
"""

from __future__ import annotations

import gzip
import json
import logging
import re
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NoReturn
from urllib.parse import urlsplit

from gaugetrail_collector.stores import StoreDown, StoreRefuses
from gaugetrail_collector.stores.influx.requests import Answer, Body, NoAnswer, Requests, requests_to
from gaugetrail_collector.stores.influx.words import refusal, trouble
from gaugetrail_contract.clock import utc_us
from gaugetrail_contract.escapes import visible
from gaugetrail_service.certificates.tls import TlsFiles

log = logging.getLogger(__name__)

SPEAKS_TLS = b"Client sent an HTTP request to an HTTPS server"
"""What Go's web server answers then, with status 400 (net/http, server.go)."""

Secret = str | Callable[[], str] | None
"""A secret, or who knows it at this moment."""
Point = dict[str, Any]
"""A row of an answer: column to value, tags included."""


@dataclass(frozen=True, slots=True)
class InfluxAddress:
    """Where the database is and who we are there."""

    url: str
    version: Literal["1", "2", "3"]
    database: str
    org: str = ""
    retention_policy: str = ""
    token: Secret = field(default=None, repr=False)
    username: str | None = None
    password: Secret = field(default=None, repr=False)
    tls: TlsFiles | None = None
    timeout_secs: float = 20.0
    compress: Literal["auto", "always", "never"] = "auto"

    def as_admin(self, secret: str) -> InfluxAddress:
        """The same place for who sets it up: `user:password` on 1.x, else a token."""
        if self.version != "1":
            return replace(self, token=secret)
        name, _, password = secret.partition(":")
        return replace(self, token=None, username=name, password=password)

    @property
    def compressed(self) -> bool:
        """Whether writes are compressed: by default only where they leave this machine, since it costs its CPU."""
        if self.compress == "auto":
            return urlsplit(self.url).hostname not in ("localhost", "127.0.0.1", "::1")
        return self.compress == "always"


class InfluxHttp:
    """One connection pool to one server. One thread at a time."""

    def __init__(self, address: InfluxAddress) -> None:
        self.at = address
        self._requests: Requests | None = None
        self._authority: dict[str, str] = {}

    def connect(self) -> None:
        """Make the pool; nothing is sent yet. Who we are is read anew."""
        self._look_who_we_are()
        if self._requests is None:
            self._requests = requests_to(self.at.url.rstrip("/"), self.at.timeout_secs, self.at.tls)

    def close(self) -> None:
        """Close the connections with their pool."""
        if self._requests is not None:
            self._requests.close()
        self._requests = None

    def version(self) -> str:
        """What the server says it is, such as `1.6.7`; empty where it doesn't say. Raises as `refuse`."""
        answer = self.request("GET", "/ping", {})
        if answer.status >= 400:
            self.refuse(answer)
        return {key.lower(): value for key, value in answer.headers.items()}.get("x-influxdb-version", "")

    def write(self, lines: bytes) -> Answer:
        """Hand lines in; 204 means committed. Raises `StoreDown` without an answer."""
        at = self.at
        if at.version == "1":
            # Before 1.8 there is no other path than this one.
            path, place = "/write", {"db": at.database, "rp": at.retention_policy}
        else:
            path, place = "/api/v2/write", {"bucket": at.database, "org": at.org}
        query = {key: value for key, value in place.items() if value} | {"precision": "ns"}
        body = gzip.compress(lines, compresslevel=1) if at.compressed else lines
        return self.request("POST", path, query, body, "text/plain; charset=utf-8", compressed=at.compressed)

    def query(self, text: str, bound: Mapping[str, str | int] | None = None, *, post: bool = False) -> list[Point]:
        """The rows of one InfluxQL statement, each as a dict with its tags; times are nanoseconds."""
        return self._query([text], bound or {}, post=post)[0]

    def query_all(self, texts: Sequence[str], bound: Sequence[Mapping[str, str | int]]) -> list[list[Point]]:
        """The rows of each statement, each with its own bound values under names that no other one uses. 1.x and 2.x
        answer them in one request, 3.x one at a time.
        """
        if self.at.version == "3":
            return [self.query(text, own) for text, own in zip(texts, bound, strict=True)]
        together = {key: value for own in bound for key, value in own.items()}
        return self._query(texts, together) if texts else []

    def _query(self, texts: Sequence[str], bound: Mapping[str, str | int], *, post: bool = False) -> list[list[Point]]:
        # A bound object would be taken for a regular expression: only text and whole numbers pass.
        assert all(type(value) in (str, int) for value in bound.values())
        if self.at.version == "3":
            return [self._query_3(texts[0], bound)]
        query = {"db": self.at.database, "q": "; ".join(texts), "epoch": "ns"}
        if self.at.retention_policy:
            query["rp"] = self.at.retention_policy
        if bound:
            query["params"] = json.dumps(bound)
        answer = self.request("POST" if post else "GET", "/query", query)
        if answer.status != 200:
            self.refuse(answer)
        results = self.document(answer).get("results", [{}])
        for result in results:
            if "error" in result:
                words = refusal(self.at.version, 200, reason := str(result["error"]))
                raise StoreRefuses(f"InfluxDB at {self.at.url}: {f'{words} ({reason})' if words else reason}")
            if _is_cut(result):
                raise StoreRefuses(
                    f"InfluxDB at {self.at.url} cuts its answers, so what it leaves out looks like what isn't there: "
                    "set max-row-limit = 0 in [http] of its settings, and restart it"
                )
        return [_rows(result) for result in results]

    def _query_3(self, text: str, bound: Mapping[str, str | int]) -> list[Point]:
        """3.x leaves out what is null and writes times as text; both are put right, so that all versions read alike."""
        asked = {"db": self.at.database, "q": text, "format": "json"} | ({"params": bound} if bound else {})
        answer = self.request("POST", "/api/v3/query_influxql", {}, asked, "application/json")
        if answer.status != 200:
            self.refuse(answer)
        found: list[Point] = self.document(answer)
        blank: Point = dict.fromkeys(key for row in found for key in row)
        return [
            blank | row | {"_name": row.get("iox::measurement")} | ({"time": ns(row["time"])} if "time" in row else {})
            for row in found
        ]

    def request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: Body = None,
        kind: str | None = None,
        *,
        compressed: bool = False,
    ) -> Answer:
        """One request; the answer whatever its status. Raises `StoreDown` without an answer."""
        if self._requests is None:
            raise StoreDown(f"InfluxDB at {self.at.url}: not connected")
        headers = ({"Content-Type": kind} if kind else {}) | ({"Content-Encoding": "gzip"} if compressed else {})
        try:
            answer = self._requests.request(method, path, query, body, headers | self._authority)
            if answer.status == 401 and self._look_who_we_are():
                answer = self._requests.request(method, path, query, body, headers | self._authority)
        except NoAnswer as error:
            raise StoreDown(f"InfluxDB at {self.at.url} doesn't answer: {error}") from error
        return answer

    def document(self, answer: Answer) -> Any:  # noqa: ANN401 - JSON, whose shape is the server's matter
        """The JSON of an answer. Raises `StoreDown` for one that breaks off, as when the server dies while it speaks
        (where that is between two headers, there seems to be no body at all), and for one that is no JSON.
        """
        try:
            return json.loads(answer.body)
        except ValueError as error:
            if answer.body.lstrip()[:1] in (b"", b"{", b"["):
                raise StoreDown(f"InfluxDB at {self.at.url} doesn't answer: its answer breaks off") from error
            begins = visible(answer.body[:60].decode("utf-8", "replace"))
            raise StoreDown(
                f"InfluxDB at {self.at.url} doesn't answer: something else does, with '{begins}'; look at url, and at "
                "proxies on the way"
            ) from error

    def refuse(self, answer: Answer) -> NoReturn:
        """Raise what the status asks for: `StoreRefuses` or `StoreDown`."""
        where = f"InfluxDB at {self.at.url}"
        status, reason = answer.status, error_text(answer)
        said = f" ({reason})" if reason else ""
        if status in (401, 403, 404):
            raise StoreRefuses(f"{where}, {self.at.database}: {refusal(self.at.version, status, reason)}{said}")
        if status == 400 and SPEAKS_TLS in answer.body:
            raise StoreRefuses(f"{where} speaks TLS on this port: url must begin with https://")
        if status == 400:
            raise StoreRefuses(f"{where}: {reason or 'it refuses the request and says no reason'}")
        if 300 <= status < 400:
            raise StoreRefuses(f"{where} sends us elsewhere ({_location(answer)}); put url right")
        raise StoreDown(f"{where} answers {status}: {trouble(status)}{said}")

    def _look_who_we_are(self) -> bool:
        """Ask for token or password; true where they are other ones than before. What can't be read stays as it was."""
        try:
            authority = _authority(self.at)
        except (OSError, UnicodeDecodeError) as error:
            log.warning("InfluxDB: token or password as it was before: %s", error, extra={"event": "password"})
            return False
        changed = authority != self._authority
        self._authority = authority
        return changed


def _authority(at: InfluxAddress) -> dict[str, str]:
    token = _now(at.token)
    if token is not None:
        return {"Authorization": f"{'Bearer' if at.version == '3' else 'Token'} {token}"}
    if at.username is not None:
        pair = f"{at.username}:{_now(at.password) or ''}".encode()
        return {"Authorization": f"Basic {b64encode(pair).decode('ascii')}"}
    return {}


def _now(secret: Secret) -> str | None:
    return secret() if callable(secret) else secret


def _location(answer: Answer) -> str:
    """Where an answer points; a password in it is nobody's business."""
    found = next((value for key, value in answer.headers.items() if key.lower() == "location"), "nowhere")
    return visible(re.sub("//[^/]*@", "//", found)[:200])


def _is_cut(result: Mapping[str, Any]) -> bool:
    """Whether rows were left out: 1.x says so in the series that it ended within, and answers 200."""
    return bool(result.get("partial")) or any(series.get("partial") for series in result.get("series", ()))


def _rows(result: Mapping[str, Any]) -> list[Point]:
    return [
        dict(zip(series["columns"], values, strict=True)) | series.get("tags", {}) | {"_name": series.get("name")}
        for series in result.get("series", ())
        for values in series.get("values", ())
    ]


def ns(text: str) -> int:
    """`2026-11-23T08:00:00.123456789` -> nanoseconds since 1970; zone `Z` or none."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    return utc_us(f"{whole}Z") * 1000 + int(fraction.ljust(9, "0"))


def quoted(name: str) -> str:
    """An InfluxQL identifier; a database's name can't be bound."""
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def error_text(answer: Answer) -> str:
    """What the server says is wrong: `error` (1.x, 3.x) or `message` (2.x), or the start of any other text; empty where
    it says nothing.

    A partial write on 3.x lists the refused lines beside it; the first one's reason is added.
    """
    try:
        document = json.loads(answer.body)
    except ValueError:
        text = answer.body[:200].decode("utf-8", "replace").strip()
    else:
        if isinstance(document, dict):
            text = str(document.get("error") or document.get("message") or "")
            refused = document.get("data")
            if isinstance(refused, list) and refused and isinstance(refused[0], dict):
                text += f": {refused[0].get('error_message')}"
            text = text[:500]
        else:
            text = str(document)[:200]
    return text

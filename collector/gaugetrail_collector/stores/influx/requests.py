"""One HTTP request to InfluxDB and its answer, whatever its status. Only this module meets influxdb-client.

Promise: an answer that came is handed on as it came; without one it is `NoAnswer` in the words of its innermost cause.
The client's HTTP layer is private to it, so `pyproject.toml` pins the client to the releases that were looked at. Where
that layer is gone all the same, urllib3, on which the client stands, is asked itself: the same requests and the same
answers. TLS is the service's (`gaugetrail_service.certificates.tls`): its files are read anew at each connection.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlencode

import urllib3

from gaugetrail_collector.stores.influx.silence import reason_of
from gaugetrail_service.certificates.tls import FreshTls, TlsFiles, fresh_tls

if TYPE_CHECKING:
    from influxdb_client._sync.api_client import ApiClient

log = logging.getLogger(__name__)

Body = bytes | Mapping[str, object] | None
"""Bytes go as they are; a mapping goes as JSON."""


class NoAnswer(Exception):
    """The server gave none, or it broke off."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back from a request, whatever its status."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Requests(Protocol):
    """A pool of connections to one server."""

    def request(
        self, method: str, path: str, query: Mapping[str, str], body: Body, headers: Mapping[str, str]
    ) -> Answer:
        """One request. Raises `NoAnswer`."""

    def close(self) -> None:
        """Close the connections."""


class ClientRequests:
    """Through influxdb-client."""

    def __init__(self, url: str, timeout_secs: float, tls: FreshTls | None = None) -> None:
        # Not at the module's head: the package brings half a thousand modules, which a SQLite store never needs.
        from influxdb_client._sync.api_client import ApiClient
        from influxdb_client.configuration import Configuration

        configuration = Configuration()
        configuration.host = url
        configuration.verify_ssl = True
        configuration.ssl_context = tls
        self._tls = tls
        self._url = url
        self._timeout_secs = timeout_secs
        self._client: ApiClient = ApiClient(configuration=configuration, retries=False)

    def request(
        self, method: str, path: str, query: Mapping[str, str], body: Body, headers: Mapping[str, str]
    ) -> Answer:
        """One request. Raises `NoAnswer`. The client writes JSON bodies itself."""
        from influxdb_client.rest import ApiException

        try:
            answer = self._client.rest_client.request(
                method,
                self._url + path,
                query_params=list(query.items()),
                headers=dict(headers),
                body=body,
                _preload_content=False,
                _request_timeout=self._timeout_secs * 1000,  # what the client counts in
            )
            return Answer(answer.status, dict(answer.headers), answer.data)
        except ApiException as error:
            if not error.status:  # no answer: the client's way of saying that TLS failed
                raise NoAnswer(_why(error.__context__ or error, self._tls, self._timeout_secs)) from error
            return Answer(int(error.status), dict(error.headers or {}), error.body or b"")
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise NoAnswer(_why(error, self._tls, self._timeout_secs)) from error

    def close(self) -> None:
        """Close the connections with their pool."""
        self._client.rest_client.pool_manager.clear()


class PlainRequests:
    """Through urllib3 alone."""

    def __init__(self, url: str, timeout_secs: float, tls: FreshTls | None = None) -> None:
        self._url = url
        self._tls = tls
        self._timeout_secs = timeout_secs
        self._pool = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(total=timeout_secs), ssl_context=tls)

    def request(
        self, method: str, path: str, query: Mapping[str, str], body: Body, headers: Mapping[str, str]
    ) -> Answer:
        """One request. Raises `NoAnswer`."""
        url = self._url + path + ("?" + urlencode(query) if query else "")
        data = json.dumps(body).encode() if isinstance(body, Mapping) else body
        try:
            answer = self._pool.request(method, url, body=data, headers=headers)
            return Answer(answer.status, dict(answer.headers), answer.data)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise NoAnswer(_why(error, self._tls, self._timeout_secs)) from error

    def close(self) -> None:
        """Close the connections with their pool."""
        self._pool.clear()


def requests_to(url: str, timeout_secs: float, files: TlsFiles | None = None) -> Requests:
    """A pool to that server; nothing is sent and no file is read yet."""
    tls = fresh_tls(files or TlsFiles(None)) if url.startswith("https:") else None
    try:
        return ClientRequests(url, timeout_secs, tls)
    except (ImportError, AttributeError) as error:
        _say_plain(str(error))
        return PlainRequests(url, timeout_secs, tls)


def _why(error: BaseException, tls: FreshTls | None, timeout_secs: float) -> str:
    """In TLS 1.3 the server refuses our certificate after the handshake, at the first word."""
    refused = tls.refusal() if tls is not None else None
    return refused or reason_of(error, timeout_secs)


@cache
def _say_plain(why: str) -> None:
    """Once a process: the store makes its pool anew whenever the server was gone."""
    log.warning(
        "the installed influxdb-client has changed inside (%s): InfluxDB is asked through urllib3 itself; install "
        "influxdb-client>=1.48,<1.51",
        why,
        extra={"event": "influx_plain"},
    )

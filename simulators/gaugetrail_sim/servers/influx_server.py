"""InfluxDB for the demo: a local `influxd` 1.x on a free loopback port, or the server that `INFLUXDB_URL` names."""

from __future__ import annotations

import json
import re
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gaugetrail_sim.servers.broker import find_program, free_port

DATABASE = "gaugetrail_demo"
UNKNOWN = "unknown"
"""What a 1.x says that was built without being told its version (cmd/influxd of influxdata/influxdb). From 1.11 on
there is no `v` before the number.
"""

CONF = """\
reporting-disabled = true
bind-address = "127.0.0.1:{rpc_port}"

[meta]
  dir = "{data}/meta"

[data]
  dir = "{data}/data"
  wal-dir = "{data}/wal"
  query-log-enabled = false

[http]
  bind-address = "127.0.0.1:{port}"
  log-enabled = false

[monitor]
  store-enabled = false
"""


class InfluxTrouble(Exception):
    """There is no InfluxDB that the demo can use; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Influx:
    """One InfluxDB: where it is, how it is asked. `words` start it, if the demo has to."""

    url: str
    database: str
    token: str | None = None
    org: str = ""
    words: tuple[str, ...] = ()

    def up(self) -> bool:
        """Whether it answers."""
        try:
            with urllib.request.urlopen(f"{self.url}/ping", timeout=1):  # noqa: S310 (the user's own URL)
                return True
        except urllib.error.HTTPError:
            return True  # 401: it is there, and wants a token even for this
        except OSError:
            return False

    def version(self) -> str:
        """`1`, `2` or `3`, as its answers say. Raises `InfluxTrouble`."""
        try:
            with urllib.request.urlopen(self._request("/ping"), timeout=5) as answer:  # noqa: S310
                said = answer.headers.get("X-Influxdb-Version", "")
        except OSError as error:
            raise InfluxTrouble(f"InfluxDB at {self.url} doesn't answer /ping: {error}") from error
        found = re.match(r"v?([123])\.", said)
        if found is None and said == UNKNOWN:
            return "1"
        if found is None:
            raise InfluxTrouble(f"{self.url} doesn't look like InfluxDB 1, 2 or 3 (its version says {said!r})")
        return found[1]

    def query(self, influxql: str) -> list[dict[str, Any]]:
        """The rows of an InfluxQL answer, as column to value. Raises `InfluxTrouble`."""
        body = urllib.parse.urlencode({"db": self.database, "q": influxql}).encode()
        try:
            with urllib.request.urlopen(self._request("/query", body), timeout=30) as answer:  # noqa: S310
                found = json.load(answer)
        except urllib.error.HTTPError as error:
            raise InfluxTrouble(f"InfluxDB at {self.url}: {error.code} {error.read(500)!r}") from error
        except (OSError, ValueError) as error:
            raise InfluxTrouble(f"InfluxDB at {self.url}: {error}") from error
        result = found["results"][0]
        if "error" in result:
            raise InfluxTrouble(f"InfluxDB at {self.url}: {result['error']}")
        return [
            dict(zip(series["columns"], row, strict=True)) | dict(series.get("tags", {}))
            for series in result.get("series", [])
            for row in series["values"]
        ]

    def _request(self, path: str, body: bytes | None = None) -> urllib.request.Request:
        headers = {"Authorization": f"Token {self.token}"} if self.token else {}
        return urllib.request.Request(f"{self.url}{path}", body, headers)  # noqa: S310


def find_influx(folder: Path, environ: Mapping[str, str], wanted: int = 0) -> Influx:
    """The server of the environment, or a plan to start a local one, at the wanted port if that is free.

    Raises `InfluxTrouble` when there is neither.
    """
    url = environ.get("INFLUXDB_URL")
    if url:
        database = environ.get("INFLUXDB_DATABASE") or environ.get("INFLUXDB_BUCKET") or DATABASE
        return Influx(url.rstrip("/"), database, environ.get("INFLUXDB_TOKEN"), environ.get("INFLUXDB_ORG", ""))
    path = find_program("influxd")
    if path is None:
        raise InfluxTrouble(
            "no influxd on the PATH (Debian: apt-get install influxdb); install it, name a server with INFLUXDB_URL "
            "(and INFLUXDB_TOKEN, INFLUXDB_DATABASE; for 2.x INFLUXDB_BUCKET, INFLUXDB_ORG), or leave "
            "STORE=influxdb out"
        )
    said = subprocess.run([path, "version"], capture_output=True, text=True, check=False).stdout  # noqa: S603
    if not re.match(rf"InfluxDB v?(1\.|{UNKNOWN}\b)", said):
        raise InfluxTrouble(
            f"{path} is no InfluxDB 1 ({said.strip()[:60]}), so it needs setting up first: start it yourself, then "
            "name it with INFLUXDB_URL and INFLUXDB_TOKEN"
        )
    port = free_port(wanted)
    conf = folder / "influxd.conf"
    conf.write_text(CONF.format(rpc_port=free_port(), port=port, data=folder / "influx-data"))
    return Influx(f"http://127.0.0.1:{port}", DATABASE, words=(path, "-config", str(conf)))

"""A reader's access for dashboards: it may ask our one database, change nothing and see no other.

1.x: a user with READ on the database. 2.x: a token that reads the bucket. 3.x makes such tokens with its own command.
What it is given is drawn here and returned once, as the variables that Grafana's provisioned data source names.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace

from gaugetrail_collector.stores import StoreRefuses
from gaugetrail_collector.stores.influx.admin import InfluxAdmin
from gaugetrail_collector.stores.influx.http import InfluxAddress, InfluxHttp, Point, quoted
from gaugetrail_collector.stores.influx.words import hidden_bucket

USER = "gaugetrail_reader"
URL, DATABASE, NAME, PASSWORD, TOKEN = (
    f"GAUGETRAIL_INFLUXDB_{one}" for one in ("URL", "DATABASE", "USER", "PASSWORD", "TOKEN")
)


def make_reader(address: InfluxAddress) -> tuple[Mapping[str, str], list[str]]:
    """Variable -> value, and what was done in words; `address` is who sets the server up. Raises `StoreDown`."""
    where = {URL: address.url, DATABASE: address.database}
    http = InfluxHttp(address)
    http.connect()
    try:
        if address.version == "1":
            return where | _user(http), [f"user {USER} may read {address.database}, and nothing else", *_open(address)]
        if address.version == "2":
            return where | _token(http), [f"a token of its own may read bucket {address.database}, and nothing else"]
    finally:
        http.close()
    raise StoreRefuses("InfluxDB 3 makes a reader's token with its own command; docs/influxdb.md says how")


def _user(http: InfluxHttp) -> dict[str, str]:
    password, database = secrets.token_urlsafe(24), quoted(http.at.database)
    known = USER in [row["user"] for row in http.query("SHOW USERS")]
    # A password can't be bound; this one is made of letters, digits, - and _.
    said = f"SET PASSWORD FOR {USER} = '{password}'" if known else f"CREATE USER {USER} WITH PASSWORD '{password}'"
    http.query(said, post=True)
    for granted in http.query(f"SHOW GRANTS FOR {USER}"):
        http.query(f"REVOKE ALL PRIVILEGES ON {quoted(str(granted['database']))} FROM {USER}", post=True)
    http.query(f"GRANT READ ON {database} TO {USER}", post=True)
    return {NAME: USER, PASSWORD: password}


def _open(address: InfluxAddress) -> list[str]:
    """A warning where the server asks nobody who he is, and the reader's bounds are therefore none."""
    stranger = InfluxHttp(replace(address, username=None, password=None, token=None))
    stranger.connect()
    try:
        stranger.query("SHOW DATABASES")
    except StoreRefuses:
        return []
    finally:
        stranger.close()
    return ["the server asks nobody for a password: set auth-enabled = true under [http] of influxdb.conf"]


def _token(http: InfluxHttp) -> dict[str, str]:
    bucket = InfluxAdmin(http).bucket()
    if bucket is None:
        raise StoreRefuses(f"InfluxDB at {http.at.url}: {hidden_bucket(http.at.database, http.at.org)}")
    read = {"action": "read", "resource": {"type": "buckets", "id": bucket["id"], "orgID": bucket["orgID"]}}
    body: Point = {"orgID": bucket["orgID"], "description": USER, "permissions": [read]}
    answer = http.request("POST", "/api/v2/authorizations", {}, body, "application/json")
    if answer.status not in (200, 201):
        http.refuse(answer)
    return {TOKEN: str(http.document(answer)["token"])}

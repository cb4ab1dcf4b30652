"""The administrator's side of InfluxDB: setting it up, how long it keeps, what is in it, how large it is.

What a version can't be asked is left out, never guessed: 2.x and 3.x don't tell disk use here, 3.x neither series (it
has no limit of them) nor how long it keeps.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterable, Mapping, Sequence

from gaugetrail_collector.stores import StoreRefuses
from gaugetrail_collector.stores.identity import new_store_id, store_id_in
from gaugetrail_collector.stores.influx_http import InfluxHttp, Point, error_text, quoted
from gaugetrail_collector.stores.influx_limits import server_limits
from gaugetrail_collector.stores.influx_read import CARRIERS
from gaugetrail_collector.stores.stats import Stats, TagUse
from gaugetrail_contract.counts import counted
from gaugetrail_contract.findings import Finding

IDENTITY = "gaugetrail_store"
"""The measurement that the store's id stands in."""
LONGEST_SHARD_DAYS = 364
HOUR_NS = 3600 * 10**9
DAY_NS = 24 * HOUR_NS
UNITS = {"w": 7 * DAY_NS, "d": DAY_NS, "h": HOUR_NS, "m": 60 * 10**9, "s": 10**9}

ROLL_UP = "gaugetrail_hourly"
ROLL_UP_POLICY = "gaugetrail_roll_ups"


class InfluxAdmin:
    """Questions and orders to the server that records don't need."""

    def __init__(self, http: InfluxHttp) -> None:
        self._http = http
        self._at = http.at

    # --- what is there

    def tag_values(self, tags: Iterable[str]) -> dict[str, set[str]]:
        """Tag -> its values, over all measurements."""
        return {
            tag: {str(row["value"]) for row in self._http.query(f'SHOW TAG VALUES WITH KEY = "{tag}"')} for tag in tags
        }

    def keeps_ns(self) -> int | None:
        """How long the database keeps a point, nanoseconds; null for ever, or where it can't be asked."""
        if self._at.version == "1":
            return self._policy_keeps()
        if self._at.version == "2":
            rules = (self._bucket() or {}).get("retentionRules", [])
            secs = sum(int(rule.get("everySeconds", 0)) for rule in rules)
            return secs * 10**9 or None
        return None

    def _policy_keeps(self) -> int | None:
        for policy in self._policies():
            wanted = self._at.retention_policy
            if policy["name"] == wanted if wanted else policy["default"]:
                return duration_ns(str(policy["duration"])) or None
        return None

    def _policies(self) -> list[Point]:
        return self._http.query(f"SHOW RETENTION POLICIES ON {quoted(self._at.database)}")

    def identity(self, now_ns: int) -> str:
        """The store's id: a point of today, and of each day since it was drawn, so that no retention drops the last.
        Where two collectors have drawn one each, the oldest point's stands, and today's is put right.
        """
        oldest, newest = (self._http.query(_identity(order)) for order in ("ASC", "DESC"))
        kept = next((store_id_in(row["id"]) for row in oldest), "") or new_store_id()
        today = now_ns - now_ns % DAY_NS
        if (kept, today) not in [(row["id"], row["time"]) for row in newest]:
            answer = self._http.write(f'{IDENTITY} id="{kept}" {today}'.encode())
            if answer.status not in (200, 204):
                self._http.refuse(answer)
        return kept

    def stats(self, budget: Sequence[TagUse]) -> Stats:
        """Everything that `store stats` shows. Raises `StoreDown`, `StoreRefuses`."""
        edge = {
            order: [int(row["time"]) for name in CARRIERS for row in self._http.query(_first(name, order))]
            for order in ("ASC", "DESC")
        }
        keeps = self.keeps_ns()
        since = time.time_ns() - HOUR_NS
        return Stats(
            store=f"InfluxDB {self._http.version()}, {self._at.database} at {self._at.url}",
            records=self._count(""),
            series=self._series(),
            disk_bytes=self._disk(),
            oldest_us=min(edge["ASC"], default=0) // 1000 or None,
            newest_us=max(edge["DESC"], default=0) // 1000 or None,
            last_hour=self._count(f" WHERE time > {since}"),
            keeps_days=None if keeps is None else keeps / DAY_NS,
            budget=budget,
        )

    def limits(self, bounds: Mapping[str, int]) -> list[Finding]:
        """As `server_limits`."""
        return server_limits(self._http, bounds, self._series())

    def _count(self, where: str) -> int:
        return sum(
            int(row["n"]) for name in CARRIERS for row in self._http.query(f"SELECT count(seq) AS n FROM {name}{where}")
        )

    def _series(self) -> int | None:
        if self._at.version != "1":
            return None
        # Exact from the index, also where `SHOW SERIES` would list a million of them.
        rows = self._http.query("SHOW SERIES CARDINALITY")
        return sum(int(row.get("cardinality estimation") or row.get("count") or 0) for row in rows)

    def _disk(self) -> int | None:
        if self._at.version != "1":
            return None
        # Only an administrator may ask; without the right the figure is left out.
        with contextlib.suppress(StoreRefuses):
            rows = self._http.query("SHOW STATS FOR 'shard'")
            ours = [row for row in rows if row.get("database") == self._at.database]
            return sum(int(row.get("diskBytes") or 0) for row in ours)
        return None

    # --- setting up

    def init(self, keep_days: int | None, *, roll_ups: bool) -> list[str]:
        """Make what is missing and change how long it keeps; returns what was done, in words."""
        if roll_ups and self._at.version != "1":
            raise StoreRefuses(
                f"on InfluxDB {self._at.version} roll-ups are a task of the server's own; docs/influxdb.md has its text"
            )
        made = {"1": self._init_1, "2": self._init_2, "3": self._init_3}[self._at.version](keep_days)
        return made + (self._roll_up() if roll_ups else [])

    def _init_1(self, keep_days: int | None) -> list[str]:
        self.create_database()
        done = [f"database {self._at.database} is there"]
        name = self._at.retention_policy or "autogen"
        there = {str(policy["name"]): policy for policy in self._policies()}
        if name not in there:
            self._policy("CREATE", name, f"DURATION {_duration(keep_days)} REPLICATION 1", keep_days)
            done.append(f"retention policy {name} is made and keeps {_days(keep_days)}")
        elif keep_days is not None:
            self._policy("ALTER", name, f"DURATION {_duration(keep_days)}", keep_days)
            done.append(f"retention policy {name} keeps {_days(keep_days)}")
        else:
            kept_days = duration_ns(str(there[name]["duration"])) // DAY_NS or None
            if duration_ns(str(there[name]["shardGroupDuration"])) < shard_days(kept_days) * DAY_NS:
                self._policy("ALTER", name, "", kept_days)
                done.append(f"new shards of retention policy {name} hold {counted(shard_days(kept_days), 'day')}")
        return done

    def _policy(self, verb: str, name: str, rest: str, keep_days: int | None) -> None:
        policy = f"{verb} RETENTION POLICY {quoted(name)} ON {quoted(self._at.database)}"
        self._http.query(f"{policy} {rest} SHARD DURATION {shard_days(keep_days)}d", post=True)

    def create_database(self) -> None:
        """On 1.x, unless it is there: kept for ever, in long shards."""
        if self._at.database not in [row["name"] for row in self._http.query("SHOW DATABASES")]:
            name = quoted(self._at.database)
            self._http.query(f"CREATE DATABASE {name} WITH SHARD DURATION {shard_days(None)}d", post=True)

    def _roll_up(self) -> list[str]:
        """Hourly figures of each characteristic, kept for ever, made again for a day so that late data count."""
        database = quoted(self._at.database)
        if ROLL_UP_POLICY not in {str(policy["name"]) for policy in self._policies()}:
            text = f"CREATE RETENTION POLICY {ROLL_UP_POLICY} ON {database} DURATION INF REPLICATION 1"
            self._http.query(text, post=True)
        self._http.query(f"DROP CONTINUOUS QUERY {ROLL_UP} ON {database}", post=True)
        source = f"{quoted(self._at.retention_policy)}.measurement" if self._at.retention_policy else '"measurement"'
        self._http.query(
            f"CREATE CONTINUOUS QUERY {ROLL_UP} ON {database} RESAMPLE EVERY 1h FOR 1d BEGIN"
            f" SELECT count(value) AS n, mean(value) AS mean, stddev(value) AS stddev, min(value) AS min,"
            f" max(value) AS max INTO {ROLL_UP_POLICY}.measurement_hourly FROM {source}"
            f" GROUP BY time(1h), site, line, station, part, characteristic END",
            post=True,
        )
        return [f"hourly roll-ups go to {ROLL_UP_POLICY}.measurement_hourly, for ever"]

    def _init_2(self, keep_days: int | None) -> list[str]:
        organisation = self._one("/api/v2/orgs", {"org": self._at.org}, "orgs")
        if organisation is None:
            raise StoreRefuses(f"InfluxDB at {self._at.url} has no organisation {self._at.org}")
        rules = [] if keep_days is None else [{"type": "expire", "everySeconds": keep_days * 86_400}]
        bucket = self._bucket()
        if bucket is None:
            body = {"orgID": organisation["id"], "name": self._at.database, "retentionRules": rules}
            bucket = self._order("POST", "/api/v2/buckets", body)
            done = [f"bucket {self._at.database} is made and keeps {_days(keep_days)}"]
        elif keep_days is not None:
            self._order("PATCH", f"/api/v2/buckets/{bucket['id']}", {"retentionRules": rules})
            done = [f"bucket {self._at.database} keeps {_days(keep_days)}"]
        else:
            done = [f"bucket {self._at.database} is there"]
        mapping = {"db": self._at.database, "orgID": organisation["id"], "bucketID": bucket["id"]}
        if self._one("/api/v2/dbrps", mapping, "content") is None:
            body = {
                "orgID": organisation["id"],
                "bucketID": bucket["id"],
                "database": self._at.database,
                "retention_policy": self._at.retention_policy or "autogen",
                "default": True,
            }
            self._order("POST", "/api/v2/dbrps", body)
            done.append(f"queries for the database {self._at.database} are answered from it (v1 mapping)")
        return done

    def _init_3(self, keep_days: int | None) -> list[str]:
        if keep_days is not None:
            raise StoreRefuses("how long InfluxDB 3 keeps is set with its own command; docs/influxdb.md says how")
        answer = self._http.request(
            "POST", "/api/v3/configure/database", {}, {"db": self._at.database}, "application/json"
        )
        if answer.status == 409 or (answer.status == 400 and "exists" in error_text(answer)):
            return [f"database {self._at.database} is there"]
        if answer.status not in (200, 201, 204):
            self._http.refuse(answer)
        return [f"database {self._at.database} is made"]

    def _bucket(self) -> Point | None:
        return self._one("/api/v2/buckets", {"name": self._at.database, "org": self._at.org}, "buckets")

    def _one(self, path: str, query: dict[str, str], key: str) -> Point | None:
        answer = self._http.request("GET", path, query)
        if answer.status == 404:
            return None
        if answer.status != 200:
            self._http.refuse(answer)
        found = self._http.document(answer).get(key) or []
        return dict(found[0]) if found else None

    def _order(self, method: str, path: str, body: Point) -> Point:
        answer = self._http.request(method, path, {}, body, "application/json")
        if answer.status not in (200, 201):
            self._http.refuse(answer)
        return dict(self._http.document(answer))


def _identity(order: str) -> str:
    return f"SELECT id FROM {IDENTITY} ORDER BY time {order} LIMIT 1"


def _first(name: str, order: str) -> str:
    return f"SELECT seq FROM {name} ORDER BY time {order} LIMIT 1"


def _days(keep_days: int | None) -> str:
    return "for ever" if keep_days is None else counted(keep_days, "day")


def duration_ns(text: str) -> int:
    """`168h0m0s` -> nanoseconds; 0 is for ever."""
    return sum(int(number) * UNITS[unit] for number, unit in re.findall(r"(\d+)(w|d|h|m|s)(?![a-z])", text))


def _duration(keep_days: int | None) -> str:
    return "INF" if keep_days is None else f"{keep_days}d"


def shard_days(keep_days: int | None) -> int:
    """How many days one shard of 1.x holds: a year, and at most a quarter of what is kept.

    Every shard that a question touches has its own index of series, and a serial may be of any time: over a year in
    the server's weekly shards the same trace takes eight times as long, and the server eight times the memory.
    """
    return LONGEST_SHARD_DAYS if keep_days is None else max(1, min(LONGEST_SHARD_DAYS, keep_days // 4))

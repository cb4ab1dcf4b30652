"""Setting InfluxDB up, as an administrator would: database or bucket, how long it keeps and its shards are, hourly
figures.

What is there is left, or changed to fit; done again it changes nothing. On 2.x a bucket that is there needs no more
than the collector's own token, which may write it and so change its settings, too.
"""

from __future__ import annotations

from gaugetrail_collector.stores import StoreRefuses
from gaugetrail_collector.stores.influx.admin import DAY_NS, InfluxAdmin, duration_ns
from gaugetrail_collector.stores.influx.http import InfluxHttp, Point, error_text, quoted
from gaugetrail_collector.stores.influx.words import AS_ADMIN, hidden_bucket
from gaugetrail_contract.counts import counted

LONGEST_SHARD_DAYS = 364
DAY_SECS = 86_400
SERVERS_OWN_SHARD_DAYS = 7
"""Of a bucket that is kept for ever; 2.x names it, or 0 where it was never asked."""
ROLL_UP = "gaugetrail_hourly"
ROLL_UP_POLICY = "gaugetrail_roll_ups"


class InfluxSetup:
    """Orders to the server. Each raises `StoreDown`, `StoreRefuses`."""

    def __init__(self, http: InfluxHttp, admin: InfluxAdmin) -> None:
        self._http = http
        self._at = http.at
        self._admin = admin

    def init(self, keep_days: int | None, *, roll_ups: bool) -> list[str]:
        """Make what is missing and change how long it keeps; returns what was done, in words."""
        if roll_ups and self._at.version != "1":
            raise StoreRefuses(
                f"on InfluxDB {self._at.version} roll-ups are a task of the server's own; docs/influxdb.md has its text"
            )
        made = {"1": self._init_1, "2": self._init_2, "3": self._init_3}[self._at.version](keep_days)
        return made + (self._roll_up() if roll_ups else [])

    # --- 1.x

    def _init_1(self, keep_days: int | None) -> list[str]:
        self.create_database()
        done = [f"database {self._at.database} is there"]
        name = self._at.retention_policy or "autogen"
        there = {str(policy["name"]): policy for policy in self._admin.policies()}
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
        if ROLL_UP_POLICY not in {str(policy["name"]) for policy in self._admin.policies()}:
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

    # --- 2.x

    def _init_2(self, keep_days: int | None) -> list[str]:
        bucket = self._admin.bucket()
        if bucket is None:
            bucket = self._new_bucket(keep_days)
            done = [f"bucket {self._at.database} is made and keeps {_days(keep_days)}"]
        else:
            done = self._fit(bucket, keep_days)
        return done + self._map(bucket)

    def _new_bucket(self, keep_days: int | None) -> Point:
        organisation = self._admin.one("/api/v2/orgs", {"org": self._at.org}, "orgs")
        if organisation is None:
            hidden = hidden_bucket(self._at.database, self._at.org)
            raise StoreRefuses(f"InfluxDB at {self._at.url}: {hidden}; {AS_ADMIN}")
        body = {"orgID": organisation["id"], "name": self._at.database, "retentionRules": [_rule(keep_days)]}
        return self._order("POST", "/api/v2/buckets", body)

    def _fit(self, bucket: Point, keep_days: int | None) -> list[str]:
        """Give a bucket that is there the time it should keep, and shards as long as that allows."""
        name, rules = self._at.database, bucket.get("retentionRules") or [{}]
        kept_secs = int(rules[0].get("everySeconds") or 0)
        if keep_days is not None:
            self._order("PATCH", f"/api/v2/buckets/{bucket['id']}", {"retentionRules": [_rule(keep_days)]})
            return [f"bucket {name} keeps {_days(keep_days)}"]
        wanted = shard_days(kept_secs // DAY_SECS or None)
        has = int(rules[0].get("shardGroupDurationSeconds") or SERVERS_OWN_SHARD_DAYS * DAY_SECS)
        done = [f"bucket {name} is there"]
        if has < wanted * DAY_SECS:
            rule = {"type": "expire", "everySeconds": kept_secs, "shardGroupDurationSeconds": wanted * DAY_SECS}
            self._order("PATCH", f"/api/v2/buckets/{bucket['id']}", {"retentionRules": [rule]})
            done.append(f"new shards of bucket {name} hold {counted(wanted, 'day')}")
        return done

    def _map(self, bucket: Point) -> list[str]:
        """InfluxQL finds a bucket by a database's name; 2.1 and later map each bucket's own by themselves."""
        mapping = {"db": self._at.database, "orgID": str(bucket["orgID"]), "bucketID": str(bucket["id"])}
        if self._admin.one("/api/v2/dbrps", mapping, "content") is not None:
            return []
        body = {
            "orgID": bucket["orgID"],
            "bucketID": bucket["id"],
            "database": self._at.database,
            "retention_policy": self._at.retention_policy or "autogen",
            "default": True,
        }
        self._order("POST", "/api/v2/dbrps", body)
        return [f"queries for the database {self._at.database} are answered from it (v1 mapping)"]

    def _order(self, method: str, path: str, body: Point) -> Point:
        answer = self._http.request(method, path, {}, body, "application/json")
        if answer.status not in (200, 201):
            self._http.refuse(answer)
        return dict(self._http.document(answer))

    # --- 3.x

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


def _rule(keep_days: int | None) -> Point:
    """A bucket's one rule; 0 seconds is for ever."""
    return {
        "type": "expire",
        "everySeconds": (keep_days or 0) * DAY_SECS,
        "shardGroupDurationSeconds": shard_days(keep_days) * DAY_SECS,
    }


def _days(keep_days: int | None) -> str:
    return "for ever" if keep_days is None else counted(keep_days, "day")


def _duration(keep_days: int | None) -> str:
    return "INF" if keep_days is None else f"{keep_days}d"


def shard_days(keep_days: int | None) -> int:
    """How many days one shard of 1.x and 2.x holds: a year, and at most a quarter of what is kept.

    Every shard that a question touches has its own index of series, and a serial may be of any time: over a year in
    the server's weekly shards the same trace takes eight times as long on 1.x, and the server eight times the memory;
    on 2.7 it took 10.5 ms instead of 3.9, on 2.9 20.8 instead of 7.6.
    """
    return LONGEST_SHARD_DAYS if keep_days is None else max(1, min(LONGEST_SHARD_DAYS, keep_days // 4))

"""The administrator's side of InfluxDB: who may come in, how long it keeps, what is in it, how large it is.

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
from gaugetrail_collector.stores.influx.http import InfluxHttp, Point, error_text, quoted
from gaugetrail_collector.stores.influx.limits import server_limits
from gaugetrail_collector.stores.influx.read import CARRIERS
from gaugetrail_collector.stores.influx.words import BUCKET_RIGHTS, hidden_bucket
from gaugetrail_collector.stores.stats import Stats, TagUse
from gaugetrail_contract.findings import Finding

IDENTITY = "gaugetrail_store"
"""The measurement that the store's id stands in."""
HOUR_NS = 3600 * 10**9
DAY_NS = 24 * HOUR_NS
UNITS = {"w": 7 * DAY_NS, "d": DAY_NS, "h": HOUR_NS, "m": 60 * 10**9, "s": 10**9}


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
            rules = (self.bucket() or {}).get("retentionRules", [])
            secs = sum(int(rule.get("everySeconds", 0)) for rule in rules)
            return secs * 10**9 or None
        return None

    def _policy_keeps(self) -> int | None:
        for policy in self.policies():
            wanted = self._at.retention_policy
            if policy["name"] == wanted if wanted else policy["default"]:
                return duration_ns(str(policy["duration"])) or None
        return None

    def policies(self) -> list[Point]:
        """1.x: the database's retention policies."""
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
            amendments=self._amendments(),
        )

    def limits(self, bounds: Mapping[str, int]) -> list[Finding]:
        """As `server_limits`."""
        return server_limits(self._http, bounds, self._series() if self._at.version == "1" else None)

    def _count(self, where: str) -> int:
        return sum(
            int(row["n"]) for name in CARRIERS for row in self._http.query(f"SELECT count(seq) AS n FROM {name}{where}")
        )

    def _amendments(self) -> int:
        rows = self._http.query("SELECT count(seq) AS n FROM event WHERE subject_kind = 'record'")
        return sum(int(row["n"]) for row in rows)

    def _series(self) -> int | None:
        if self._at.version == "3":
            return None
        # From the index, also where `SHOW SERIES` would list a million of them; 2.x knows no estimate.
        exact = " EXACT" if self._at.version == "2" else ""
        rows = self._http.query(f"SHOW SERIES{exact} CARDINALITY")
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

    # --- 2.x

    def reach(self) -> None:
        """See that organisation, bucket and token belong together, before anything is asked or written. Raises
        `StoreRefuses`.
        """
        answer = self._http.request("GET", "/api/v2/buckets", self._place())
        if answer.status != 200:
            self._http.refuse(answer)
        if not self._http.document(answer).get("buckets"):
            raise StoreRefuses(
                f"InfluxDB at {self._at.url}: {hidden_bucket(self._at.database, self._at.org)}; {BUCKET_RIGHTS}"
            )

    def bucket(self) -> Point | None:
        """Ours, as the server describes it; null where it isn't there or not for this token."""
        return self.one("/api/v2/buckets", self._place(), "buckets")

    def _place(self) -> dict[str, str]:
        return {"name": self._at.database, "org": self._at.org}

    def one(self, path: str, query: dict[str, str], key: str) -> Point | None:
        """The first thing that is listed; null where none is. An organisation that isn't there is a refusal."""
        answer = self._http.request("GET", path, query)
        if answer.status == 404 and "organization" not in error_text(answer):
            return None
        if answer.status != 200:
            self._http.refuse(answer)
        found = self._http.document(answer).get(key) or []
        return dict(found[0]) if found else None


def _identity(order: str) -> str:
    return f"SELECT id FROM {IDENTITY} ORDER BY time {order} LIMIT 1"


def _first(name: str, order: str) -> str:
    return f"SELECT seq FROM {name} ORDER BY time {order} LIMIT 1"


def duration_ns(text: str) -> int:
    """`168h0m0s` -> nanoseconds; 0 is for ever."""
    return sum(int(number) * UNITS[unit] for number, unit in re.findall(r"(\d+)(w|d|h|m|s)(?![a-z])", text))

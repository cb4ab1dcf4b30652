"""Limits of an InfluxDB 1 server that would cut answers short or refuse a plant's series, by its own words.

`SHOW DIAGNOSTICS` tells the settings that the server runs with, to an administrator where users are on; 2.x and 3.x
have no such settings. The names are those of the server's settings file (influxdb.conf).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gaugetrail_collector.stores import StoreRefuses
from gaugetrail_collector.stores.influx.http import InfluxHttp
from gaugetrail_contract.findings import Finding

CUTS = ("max-row-limit", "max-select-point", "max-select-series", "max-select-buckets")
"""0 is no limit. The first one cuts an answer and says nothing, the others refuse the question."""
NEAR = 0.8
NOT_TOLD = Finding(
    "store", "the server doesn't tell this user its limits", "ask as its administrator: SHOW DIAGNOSTICS", wrong=False
)


def server_limits(http: InfluxHttp, bounds: Mapping[str, int], series: int | None) -> list[Finding]:
    """What is in the way. Raises `StoreDown`."""
    if http.at.version != "1":
        return []
    try:
        rows = http.query("SHOW DIAGNOSTICS")
    except StoreRefuses:
        return [NOT_TOLD]
    told = {
        str(key): value
        for row in rows
        if str(row.get("_name", "")).startswith("config-")
        for key, value in row.items()
        if isinstance(value, int) and not isinstance(value, bool)
    }
    return [*_cuts(told), *_values(told, bounds), *_series(told, series)]


def _cuts(told: Mapping[str, int]) -> Iterator[Finding]:
    for name in CUTS:
        if told.get(name, 0) > 0:
            section = "http" if name == "max-row-limit" else "coordinator"
            what = f"{name} is {told[name]}: answers are cut or refused beyond it, a trace may lack records"
            yield Finding("store", what, f"set {name} = 0 under [{section}] in influxdb.conf and start InfluxDB again")


def _values(told: Mapping[str, int], bounds: Mapping[str, int]) -> Iterator[Finding]:
    tag, bound = max(bounds.items(), key=lambda item: item[1])
    limit = told.get("max-values-per-tag", 0)
    if 0 < limit < bound:
        what = f"max-values-per-tag is {limit}, [guard] {tag} allows {bound}: records would be refused before the guard"
        yield Finding("store", what, f"raise it above {bound} under [data] in influxdb.conf, or lower [guard] {tag}")


def _series(told: Mapping[str, int], series: int | None) -> Iterator[Finding]:
    limit = told.get("max-series-per-database", 0)
    if limit > 0 and series is not None and series > NEAR * limit:
        what = f"{series} series of max-series-per-database {limit} are in use: beyond it records are refused"
        yield Finding(
            "store", what, "raise it under [data] in influxdb.conf; gaugetrail-collector store stats says of what"
        )

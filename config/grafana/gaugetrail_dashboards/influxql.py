"""InfluxQL for Grafana: targets of panels, and the condition that the dashboard's variables make.

The client library has builders for many data sources, none for InfluxDB; a target is a small thing, so it stands here.
Variables that may hold several values or all are matched as regular expressions, which Grafana fills in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from grafana_foundation_sdk.cog import builder as cogbuilder
from grafana_foundation_sdk.cog import variants
from grafana_foundation_sdk.models.dashboard import DataSourceRef

SOURCE = DataSourceRef(type_val="influxdb", uid="gaugetrail")
"""The provisioned data source, by its uid."""


@dataclass(frozen=True)
class Target(variants.Dataquery):
    """One raw InfluxQL query of a panel."""

    query: str
    form: Literal["time_series", "table"] = "time_series"
    alias: str = ""
    ref_id: str = "A"

    def to_json(self) -> dict[str, object]:
        """As Grafana's InfluxDB data source keeps it."""
        found: dict[str, object] = {
            "refId": self.ref_id,
            "datasource": {"type": SOURCE.type_val, "uid": SOURCE.uid},
            "query": self.query,
            "rawQuery": True,
            "resultFormat": self.form,
        }
        return found | ({"alias": self.alias} if self.alias else {})


@dataclass(frozen=True)
class TargetOf(cogbuilder.Builder[variants.Dataquery]):
    """A target as the library's panels want it handed over."""

    target: Target

    def build(self) -> variants.Dataquery:
        """The target itself."""
        return self.target


def like(*tags: str) -> str:
    """`"site" =~ /^$site$/ AND …` for variables that may be several or all."""
    return " AND ".join(f'"{tag}" =~ /^$' + "{" + tag + ":regex}$/" for tag in tags)


def any_is(variable: str, *names: str) -> str:
    """The condition that one of these fields or tags is exactly what a person typed into a variable; nothing typed
    finds nothing.

    Grafana hands a typed text on as it is: in quotes, one of its own would end the text and go on as a condition. As a
    regular expression (`:regex`) every sign of it is escaped, the slash that ends it included. InfluxDB takes a field
    that no record has for an empty tag: without the word against it, an empty text would find every record.
    """
    typed = "=~ /^${" + variable + ":regex}$/"
    return "(" + " OR ".join(f'("{name}" != \'\' AND "{name}" {typed})' for name in names) + ")"

"""Alert rules: agent offline, data gaps, spool growing, out-of-tolerance streaks. Grafana evaluates them each minute.

They say where to look; who is told is the plant's own contact point and policy.
"""

from __future__ import annotations

from dataclasses import dataclass

from gaugetrail_dashboards.influxql import SOURCE, Target

FOLDER = "Gaugetrail"


@dataclass(frozen=True)
class Rule:
    """One rule: its query gives a series for each thing watched; beyond the threshold for so long, it fires."""

    uid: str
    title: str
    query: str
    above: float
    lasting: str
    summary: str
    since_secs: int = 900
    no_data: str = "OK"

    def to_json(self) -> dict[str, object]:
        """As Grafana's alert provisioning file has it: the query, its last value, a threshold on that."""
        asked = Target(self.query).to_json() | {"intervalMs": 1000, "maxDataPoints": 43_200}
        window = {"from": self.since_secs, "to": 0}
        return {
            "uid": self.uid,
            "title": self.title,
            "condition": "C",
            "for": self.lasting,
            "noDataState": self.no_data,
            "execErrState": "Error",
            "labels": {"product": "gaugetrail"},
            "annotations": {"summary": self.summary},
            "data": [
                {"refId": "A", "relativeTimeRange": window, "datasourceUid": SOURCE.uid, "model": asked},
                _expression("B", {"type": "reduce", "expression": "A", "reducer": "last"}),
                _expression("C", {"type": "threshold", "expression": "B", "conditions": [_beyond(self.above)]}),
            ],
        }


def _expression(ref_id: str, what: dict[str, object]) -> dict[str, object]:
    expression = {"type": "__expr__", "uid": "__expr__"}
    model = {"refId": ref_id, "datasource": expression} | what
    window = {"from": 0, "to": 0}
    return {"refId": ref_id, "relativeTimeRange": window, "datasourceUid": "__expr__", "model": model}


def _beyond(value: float) -> dict[str, object]:
    return {"evaluator": {"type": "gt", "params": [value]}}


RULES = (
    Rule(
        uid="gaugetrail-agent-offline",
        title="Agent offline",
        query='SELECT 1 - last("online") AS "offline" FROM "agent" WHERE $timeFilter GROUP BY "agent"',
        above=0,
        lasting="2m",
        summary="{{ $labels.agent }} is not connected: look at the line PC, its network and gaugetrail-agent's log.",
    ),
    Rule(
        uid="gaugetrail-gap",
        title="Records missing",
        query='SELECT last("gaps") AS "gaps" FROM "collector" WHERE $timeFilter GROUP BY "collector"',
        above=0,
        lasting="5m",
        summary="Numbers are missing in the store and have not come on asking: gaugetrail-collector verify names them.",
    ),
    Rule(
        uid="gaugetrail-spool-growing",
        title="Spool growing",
        query='SELECT min("waiting") AS "waiting" FROM "agent" WHERE $timeFilter GROUP BY "agent"',
        above=500,
        lasting="5m",
        summary="{{ $labels.agent }} has had more than 500 records waiting for a quarter of an hour: broker, collector "
        "or store is down or too slow. Nothing is lost; the spool has room for days.",
    ),
    Rule(
        uid="gaugetrail-set-aside",
        title="Something was set aside",
        query='SELECT spread("set_aside") AS "aside" FROM "collector" WHERE $timeFilter GROUP BY "collector"',
        above=0,
        lasting="0s",
        summary="The collector could not understand or store something: gaugetrail-collector set-aside ls names it.",
    ),
    Rule(
        uid="gaugetrail-streak",
        title="Out-of-tolerance streak",
        # Not the rows of a subquery with LIMIT 5: since 1.8, an aggregate takes those from its first series alone
        # (influxdata/influxdb issue 24622), and the alert never fires.
        query='SELECT 5 - 5 * last("passed") AS "failed" FROM (SELECT moving_average("ok", 5) AS "passed"'
        ' FROM "inspection" WHERE $timeFilter GROUP BY "site", "line", "station") GROUP BY "site", "line", "station"',
        above=2,
        lasting="0s",
        summary="{{ $labels.station }} on {{ $labels.line }}: at least three of the last five inspections failed.",
        since_secs=3600,
    ),
)


def provisioning() -> dict[str, object]:
    """The alert file for Grafana's provisioning folder."""
    group = {
        "orgId": 1,
        "name": "gaugetrail",
        "folder": FOLDER,
        "interval": "1m",
        "rules": [rule.to_json() for rule in RULES],
    }
    return {"apiVersion": 1, "groups": [group]}

"""Dashboards of parts and defects: the plant, one identifier, the Pareto."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard

from gaugetrail_dashboards.influxql import FAILED, PLACE, Target, where
from gaugetrail_dashboards.parts import (
    AMBER,
    BAD_COUNT,
    GREEN,
    INSPECTION_COLUMNS,
    RED,
    bars,
    choice,
    curve,
    figure,
    frame,
    linked,
    listing,
    steps,
    typed,
)

YIELD = steps((None, RED), (0.9, AMBER), (0.98, GREEN))


def plant() -> Dashboard:
    """How is the plant doing, and where should somebody look?"""
    all_of = where(*PLACE)
    first = where(*PLACE, also='"attempt" = 1')
    by_station = 'GROUP BY "site", "line", "station"'
    stations = listing(
        "Stations",
        'SELECT count("ok") AS "inspections", mean("ok") AS "yield", mean("duration_ms") AS "took"'
        f' FROM "inspection" WHERE {all_of} {by_station}',
        says="Each station in the chosen time: inspections, share that passed, mean duration.",
        names={
            "site": "site",
            "line": "line",
            "station": "station",
            "inspections": "inspections",
            "yield": "yield",
            "took": "took (ms)",
        },
        hidden=["Time"],
        span=14,
        sort="inspections",
    )
    board = frame("gaugetrail-plant", "Stations, yield, rate and alarms of the plant.")
    for tag in PLACE:
        board = board.with_variable(choice(tag))
    return (
        board.with_panel(
            figure(
                "Inspections",
                f'SELECT count("ok") FROM "inspection" WHERE {all_of}',
                says="Sealed inspections in the chosen time.",
            )
        )
        .with_panel(
            figure(
                "First-pass yield",
                f'SELECT mean("ok") FROM "inspection" WHERE {first}',
                says="Share of units that passed at their first measurement at a station.",
                unit="percentunit",
                colours=YIELD,
            )
        )
        .with_panel(
            figure(
                "Failed",
                f'SELECT count("ok") FROM "inspection" WHERE {where(*PLACE, also=FAILED)}',
                says="Inspections with the verdict fail.",
                colours=BAD_COUNT,
            )
        )
        .with_panel(
            figure(
                "Agents online",
                'SELECT sum("online") FROM (SELECT last("online") AS "online" FROM "agent" WHERE $timeFilter'
                ' GROUP BY "agent")',
                says="Line PCs whose agent is connected now.",
                colours=steps((None, RED), (1, GREEN)),
            )
        )
        .with_panel(
            figure(
                "Records waiting",
                'SELECT sum("waiting") FROM (SELECT last("waiting") AS "waiting" FROM "agent" WHERE $timeFilter'
                ' GROUP BY "agent")',
                says="Sealed on line PCs and not yet receipted. They are safe; the number should come down.",
                colours=steps((None, GREEN), (1000, AMBER), (100_000, RED)),
            )
        )
        .with_panel(
            figure(
                "Set aside",
                'SELECT max("set_aside") FROM "collector" WHERE $timeFilter',
                says="What could not be understood or stored since the collector's start; set-aside ls lists it.",
                colours=BAD_COUNT,
            )
        )
        .with_panel(linked(stations, "station", "this station", "/d/gaugetrail-station?var-station=${__value.raw}"))
        .with_panel(
            listing(
                "Alarms",
                'SELECT "text" FROM "alarm" WHERE $timeFilter GROUP BY "agent" ORDER BY time DESC LIMIT 50',
                says="What agents have reported, newest first.",
                names={"Time": "time", "agent": "agent", "text": "alarm"},
                span=10,
                sort="time",
            )
        )
        .with_panel(
            curve(
                "Inspections per interval",
                Target(
                    f'SELECT count("ok") FROM "inspection" WHERE {all_of}'
                    ' GROUP BY time($__interval), "line", "station" fill(0)',
                    alias="$tag_line $tag_station",
                ),
                says="The rhythm of each station; a gap is a stop.",
            )
        )
        .with_panel(
            curve(
                "First-pass yield over time",
                Target(
                    f'SELECT mean("ok") FROM "inspection" WHERE {first}'
                    ' GROUP BY time($__interval), "line", "station" fill(none)',
                    alias="$tag_line $tag_station",
                ),
                says="Share of first measurements that passed.",
                unit="percentunit",
            )
        )
    )


def traceability() -> Dashboard:
    """Everything known of a serial, a lot or an order in the chosen time."""
    board = frame(
        "gaugetrail-trace",
        "Type or scan a serial, lot, order or operator. This page looks through the chosen time; the console and "
        "gaugetrail-collector trace find an identifier at once, whatever its age.",
        since="now-30d",
        refresh="",
    ).with_variable(typed("identifier", "serial, lot, order …"))
    named = " OR ".join(f"\"{field}\" = '$identifier'" for field in ("serial", "lot", "order", "operator"))
    serial = "\"serial\" = '$identifier'"
    return (
        board.with_panel(
            listing(
                "Inspections",
                'SELECT "serial", "lot", "order", "attempt", "operator", "duration_ms", "verdict", "part", "plan",'
                f' "station", "sha256" FROM "inspection" WHERE {where(also=f"({named})")} ORDER BY time DESC LIMIT 500',
                says="Each inspection with its verdict, plan revision and seal; the first measurement stays.",
                names={**INSPECTION_COLUMNS, "order": "order", "sha256": "seal"},
                sort="time",
            )
        )
        .with_panel(
            listing(
                "Measurements",
                'SELECT "characteristic", "text", "unit", "lsl", "usl", "verdict", "gauge", "calibration",'
                ' "calibration_due", "capture", "station"'
                f' FROM "measurement" WHERE {where(also=serial)} ORDER BY time DESC LIMIT 1000',
                says="Every value of the serial, with its gauge and the calibration as it stood.",
                names={
                    "Time": "time",
                    "station": "station",
                    "characteristic": "characteristic",
                    "text": "value",
                    "unit": "unit",
                    "lsl": "lower",
                    "usl": "upper",
                    "verdict": "verdict",
                    "gauge": "gauge",
                    "calibration": "calibration",
                    "calibration_due": "due",
                    "capture": "captured",
                },
                sort="time",
            )
        )
        .with_panel(
            listing(
                "Events",
                'SELECT "subject", "type", "reason", "approved_by", "station"'
                f' FROM "event" WHERE {where(also=_SUBJECT)} ORDER BY time DESC LIMIT 200',
                says="What else was recorded about it: blocked, released, split, built in.",
                names={"Time": "time", "type": "event", "subject": "about", "reason": "reason"},
            )
        )
        .with_panel(
            listing(
                "Filed under",
                'SELECT "id", "id_kind", "station", "part", "verdict"'
                f' FROM "trace" WHERE {where(also=_ID)} ORDER BY time DESC LIMIT 500',
                says="Every record that carries the identifier, and as what: serial, lot, component, heat …",
                names={"Time": "time", "id_kind": "as", "id": "identifier", "part": "part", "station": "station"},
            )
        )
    )


_SUBJECT = "\"subject\" = '$identifier'"
_ID = "\"id\" = '$identifier'"


def pareto() -> Dashboard:
    """What fails most, and where."""
    board = frame("gaugetrail-pareto", "Defects and rejects by characteristic, code and station.", since="now-7d")
    for tag in PLACE:
        board = board.with_variable(choice(tag))
    board = board.with_variable(choice("part", "inspection", PLACE))
    tags = (*PLACE, "part")
    return (
        board.with_panel(
            figure(
                "Rejected inspections",
                f'SELECT count("ok") FROM "inspection" WHERE {where(*tags, also=FAILED)}',
                says="Inspections with the verdict fail, re-measured ones included.",
                colours=BAD_COUNT,
                span=8,
            )
        )
        .with_panel(
            figure(
                "Share rejected",
                f'SELECT 1 - mean("ok") FROM "inspection" WHERE {where(*tags)}',
                says="Of all inspections in the chosen time.",
                unit="percentunit",
                colours=steps((None, GREEN), (0.02, AMBER), (0.1, RED)),
                span=8,
            )
        )
        .with_panel(
            figure(
                "Defects",
                f'SELECT sum("n") FROM "defect" WHERE {where(*tags)}',
                says="Defect codes and out-of-tolerance values, counted one by one.",
                colours=BAD_COUNT,
                span=8,
            )
        )
        .with_panel(
            bars(
                "By defect",
                f'SELECT sum("n") AS "defects" FROM "defect" WHERE {where(*tags)} GROUP BY "code"',
                says="Codes from the plan; `low` and `high` are values beyond a limit.",
                by="code",
                count="defects",
            )
        )
        .with_panel(
            bars(
                "By characteristic",
                f'SELECT sum("n") AS "defects" FROM "defect" WHERE {where(*tags)} GROUP BY "characteristic"',
                says="Which characteristic fails.",
                by="characteristic",
                count="defects",
            )
        )
        .with_panel(
            bars(
                "Rejects by station",
                f'SELECT count("ok") AS "rejects" FROM "inspection" WHERE {where(*tags, also=FAILED)}'
                ' GROUP BY "station"',
                says="Where units fail.",
                by="station",
                count="rejects",
            )
        )
        .with_panel(
            curve(
                "Defects over time",
                Target(
                    f'SELECT sum("n") FROM "defect" WHERE {where(*tags)} GROUP BY time($__interval), "code" fill(0)',
                    alias="$tag_code",
                ),
                says="Each code over time.",
            )
        )
    )

"""Dashboards of a process: one station live, one characteristic in figures."""

from gaugetrail_dashboards.rows import INSPECTIONS, PLACE, TO_HISTORY, Dashboard, Panel

AS_MEASURED = "Each value as measured, between the limits that held at that moment."

STATION = Dashboard(
    "gaugetrail-station",
    "Station",
    "Live measurements against limits, verdicts, cycle time.",
    since="now-1h",
    choices=dict.fromkeys(PLACE, "inspection") | {"characteristic": "measurement"},
    chosen=PLACE,
    panels=(
        Panel(
            "states",
            "Verdicts",
            "One band for each inspection.",
            'SELECT "ok" FROM "inspection" WHERE $chosen GROUP BY "station"',
            name="$tag_station",
        ),
        Panel(
            "curve",
            "Measurements: $characteristic",
            AS_MEASURED,
            """SELECT "value", "lsl", "usl", "nominal" FROM "measurement"
            WHERE $chosen AND "characteristic" =~ /^${characteristic:regex}$/ GROUP BY "station", "characteristic" """,
            name="$tag_station $tag_characteristic $col",
            points=True,
            limits=True,
            repeat="characteristic",
            span=24,
        ),
        Panel(
            "curve",
            "Cycle time",
            "From the scan of the unit to its record.",
            'SELECT "duration_ms" FROM "inspection" WHERE $chosen GROUP BY "station"',
            name="$tag_station",
            unit="ms",
            points=True,
        ),
        Panel(
            "curve",
            "Units per hour",
            "Inspections in each hour.",
            'SELECT count("ok") FROM "inspection" WHERE $chosen GROUP BY time(1h), "station" fill(0)',
            name="$tag_station",
        ),
        Panel(
            "listing",
            "Last inspections",
            "Newest first; a serial leads to its history.",
            """SELECT "serial", "lot", "attempt", "operator", "duration_ms", "verdict", "part", "plan", "station"
            FROM "inspection" WHERE $chosen ORDER BY time DESC LIMIT 50""",
            columns=INSPECTIONS,
            link=TO_HISTORY,
        ),
    ),
)

CHARACTERISTIC = Dashboard(
    "gaugetrail-characteristic",
    "Characteristic",
    "Values, limits, histogram and moving range of a characteristic.",
    choices=dict.fromkeys(PLACE, "inspection") | dict.fromkeys(("part", "characteristic"), "measurement"),
    panels=(
        Panel(
            "listing",
            "In figures",
            "Count, mean, standard deviation and range in the chosen time.",
            """SELECT count("value") AS "n", mean("value") AS "mean", stddev("value") AS "s", min("value") AS "min",
            max("value") AS "max", spread("value") AS "range"
            FROM "measurement" WHERE $chosen GROUP BY "station", "part", "characteristic" """,
            height=6,
        ),
        Panel(
            "curve",
            "Values and limits",
            AS_MEASURED,
            """SELECT "value", "lsl", "usl", "nominal" FROM "measurement" WHERE $chosen
            GROUP BY "station", "part", "characteristic" """,
            name="$tag_station $tag_part $tag_characteristic $col",
            points=True,
            limits=True,
            span=24,
        ),
        Panel(
            "spread",
            "Histogram",
            "How often each value came.",
            'SELECT "value" FROM "measurement" WHERE $chosen GROUP BY "station", "part", "characteristic"',
        ),
        Panel(
            "curve",
            "Moving range",
            "Distance of each value from the one before it.",
            'SELECT difference("value") FROM "measurement" WHERE $chosen GROUP BY "station", "part", "characteristic"',
            name="$tag_station $tag_part $tag_characteristic",
            points=True,
            distances=True,
        ),
        Panel(
            "listing",
            "Out of tolerance",
            "Values outside their limits, with the digits as the gauge gave them.",
            """SELECT "serial", "text", "unit", "lsl", "usl", "gauge", "characteristic", "station"
            FROM "measurement" WHERE $chosen AND "verdict" = 'fail' ORDER BY time DESC LIMIT 100""",
            columns="Time: time, serial, station, characteristic, text: value, unit, lsl: lower, usl: upper, gauge",
        ),
    ),
)

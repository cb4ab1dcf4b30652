"""Dashboards of a process: one station live, one characteristic in figures."""

from gaugetrail_dashboards.rows import LAST_INSPECTIONS, PLACE, TO_HISTORY, Dashboard, Panel

AS_MEASURED = (
    "Each value as measured, between the limits that held at that moment: specification red, control limits dashed."
)

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
            """SELECT "value", "lsl", "usl", "nominal", "lcl", "cl", "ucl" FROM "measurement"
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
        LAST_INSPECTIONS,
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
            "Count, mean, standard deviation and range in the chosen time; class and requirement as last recorded.",
            """SELECT count("value") AS "n", mean("value") AS "mean", stddev("value") AS "s", min("value") AS "min",
            max("value") AS "max", spread("value") AS "range", last("class") AS "class",
            last("requirement") AS "requirement" FROM "measurement" WHERE $chosen
            GROUP BY "station", "part", "characteristic" """,
            height=6,
        ),
        Panel(
            "curve",
            "Values and limits",
            AS_MEASURED,
            """SELECT "value", "lsl", "usl", "nominal", "lcl", "cl", "ucl" FROM "measurement" WHERE $chosen
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
            "Signals",
            "Values that broke a rule of the control chart, with the control limits that they were held against.",
            """SELECT "serial", "text", "unit", "signal_rules", "lcl", "cl", "ucl", "control_version", "subgroup",
            "class", "characteristic", "station" FROM "measurement" WHERE $chosen AND "signals" > 0
            ORDER BY time DESC LIMIT 100""",
            columns="Time: time, serial, station, characteristic, class, signal_rules: rule, text: value, unit, "
            "lcl: lower, cl: centre, ucl: upper, control_version: limits, subgroup",
            link=TO_HISTORY,
        ),
        Panel(
            "listing",
            "Out of tolerance",
            "Values outside their limits, with the digits as the gauge gave them.",
            """SELECT "serial", "text", "unit", "lsl", "usl", "class", "requirement", "found", "gauge",
            "characteristic", "station" FROM "measurement" WHERE $chosen AND "verdict" = 'fail'
            ORDER BY time DESC LIMIT 100""",
            columns="Time: time, serial, station, characteristic, class, text: value, unit, lsl: lower, usl: upper, "
            "requirement, found: defects found, gauge",
        ),
    ),
)

"""Dashboards of what the figures rest on: gauges, data health."""

from gaugetrail_dashboards.rows import AMBER, BAD, DOUBTFUL, GREEN, PLACE, RED, TO_HISTORY, Dashboard, Panel

GAUGES = Dashboard(
    "gaugetrail-gauges",
    "Gauges",
    "Use of gauges, calibration as it stood, failures.",
    since="now-7d",
    choices=dict.fromkeys((*PLACE, "gauge"), "measurement"),
    panels=(
        Panel(
            "figure",
            "Measurements",
            "Values that the chosen gauges gave.",
            'SELECT count("seq") FROM "measurement" WHERE $chosen',
            span=8,
        ),
        Panel(
            "figure",
            "With doubtful calibration",
            "Taken while the gauge's calibration was due, overdue, blocked or unknown.",
            """SELECT count("seq") FROM "measurement" WHERE $chosen AND "calibration" != 'valid'""",
            colours=BAD,
            span=8,
        ),
        Panel(
            "figure",
            "Failed",
            "Values outside their limits.",
            """SELECT count("seq") FROM "measurement" WHERE $chosen AND "verdict" = 'fail'""",
            colours=DOUBTFUL,
            span=8,
        ),
        Panel(
            "listing",
            "Gauges",
            "Each gauge with its use and its calibration when it last measured.",
            """SELECT count("seq") AS "values", last("calibration") AS "calibration", last("calibration_due") AS "due",
            last("certificate") AS "certificate", last("gauge_check") AS "checked"
            FROM "measurement" WHERE $chosen GROUP BY "gauge" """,
            columns="gauge, values, calibration, due, certificate, checked: last check",
            span=12,
        ),
        Panel(
            "bars",
            "Failed by gauge",
            "A gauge that fails alone may be the gauge's fault.",
            """SELECT count("seq") AS "failed" FROM "measurement" WHERE $chosen AND "verdict" = 'fail'
            GROUP BY "gauge" """,
            columns="gauge, failed",
        ),
        Panel(
            "curve",
            "Use over time",
            "Values in each interval.",
            'SELECT count("seq") FROM "measurement" WHERE $chosen GROUP BY time($__interval), "gauge" fill(0)',
            name="$tag_gauge",
            span=24,
        ),
        Panel(
            "listing",
            "Taken with doubtful calibration",
            "The units to look at again.",
            """SELECT "serial", "gauge", "calibration", "calibration_due", "characteristic", "class", "text", "station"
            FROM "measurement" WHERE $chosen AND "calibration" != 'valid' ORDER BY time DESC LIMIT 200""",
            columns="Time: time, serial, gauge, calibration, calibration_due: due, characteristic, class, "
            "text: value, station",
            link=TO_HISTORY,
        ),
    ),
)

HEALTH = Dashboard(
    "gaugetrail-health",
    "Data health",
    "Agents, spools, gaps, what is set aside, the series budget.",
    since="now-3h",
    refresh="10s",
    choices={"agent": "agent"},
    panels=(
        Panel(
            "figure",
            "Agents offline",
            "Line PCs that have said goodbye or whose connection died.",
            """SELECT count("online") - sum("online") FROM
            (SELECT last("online") AS "online" FROM "agent" WHERE $chosen GROUP BY "agent")""",
            colours=BAD,
        ),
        Panel(
            "figure",
            "Devices down",
            "Gauges, PLCs and scanners that don't answer; the agents try on.",
            """SELECT sum("down") FROM
            (SELECT last("devices_down") AS "down" FROM "agent" WHERE $chosen GROUP BY "agent")""",
            colours=BAD,
        ),
        Panel(
            "figure",
            "Oldest waiting record",
            "Age of the oldest record without a receipt.",
            """SELECT max("oldest") FROM
            (SELECT last("oldest_secs") AS "oldest" FROM "agent" WHERE $chosen GROUP BY "agent")""",
            unit="s",
            colours=((None, GREEN), (60, AMBER), (3600, RED)),
        ),
        Panel(
            "figure",
            "Gaps",
            "Ranges of numbers that are missing in the store and have been asked for again.",
            """SELECT sum("gaps") FROM
            (SELECT last("gaps") AS "gaps" FROM "collector" WHERE $timeFilter GROUP BY "collector")""",
            colours=BAD,
        ),
        Panel(
            "figure",
            "Set aside",
            "Kept with bytes and reason; gaugetrail-collector set-aside ls lists it.",
            """SELECT sum("aside") FROM
            (SELECT last("set_aside") AS "aside" FROM "collector" WHERE $timeFilter GROUP BY "collector")""",
            colours=BAD,
        ),
        Panel(
            "figure",
            "Forks",
            "The same identity with two seals: two line PCs share an id, or somebody has rewritten a spool.",
            """SELECT sum("forks") FROM
            (SELECT last("forks") AS "forks" FROM "collector" WHERE $timeFilter GROUP BY "collector")""",
            colours=BAD,
        ),
        Panel(
            "curve",
            "Records waiting",
            "Spool depth of each agent. It rises in an outage and must fall afterwards.",
            'SELECT max("waiting") FROM "agent" WHERE $chosen GROUP BY time($__interval), "agent" fill(none)',
            name="$tag_agent",
        ),
        Panel(
            "curve",
            "Commit to receipt",
            "From the spool's commit to the collector's receipt, as each agent has seen it lately.",
            'SELECT max("receipt_p99_ms") FROM "agent" WHERE $chosen GROUP BY time($__interval), "agent" fill(none)',
            name="$tag_agent p99",
            unit="ms",
        ),
        Panel(
            "curve",
            "Records stored",
            "What each collector stores in a second.",
            """SELECT non_negative_derivative(max("records"), 1s) FROM "collector" WHERE $timeFilter
            GROUP BY time($__interval), "collector" fill(none)""",
            name="$tag_collector",
            unit="cps",
        ),
        Panel(
            "curve",
            "Series budget",
            "Tag values in use beside their bound; what would pass it is set aside.",
            """SELECT max("tag_values"), max("tag_budget") FROM "collector" WHERE $timeFilter
            GROUP BY time($__interval), "collector" fill(none)""",
            name="$tag_collector $col",
        ),
        Panel(
            "listing",
            "Agents",
            "Each line PC as it was last heard.",
            """SELECT last("online") AS "online", last("waiting") AS "waiting", last("clock_text") AS "clock",
            last("devices_up") AS "up", last("devices_down") AS "down", last("version_text") AS "version"
            FROM "agent" WHERE $chosen GROUP BY "agent" """,
            columns="agent, online, waiting, clock, up: devices up, down: devices down, version",
            span=12,
        ),
        Panel(
            "listing",
            "Devices",
            "Each device as its agent sees it.",
            """SELECT last("up") AS "up", last("readings") AS "readings", last("garbled") AS "garbled"
            FROM "device" WHERE $chosen GROUP BY "agent", "device" """,
            columns="agent, device, up, readings, garbled",
            span=12,
        ),
        Panel(
            "curve",
            "Records with an untrusted clock",
            "Order is by number and not in danger; their times may be wrong.",
            """SELECT count("seq") FROM "inspection" WHERE $chosen AND "clock" != 'synced'
            GROUP BY time($__interval), "agent" fill(0)""",
            name="$tag_agent",
            span=24,
        ),
    ),
)

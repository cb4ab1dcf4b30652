"""Dashboards of parts and defects: the plant, one identifier, the Pareto."""

from gaugetrail_dashboards.rows import AMBER, BAD, GREEN, INSPECTIONS, LAST_INSPECTIONS, PLACE, RED, Dashboard, Panel

PLANT = Dashboard(
    "gaugetrail-plant",
    "Plant overview",
    "Stations, yield, rate and alarms of the plant.",
    choices=dict.fromkeys(PLACE, "inspection"),
    panels=(
        Panel(
            "figure",
            "Inspections",
            "Sealed inspections in the chosen time.",
            'SELECT count("ok") FROM "inspection" WHERE $chosen',
        ),
        Panel(
            "figure",
            "First-pass yield",
            "Share of units that passed at their first measurement at a station.",
            'SELECT mean("ok") FROM "inspection" WHERE $chosen AND "attempt" = 1',
            unit="percentunit",
            colours=((None, RED), (0.9, AMBER), (0.98, GREEN)),
        ),
        Panel(
            "figure",
            "Failed",
            "Inspections with the verdict fail.",
            """SELECT count("ok") FROM "inspection" WHERE $chosen AND "verdict" = 'fail'""",
            colours=BAD,
        ),
        Panel(
            "figure",
            "Agents online",
            "Line PCs whose agent is connected now.",
            """SELECT sum("online") FROM
            (SELECT last("online") AS "online" FROM "agent" WHERE $timeFilter GROUP BY "agent")""",
            colours=((None, RED), (1, GREEN)),
        ),
        Panel(
            "figure",
            "Records waiting",
            "Sealed on line PCs and not yet receipted. They are safe; the number should come down.",
            """SELECT sum("waiting") FROM
            (SELECT last("waiting") AS "waiting" FROM "agent" WHERE $timeFilter GROUP BY "agent")""",
            colours=((None, GREEN), (1000, AMBER), (100_000, RED)),
        ),
        Panel(
            "figure",
            "Set aside",
            "What could not be understood or stored since the collector's start; set-aside ls lists it.",
            'SELECT max("set_aside") FROM "collector" WHERE $timeFilter',
            colours=BAD,
        ),
        Panel(
            "listing",
            "Stations",
            "Each station in the chosen time: inspections, share that passed, mean duration.",
            """SELECT count("ok") AS "inspections", mean("ok") AS "yield", mean("duration_ms") AS "took"
            FROM "inspection" WHERE $chosen GROUP BY "site", "line", "station" """,
            columns="site, line, station, inspections, yield, took: took (ms)",
            span=14,
            sort="inspections",
            link=("station", "this station", "/d/gaugetrail-station?var-station=${__value.raw:percentencode}"),
        ),
        Panel(
            "listing",
            "Alarms",
            "What agents have reported, newest first.",
            'SELECT "text" FROM "alarm" WHERE $timeFilter GROUP BY "agent" ORDER BY time DESC LIMIT 50',
            columns="Time: time, agent, text: alarm",
            span=10,
            sort="time",
        ),
        Panel(
            "curve",
            "Inspections per interval",
            "The rhythm of each station; a gap is a stop.",
            """SELECT count("ok") FROM "inspection" WHERE $chosen
            GROUP BY time($__interval), "line", "station" fill(0)""",
            name="$tag_line $tag_station",
        ),
        Panel(
            "curve",
            "First-pass yield over time",
            "Share of first measurements that passed.",
            """SELECT mean("ok") FROM "inspection" WHERE $chosen AND "attempt" = 1
            GROUP BY time($__interval), "line", "station" fill(none)""",
            name="$tag_line $tag_station",
            unit="percentunit",
        ),
        LAST_INSPECTIONS,
    ),
)

CARRIES = ("serial", "lot", "order", "customer", "operator", "verifier")

TRACEABILITY = Dashboard(
    "gaugetrail-trace",
    "Traceability",
    "Type or scan a serial, lot, order, customer or person. This page looks through the chosen time; the console and "
    "gaugetrail-collector trace find an identifier at once, whatever its age.",
    since="now-30d",
    refresh="",
    typed=("identifier", "serial, lot, order …"),
    panels=(
        Panel(
            "listing",
            "Inspections",
            "Each inspection with its verdict, plan revision and seal; the first measurement stays.",
            """SELECT "serial", "lot", "attempt", "operator", "machine", "operation", "shift", "order", "order_line",
            "customer", "duration_ms", "verdict", "unit_state", "part", "plan", "station", "sha256"
            FROM "inspection" WHERE $chosen AND $typed ORDER BY time DESC LIMIT 500""",
            typed=CARRIES,
            columns=f"{INSPECTIONS}, order_line: order line, unit_state: state of the unit, sha256: seal",
            sort="time",
        ),
        Panel(
            "listing",
            "Circumstances",
            "What it was like: who looked a second time, what was let pass, why it was measured again, what was shown.",
            """SELECT "serial", "verifier", "override", "bypass", "again_reason", "conditions", "instruction",
            "interruptions", "verdict", "station" FROM "inspection" WHERE $chosen AND $typed
            ORDER BY time DESC LIMIT 500""",
            typed=CARRIES,
            columns="Time: time, station, serial, verdict, verifier, override, bypass, again_reason: measured again, "
            "conditions, instruction, interruptions",
            sort="time",
        ),
        Panel(
            "listing",
            "Measurements",
            "Every value of the serial, with its gauge and the calibration as it stood.",
            """SELECT "characteristic", "text", "unit", "lsl", "usl", "lcl", "ucl", "signal_rules", "class",
            "requirement", "found", "skipped", "earlier", "uncertainty", "verdict", "gauge", "calibration",
            "calibration_due", "certificate", "gauge_check", "capture", "station" FROM "measurement"
            WHERE $chosen AND $typed ORDER BY time DESC LIMIT 1000""",
            typed=("serial",),
            columns="Time: time, station, characteristic, class, text: value, unit, lsl: lower, usl: upper, verdict, "
            "requirement, lcl: lower control, ucl: upper control, signal_rules: signals, found: defects found, "
            "skipped, earlier: values before, uncertainty, gauge, calibration, calibration_due: due, certificate, "
            "gauge_check: gauge check, capture: captured",
            sort="time",
        ),
        Panel(
            "listing",
            "Events",
            "What else was recorded about it: blocked, released, split, built in.",
            """SELECT "subject", "subjects", "type", "by", "role", "reason_code", "reason", "approved_by", "station"
            FROM "event" WHERE $chosen AND ($typed
            OR "subjects" =~ /, id ${identifier:regex}(;.*)?$/) ORDER BY time DESC LIMIT 200""",
            typed=("subject",),
            columns="Time: time, type: event, subject: about, subjects: also about, by, role, reason_code: code, "
            "reason, approved_by: approved by, station",
        ),
        Panel(
            "listing",
            "Filed under",
            "Every record that carries the identifier, and as what: serial, lot, component, heat …",
            """SELECT "id", "id_kind", "station", "part", "verdict" FROM "trace"
            WHERE $chosen AND $typed ORDER BY time DESC LIMIT 500""",
            typed=("id",),
            columns="Time: time, id_kind: as, id: identifier, part, station",
        ),
    ),
)

PARETO = Dashboard(
    "gaugetrail-pareto",
    "Pareto of defects",
    "Defects and rejects by characteristic, code and station.",
    since="now-7d",
    choices=dict.fromkeys((*PLACE, "part"), "inspection"),
    panels=(
        Panel(
            "figure",
            "Rejected inspections",
            "Inspections with the verdict fail, re-measured ones included.",
            """SELECT count("ok") FROM "inspection" WHERE $chosen AND "verdict" = 'fail'""",
            colours=BAD,
            span=8,
        ),
        Panel(
            "figure",
            "Share rejected",
            "Of all inspections in the chosen time.",
            'SELECT 1 - mean("ok") FROM "inspection" WHERE $chosen',
            unit="percentunit",
            colours=((None, GREEN), (0.02, AMBER), (0.1, RED)),
            span=8,
        ),
        Panel(
            "figure",
            "Defects",
            "Defect codes and out-of-tolerance values, counted one by one.",
            'SELECT sum("n") FROM "defect" WHERE $chosen',
            colours=BAD,
            span=8,
        ),
        Panel(
            "bars",
            "By defect",
            "Codes from the plan; `low` and `high` are values beyond a limit.",
            'SELECT sum("n") AS "defects" FROM "defect" WHERE $chosen GROUP BY "code"',
            columns="code, defects",
        ),
        Panel(
            "bars",
            "By characteristic",
            "Which characteristic fails.",
            'SELECT sum("n") AS "defects" FROM "defect" WHERE $chosen GROUP BY "characteristic"',
            columns="characteristic, defects",
        ),
        Panel(
            "bars",
            "Rejects by station",
            "Where units fail.",
            """SELECT count("ok") AS "rejects" FROM "inspection" WHERE $chosen AND "verdict" = 'fail'
            GROUP BY "station" """,
            columns="station, rejects",
        ),
        Panel(
            "curve",
            "Defects over time",
            "Each code over time.",
            'SELECT sum("n") FROM "defect" WHERE $chosen GROUP BY time($__interval), "code" fill(0)',
            name="$tag_code",
        ),
    ),
)

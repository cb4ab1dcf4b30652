"""The dashboard of what people changed, let pass and typed."""

from gaugetrail_dashboards.rows import BAD, DOUBTFUL, PLACE, TO_HISTORY, Dashboard, Panel

AUDIT = Dashboard(
    "gaugetrail-audit",
    "Audit trail",
    "Amendments, events, overrides and bypasses, values typed by hand.",
    since="now-30d",
    refresh="",
    choices=dict.fromkeys(PLACE, "event"),
    panels=(
        Panel(
            "figure",
            "Amendments",
            "Corrections; the originals stand.",
            """SELECT count("seq") FROM "event" WHERE $chosen AND "subject_kind" = 'record'""",
            span=6,
        ),
        Panel(
            "figure",
            "Without approval",
            "Amendments that nobody has approved; a note needs none.",
            """SELECT count("approved") - sum("approved") FROM "event" WHERE $chosen AND "subject_kind" = 'record'
            AND "type" != 'amendment.annotate'""",
            colours=BAD,
            span=6,
        ),
        Panel(
            "figure",
            "Overridden or bypassed",
            "Inspections that went on although the station would have refused, or with an interlock bypassed.",
            """SELECT count("seq") FROM "inspection" WHERE $chosen AND ("override" != '' OR "bypass" != '')""",
            colours=DOUBTFUL,
            span=6,
        ),
        Panel(
            "figure",
            "Values typed by hand",
            "Not from a gauge, a PLC or a scan.",
            """SELECT count("seq") FROM "measurement" WHERE $chosen AND "capture" = 'typed'""",
            colours=DOUBTFUL,
            span=6,
        ),
        Panel(
            "listing",
            "Amendments",
            "What was changed, of which record, by whom, why, and who approved it.",
            """SELECT "subject", "type", "by", "role", "reason_code", "reason", "approved_by", "attachments", "station",
            "agent", "sha256" FROM "event" WHERE $chosen AND "subject_kind" = 'record' ORDER BY time DESC LIMIT 200""",
            columns="Time: time, subject: record, type: action, by, role, reason_code: code, reason, "
            "approved_by: approved by, attachments, station, agent, sha256: seal",
        ),
        Panel(
            "listing",
            "Events",
            "Clock steps, plan changes, restored spools, lost ranges, approvals.",
            """SELECT "type", "subject_kind", "subject", "subjects", "by", "role", "reason_code", "reason",
            "approved_by", "attachments", "station", "agent" FROM "event" WHERE $chosen AND "subject_kind" != 'record'
            ORDER BY time DESC LIMIT 200""",
            columns="Time: time, type: event, subject_kind: about, subject: which, subjects: also about, by, role, "
            "reason_code: code, reason, approved_by: approved by, attachments, station, agent",
        ),
        Panel(
            "listing",
            "Overrides and bypasses",
            "Who let pass what the station would have refused and why; which bypass of an interlock was in force.",
            """SELECT "serial", "lot", "part", "verdict", "override", "bypass", "unit_state", "operator", "verifier",
            "machine", "shift", "station" FROM "inspection" WHERE $chosen AND ("override" != '' OR "bypass" != '')
            ORDER BY time DESC LIMIT 200""",
            columns="Time: time, station, serial, lot, part, verdict, override, bypass, unit_state: state of the unit, "
            "operator, verifier, machine, shift",
            link=TO_HISTORY,
        ),
        Panel(
            "curve",
            "Events over time",
            "How often each kind came.",
            'SELECT count("seq") FROM "event" WHERE $chosen GROUP BY time($__interval), "type" fill(none)',
            name="$tag_type",
        ),
        Panel(
            "listing",
            "Typed by hand",
            "Values that a person has typed.",
            """SELECT "serial", "characteristic", "class", "text", "typed_twice", "station"
            FROM "measurement" WHERE $chosen AND "capture" = 'typed' ORDER BY time DESC LIMIT 200""",
            columns="Time: time, serial, characteristic, class, text: value, typed_twice: typed twice, station",
            span=12,
        ),
    ),
)

"""Dashboards of what the figures rest on: gauges, data health, audit trail."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard

from gaugetrail_dashboards.influxql import FAILED, PLACE, Target, where
from gaugetrail_dashboards.parts import (
    AMBER,
    BAD_COUNT,
    GREEN,
    RED,
    TO_TRACE,
    bars,
    choice,
    curve,
    figure,
    frame,
    linked,
    listing,
    steps,
)


def gauges() -> Dashboard:
    """Which gauges measured, with which calibration, and what they failed."""
    board = frame("gaugetrail-gauges", "Use of gauges, calibration as it stood, failures.", since="now-7d")
    for tag in PLACE:
        board = board.with_variable(choice(tag, "measurement"))
    board = board.with_variable(choice("gauge", "measurement", PLACE))
    tags = (*PLACE, "gauge")
    some = where(*tags)
    lapsed = where(*tags, also="\"calibration\" != 'valid'")
    return (
        board.with_panel(
            figure(
                "Measurements",
                f'SELECT count("seq") FROM "measurement" WHERE {some}',
                says="Values that the chosen gauges gave.",
                span=8,
            )
        )
        .with_panel(
            figure(
                "With doubtful calibration",
                f'SELECT count("seq") FROM "measurement" WHERE {lapsed}',
                says="Taken while the gauge's calibration was due, overdue, blocked or unknown.",
                colours=BAD_COUNT,
                span=8,
            )
        )
        .with_panel(
            figure(
                "Failed",
                f'SELECT count("seq") FROM "measurement" WHERE {where(*tags, also=FAILED)}',
                says="Values outside their limits.",
                colours=steps((None, GREEN), (1, AMBER)),
                span=8,
            )
        )
        .with_panel(
            listing(
                "Gauges",
                'SELECT count("seq") AS "values", last("calibration") AS "calibration",'
                f' last("calibration_due") AS "due" FROM "measurement" WHERE {some} GROUP BY "gauge"',
                says="Each gauge with its use and its calibration when it last measured.",
                names={"gauge": "gauge", "values": "values", "calibration": "calibration", "due": "due"},
                hidden=["Time"],
                span=12,
            )
        )
        .with_panel(
            bars(
                "Failed by gauge",
                f'SELECT count("seq") AS "failed" FROM "measurement" WHERE {where(*tags, also=FAILED)}'
                ' GROUP BY "gauge"',
                says="A gauge that fails alone may be the gauge's fault.",
                by="gauge",
                count="failed",
            )
        )
        .with_panel(
            curve(
                "Use over time",
                Target(
                    f'SELECT count("seq") FROM "measurement" WHERE {some} GROUP BY time($__interval), "gauge" fill(0)',
                    alias="$tag_gauge",
                ),
                says="Values in each interval.",
                span=24,
            )
        )
        .with_panel(
            linked(
                listing(
                    "Taken with doubtful calibration",
                    'SELECT "serial", "gauge", "calibration", "calibration_due", "characteristic", "text", "station"'
                    f' FROM "measurement" WHERE {lapsed} ORDER BY time DESC LIMIT 200',
                    says="The units to look at again.",
                    names={
                        "Time": "time",
                        "serial": "serial",
                        "gauge": "gauge",
                        "calibration": "calibration",
                        "calibration_due": "due",
                        "characteristic": "characteristic",
                        "text": "value",
                        "station": "station",
                    },
                ),
                "serial",
                "its history",
                TO_TRACE,
            )
        )
    )


def health() -> Dashboard:
    """Is everything arriving?"""
    board = frame(
        "gaugetrail-health",
        "Agents, spools, gaps, what is set aside, the series budget.",
        since="now-3h",
        refresh="10s",
    ).with_variable(choice("agent", "agent", ()))
    some = where("agent")
    return (
        board.with_panel(
            figure(
                "Agents offline",
                'SELECT count("online") - sum("online") FROM (SELECT last("online") AS "online" FROM "agent"'
                f' WHERE {some} GROUP BY "agent")',
                says="Line PCs that have said goodbye or whose connection died.",
                colours=BAD_COUNT,
            )
        )
        .with_panel(
            figure(
                "Devices down",
                'SELECT sum("down") FROM (SELECT last("devices_down") AS "down" FROM "agent"'
                f' WHERE {some} GROUP BY "agent")',
                says="Gauges, PLCs and scanners that don't answer; the agents try on.",
                colours=BAD_COUNT,
            )
        )
        .with_panel(
            figure(
                "Oldest waiting record",
                f'SELECT max("oldest") FROM (SELECT last("oldest_secs") AS "oldest" FROM "agent" WHERE {some}'
                ' GROUP BY "agent")',
                says="Age of the oldest record without a receipt.",
                unit="s",
                colours=steps((None, GREEN), (60, AMBER), (3600, RED)),
            )
        )
        .with_panel(
            figure(
                "Gaps",
                'SELECT sum("gaps") FROM (SELECT last("gaps") AS "gaps" FROM "collector" WHERE $timeFilter'
                ' GROUP BY "collector")',
                says="Ranges of numbers that are missing in the store and have been asked for again.",
                colours=BAD_COUNT,
            )
        )
        .with_panel(
            figure(
                "Set aside",
                'SELECT sum("aside") FROM (SELECT last("set_aside") AS "aside" FROM "collector" WHERE $timeFilter'
                ' GROUP BY "collector")',
                says="Kept with bytes and reason; gaugetrail-collector set-aside ls lists it.",
                colours=BAD_COUNT,
            )
        )
        .with_panel(
            figure(
                "Forks",
                'SELECT sum("forks") FROM (SELECT last("forks") AS "forks" FROM "collector" WHERE $timeFilter'
                ' GROUP BY "collector")',
                says="The same identity with two seals: two line PCs share an id, or somebody has rewritten a spool.",
                colours=BAD_COUNT,
            )
        )
        .with_panel(
            curve(
                "Records waiting",
                Target(
                    f'SELECT max("waiting") FROM "agent" WHERE {some} GROUP BY time($__interval), "agent" fill(none)',
                    alias="$tag_agent",
                ),
                says="Spool depth of each agent. It rises in an outage and must fall afterwards.",
            )
        )
        .with_panel(
            curve(
                "Commit to receipt",
                Target(
                    f'SELECT max("receipt_p99_ms") FROM "agent" WHERE {some}'
                    ' GROUP BY time($__interval), "agent" fill(none)',
                    alias="$tag_agent p99",
                ),
                says="From the spool's commit to the collector's receipt, as each agent has seen it lately.",
                unit="ms",
            )
        )
        .with_panel(
            curve(
                "Records stored",
                Target(
                    'SELECT non_negative_derivative(max("records"), 1s) FROM "collector" WHERE $timeFilter'
                    ' GROUP BY time($__interval), "collector" fill(none)',
                    alias="$tag_collector",
                ),
                says="What each collector stores in a second.",
                unit="cps",
            )
        )
        .with_panel(
            curve(
                "Series budget",
                Target(
                    'SELECT max("tag_values"), max("tag_budget") FROM "collector" WHERE $timeFilter'
                    ' GROUP BY time($__interval), "collector" fill(none)',
                    alias="$tag_collector $col",
                ),
                says="Tag values in use beside their bound; what would pass it is set aside.",
            )
        )
        .with_panel(
            listing(
                "Agents",
                'SELECT last("online") AS "online", last("waiting") AS "waiting", last("clock_text") AS "clock",'
                ' last("devices_up") AS "up", last("devices_down") AS "down", last("version_text") AS "version"'
                f' FROM "agent" WHERE {some} GROUP BY "agent"',
                says="Each line PC as it was last heard.",
                names={
                    "agent": "agent",
                    "online": "online",
                    "waiting": "waiting",
                    "clock": "clock",
                    "up": "devices up",
                    "down": "devices down",
                    "version": "version",
                },
                hidden=["Time"],
                span=12,
            )
        )
        .with_panel(
            listing(
                "Devices",
                'SELECT last("up") AS "up", last("readings") AS "readings", last("garbled") AS "garbled"'
                f' FROM "device" WHERE {some} GROUP BY "agent", "device"',
                says="Each device as its agent sees it.",
                names={"agent": "agent", "device": "device", "up": "up", "readings": "readings", "garbled": "garbled"},
                hidden=["Time"],
                span=12,
            )
        )
        .with_panel(
            curve(
                "Records with an untrusted clock",
                Target(
                    'SELECT count("seq") FROM "inspection" WHERE '
                    + where("agent", also="\"clock\" != 'synced'")
                    + ' GROUP BY time($__interval), "agent" fill(0)',
                    alias="$tag_agent",
                ),
                says="Order is by number and not in danger; their times may be wrong.",
                span=24,
            )
        )
    )


def audit() -> Dashboard:
    """What was changed, by whom, and with whose approval."""
    board = frame("gaugetrail-audit", "Amendments, events, values typed by hand.", since="now-30d", refresh="")
    for tag in PLACE:
        board = board.with_variable(choice(tag, "event"))
    some = where(*PLACE)
    amended = where(*PLACE, also="\"subject_kind\" = 'record'")
    typed_in = where(*PLACE, also="\"capture\" = 'typed'")
    return (
        board.with_panel(
            figure(
                "Amendments",
                f'SELECT count("seq") FROM "event" WHERE {amended}',
                says="Corrections; the originals stand.",
                span=8,
            )
        )
        .with_panel(
            figure(
                "Without approval",
                f'SELECT count("approved") - sum("approved") FROM "event" WHERE {amended}',
                says="Amendments that nobody has approved.",
                colours=BAD_COUNT,
                span=8,
            )
        )
        .with_panel(
            figure(
                "Values typed by hand",
                f'SELECT count("seq") FROM "measurement" WHERE {typed_in}',
                says="Not from a gauge, a PLC or a scan.",
                colours=steps((None, GREEN), (1, AMBER)),
                span=8,
            )
        )
        .with_panel(
            listing(
                "Amendments",
                'SELECT "subject", "type", "reason", "approved_by", "station", "agent", "sha256"'
                f' FROM "event" WHERE {amended} ORDER BY time DESC LIMIT 200',
                says="What was changed, of which record, why, and who approved it.",
                names={
                    "Time": "time",
                    "subject": "record",
                    "type": "action",
                    "reason": "reason",
                    "approved_by": "approved by",
                    "station": "station",
                    "agent": "agent",
                    "sha256": "seal",
                },
            )
        )
        .with_panel(
            listing(
                "Events",
                'SELECT "type", "subject_kind", "subject", "station", "agent" FROM "event" WHERE '
                + where(*PLACE, also="\"subject_kind\" != 'record'")
                + " ORDER BY time DESC LIMIT 200",
                says="Clock steps, plan changes, restored spools, lost ranges, approvals.",
                names={
                    "Time": "time",
                    "type": "event",
                    "subject_kind": "about",
                    "subject": "which",
                    "station": "station",
                    "agent": "agent",
                },
            )
        )
        .with_panel(
            curve(
                "Events over time",
                Target(
                    f'SELECT count("seq") FROM "event" WHERE {some} GROUP BY time($__interval), "type" fill(none)',
                    alias="$tag_type",
                ),
                says="How often each kind came.",
            )
        )
        .with_panel(
            listing(
                "Typed by hand",
                'SELECT "serial", "characteristic", "text", "station" FROM "measurement" WHERE '
                + typed_in
                + " ORDER BY time DESC LIMIT 200",
                says="Values that a person has typed.",
                names={
                    "Time": "time",
                    "serial": "serial",
                    "characteristic": "characteristic",
                    "text": "value",
                    "station": "station",
                },
                span=12,
            )
        )
    )

"""Dashboards of a process: one station live, one characteristic in figures."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.models.dashboard import DataTransformerConfig

from gaugetrail_dashboards.influxql import FAILED, PLACE, Target, where
from gaugetrail_dashboards.parts import (
    INSPECTION_COLUMNS,
    TO_TRACE,
    choice,
    curve,
    frame,
    limits,
    linked,
    listing,
    spread,
    states,
)


def station() -> Dashboard:
    """One station, live."""
    board = frame("gaugetrail-station", "Live measurements against limits, verdicts, cycle time.", since="now-1h")
    for tag in PLACE:
        board = board.with_variable(choice(tag))
    board = board.with_variable(choice("characteristic", "measurement", PLACE))
    here = where(*PLACE)
    values = curve(
        "Measurements: $characteristic",
        Target(
            f'SELECT "value", "lsl", "usl", "nominal" FROM "measurement" WHERE {where(*PLACE, "characteristic")}'
            ' GROUP BY "station", "characteristic"',
            alias="$tag_station $tag_characteristic $col",
        ),
        says="Each value as measured, between the limits that held at that moment.",
        points=True,
        span=24,
    )
    return (
        board.with_panel(
            states(
                "Verdicts",
                f'SELECT "ok" FROM "inspection" WHERE {here} GROUP BY "station"',
                says="One band for each inspection.",
                alias="$tag_station",
            )
        )
        .with_panel(limits(values).repeat("characteristic"))
        .with_panel(
            curve(
                "Cycle time",
                Target(
                    f'SELECT "duration_ms" FROM "inspection" WHERE {here} GROUP BY "station"',
                    alias="$tag_station",
                ),
                says="From the scan of the unit to its record.",
                unit="ms",
                points=True,
            )
        )
        .with_panel(
            curve(
                "Units per hour",
                Target(
                    f'SELECT count("ok") FROM "inspection" WHERE {here} GROUP BY time(1h), "station" fill(0)',
                    alias="$tag_station",
                ),
                says="Inspections in each hour.",
            )
        )
        .with_panel(
            linked(
                listing(
                    "Last inspections",
                    'SELECT "serial", "lot", "attempt", "operator", "duration_ms", "verdict", "part", "plan", "station"'
                    f' FROM "inspection" WHERE {here} ORDER BY time DESC LIMIT 50',
                    says="Newest first; a serial leads to its history.",
                    names=INSPECTION_COLUMNS,
                ),
                "serial",
                "its history",
                TO_TRACE,
            )
        )
    )


def characteristic() -> Dashboard:
    """One characteristic: where its values lie and how they move."""
    tags = (*PLACE, "part", "characteristic")
    board = frame("gaugetrail-characteristic", "Values, limits, histogram and moving range of a characteristic.")
    for tag in PLACE:
        board = board.with_variable(choice(tag))
    board = board.with_variable(choice("part", "measurement", PLACE)).with_variable(
        choice("characteristic", "measurement", (*PLACE, "part"))
    )
    some = where(*tags)
    group = 'GROUP BY "station", "part", "characteristic"'
    name = "$tag_station $tag_part $tag_characteristic"
    moving = curve(
        "Moving range",
        Target(f'SELECT difference("value") FROM "measurement" WHERE {some} {group}', alias=name),
        says="Distance of each value from the one before it.",
        points=True,
    ).with_transformation(
        DataTransformerConfig(
            id_val="calculateField",
            options={"mode": "unary", "unary": {"operator": "abs", "fieldName": ""}, "replaceFields": True},
        )
    )
    values = curve(
        "Values and limits",
        Target(
            f'SELECT "value", "lsl", "usl", "nominal" FROM "measurement" WHERE {some} {group}', alias=f"{name} $col"
        ),
        says="Each value as measured, between the limits that held at that moment.",
        points=True,
        span=24,
    )
    return (
        board.with_panel(
            listing(
                "In figures",
                'SELECT count("value") AS "n", mean("value") AS "mean", stddev("value") AS "s", min("value") AS "min",'
                f' max("value") AS "max", spread("value") AS "range" FROM "measurement" WHERE {some} {group}',
                says="Count, mean, standard deviation and range in the chosen time.",
                hidden=["Time"],
                height=6,
            )
        )
        .with_panel(limits(values))
        .with_panel(
            spread(
                "Histogram",
                f'SELECT "value" FROM "measurement" WHERE {some} {group}',
                says="How often each value came.",
            )
        )
        .with_panel(moving)
        .with_panel(
            listing(
                "Out of tolerance",
                'SELECT "serial", "text", "unit", "lsl", "usl", "gauge", "characteristic", "station"'
                f' FROM "measurement" WHERE {where(*tags, also=FAILED)} ORDER BY time DESC LIMIT 100',
                says="Values outside their limits, with the digits as the gauge gave them.",
                names={
                    "Time": "time",
                    "serial": "serial",
                    "station": "station",
                    "characteristic": "characteristic",
                    "text": "value",
                    "unit": "unit",
                    "lsl": "lower",
                    "usl": "upper",
                    "gauge": "gauge",
                },
            )
        )
    )

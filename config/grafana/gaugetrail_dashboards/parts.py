"""What all dashboards share: the frame with its variables and links, and one function for each kind of panel."""

from __future__ import annotations

from collections.abc import Sequence

from grafana_foundation_sdk.builders import barchart, dashboard, histogram, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.builders.common import ReduceDataOptions, TableSortByFieldState
from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models.dashboard import DataTransformerConfig, DynamicConfigValue, Threshold

from gaugetrail_dashboards.influxql import SOURCE, Target, TargetOf, like

GREEN, AMBER, RED, BLUE = "green", "orange", "red", "blue"
VERDICTS = {"pass": GREEN, "fail": RED, "incomplete": AMBER, "void": "gray"}

TAG_OF = {"site": (), "line": ("site",), "station": ("site", "line"), "part": ("site", "line", "station")}
"""Variable -> the variables that narrow it."""

TITLES = {
    "gaugetrail-plant": "Plant overview",
    "gaugetrail-station": "Station",
    "gaugetrail-characteristic": "Characteristic",
    "gaugetrail-trace": "Traceability",
    "gaugetrail-gauges": "Gauges",
    "gaugetrail-pareto": "Pareto of defects",
    "gaugetrail-health": "Data health",
    "gaugetrail-audit": "Audit trail",
}
"""uid -> title, in the order of the links."""


def frame(uid: str, description: str, *, since: str = "now-8h", refresh: str = "30s") -> dashboard.Dashboard:
    """A dashboard with the links to all others, which keep the time and the chosen values."""
    made = (
        dashboard.Dashboard(TITLES[uid])
        .uid(uid)
        .description(description)
        .tags(["gaugetrail"])
        .time(since, "now")
        .refresh(refresh)
        .timezone("browser")
        .tooltip(model.DashboardCursorSync.CROSSHAIR)
        .readonly()
    )
    link = (
        dashboard.DashboardLink("Gaugetrail")
        .type(model.DashboardLinkType.DASHBOARDS)
        .tags(["gaugetrail"])
        .include_vars(include_vars=True)
        .keep_time(keep_time=True)
    )
    return made.link(link)


def choice(tag: str, measurement: str = "inspection", within: Sequence[str] | None = None) -> dashboard.QueryVariable:
    """A variable of the values that a tag has, narrowed by the ones before it; several or all may be chosen."""
    narrowed = like(*(TAG_OF.get(tag, ()) if within is None else within))
    query = f'SHOW TAG VALUES FROM "{measurement}" WITH KEY = "{tag}"' + (f" WHERE {narrowed}" if narrowed else "")
    return (
        dashboard.QueryVariable(tag)
        .label(tag.replace("_", " "))
        .datasource(SOURCE)
        .query(query)
        .refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(model.VariableSort.ALPHABETICAL_ASC)
        .multi(multi=True)
        .include_all(include_all=True)
        .current(model.VariableOption(text="All", value="$__all", selected=True))
    )


def typed(name: str, label: str) -> dashboard.TextBoxVariable:
    """A variable that a person types or scans in."""
    return dashboard.TextBoxVariable(name).label(label).default_value("")


def steps(*pairs: tuple[float | None, str]) -> dashboard.ThresholdsConfig:
    """Colours from values upwards; the first has no value."""
    return (
        dashboard.ThresholdsConfig()
        .mode(model.ThresholdsMode.ABSOLUTE)
        .steps([Threshold(value=value, color=colour) for value, colour in pairs])
    )


BAD_COUNT = steps((None, GREEN), (1, RED))
"""Green at none, red from one."""

INSPECTION_COLUMNS = {
    "Time": "time",
    "station": "station",
    "serial": "serial",
    "lot": "lot",
    "part": "part",
    "verdict": "verdict",
    "attempt": "attempt",
    "operator": "operator",
    "plan": "plan",
    "duration_ms": "took (ms)",
}


def verdict_colours() -> list[model.ValueMapping]:
    """Verdicts in colour, always with their word."""
    return [
        model.ValueMap(
            options={
                word: model.ValueMappingResult(text=word, color=colour, index=index)
                for index, (word, colour) in enumerate(VERDICTS.items())
            }
        )
    ]


def figure(
    title: str,
    query: str,
    *,
    says: str,
    unit: str = "short",
    colours: dashboard.ThresholdsConfig | None = None,
    calc: str = "lastNotNull",
    span: int = 4,
) -> stat.Panel:
    """One number, coloured by thresholds."""
    return (
        stat.Panel()
        .title(title)
        .description(says)
        .datasource(SOURCE)
        .with_target(TargetOf(Target(query)))
        .unit(unit)
        .thresholds(colours or steps((None, BLUE)))
        .color_mode(common.BigValueColorMode.BACKGROUND_SOLID)
        .graph_mode(common.BigValueGraphMode.NONE)
        .reduce_options(ReduceDataOptions().calcs([calc]))
        .no_value("none")
        .height(4)
        .span(span)
    )


def curve(
    title: str, *targets: Target, says: str, unit: str = "short", span: int = 12, points: bool = False
) -> timeseries.Panel:
    """Values over time; `points` draws what was measured as dots instead of lines."""
    panel = (
        timeseries.Panel()
        .title(title)
        .description(says)
        .datasource(SOURCE)
        .unit(unit)
        .fill_opacity(0 if points else 10)
        .line_width(1)
        .point_size(5)
        .span_nulls(span_nulls=True)
        .draw_style(common.GraphDrawStyle.POINTS if points else common.GraphDrawStyle.LINE)
        .height(9)
        .span(span)
    )
    for target in targets:
        panel = panel.with_target(TargetOf(target))
    return panel


def limits(panel: timeseries.Panel) -> timeseries.Panel:
    """Draw specification limits and nominal as lines, red and green, without dots."""
    for name, colour in (("lsl", RED), ("usl", RED), ("nominal", GREEN)):
        panel = panel.override_by_regexp(
            f".*{name}$",
            [
                DynamicConfigValue(id_val="custom.drawStyle", value="line"),
                DynamicConfigValue(id_val="custom.lineWidth", value=1),
                DynamicConfigValue(id_val="custom.showPoints", value="never"),
                DynamicConfigValue(id_val="custom.lineInterpolation", value="stepAfter"),
                DynamicConfigValue(id_val="color", value={"mode": "fixed", "fixedColor": colour}),
            ],
        )
    return panel


def listing(
    title: str,
    query: str,
    *,
    says: str,
    names: dict[str, str] | None = None,
    hidden: Sequence[str] = (),
    span: int = 24,
    height: int = 9,
    sort: str | None = None,
) -> table.Panel:
    """Rows; `names` gives columns the words that people use, in that order."""
    shown = names or {}
    panel = (
        table.Panel()
        .title(title)
        .description(says)
        .datasource(SOURCE)
        .with_target(TargetOf(Target(query, "table")))
        .with_transformation(
            DataTransformerConfig(
                id_val="organize",
                options={
                    "renameByName": shown,
                    "excludeByName": dict.fromkeys(hidden, True),
                    "indexByName": {name: index for index, name in enumerate(shown)},
                },
            )
        )
        .override_by_name(
            "verdict",
            [
                DynamicConfigValue(id_val="mappings", value=verdict_colours()),
                DynamicConfigValue(id_val="custom.cellOptions", value={"type": "color-text"}),
            ],
        )
        .filterable(filterable=True)
        .height(height)
        .span(span)
    )
    if sort is not None:
        panel = panel.sort_by([TableSortByFieldState().display_name(sort).desc(desc=True)])
    return panel


def linked(panel: table.Panel, column: str, title: str, url: str) -> table.Panel:
    """Make a column lead to another dashboard."""
    link = {"title": title, "url": url, "targetBlank": False}
    return panel.override_by_name(column, [DynamicConfigValue(id_val="links", value=[link])])


TO_TRACE = "/d/gaugetrail-trace?var-identifier=${__value.raw:percentencode}&${__url_time_range}"
"""Where a serial, lot or order leads."""


def bars(title: str, query: str, *, says: str, by: str, count: str, span: int = 12, height: int = 9) -> barchart.Panel:
    """Counts by a word, the greatest first."""
    return (
        barchart.Panel()
        .title(title)
        .description(says)
        .datasource(SOURCE)
        .with_target(TargetOf(Target(query, "table")))
        .with_transformation(DataTransformerConfig(id_val="organize", options={"excludeByName": {"Time": True}}))
        .with_transformation(DataTransformerConfig(id_val="sortBy", options={"sort": [{"field": count, "desc": True}]}))
        .x_field(by)
        .orientation(common.VizOrientation.HORIZONTAL)
        .show_value(common.VisibilityMode.ALWAYS)
        .thresholds(steps((None, RED)))
        .height(height)
        .span(span)
    )


def spread(title: str, query: str, *, says: str, unit: str = "short", span: int = 12) -> histogram.Panel:
    """How often each value came."""
    return (
        histogram.Panel()
        .title(title)
        .description(says)
        .datasource(SOURCE)
        .with_target(TargetOf(Target(query)))
        .bucket_count(30)
        .combine(combine=False)
        .unit(unit)
        .height(9)
        .span(span)
    )


def states(title: str, query: str, *, says: str, alias: str, span: int = 24) -> statetimeline.Panel:
    """1 and 0 over time as coloured bands with their words."""
    return (
        statetimeline.Panel()
        .title(title)
        .description(says)
        .datasource(SOURCE)
        .with_target(TargetOf(Target(query, alias=alias)))
        .mappings(
            [
                model.ValueMap(
                    options={
                        "1": model.ValueMappingResult(text="pass", color=GREEN, index=0),
                        "0": model.ValueMappingResult(text="not passed", color=RED, index=1),
                    }
                )
            ]
        )
        .merge_values(merge_values=False)
        .height(6)
        .span(span)
    )

"""From rows to Grafana's JSON: one function for each kind of panel, and the frame that all dashboards share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from grafana_foundation_sdk.builders import barchart, dashboard, histogram, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.builders.common import ReduceDataOptions, TableSortByFieldState
from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models.dashboard import DataTransformerConfig, DynamicConfigValue, Threshold

from gaugetrail_dashboards.influxql import SOURCE, Target, TargetOf, any_is, like
from gaugetrail_dashboards.rows import AMBER, BLUE, GREEN, RED, Colours, Dashboard, Panel

VERDICTS = {
    "pass": ("pass", GREEN),
    "fail": ("fail", RED),
    "incomplete": ("incomplete", AMBER),
    "void": ("void", "gray"),
}
INSPECTED = {"1": ("pass", GREEN), "0": ("not passed", RED)}
LIMIT_LINES = (
    ("lsl", RED, "solid"),
    ("usl", RED, "solid"),
    ("nominal", GREEN, "solid"),
    ("lcl", AMBER, "dash"),
    ("ucl", AMBER, "dash"),
    ("cl", BLUE, "dash"),
)
"""What a value was held against: specification drawn through, control limits dashed."""


def draw(page: Dashboard) -> dashboard.Dashboard:
    """The page with its variables, its panels, and the links to all others, which keep the time and the choices."""
    link = (
        dashboard.DashboardLink("Gaugetrail")
        .type(model.DashboardLinkType.DASHBOARDS)
        .tags(["gaugetrail"])
        .include_vars(include_vars=True)
        .keep_time(keep_time=True)
    )
    made = (
        dashboard.Dashboard(page.title)
        .uid(page.uid)
        .description(page.says)
        .tags(["gaugetrail"])
        .time(page.since, "now")
        .refresh(page.refresh)
        .timezone("browser")
        .tooltip(model.DashboardCursorSync.CROSSHAIR)
        .readonly()
        .link(link)
    )
    for variable in _variables(page):
        made = made.with_variable(variable)
    chosen = " AND ".join(filter(None, ("$timeFilter", like(*(page.choices if page.chosen is None else page.chosen)))))
    for panel in page.panels:
        query = " ".join(panel.query.split()).replace("$chosen", chosen)
        if page.typed is not None:
            query = query.replace("$typed", any_is(page.typed[0], *panel.typed))
        made = made.with_panel(_panel(panel, query))
    return made


def _variables(page: Dashboard) -> Iterator[dashboard.QueryVariable | dashboard.TextBoxVariable]:
    for number, (tag, measurement) in enumerate(page.choices.items()):
        yield _choice(tag, measurement, like(*list(page.choices)[:number]))
    if page.typed is not None:
        name, label = page.typed
        yield dashboard.TextBoxVariable(name).label(label).default_value("")


def _choice(tag: str, measurement: str, narrowed: str) -> dashboard.QueryVariable:
    """A variable of the values that a tag has; several or all may be chosen."""
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


# The library's panels are alike and share no type, so what is the same for all of them is typed no closer.
Drawn = Any


def _panel(row: Panel, query: str) -> Drawn:
    make, form, span, height = KINDS[row.kind]
    panel = (
        make(row)
        .title(row.title)
        .description(row.says)
        .datasource(SOURCE)
        .with_target(TargetOf(Target(query, form, row.name)))
        .span(row.span or span)
        .height(row.height or height)
    )
    return panel if row.repeat is None else panel.repeat(row.repeat)


def _figure(row: Panel) -> Drawn:
    return (
        stat.Panel()
        .unit(row.unit)
        .thresholds(_steps(row.colours))
        .color_mode(common.BigValueColorMode.BACKGROUND_SOLID)
        .graph_mode(common.BigValueGraphMode.NONE)
        .reduce_options(ReduceDataOptions().calcs(["lastNotNull"]))
        .no_value("none")
    )


def _steps(colours: Colours) -> dashboard.ThresholdsConfig:
    steps = [Threshold(value=value, color=colour) for value, colour in colours]
    return dashboard.ThresholdsConfig().mode(model.ThresholdsMode.ABSOLUTE).steps(steps)


def _curve(row: Panel) -> Drawn:
    panel = (
        timeseries.Panel()
        .unit(row.unit)
        .fill_opacity(0 if row.points else 10)
        .line_width(1)
        .point_size(5)
        .span_nulls(span_nulls=True)
        .draw_style(common.GraphDrawStyle.POINTS if row.points else common.GraphDrawStyle.LINE)
    )
    if row.distances:
        unary = {"operator": "abs", "fieldName": ""}
        panel = panel.with_transformation(
            _transformation("calculateField", mode="unary", unary=unary, replaceFields=True)
        )
    for name, colour, stroke in LIMIT_LINES if row.limits else ():
        panel = panel.override_by_regexp(f".* {name}$", _limit_line(colour, stroke))
    return panel


def _limit_line(colour: str, stroke: str) -> list[DynamicConfigValue]:
    """A line in steps, without dots."""
    return [
        DynamicConfigValue(id_val="custom.drawStyle", value="line"),
        DynamicConfigValue(id_val="custom.lineWidth", value=1),
        DynamicConfigValue(id_val="custom.lineStyle", value={"fill": stroke}),
        DynamicConfigValue(id_val="custom.showPoints", value="never"),
        DynamicConfigValue(id_val="custom.lineInterpolation", value="stepAfter"),
        DynamicConfigValue(id_val="color", value={"mode": "fixed", "fixedColor": colour}),
    ]


def _listing(row: Panel) -> Drawn:
    """The time of a row is shown where `columns` names it."""
    names = _columns(row.columns)
    hidden = {} if "Time" in names else {"Time": True}
    places = {name: place for place, name in enumerate(names)}
    panel = (
        table.Panel()
        .with_transformation(_transformation("organize", renameByName=names, excludeByName=hidden, indexByName=places))
        .override_by_name(
            "verdict",
            [
                DynamicConfigValue(id_val="mappings", value=[_words(VERDICTS)]),
                DynamicConfigValue(id_val="custom.cellOptions", value={"type": "color-text"}),
            ],
        )
        .filterable(filterable=True)
    )
    if row.sort is not None:
        panel = panel.sort_by([TableSortByFieldState().display_name(row.sort).desc(desc=True)])
    if row.link is not None:
        column, title, url = row.link
        links = [{"title": title, "url": url, "targetBlank": False}]
        panel = panel.override_by_name(column, [DynamicConfigValue(id_val="links", value=links)])
    return panel


def _columns(text: str) -> dict[str, str]:
    """`lsl: lower, station` -> the store's name of each column and the one that people use."""
    pairs = [one.partition(": ") for one in text.split(", ") if one]
    return {name: words or name for name, _, words in pairs}


def _bars(row: Panel) -> Drawn:
    by, count = _columns(row.columns)
    return (
        barchart.Panel()
        .with_transformation(_transformation("organize", excludeByName={"Time": True}))
        .with_transformation(_transformation("sortBy", sort=[{"field": count, "desc": True}]))
        .x_field(by)
        .orientation(common.VizOrientation.HORIZONTAL)
        .show_value(common.VisibilityMode.ALWAYS)
        .thresholds(_steps(((None, RED),)))
    )


def _spread(row: Panel) -> Drawn:
    return histogram.Panel().bucket_count(30).combine(combine=False).unit(row.unit)


def _states(_: Panel) -> Drawn:
    return statetimeline.Panel().mappings([_words(INSPECTED)]).merge_values(merge_values=False)


def _words(found: dict[str, tuple[str, str]]) -> model.ValueMapping:
    """Values as words in colour."""
    options = {
        value: model.ValueMappingResult(text=word, color=colour, index=index)
        for index, (value, (word, colour)) in enumerate(found.items())
    }
    return model.ValueMap(options=options)


def _transformation(kind: str, **options: object) -> DataTransformerConfig:
    return DataTransformerConfig(id_val=kind, options=options)


KINDS: dict[str, tuple[Callable[[Panel], Drawn], Any, int, int]] = {
    "figure": (_figure, "time_series", 4, 4),
    "curve": (_curve, "time_series", 12, 9),
    "listing": (_listing, "table", 24, 9),
    "bars": (_bars, "table", 12, 9),
    "spread": (_spread, "time_series", 12, 9),
    "states": (_states, "time_series", 24, 6),
}
"""Kind -> how it is drawn, the form that its data comes in, its usual span and height."""

"""What a dashboard is made of, as data: a `Panel` is one row of a `Dashboard`. `draw` makes Grafana's JSON of it.

In a query `$chosen` stands for the time and the values of the dashboard's variables that a viewer has chosen, `$typed`
for what a person typed in, held against the panel's own names; all else is InfluxQL as Grafana sends it, line breaks
taken out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

GREEN, AMBER, RED, BLUE = "green", "orange", "red", "blue"
Colours = tuple[tuple[float | None, str], ...]
"""Colours from values upwards; the first has no value."""
PLAIN: Colours = ((None, BLUE),)
BAD: Colours = ((None, GREEN), (1, RED))
"""Green at none, red from one."""
DOUBTFUL: Colours = ((None, GREEN), (1, AMBER))
PLACE = ("site", "line", "station")

TO_TRACE = "/d/gaugetrail-trace?var-identifier=${__value.raw:percentencode}&${__url_time_range}"
TO_HISTORY = ("serial", "its history", TO_TRACE)
INSPECTIONS = (
    "Time: time, station, serial, lot, part, verdict, attempt, operator, machine, operation, shift, order, customer, "
    "plan, duration_ms: took (ms)"
)


@dataclass(frozen=True)
class Panel:
    """One panel. What its kind has no use for is left out.

    - `figure`: one number on `colours`
    - `curve`: values over time, as lines or `points`, with the `limits` that they were held against; `name` is each
      series' own, and its last word that of the column where there are limits
    - `listing`: a table; `columns` says in which order, and in whose words: `lsl: lower`
    - `bars`: counts by a word, the greatest first; `columns` names the word and the count
    - `spread`: how often each value came
    - `states`: 1 and 0 over time as bands
    """

    kind: Literal["figure", "curve", "listing", "bars", "spread", "states"]
    title: str
    says: str
    query: str
    name: str = ""
    columns: str = ""
    unit: str = "short"
    colours: Colours = PLAIN
    span: int | None = None
    """Of 24; left out: as its kind usually has it. So is `height`."""
    height: int | None = None
    sort: str | None = None
    link: tuple[str, str, str] | None = None
    """A column that leads on: its name, the link's title and address."""
    points: bool = False
    limits: bool = False
    distances: bool = False
    """Signs are taken away."""
    typed: tuple[str, ...] = ()
    """Fields or tags of which one is what was typed: what `$typed` means."""
    repeat: str | None = None
    """A variable: a panel for each of its chosen values."""


LAST_INSPECTIONS = Panel(
    "listing",
    "Last inspections",
    "Newest first; a serial leads to its history.",
    """SELECT "serial", "lot", "attempt", "operator", "machine", "operation", "shift", "order", "customer",
    "duration_ms", "verdict", "part", "plan", "station" FROM "inspection" WHERE $chosen ORDER BY time DESC LIMIT 50""",
    columns=INSPECTIONS,
    link=TO_HISTORY,
)


@dataclass(frozen=True)
class Dashboard:
    """One page. `choices` are its variables, each with the measurement that has its values, narrowed by those before
    it; `chosen` are those that `$chosen` means, all where it is left out.
    """

    uid: str
    title: str
    says: str
    panels: tuple[Panel, ...]
    choices: Mapping[str, str] = field(default_factory=dict)
    chosen: tuple[str, ...] | None = None
    typed: tuple[str, str] | None = None
    """A variable that a person types or scans in: its name and label."""
    since: str = "now-8h"
    refresh: str = "30s"

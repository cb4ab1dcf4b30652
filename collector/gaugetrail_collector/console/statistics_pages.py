"""Statistics in the console: a page of one characteristic, and every kind under `/api/stats`.

Promise: the numbers are those of the command (`gaugetrail-collector stats`), by the same options and names, over the
console's own store. A question reads at most `MOST_RECORDS` records, so that other questions get their turn; files are
for the command alone. What is refused, and a library that isn't installed, are one sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import HTMLResponse

from gaugetrail_collector.console.chart_picture import picture
from gaugetrail_collector.console.facts import Facts
from gaugetrail_collector.statistics.kinds import Unasked, ask, kinds, parsed
from gaugetrail_collector.statistics.recorded_limits import RECORDED
from gaugetrail_collector.stores import Store
from gaugetrail_contract.escapes import visible
from gaugetrail_statistics.refusing import Refused

MOST_RECORDS = 50_000
NOT_HERE = frozenset({"data", "config", "c", "json", "help", "svg", "png", "pdf", "record"})
"""Options that read or write files, or are the command's own."""
USUAL_TIME = "30d"
_OPTION = re.compile(r"[a-z][a-z-]{0,40}")
Field = Annotated[str, Query(max_length=200)]


@dataclass(frozen=True, slots=True)
class HeldStretch:
    """A version of limits, and the points that their records were judged by it."""

    version: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class ShownStudy:
    """What the page shows of one characteristic."""

    chart: dict[str, Any] | None = None
    svg: str = ""
    versions: Sequence[HeldStretch] = ()
    capability: dict[str, Any] | None = None
    trouble: str | None = None
    no_capability: str | None = None


def router(facts: Facts) -> APIRouter:
    """The page and the answers."""
    made = APIRouter()

    @made.get("/statistics", include_in_schema=False)
    def page(
        characteristic: Field = "",
        part: Field = "",
        station: Field = "",
        since: Field = USUAL_TIME,
        until: Field = "",
        limits: Field = "",
        *,
        anyway: bool = False,
    ) -> HTMLResponse:
        form = {"characteristic": characteristic, "part": part, "station": station, "since": since, "until": until}
        form["limits"] = RECORDED if limits == RECORDED else ""
        study = _study(facts, form, anyway=anyway) if characteristic else ShownStudy()
        html = facts.page("statistics.html", "statistics", form=form, study=study)
        return HTMLResponse(html, 400 if study.trouble else 200)

    @made.get(
        "/api/stats/{kind}",
        summary="Statistics of a characteristic: the command's kinds, options and names",
        responses={400: {"description": "no such question, or refused in one sentence"}},
    )
    def stats(kind: str, request: Request) -> dict[str, Any]:
        if kind not in kinds():
            raise HTTPException(404, f"no kind of statistics is called {visible(kind[:60])!r}; there are {_listed()}")
        try:
            return facts.questions.ask(lambda store: _asked(store, kind, words_of(request.query_params.multi_items())))
        except (Refused, Unasked) as error:
            raise HTTPException(400, visible(str(error))[:500]) from error
        except ModuleNotFoundError as error:
            raise HTTPException(503, _lacking(error)) from error

    return made


def words_of(items: Iterable[tuple[str, str]]) -> list[str]:
    """An address' fields as the command's options; a field without a value is a switch. Raises `Unasked`."""
    words = []
    for name, value in items:
        if not _OPTION.fullmatch(name):
            raise Unasked(f"{name[:60]!r} is no option")
        if name in NOT_HERE:
            raise Unasked(f"--{name} is for the command line only")
        words.append(f"--{name}={value}" if value else f"--{name}")
    return words


def _asked(store: Store, kind: str, words: list[str]) -> dict[str, Any]:
    args = parsed(kind, words)
    if hasattr(args, "store"):
        args.store, args.most_records = store, MOST_RECORDS
    return ask(kind, args)


def _study(facts: Facts, form: dict[str, str], *, anyway: bool) -> ShownStudy:
    where = [f"--where={name}={form[name]}" for name in ("part", "station") if form[name]]
    time = [f"--{name}={form[name]}" for name in ("since", "until") if form[name]]
    words = [f"--characteristic={form['characteristic']}", *where, *time]
    held = [f"--limits={RECORDED}"] if form["limits"] else []
    try:
        chart = facts.questions.ask(lambda store: _asked(store, "chart", ["--type=imr", *held, *words]))
    except (Refused, Unasked) as error:
        return ShownStudy(trouble=str(error))
    svg = picture(chart["charts"]["i"], form["characteristic"])
    versions = held_stretches(chart["charts"]["i"]["points"])
    limits = ["--lsl=lsl", "--usl=usl", *(["--anyway"] if anyway else [])]
    try:
        found = facts.questions.ask(lambda store: _asked(store, "capability", [*words, *limits]))
    except (Refused, Unasked) as error:
        return ShownStudy(chart, svg, versions, no_capability=str(error))
    except ModuleNotFoundError as error:
        return ShownStudy(chart, svg, versions, no_capability=_lacking(error))
    return ShownStudy(chart, svg, versions, found)


def held_stretches(points: Sequence[Mapping[str, Any]]) -> list[HeldStretch]:
    """The versions in the points' order; the same one again where another held in between."""
    found = []
    for version, own in groupby(points, key=lambda point: point["limits_version"]):
        if version is not None:
            part = list(own)
            found.append(HeldStretch(version, part[0]["at"], part[-1]["at"]))
    return found


def _listed() -> str:
    return ", ".join(kinds())


def _lacking(error: ModuleNotFoundError) -> str:
    return f"the collector lacks {error.name}: pip install 'gaugetrail[statistics]' brings it"

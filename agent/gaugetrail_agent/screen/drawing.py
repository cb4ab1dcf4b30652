"""Snapshots as HTML, in the words of whoever is at the station. Only this module of the agent meets Jinja2.

Promise: every string that a template prints shows control characters and invisible signs as escapes and is then escaped
for HTML, whatever the template's author remembers. The page's parts are drawn apart, so that a button under somebody's
finger is replaced only when the buttons change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from gaugetrail_agent.screen.pictures import picture_of
from gaugetrail_agent.screen.run_chart import run_chart
from gaugetrail_agent.seen.snapshot import SIGNS, Looked, Snapshot
from gaugetrail_agent.seen.wall_clock import to_the_minute, to_the_minute_of_its_day
from gaugetrail_agent.seen.words import PageWords, page_words
from gaugetrail_agent.station.workflow.commands import COMMANDS
from gaugetrail_contract.documents.head import spoken_in
from gaugetrail_contract.escapes import visible

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class PageFacts:
    """What a page is made with beside the snapshot: which agent's, and what lets its buttons in."""

    agent: str
    version: str
    token: str
    pictures: Path | None = None


class Drawing:
    """The templates, compiled once."""

    def __init__(self, facts: PageFacts) -> None:
        self._facts = facts
        made = Environment(
            loader=FileSystemLoader(FOLDER / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=_finalize,
        )
        made.filters["sign"] = SIGNS.__getitem__
        made.filters["wall"] = to_the_minute
        made.filters["day_and_wall"] = to_the_minute_of_its_day
        made.filters["as_sent"] = _as_sent
        made.globals |= {"chart": _chart, "has_picture": self._has_picture, "commands": COMMANDS, "spoken": _spoken}
        self._page = made.get_template("page.html")
        self._parts = made.get_template("parts.html")
        self._stations = made.get_template("stations.html")

    def page(self, station: str, seen: Snapshot | None, told: int) -> str:
        """The whole page; its parts are empty until the station has shown something."""
        words = page_words(()) if seen is None else page_words(seen.speaks)
        parts = Markup("") if seen is None else Markup(self.parts(seen, told))  # noqa: S704 (our own template's)
        return self._page.render(station=station, parts=parts, facts=self._facts, _=words.text, lang=words.code)

    def parts(self, seen: Snapshot, told: int) -> str:
        """What changes of it. `told` counts what was said, so that the same word is heard again when it is new."""
        words = page_words(seen.speaks)
        return self._parts.render(seen=seen, told=told, words=words, _=words.text, n=words.number, lang=words.code)

    def _has_picture(self, seen: Snapshot, one: Looked) -> bool:
        return seen.plan is not None and picture_of(self._facts.pictures, seen.plan.id, one.name) is not None

    def stations(self, names: tuple[str, ...]) -> str:
        """Which stations there are."""
        words = page_words(())
        return self._stations.render(names=names, facts=self._facts, _=words.text, lang=words.code)


def _chart(seen: Snapshot, words: PageWords) -> Markup:
    of: Looked | None = seen.charted
    if of is None:
        return Markup("")
    title = words.text("Last %(count)s values of %(what)s", count=len(seen.made.values), what=visible(of.title))
    lines = [("spec", of.lsl), ("spec", of.usl), ("control", of.lcl), ("control", of.ucl), ("nominal", of.nominal)]
    return Markup(run_chart(seen.made.values, lines, title))  # noqa: S704 (drawn of numbers; the title is escaped there)


def _spoken(seen: Snapshot, words: Mapping[str, str]) -> str:
    """What a document says, in the first language of whoever is here that it speaks."""
    codes = (code for code in seen.speaks if code is not None)
    mine = (code for code in codes if code in words or code.partition("-")[0] in words)
    return spoken_in(words, next(mine, None))


def _as_sent(text: str) -> Markup:
    """What a button sends: as it is, and not as it is shown."""
    return escape(text)


def _finalize(value: object) -> object:
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value

"""The options by which records are asked for, shared by `trace` and `export`: identifiers and time, checked at entry.

What can't be an identifier or a time is refused in one sentence; everything else is taken literally.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, tzinfo
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import typer

from gaugetrail_collector.stores.question import Asked, Position, position_of
from gaugetrail_collector.tracing.time_words import window_of
from gaugetrail_collector.tracing.trace import KINDS, Question
from gaugetrail_contract.clock import WallClock
from gaugetrail_contract.suggestions import did_you_mean
from gaugetrail_contract.text import refuse_identifier
from gaugetrail_service.cli import fail

Wanted = Annotated[str | None, typer.Option(metavar="ID")]
Since = Annotated[str | None, typer.Option(help="from then on: 2026-11-01, 2026-11-01T06:00+01:00, or 30d ago")]
Until = Annotated[str | None, typer.Option(help="before then; a time without offset is UTC, or of --zone")]
Last = Annotated[str | None, typer.Option(help="the last 30d, 12h, 45m …")]
Limit = Annotated[int | None, typer.Option(min=1, help="at most so many records")]
ZoneName = Annotated[
    str | None, typer.Option("--zone", metavar="ZONE", help="times in a zone such as Europe/Berlin; otherwise UTC")
]
Raw = Annotated[
    bool, typer.Option("--raw", help="CSV for programs: cells as they are, also those that a spreadsheet would obey")
]
After = Annotated[str | None, typer.Option(help="go on behind the place that the answer before ended with")]


def question_of(
    wanted: Mapping[str, str | None],
    since: str | None,
    until: str | None,
    last: str | None,
    identifier: str | None = None,
    kind: str | None = None,
    zone: tzinfo = UTC,
) -> Question:
    """The question that the options ask; ends the command where they make no sense."""
    if kind is not None and kind not in KINDS:
        hint = did_you_mean(kind, KINDS)
        raise fail(f"{kind!r} is no kind of identifier{hint}; there are {', '.join(sorted(KINDS))}")
    terms = [Asked(kind, identifier)] if identifier is not None else []
    terms += [Asked(name, value) for name, value in wanted.items() if value is not None]
    for term in terms:
        reason = refuse_identifier(term.identifier)
        if reason is not None:
            raise fail(f"{term.identifier!r} can't be an identifier: {reason}")
    try:
        return Question(tuple(terms), window_of(since, until, last, WallClock().now_us(), zone))
    except ValueError as error:
        raise fail(str(error)) from error


def zone_of(name: str | None) -> tzinfo:
    """The zone that `--zone` names, UTC where it isn't given; ends the command for a name that is none."""
    if name is None:
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        hint = did_you_mean(name, available_timezones())
        raise fail(f"{name!r} is no time zone{hint}; write it as Europe/Berlin or America/Chicago", 2) from error


def place_of(after: str | None) -> Position | None:
    """The place that `--after` names; ends the command for any other text."""
    try:
        return None if after is None else position_of(after)
    except ValueError as error:
        raise fail(str(error)) from error


def in_words(question: Question) -> str:
    """`lot 'L7', gauge 'G-1' since …` for messages."""
    words = [f"{term.kind or ''} {term.identifier!r}".strip() for term in question.terms]
    window = question.window
    if window.since_us is not None or window.until_us is not None:
        words.append("in that time")
    return ", ".join(words) or "anything"

"""The forms in which `trace` prints an answer: JSON, CSV, tables, trees. All stream, page by page."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import tzinfo

from rich.console import Console

from gaugetrail_collector.tracing import gauge_trace, record_rows, trace_tables
from gaugetrail_collector.tracing.csv_cells import CsvRows
from gaugetrail_collector.tracing.gauge_trace import Measured
from gaugetrail_collector.tracing.genealogy import Family
from gaugetrail_collector.tracing.trace import Known, Page, Question, inspection_of
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.counts import counted
from gaugetrail_contract.record import Amendment, Event
from gaugetrail_service.cli import say

WIDTH = 140
"""Of tables that are not printed on a terminal."""


def console() -> Console:
    """Standard output with markup off."""
    shown = Console(markup=False, highlight=False, emoji=False)
    return shown if shown.is_terminal else Console(markup=False, highlight=False, emoji=False, width=WIDTH)


class Rest:
    """What is told at the end of an answer: events, amendments, and where the next answer begins."""

    def __init__(self) -> None:
        self.events: dict[str, Known] = {}
        self.amendments: dict[str, Known] = {}
        self.next: str | None = None

    def take(self, page: Page) -> Page:
        """Keep what the page has of it."""
        self.events |= {one.id: one for one in page.known if isinstance(one.record, Event)}
        self.amendments |= {one.id: one for one in page.known if isinstance(one.record, Amendment)}
        self.amendments |= {one.id: one for one in page.amendments}
        self.next = None if page.next is None else str(page.next)
        return page

    def as_json(self) -> dict[str, object]:
        """For programs."""
        amendments = list(self.amendments.values())
        return {
            "events": [one.as_json(amendments) for one in self.events.values()],
            "amendments": [one.as_json(amendments) for one in amendments],
            "next": self.next,
        }

    def tell(self) -> None:
        """For people, where the answer goes on."""
        if self.next is not None:
            say(f"there is more: repeat with --after '{self.next}', or with a larger --limit")


def _head(question: Question) -> dict[str, object]:
    terms, window = question.terms, question.window
    found: dict[str, object] = {"identifier": terms[0].identifier if terms else None}
    if terms and terms[0].kind is not None:
        found["kind"] = terms[0].kind
    if len(terms) > 1:
        found["and"] = [{"kind": term.kind, "identifier": term.identifier} for term in terms[1:]]
    for name, moment in (("since", window.since_us), ("until", window.until_us)):
        if moment is not None:
            found[name] = utc_text(moment)
    return found


def _print_object(
    head: dict[str, object], name: str, items: Iterable[object], tail: Callable[[], dict[str, object]]
) -> None:
    """One JSON object on one line, its long list written as it comes; `tail` is asked once that has ended."""
    out = sys.stdout
    out.write(f"{json.dumps(head, ensure_ascii=False)[:-1]}, {json.dumps(name)}: [")
    for number, item in enumerate(items):
        out.write((", " if number else "") + json.dumps(item, ensure_ascii=False))
    out.write(f"], {json.dumps(tail(), ensure_ascii=False)[1:]}\n")


def json_object(pages: Iterable[Page], question: Question, more: Callable[[], dict[str, object]] = dict) -> None:
    """`inspections`, then the rest, and whatever more is asked for."""
    rest = Rest()
    items = (
        one.as_json(page.amendments)
        for page in map(rest.take, pages)
        for one in page.known
        if one.record is None or inspection_of(one) is not None
    )
    _print_object(_head(question), "inspections", items, lambda: rest.as_json() | more())


def csv_rows(pages: Iterable[Page], zone: tzinfo, *, raw: bool) -> None:
    """A heading, then one row a measurement."""
    written, rest = CsvRows(sys.stdout, raw=raw), Rest()
    for page in map(rest.take, pages):
        written.write(record_rows.rows(page.known, page.amendments, zone))
    if rest.next is not None:
        print(f"there is more: repeat with --after '{rest.next}'", file=sys.stderr)


def tables(pages: Iterable[Page], zone: tzinfo) -> None:
    """Tables as they come."""
    out, rest = console(), Rest()
    for page in map(rest.take, pages):
        for shown in trace_tables.tables(page, zone):
            out.print(shown)
    rest.tell()


def gauge(pages: Iterable[Page], question: Question, name: str, zone: tzinfo, *, as_json: bool) -> None:
    """What was measured with the gauge, with margins, in order of time; then how many units, and how many failed."""
    rest, tally = Rest(), Tally()
    _gauge(_tallied(pages, name, rest, tally), question, rest, tally, zone, as_json=as_json)


def gauge_closest(
    pages: Iterable[Page], question: Question, name: str, most: int | None, zone: tzinfo, *, as_json: bool
) -> None:
    """The same, the failed and the close ones first, `most` of them shown; the counts are of all that was measured."""
    rest, tally = Rest(), Tally()
    closest = gauge_trace.closest_first(_tallied(pages, name, rest, tally), most)
    _gauge(closest, question, rest, tally, zone, as_json=as_json)
    if len(closest) < tally.measurements and not as_json:
        say(f"shown are the {len(closest)} closest; a larger --limit shows more")


def _tallied(pages: Iterable[Page], name: str, rest: Rest, tally: Tally) -> Iterator[Measured]:
    return (tally.take(one) for page in map(rest.take, pages) for one in gauge_trace.measured_with(name, page))


def _gauge(
    measured: Iterable[Measured], question: Question, rest: Rest, tally: Tally, zone: tzinfo, *, as_json: bool
) -> None:
    if as_json:
        items = (one.as_json() for one in measured)
        _print_object(_head(question), "measured", items, lambda: tally.as_json() | rest.as_json())
        return
    table, out = gauge_trace.table(measured, zone), console()
    out.print(table)
    for one in (*rest.events.values(), *rest.amendments.values()):
        out.print(trace_tables.other(one, zone))
    many = f"{counted(tally.measurements, 'measurement')} of {counted(len(tally.units), 'unit')}"
    say(f"{many}, {tally.failed} outside their limits or failed")
    rest.tell()


class Tally:
    """Counts of a gauge's answer."""

    def __init__(self) -> None:
        self.measurements = self.failed = 0
        self.units: set[str] = set()

    def take(self, one: Measured) -> Measured:
        """Count it and pass it on. A unit without a serial is its record."""
        self.measurements += 1
        self.failed += one.failed
        self.units.add(one.inspection.serial or one.known.id)
        return one

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {"measurements": self.measurements, "units": len(self.units), "failed": self.failed}


def trees(families: Iterable[Family]) -> None:
    """Both directions, one below the other."""
    out = console()
    for family in families:
        out.print(family.tree())

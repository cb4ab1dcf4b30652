"""The command `trace`: everything known of an identifier, or every unit that shares one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo
from typing import Annotated

import typer

from gaugetrail_collector import config as configuration
from gaugetrail_collector.commands import AsJson, ConfigFile, opened_store
from gaugetrail_collector.commands.progress import watched
from gaugetrail_collector.commands.tracing import forms
from gaugetrail_collector.commands.tracing.asking import (
    After,
    Last,
    Limit,
    Raw,
    Since,
    Until,
    Wanted,
    ZoneName,
    in_words,
    place_of,
    question_of,
    zone_of,
)
from gaugetrail_collector.stores import Store
from gaugetrail_collector.stores.question import ALL_TIME, Asked
from gaugetrail_collector.tracing import trace as tracing
from gaugetrail_collector.tracing.genealogy import Thing, walk
from gaugetrail_collector.tracing.trace import Page, Question
from gaugetrail_service.cli import answer, fail

TABLE_LIMIT = 200
"""Records shown to a person who gives no --limit."""
FAMILY_KINDS = ("serial", "lot", "supplier_lot", "heat")


def trace(
    config: ConfigFile,
    identifier: Annotated[str | None, typer.Argument(help="a serial, lot, order, heat, operator, component …")] = None,
    kind: Annotated[str | None, typer.Option(help="only as this kind of identifier: serial, lot, component …")] = None,
    serial: Wanted = None,
    component: Wanted = None,
    lot: Wanted = None,
    heat: Wanted = None,
    supplier_lot: Wanted = None,
    order: Wanted = None,
    operator: Wanted = None,
    gauge: Annotated[
        str | None, typer.Option(metavar="ID", help="what was measured with it, each with its margin to the limits")
    ] = None,
    plan: Annotated[str | None, typer.Option(metavar="ID", help="a control plan, or one revision: 'CP-1001 C'")] = None,
    part: Wanted = None,
    station: Wanted = None,
    since: Since = None,
    until: Until = None,
    last: Last = None,
    limit: Limit = None,
    after: After = None,
    zone: ZoneName = None,
    closest_first: Annotated[
        bool, typer.Option(help="with --gauge: the failed and the close ones first, --limit of them")
    ] = False,
    genealogy: Annotated[bool, typer.Option(help="what it was made from and what it went into")] = False,
    depth: Annotated[int, typer.Option(min=1, max=100, help="with --genealogy: steps away")] = 20,
    most: Annotated[int, typer.Option(min=1, max=100_000, help="with --genealogy: things in each direction")] = 1000,
    documents: Annotated[
        bool, typer.Option("--documents", help="with the texts of plans and instructions that the records name")
    ] = False,
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="print CSV, one row a measurement")] = False,
    raw: Raw = False,
) -> None:
    """Everything known of a serial, lot, order, gauge or operator. Newest last; or every record that
    carries all that the options name.

    Exit code 1 when nothing is known.
    """
    wanted = {"serial": serial, "component": component, "lot": lot, "heat": heat, "supplier_lot": supplier_lot}
    wanted |= {"order": order, "operator": operator, "gauge": gauge, "plan": plan, "part": part, "station": station}
    where = zone_of(zone)
    question = question_of(wanted, since, until, last, identifier, kind, where)
    place = place_of(after)
    if not question.terms and question.window == ALL_TIME:
        raise fail("say what to trace: an identifier, an option such as --lot, or a time such as --last 8h", 2)
    if as_json and as_csv:
        raise fail("--json and --csv are two forms; give one of them", 2)
    if closest_first and (gauge is None or as_csv or after):
        raise fail("--closest-first goes with --gauge, and with neither --csv nor --after", 2)
    if documents and (genealogy or gauge is not None or as_csv):
        raise fail("--documents goes with neither --genealogy nor --gauge nor --csv", 2)
    with opened_store(configuration.load(config)) as store:
        if genealogy:
            _tell_family(store, question, depth, most, as_json=as_json)
            return
        used = next((term.identifier for term in question.terms if term.kind == "gauge"), None)
        if limit is None and used is None and not (as_json or as_csv):
            limit = TABLE_LIMIT
        # The closest of all are not among the first in time: with --closest-first the limit is of what is shown.
        parts = _found(tracing.pages(store, question, place, None if closest_first else limit), question)
        if documents:
            _tell_with_documents(store, parts, question, where, as_json=as_json)
        elif as_csv:
            forms.csv_rows(parts, where, raw=raw)
        elif used is not None and closest_first:
            forms.gauge_closest(parts, question, used, limit, where, as_json=as_json)
        elif used is not None:
            forms.gauge(parts, question, used, where, as_json=as_json)
        elif as_json:
            forms.json_object(parts, question)
        else:
            forms.tables(parts, where)


def _found(parts: Iterator[Page], question: Question) -> Iterator[Page]:
    """The pages, watched; ends the command where the first holds nothing."""
    first = next(parts)
    if not first.known:
        hint = ""
        if any(term.kind is None for term in question.terms):
            hint = "; gauges, plans, parts and stations are asked for by --gauge, --plan, --part, --station"
        raise fail(f"nothing is known of {in_words(question)}{hint}")

    def whole() -> Iterator[Page]:
        yield first
        yield from parts

    return watched(whole(), "records", weigh=lambda page: len(page.known), while_printing=True)


def _tell_with_documents(
    store: Store, parts: Iterator[Page], question: Question, zone: tzinfo, *, as_json: bool
) -> None:
    # Inside: most traces ask for no text, and what documents are made of takes its time to load.
    from gaugetrail_collector.commands.tracing.documents import NamedDocuments

    named = NamedDocuments(store)
    if as_json:
        forms.json_object(named.passed(parts), question, named.as_json)
    else:
        forms.tables(named.passed(parts), zone)
        named.tell()


def _tell_family(store: Store, question: Question, depth: int, most: int, *, as_json: bool) -> None:
    if len(question.terms) != 1:
        raise fail("--genealogy starts from one serial, lot, supplier lot or heat", 2)
    (term,) = question.terms
    kinds = FAMILY_KINDS if term.kind is None else ("serial",) if term.kind == "component" else (term.kind,)
    start = next((Thing(kind, term.identifier) for kind in kinds if _known_as(store, kind, term.identifier)), None)
    if start is None or start.kind not in FAMILY_KINDS:
        raise fail(f"no serial, lot, supplier lot or heat is known by {term.identifier!r}")
    families = [walk(store, start, direction, depth, most) for direction in ("made_from", "went_into")]
    if as_json:
        found: dict[str, object] = {"identifier": start.identifier, "kind": start.kind}
        answer(found | {one.direction: one.as_json() for one in families})
    else:
        forms.trees(families)


def _known_as(store: Store, kind: str, identifier: str) -> bool:
    asked = ("serial", "component") if kind == "serial" else (kind,)
    return any(next(store.search(Asked(one, identifier)), None) is not None for one in asked)

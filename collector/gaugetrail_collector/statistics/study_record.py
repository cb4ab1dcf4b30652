"""A study sealed: what was measured and what came of it, as an event of the collector's own chain.

Promise: a study that is said to be sealed is committed in the store, with the rows that it was computed from (their
digest alone where they are too many) and the whole answer; a trace of the gauge, of the characteristic or of anybody
who measured leads to it. What can't be sealed is refused before anything is written.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gaugetrail_collector.evidence.own_chain import SITE, NeverStored, Overtaken, OwnChain, last_moment_us, locked
from gaugetrail_collector.statistics.csv_table import CsvTable
from gaugetrail_collector.stores import Store
from gaugetrail_contract.clock import Clock
from gaugetrail_contract.events.studies import MOST_ANSWER_BYTES, MOST_ROWS_BYTES, StudyMade
from gaugetrail_contract.record import EventBody, Subject
from gaugetrail_contract.text import PRINTABLE, refuse_identifier
from gaugetrail_statistics.refusing import Refused

PURPOSE = "statistics"
"""What the chains of studies are called (`evidence.own_chain`)."""
TRIES = 5
MOST_PEOPLE = 150
MOST_WORDS = 2000
COLUMNS = ("part", "appraiser", "trial", "value", "reference", "reference_value")
"""The options that name a study's columns."""


@dataclass(frozen=True, slots=True)
class StudyAbout:
    """For which gauge and characteristic a study is, and who says so."""

    gauge: str
    characteristic: str
    by: str
    comment: str = ""


def about_of(args: argparse.Namespace) -> StudyAbout:
    """What the options say of the study. Raises `Refused`."""
    missing = [
        name for name, given in (("--gauge", args.gauge), ("--for", args.made_for), ("--by", args.by)) if not given
    ]
    if missing:
        raise Refused(
            f"a study is sealed with its gauge, its characteristic and your name: {', '.join(missing)} is missing"
        )
    if len(args.comment) > MOST_WORDS or not PRINTABLE.holds(args.comment):
        raise Refused(f"--comment is one line of at most {MOST_WORDS:,} characters, without control characters")
    about = StudyAbout(args.gauge, args.made_for, args.by, args.comment)
    _check_names({"--gauge": about.gauge, "--for": about.characteristic, "--by": about.by})
    return about


def rows_of(table: CsvTable, args: argparse.Namespace) -> str:
    """The columns that the study used, as CSV."""
    named = [name for option in COLUMNS if (name := getattr(args, option, None)) and table.has(name)]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(named)
    writer.writerows(zip(*(table.words(name) for name in named), strict=True))
    return text.getvalue()


def study_body(answer: Mapping[str, object], rows: str, about: StudyAbout, collector: str) -> EventBody:
    """The event that says it. Raises `Refused`."""
    people = _people(answer)
    _check_names({f"appraiser {name}": name for name in people})
    text = json.dumps(answer, allow_nan=False)
    if len(text.encode()) > MOST_ANSWER_BYTES or len(people) > MOST_PEOPLE:
        raise Refused("the answer is too large for a record: seal the study in parts, with --where")
    short = len(rows.encode()) <= MOST_ROWS_BYTES
    said = StudyMade(
        study=str(answer["kind"]),
        method=str(answer["method"]),
        n=_count(answer["n"]),
        answer=text,
        rows_sha256=hashlib.sha256(rows.encode()).hexdigest(),
        rows=rows if short else None,
    )
    of = [Subject(kind="characteristic", id=about.characteristic), *(Subject(kind="person", id=one) for one in people)]
    return EventBody(
        site=SITE,
        line=collector,
        station=PURPOSE,
        type=said.TYPE,
        subject=Subject(kind=said.SUBJECT, id=about.gauge),
        subjects=tuple(of),
        payload=said.written(),
        by=about.by,
        reason=about.comment or None,
    )


def seal_study(store: Store, collector: str, lock: Path, clock: Clock, body: EventBody) -> str:
    """The id of the record that the store has now. Raises `Refused`, `StoreDown`."""
    try:
        with locked(lock):
            for _ in range(TRIES):
                chain = OwnChain(store, collector, PURPOSE, clock)
                try:
                    return chain.append([body], after_us=last_moment_us(store, chain.agent, clock))[0].record.id
                except Overtaken as error:
                    overtaken = error
    except sqlite3.Error as error:
        raise Refused(f"{lock} can't be used: {error}; another program may be writing, try again") from error
    except NeverStored as error:
        raise Refused(f"the store can't take the study: {error}") from error
    raise Refused(f"the study could not be sealed, and nothing was done: {overtaken}") from overtaken


def _people(answer: Mapping[str, object]) -> list[str]:
    told = answer.get("appraisers")
    listed: Sequence[object] = told if isinstance(told, Sequence) else ()
    return [str(one["appraiser"]) if isinstance(one, Mapping) else str(one) for one in listed]


def _count(n: object) -> int:
    return n if isinstance(n, int) else 0


def _check_names(names: Mapping[str, str]) -> None:
    for what, name in names.items():
        if (reason := refuse_identifier(name)) is not None:
            raise Refused(f"{what} can't stand in a record: {reason}")

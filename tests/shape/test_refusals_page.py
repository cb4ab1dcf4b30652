"""The page on what a station refuses has the rows that are tried at a real station, and no others."""

from __future__ import annotations

import re
from pathlib import Path

from refusal_table import (
    AT_A_CHARACTERISTIC,
    DOCUMENTS,
    GAUGES,
    NO_LIST,
    NOT_HERE,
    PEOPLE,
    PLANS,
    TOO_OLD,
    UNITS,
    WORKFLOW,
)

from gaugetrail_agent.station.locks.allowing import NEVER
from gaugetrail_agent.station.locks.plan_locks import LIFTABLE
from gaugetrail_agent.station.refusing.refusals import WHOSE, Whose

PAGE = Path(__file__).parents[2] / "docs" / "refusals.md"
OF_DOCUMENTS = (NO_LIST, *DOCUMENTS, NOT_HERE, TOO_OLD)
OF_UNITS = {"unit.other_part", "unit.held", "unit.past_unknown", "unit.not_passed"}
ROWS = (*PEOPLE, AT_A_CHARACTERISTIC, *GAUGES, *PLANS, *UNITS, *WORKFLOW, *OF_DOCUMENTS)


def test_the_pages_tables_are_those_that_are_tried() -> None:
    shown = re.findall(r"^\| (?!refused is)[^-].*\|$", PAGE.read_text("utf-8"), re.MULTILINE)
    assert [row.on_the_page for row in ROWS] == shown


def test_every_lock_on_a_person_or_a_gauge_and_every_refusal_of_a_part_is_in_the_table() -> None:
    """One that nobody has tried fails here. Who may not allow or amend something measures all the same."""
    locks = {id_ for id_, whose in WHOSE.items() if whose in (Whose.BADGE, Whose.GAUGE)}
    parts = {id_ for id_ in WHOSE if id_.startswith(("plan.", "document.")) or id_ in OF_UNITS}
    tried = {row.cause for row in ROWS if not row.story} - {"value.gauge_not_named"}
    assert tried == {id_ for id_ in locks | parts if not id_.startswith(("allow.", "amend."))}


def test_what_nobody_allows_is_what_the_page_says() -> None:
    of_people_and_gauges = (*PEOPLE, AT_A_CHARACTERISTIC, *GAUGES)
    assert {row.cause for row in of_people_and_gauges if not row.allowed} == NEVER - {"badge.unusable"}
    assert not any(row.allowed for row in PLANS)
    assert {row.cause for row in OF_DOCUMENTS if row.allowed} == LIFTABLE

"""`people matrix`: who was qualified for what on any day, as the people documents that held then say it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Annotated

import typer

from gaugetrail_collector import config as configuration
from gaugetrail_collector.commands import AsJson, ConfigFile, opened_store
from gaugetrail_collector.documents.folding import read_register
from gaugetrail_collector.documents.in_force import people_lists
from gaugetrail_collector.documents.wording import name
from gaugetrail_contract.clock import DAY_US, WallClock, utc_text, utc_us
from gaugetrail_contract.documents.editions import Edition, Life
from gaugetrail_contract.documents.people import MatrixCell, PeopleList, Person, matrix
from gaugetrail_service.cli import answer, fail, say

app = typer.Typer(no_args_is_help=True, help="People: who is qualified for what, today and on any day before.")


@app.callback()
def people() -> None:
    """Give the commands a group, of which there is one so far."""


@app.command("matrix")
def show_matrix(
    config: ConfigFile,
    at: Annotated[str | None, typer.Option(metavar="DAY", help="as it was that day: 2026-03-31; else today")] = None,
    as_json: AsJson = False,
) -> None:
    """List who was qualified for what on a day. By the people documents that held at its end."""
    now_us = WallClock().now_us()
    day = _day(at) or utc_text(now_us)[:10]
    at_us = min(now_us, utc_us(f"{day}T00:00:00.000000Z") + DAY_US - 1)
    with opened_store(configuration.load(config)) as store:
        held = list(people_lists().in_force(store, read_register(store), at_us))
    if not held:
        raise fail(f"no people document held on {day}; document ls --kind people lists them")
    for one in held:
        life, edition, listed = one.life, one.edition, one.listed
        if listed is None:
            raise fail(f"{name(life, edition)} can't be read: {one.fault}")
        if not as_json:
            say(f"{name(life, edition)}, on {day}:")
        for person, cells in _by_person(listed, day):
            if as_json:
                answer(_as_json(life, edition, person, cells, day))
            else:
                for line in _lines(person, cells):
                    say(f"  {line}")


def _by_person(people: PeopleList, day: str) -> Iterator[tuple[Person, list[MatrixCell]]]:
    cells = list(matrix(people, day))
    for person in sorted(people.person, key=lambda one: one.badge):
        yield person, [cell for cell in cells if cell.badge == person.badge]


def _lines(person: Person, cells: list[MatrixCell]) -> Iterator[str]:
    who = f"{person.badge} {person.name}".strip()
    if not cells:
        yield f"{who}: {person.qualification or 'no qualification'}"
    for cell in cells:
        until = f"until {cell.expires}" if cell.expires else "without end"
        shown = f" ({cell.evidence})" if cell.evidence else ""
        yield f"{who}: {cell.kind} {cell.subject} {cell.validity}, from {cell.issued} {until}{shown}"


def _as_json(life: Life, edition: Edition, person: Person, cells: list[MatrixCell], day: str) -> dict[str, object]:
    return {
        "document": life.id,
        "edition": edition.number,
        "day": day,
        "badge": person.badge,
        "name": person.name,
        "roles": list(person.roles),
        "qualifications": [
            {
                "kind": cell.kind,
                "subject": cell.subject,
                "validity": cell.validity,
                "issued": cell.issued,
                "expires": cell.expires,
                "evidence": cell.evidence,
            }
            for cell in cells
        ],
    }


def _day(text: str | None) -> str | None:
    try:
        return None if text is None else date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise fail(f"--at {text}: write a day, such as 2026-03-31", 2) from error

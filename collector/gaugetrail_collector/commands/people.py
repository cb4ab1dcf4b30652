"""`people matrix`: who was qualified for what on any day, as the people documents that held then say it; `people pin`:
a person's PIN, which is typed and never an argument.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import date
from typing import Annotated

import typer

from gaugetrail_collector import config as configuration
from gaugetrail_collector.commands import AsJson, ConfigFile, opened_store
from gaugetrail_collector.commands.documents.steps import By, proven_desk
from gaugetrail_collector.documents.at_a_moment.in_force import people_lists
from gaugetrail_collector.documents.folding import read_register
from gaugetrail_collector.documents.to_stations.pins import FILE, PinsBroken, set_pin
from gaugetrail_contract.clock import DAY_US, WallClock, utc_text, utc_us
from gaugetrail_contract.documents.editions import Edition, Life
from gaugetrail_contract.documents.people import MatrixCell, PeopleList, Person, matrix
from gaugetrail_contract.documents.wording import name
from gaugetrail_service.cli import answer, fail, say

app = typer.Typer(no_args_is_help=True, help="People: who is qualified for what on any day, and their PINs.")


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


@app.command("pin")
def pin(
    badge: Annotated[str, typer.Argument(metavar="BADGE", help="whose PIN, as a people list that holds has them")],
    config: ConfigFile,
    by: By,
    clear: Annotated[bool, typer.Option("--clear", help="from now on the badge is enough")] = False,
    stdin: Annotated[
        bool, typer.Option("--stdin", help="read your password, then the PIN twice, from standard input, a line each")
    ] = False,
) -> None:
    """Set or clear a person's PIN, at least six digits. Stations ask for it after the badge, once their PC holds it."""
    with proven_desk(config, by, stdin) as desk:
        wanted = None if clear else _typed_twice(badge, stdin=stdin)
        path = configuration.load(config).data_dir / FILE
        first = not path.exists()
        try:
            record = set_pin(desk, path, badge, wanted, by, WallClock().now_us)
        except PinsBroken as error:
            raise fail(str(error)) from error
        except OSError as error:
            raise fail(f"{path} can't be written, and the PIN is not changed: {error.strerror or error}") from error
    say(f"{badge} has {'no PIN' if clear else 'a PIN'} from now on (record {record})")
    if first:
        say(f"this is the first one in {path}; it is backed up with the keys: gaugetrail-collector keys backup FILE")


def _typed_twice(badge: str, *, stdin: bool) -> str:
    if sys.stdin.isatty() and not stdin:
        return str(typer.prompt(f"PIN for {badge}", hide_input=True, confirmation_prompt=True, err=True))
    first, again = (sys.stdin.readline().rstrip("\r\n") for _ in range(2))
    if first != again:
        raise fail("the two PINs are not the same; nothing was done")
    return first


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

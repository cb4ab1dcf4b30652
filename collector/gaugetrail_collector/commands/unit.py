"""The commands about units and lots: `unit hold`, `release`, `concession`, `scrap`, `rework` say what state they are
in, `show` what was said of one.

Only at the collector that is master, but for `show`. Who decides gives a password of the console's users.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gaugetrail_collector import config as configuration
from gaugetrail_collector.commands import AsJson, ConfigFile, opened_store
from gaugetrail_collector.commands.documents.steps import By, desk_open, prove_person, typed_moment
from gaugetrail_collector.dispositions.known_units import KnownUnit, known_unit
from gaugetrail_collector.dispositions.office import DecidedState, DispositionOffice, WantedState
from gaugetrail_contract.clock import WallClock, utc_text
from gaugetrail_contract.counts import counted
from gaugetrail_contract.files import read_bounded, text_of
from gaugetrail_contract.unit_states.said import About
from gaugetrail_service.cli import answer, fail, say
from gaugetrail_service.document_words import Stdin

app = typer.Typer(no_args_is_help=True, help="Units and lots: hold, release, concession, scrap, rework.")

MOST_BYTES = 4_000_000
Serials = Annotated[list[str] | None, typer.Argument(metavar="SERIAL", help="units, by their serials")]
Lot = Annotated[str | None, typer.Option(help="a whole lot, by its number")]
Listed = Annotated[Path | None, typer.Option("--file", metavar="FILE", help="serials, one a line")]
Why = Annotated[str, typer.Option("--reason", help="why; kept for ever")]
Code = Annotated[str | None, typer.Option("--code", help="the reason's code in your own list")]
Until = Annotated[str | None, typer.Option(help="until when it counts: 2026-12-24; from then on it is on hold again")]
Quantity = Annotated[int | None, typer.Option(min=1, help="of a lot: how many of it, where it isn't the whole lot")]


@app.command()
def hold(
    config: ConfigFile,
    by: By,
    reason: Why,
    serials: Serials = None,
    lot: Lot = None,
    file: Listed = None,
    code: Code = None,
    quantity: Quantity = None,
    stdin: Stdin = False,
    as_json: AsJson = False,
) -> None:
    """Put units or a lot on hold. Stations refuse them until somebody with the role lets them go."""
    wanted = WantedState("hold", reason, _serials(serials, file), lot, code, None, quantity)
    _say(config, by, wanted, stdin=stdin, as_json=as_json)


@app.command()
def release(
    config: ConfigFile,
    by: By,
    reason: Why,
    serials: Serials = None,
    lot: Lot = None,
    file: Listed = None,
    code: Code = None,
    until: Until = None,
    quantity: Quantity = None,
    stdin: Stdin = False,
    as_json: AsJson = False,
) -> None:
    """Release units, or lift their hold. A lot is released once every unit of it that is known is done."""
    wanted = WantedState("released", reason, _serials(serials, file), lot, code, typed_moment(until), quantity)
    _say(config, by, wanted, stdin=stdin, as_json=as_json)


@app.command()
def concession(
    config: ConfigFile,
    by: By,
    reason: Why,
    serials: Serials = None,
    lot: Lot = None,
    file: Listed = None,
    code: Code = None,
    until: Until = None,
    quantity: Quantity = None,
    stdin: Stdin = False,
    as_json: AsJson = False,
) -> None:
    """Let units go that aren't as they should be."""
    wanted = WantedState("concession", reason, _serials(serials, file), lot, code, typed_moment(until), quantity)
    _say(config, by, wanted, stdin=stdin, as_json=as_json)


@app.command()
def scrap(
    config: ConfigFile,
    by: By,
    reason: Why,
    serials: Serials = None,
    lot: Lot = None,
    file: Listed = None,
    code: Code = None,
    quantity: Quantity = None,
    stdin: Stdin = False,
    as_json: AsJson = False,
) -> None:
    """Say that units or a lot are scrap."""
    wanted = WantedState("scrap", reason, _serials(serials, file), lot, code, None, quantity)
    _say(config, by, wanted, stdin=stdin, as_json=as_json)


@app.command()
def rework(
    config: ConfigFile,
    by: By,
    reason: Why,
    serials: Serials = None,
    lot: Lot = None,
    file: Listed = None,
    code: Code = None,
    quantity: Quantity = None,
    stdin: Stdin = False,
    as_json: AsJson = False,
) -> None:
    """Send units to rework. They count again once they have passed."""
    wanted = WantedState("rework", reason, _serials(serials, file), lot, code, None, quantity)
    _say(config, by, wanted, stdin=stdin, as_json=as_json)


@app.command()
def show(
    config: ConfigFile,
    serials: Serials = None,
    lot: Lot = None,
    as_json: AsJson = False,
) -> None:
    """Show the state of units or of a lot, and who said so."""
    about: list[About] = [("serial", one) for one in serials or []]
    about += [] if lot is None else [("lot", lot)]
    if not about:
        raise fail("say of which units: their serials, or --lot", 2)
    now_us = WallClock().now_us()
    with opened_store(configuration.load(config)) as store:
        found = [known_unit(store, one) for one in about]
    for one in found:
        if as_json:
            answer(_as_json(one, now_us))
        else:
            say(_line(one, now_us))
    if not all(one.known for one in found):
        raise typer.Exit(1)


def _line(one: KnownUnit, now_us: int) -> str:
    if not one.known:
        return f"{one.name}: nothing is known of it"
    now = one.at(now_us)
    word = now.word
    lapsed = f" ({word.state} ended)" if now.lapsed and word is not None else ""
    said = (
        ""
        if word is None
        else f": {word.why} ({word.by or 'automatic'}, {utc_text(word.time_us)[:16]}Z, {word.record})"
    )
    return f"{one.name}: {now.state}{lapsed}{said}"


def _as_json(one: KnownUnit, now_us: int) -> dict[str, object]:
    now, (kind, identifier) = one.at(now_us), one.about
    told: dict[str, object] = {"kind": kind, "id": identifier, "known": one.known, "state": str(now.state)}
    if (word := now.word) is not None:
        told |= {"why": word.why, "code": word.code, "by": word.by, "role": word.role, "record": word.record}
        told |= {"time": utc_text(word.time_us), "until": None if word.until_us is None else utc_text(word.until_us)}
    refused = [{"record": refused.word.record, "why": refused.why} for refused in one.story.refused]
    return told | {"lapsed": now.lapsed, "refused": refused}


def _serials(given: list[str] | None, file: Path | None) -> tuple[str, ...]:
    """Those of the command line and those of the file."""
    if file is None:
        return tuple(given or ())
    try:
        lines = text_of(read_bounded(file, MOST_BYTES)).splitlines()
    except OSError as error:
        raise fail(f"{file} can't be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise fail(f"{file} is no text in UTF-8: {error.reason}") from error
    return (*(given or ()), *(line.strip() for line in lines if line.strip()))


def _say(config: Path, by: str, wanted: WantedState, *, stdin: bool, as_json: bool) -> None:
    with desk_open(config) as (loaded, desk):
        prove_person(loaded, by, stdin=stdin)
        records = DispositionOffice(desk, WallClock().now_us).say(wanted, by)
    if as_json:
        answer({"state": wanted.state, "records": records})
        return
    units = [counted(len(dict.fromkeys(wanted.serials)), "unit")] if wanted.serials else []
    lots = [] if wanted.lot is None else [f"lot {wanted.lot}"]
    written = f"{counted(len(records), 'record')}: {', '.join(records)}"
    say(f"{' and '.join([*units, *lots])}: {_WORDS[wanted.state]} ({written})")


_WORDS: dict[DecidedState, str] = {
    "hold": "on hold",
    "released": "released",
    "concession": "let go by concession",
    "scrap": "scrap",
    "rework": "in rework",
}

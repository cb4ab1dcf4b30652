"""The commands about amendments: `amend correct`, `void`, `exclude`, `re-attribute`, `annotate` ask for one, `approve`
and `reject` answer, `ls` lists what waits.

Only at the collector that is master, but for `ls`. Who decides gives a password of the console's users, as for
documents.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from gaugetrail_collector import config as configuration
from gaugetrail_collector.amendments.named import record_named
from gaugetrail_collector.amendments.office import AmendmentOffice, Decided
from gaugetrail_collector.amendments.requests import AmendmentRequest, read_requests
from gaugetrail_collector.amendments.rules import WantedAmendment
from gaugetrail_collector.commands import AsJson, ConfigFile, opened_store
from gaugetrail_collector.commands.documents.steps import By, desk_open, prove_person
from gaugetrail_contract.amending.what import Action
from gaugetrail_service.cli import answer, say
from gaugetrail_service.document_words import Stdin

app = typer.Typer(no_args_is_help=True, help="What a record says, put right beside it; the original stands.")

Target = Annotated[
    str, typer.Argument(metavar="RECORD", help="the record's id (agent/epoch/seq), or a serial with one inspection")
]
Why = Annotated[str, typer.Option("--reason", help="why; kept for ever")]
Code = Annotated[str | None, typer.Option("--code", help="the reason's code in your own list")]
Old = Annotated[str | None, typer.Option(help="what it is now; refused where that isn't so")]
New = Annotated[str, typer.Option(help="what is right")]
AtOnce = Annotated[
    bool, typer.Option("--approve", help='approve it yourself, where [documents] approver = "anyone" lets one alone')
]
Request = Annotated[str, typer.Argument(metavar="REQUEST", help="as amend ls lists it; its last number is enough")]


@app.command()
def correct(
    record: Target,
    config: ConfigFile,
    by: By,
    field: Annotated[str, typer.Option(help="the characteristic")],
    new: New,
    reason: Why,
    old: Old = None,
    code: Code = None,
    approve: AtOnce = False,
    stdin: Stdin = False,
    as_json: AsJson = False,
) -> None:
    """Ask for another value of a characteristic. It holds once another person has approved it; the verdict stays."""
    wanted = WantedAmendment("correct", reason, field, new, old, code)
    _ask(record, config, by, wanted, at_once=approve, stdin=stdin, as_json=as_json)


@app.command("re-attribute")
def re_attribute(
    record: Target,
    config: ConfigFile,
    by: By,
    field: Annotated[str, typer.Option(help="serial, lot, order, heat, supplier_lot, part, operator …")],
    new: New,
    reason: Why,
    old: Old = None,
    code: Code = None,
    approve: AtOnce = False,
    stdin: Stdin = False,
    as_json: AsJson = False,
) -> None:
    """Ask that a record be of another serial, lot or order.

    It is found under the new one then, and still under the
    old.
    """
    wanted = WantedAmendment("re-attribute", reason, field, new, old, code)
    _ask(record, config, by, wanted, at_once=approve, stdin=stdin, as_json=as_json)


@app.command()
def exclude(
    record: Target,
    config: ConfigFile,
    by: By,
    reason: Why,
    field: Annotated[str | None, typer.Option(help="the characteristic; left out: all that was measured")] = None,
    code: Code = None,
    approve: AtOnce = False,
    stdin: Stdin = False,
    as_json: AsJson = False,
) -> None:
    """Ask that statistics leave a value out. Everything else still shows it."""
    wanted = WantedAmendment("exclude", reason, field, code=code)
    _ask(record, config, by, wanted, at_once=approve, stdin=stdin, as_json=as_json)


@app.command()
def void(
    record: Target,
    config: ConfigFile,
    by: By,
    reason: Why,
    code: Code = None,
    approve: AtOnce = False,
    stdin: Stdin = False,
    as_json: AsJson = False,
) -> None:
    """Ask that an inspection, or an amendment, not count. The record stands."""
    wanted = WantedAmendment("void", reason, code=code)
    _ask(record, config, by, wanted, at_once=approve, stdin=stdin, as_json=as_json)


@app.command()
def annotate(
    record: Target,
    config: ConfigFile,
    by: By,
    reason: Annotated[str, typer.Option("--reason", help="the note")],
    code: Code = None,
    stdin: Stdin = False,
    as_json: AsJson = False,
) -> None:
    """Put a note beside a record. It changes nothing, so nobody needs to approve it."""
    wanted = WantedAmendment("annotate", reason, code=code)
    _ask(record, config, by, wanted, at_once=False, stdin=stdin, as_json=as_json)


@app.command()
def approve(request: Request, config: ConfigFile, by: By, stdin: Stdin = False, as_json: AsJson = False) -> None:
    """Approve what waits: it holds from then on. Refused where what it says of the record isn't so any more."""
    with desk_open(config) as (loaded, desk):
        office = AmendmentOffice(desk)
        print(f"{by} approves: {office.request(request).words()}", file=sys.stderr)
        prove_person(loaded, by, stdin=stdin)
        _tell(office.approve(request, by), "approved", as_json=as_json)


@app.command()
def reject(
    request: Request, config: ConfigFile, by: By, reason: Why, stdin: Stdin = False, as_json: AsJson = False
) -> None:
    """Reject what waits, or take back what you asked for yourself."""
    with desk_open(config) as (loaded, desk):
        office = AmendmentOffice(desk)
        print(f"{by} rejects: {office.request(request).words()}", file=sys.stderr)
        prove_person(loaded, by, stdin=stdin)
        _tell(office.refuse(request, by, reason), "nothing came of it", as_json=as_json)


@app.command("ls")
def list_requests(
    config: ConfigFile,
    whole: Annotated[bool, typer.Option("--all", help="what was answered, too")] = False,
    as_json: AsJson = False,
) -> None:
    """List what waits for an approval, the oldest first."""
    with opened_store(configuration.load(config)) as store:
        found = [one for one in read_requests(store) if whole or one.fate == "waits"]
    for one in found:
        if as_json:
            answer(one.as_json())
        else:
            say(_line(one))
    if not found and not as_json:
        say("nothing waits")


def _line(one: AmendmentRequest) -> str:
    by = f" by {one.answered_by}" if one.answered_by else ""
    station = f"  {there}" if (there := one.at_its_station()) else ""
    return f"{one.id}  {one.fate}{by}  {one.words()}{station}"


def _ask(
    record: str, config: Path, by: str, wanted: WantedAmendment, *, at_once: bool, stdin: bool, as_json: bool
) -> None:
    with desk_open(config) as (loaded, desk):
        target = record_named(desk.store, record)
        prove_person(loaded, by, stdin=stdin)
        done = AmendmentOffice(desk).ask(target, wanted, by, at_once=at_once)
        what = f"{_DONE[wanted.action]} {target.known.id}"
        _tell(done, what, as_json=as_json)


_DONE: dict[Action, str] = {
    "correct": "corrected",
    "void": "voided",
    "exclude": "excluded from statistics",
    "re-attribute": "re-attributed",
    "annotate": "annotated",
}


def _tell(done: Decided, what: str, *, as_json: bool) -> None:
    if as_json:
        answer({"record": done.record, "waits": done.waits})
    elif done.waits:
        say(f"it waits for another person: gaugetrail-collector amend approve {done.record} --by NAME")
    else:
        say(f"{what} (record {done.record})")

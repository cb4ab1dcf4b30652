"""The commands about suggestions: `suggestion list` shows what people at stations suggested, `answer` answers one.

Answered only at the collector that is master. Who answers gives a password of the console's users.
"""

from __future__ import annotations

from typing import Annotated

import typer

from gaugetrail_collector import config as configuration
from gaugetrail_collector.commands import AsJson, ConfigFile, opened_store
from gaugetrail_collector.commands.documents.steps import By, desk_open, prove_person
from gaugetrail_collector.suggestions.known import Suggestion, named_suggestion, read_suggestions
from gaugetrail_collector.suggestions.office import SuggestionOffice
from gaugetrail_contract.clock import to_the_minute
from gaugetrail_service.cli import answer as answer_json
from gaugetrail_service.cli import say
from gaugetrail_service.document_words import Stdin

app = typer.Typer(no_args_is_help=True, help="What people at stations suggested, and the office's answers.")

Name = Annotated[
    str,
    typer.Argument(metavar="SUGGESTION", help="as suggestion list has it; its end is enough where it is the only one"),
]


@app.command("list")
def list_(
    config: ConfigFile,
    everything: Annotated[bool, typer.Option("--all", help="answered ones, too")] = False,
    as_json: AsJson = False,
) -> None:
    """List what is open, the oldest first."""
    with opened_store(configuration.load(config)) as store:
        found = read_suggestions(store)
    for one in found:
        if everything or one.last is None:
            answer_json(one.as_json()) if as_json else say(_line(one))
    if not as_json and not everything and all(one.last is not None for one in found):
        say("nothing is open")


@app.command()
def answer(
    suggestion: Name,
    text: Annotated[str, typer.Option("--text", help="the answer, in one line; it is shown to whoever made it")],
    config: ConfigFile,
    by: By,
    again: Annotated[bool, typer.Option("--again", help="it is answered already, and there is more to say")] = False,
    stdin: Stdin = False,
    as_json: AsJson = False,
) -> None:
    """Answer one. The station shows the answer to whoever made the suggestion, until they have read it."""
    with desk_open(config) as (loaded, desk):
        prove_person(loaded, by, stdin=stdin)
        one = named_suggestion(read_suggestions(desk.store), suggestion)
        record = SuggestionOffice(desk).answer(one.id, text, by, one.seen if again else "")
    if as_json:
        answer_json({"suggestion": one.id, "record": record})
    else:
        say(f"{one.id}: answered; {one.event.by} is shown it at {one.event.station} (record {record})")


def _line(one: Suggestion) -> str:
    event, last = one.event, one.last
    about = f" ({one.about})" if one.about else ""
    line = f"{one.id}: {to_the_minute(event.time)} {event.line} {event.station} {event.by}: {one.said.text}{about}"
    if last is None:
        return line
    read = "read" if last.read_us is not None else "not read yet"
    return f"{line}\n  {to_the_minute(last.event.time)} {last.event.by}: {last.text} ({read})"

"""The page of a station's commands, made from their table."""

from __future__ import annotations

from gaugetrail_agent.languages.sentences import ENGLISH
from gaugetrail_agent.station.workflow.commands import COMMANDS

HEAD = """# The commands of a station

{note}
What whoever stands at a station says to it, beside badges, orders, units and results: scanned from a sheet, typed at
the terminal, or by a button of the same meaning. Upper case or not is the same. Where something may stand behind a
colon, it is what the command is about.

| command | what it does | behind the colon, for example | on the sheet |
|---|---|---|---|
"""
FOOT = """
`gaugetrail-agent codes OP20 --config my-agent.toml --out codes.html` writes the sheet of a station in its language:
these commands, and `%NOK` with each defect code of its plans (`--defect RUST`: with further ones). `--badges` adds the
badges of the people list, `--orders` the orders that may be worked at. The page needs no network and holds no script;
print it at 100 % on A4. It is Code 128; what the station would read as something else, and what is too long to be read,
is left out and named, and the exit code is 1 then. A command that says nothing without words behind its colon is typed.

A badge on paper is copied by whoever sees it. Where that matters, give people a PIN
([people and gauges](people-and-gauges.md)).
"""


def station_commands_page(note: str) -> str:
    """A row for each command."""
    rows = (
        f"| `{one.word}` | {ENGLISH.text(one.means)} | {f'`{one.word}:{one.about}`' if one.about else ''} "
        f"| {'yes' if one.alone else 'no'} |\n"
        for one in COMMANDS
    )
    return HEAD.format(note=note) + "".join(rows) + FOOT

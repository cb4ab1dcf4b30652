"""`document orders`: a file of orders taken in, all of them or none."""

from __future__ import annotations

from gaugetrail_collector.commands import AsJson, ConfigFile
from gaugetrail_collector.commands.documents.steps import By, proven_desk
from gaugetrail_collector.commands.documents.tables import Mapped, Sets, Sheet, heads, imported
from gaugetrail_contract.counts import counted
from gaugetrail_service.cli import answer, say
from gaugetrail_service.document_words import Comment, File, Stdin


def orders(
    file: File,
    config: ConfigFile,
    by: By,
    sheet: Sheet = None,
    mapping: Mapped = None,
    set_: Sets = None,
    comment: Comment = "",
    stdin: Stdin = False,
    as_json: AsJson = False,
) -> None:
    """Take orders in, of a table (.csv, .xlsx) or a .toml. One a row; they hold at once. Every fault is told
    with row and column, and with one none is taken. What is there already as it is is passed over.
    """
    from gaugetrail_collector.documents.from_tables.orders import orders_of

    with imported():
        wanted = orders_of(file, sheet=sheet, mapping=mapping, fixed=heads(set_ or ()))
    with proven_desk(config, by, stdin) as desk:
        done = desk.take_in(wanted, by, comment or file.name[:200])
    there = len(wanted) - len(done)
    if as_json:
        answer({"taken": [{"id": one.life.id, "edition": one.edition.number} for one in done], "there": there})
        return
    for one in done:
        say(f"{one.life.id} {one.edition.draft.revision}, edition {one.edition.number}: {one.edition.draft.title}")
    say(f"{counted(len(done), 'order')} taken in{f', {there} as they were' if there else ''}")

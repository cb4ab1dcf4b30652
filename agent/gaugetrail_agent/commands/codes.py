"""`codes`: a sheet of barcodes to print. What it needs is imported inside it, as with the others."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gaugetrail_agent.commands import ConfigFile
from gaugetrail_agent.commands.station import setup_of
from gaugetrail_contract.files import write_whole
from gaugetrail_service.cli import fail, say

if TYPE_CHECKING:
    from gaugetrail_agent.code_sheet.page import SheetPage


def codes(
    station: Annotated[str, typer.Argument(help="name of the [[station]]")],
    config: ConfigFile,
    out: Annotated[Path, typer.Option("--out", "-o", help="the page to write")] = Path("codes.html"),
    defect: Annotated[
        list[str] | None,
        typer.Option(help="a defect code beside those of the plans; may be repeated"),
    ] = None,
    badges: Annotated[bool, typer.Option("--badges", help="print the badges of the people list")] = False,
    orders: Annotated[bool, typer.Option("--orders", help="print the orders that may be worked at")] = False,
    language: Annotated[
        str | None, typer.Option(help="code of a language", show_default="what the station speaks")
    ] = None,
) -> None:
    """Write a sheet of barcodes for a station, A4.

    Commands and the defects of its plans; on request badges and orders.

    Code 128, in a page that needs no network. Exit code 1 where one couldn't be printed: it is named.
    """
    sheet = _sheet(station, config, tuple(defect or ()), badges=badges, orders=orders, language=language)
    try:
        write_whole(out, sheet.text.encode())
    except OSError as error:
        raise fail(f"{out} can't be written: {error.strerror or error}") from error
    say(f"{out}: print it at 100 %, A4")
    if sheet.refused:
        raise fail("\n".join(f"left out: {code}: {why}" for code, why in sheet.refused))


def _sheet(
    station: str, config: Path, defects: tuple[str, ...], *, badges: bool, orders: bool, language: str | None
) -> SheetPage:
    from gaugetrail_agent import config as configuration
    from gaugetrail_agent.code_sheet.entries import badges_part, commands_part, defects_part, orders_part
    from gaugetrail_agent.code_sheet.page import SheetPage
    from gaugetrail_agent.languages.spoken import refuse_language, spoken

    setup = setup_of(configuration.load(config), config, station)
    code = language or setup.language
    if (reason := refuse_language(code)) is not None:
        raise fail(reason, 2)
    speaks = spoken((code,))
    parts = [commands_part(speaks), defects_part(setup, defects)]
    parts += [badges_part(setup)] if badges else []
    parts += [orders_part(setup)] if orders else []
    return SheetPage(station, code, speaks, parts)

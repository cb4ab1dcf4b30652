"""Commands that turn bytes into meaning at the desk: `decode`, `registers`, `scan`. No port is opened.

What one of them needs is imported inside it, so that the other two start without it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gaugetrail_agent.commands.cases import Cases
from gaugetrail_contract.problems import ConfigError
from gaugetrail_service.cli import answer, fail, hex_bytes

if TYPE_CHECKING:
    from gaugetrail_agent.barcodes.profiles import OwnLabel

Hex = Annotated[str, typer.Option("--hex", help="the bytes, two hex digits each")]


def decode(
    hex_: Hex,
    profile: Annotated[str | None, typer.Option(help="name of a profile")] = None,
    driver: Annotated[str | None, typer.Option(help="name of a driver; one name space with profiles")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="a setting of the driver, key=value")] = None,
    profiles: Annotated[list[Path] | None, typer.Option(help="folder with your own profiles")] = None,
    cases: Cases = None,
) -> None:
    """Print what bytes of a gauge mean. One JSON object a reading or frame: what a technician mails to support."""
    from gaugetrail_agent.drivers import catalogue

    del cases  # where they are given, they have been run
    name = profile or driver
    if name is None or (profile and driver):
        raise typer.BadParameter("say --profile NAME or --driver NAME")
    try:
        readings = catalogue.decode(name, settings(set_ or []), hex_bytes(hex_), tuple(profiles or ()))
    except ValueError as error:
        raise fail(str(error), 2) from error
    for reading in readings:
        answer(reading.as_json())


def settings(pairs: list[str]) -> dict[str, str]:
    """`key=value` options as a dict. Raises a usage error for anything else."""
    found: dict[str, str] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise typer.BadParameter(f"{pair!r} is no setting: write key=value")
        if key in found:
            raise typer.BadParameter(f"the setting {key} is given twice")
        found[key] = value
    return found


def registers_(
    register: Annotated[
        list[str], typer.Argument(metavar="REG…", help="registers in wire order, as 0xNNNN or decimal")
    ],
    type_: Annotated[
        str, typer.Option("--type", help="uint16, int32, float32, bcd16, string, s7string[16], bit[3], float32[4] …")
    ],
    byte_order: Annotated[str, typer.Option(help="order inside one register: big or little")] = "big",
    word_order: Annotated[
        str, typer.Option(help="order of the registers: big (first is highest), little, for 64 bits also dword-little")
    ] = "big",
    scale: Annotated[str, typer.Option(help="factor, decimal")] = "1",
    offset: Annotated[str, typer.Option(help="added after the factor, decimal")] = "0",
    sentinel: Annotated[list[str] | None, typer.Option(help="raw value that means no value; may be repeated")] = None,
    encoding: Annotated[str, typer.Option(help="of a string: ascii, utf-8, gbk, any of Python's codecs")] = "ascii",
    bits: Annotated[
        str | None, typer.Option("--bit", "--bits", help="of the number only this bit (3) or these (4-7)")
    ] = None,
    ok: Annotated[int | None, typer.Option(help="also say the result: ok for this number, nok for another")] = None,
    all_orders: Annotated[
        bool, typer.Option("--all-orders", help="every order side by side; what can hardly be is marked suspicious")
    ] = False,
    cases: Cases = None,
) -> None:
    """Print what Modbus registers mean. {"value": …}; null for no value, an error where they can't mean it."""
    from gaugetrail_agent.drivers.modbus import registers

    del cases
    try:
        numbers = [int(text, 0) for text in register]
    except ValueError as error:
        raise typer.BadParameter(f"a register is a number like 0x1234 or 4660 ({error})") from error
    try:
        name = type_ if bits is None else registers.in_bits(type_, bits)
        spec = registers.make_spec(name, byte_order, word_order, scale, offset, tuple(sentinel or ()), encoding)
        answer(
            registers.all_orders_answer(numbers, spec) if all_orders else registers.registers_answer(numbers, spec, ok)
        )
    except ValueError as error:
        raise fail(str(error), 2) from error


def scan(
    hex_: Hex,
    profile: Annotated[
        str | None, typer.Option(help="hkmc, gm, gtl3, plain, or a customer's own label (profiles labels)")
    ] = None,
    profiles: Annotated[list[Path] | None, typer.Option(help="folder with your own profiles")] = None,
    pattern: Annotated[str | None, typer.Option(help="regular expression that a plain code must match")] = None,
    gs1: Annotated[bool, typer.Option("--gs1", help="every code here is GS1, whatever it looks like")] = False,
    code39_check: Annotated[
        bool, typer.Option("--code39-check", help="codes end with a Code 39 check character (modulo 43)")
    ] = False,
    separator: Annotated[
        str, typer.Option(help="what the scanner sends for FNC1 (GS), where it was set to another sign: |")
    ] = "\x1d",
    encoding: Annotated[
        str | None, typer.Option(help="character set of the scanner: gbk, shift-jis, euc-kr, cp437 …")
    ] = None,
    data_identifiers: Annotated[
        bool, typer.Option("--data-identifiers", help="a short code like S4711 is one data identifier")
    ] = False,
    role: Annotated[
        list[str] | None, typer.Option(help="what an identifier means here, such as 4L=lot; may be repeated")
    ] = None,
    cases: Cases = None,
) -> None:
    """Print what a scanned code means. Format, fields, identifiers, errors and warnings as one JSON object."""
    from gaugetrail_agent import barcodes

    del cases
    roles = settings(role or [])
    raw = hex_bytes(hex_)
    try:
        label = None if profile is None or profile in barcodes.PROFILE_NAMES else own_label(profile, profiles or [])
        read = barcodes.read_scan(
            raw,
            profile=None if label is not None else profile,
            label=label,
            pattern=pattern,
            roles=roles,
            gs1_only=gs1,
            gs1_separator=separator,
            code39_check=code39_check,
            data_identifiers=data_identifiers or None,
            encoding=encoding,
        )
        answer(read.as_json())
    except ConfigError:
        raise
    except ValueError as error:
        raise fail(str(error), 2) from error


def own_label(name: str, folders: list[Path]) -> OwnLabel:
    """A customer's own label by name, or by its file. Raises `ValueError` that lists the known ones."""
    from gaugetrail_agent.barcodes import label_files  # pydantic, which the scans without one needn't wait for

    if name.endswith(".toml"):
        return label_files.load_label(Path(name)).label
    return label_files.label_named(name, tuple(folders))

"""`gaugetrail-agent capture PORT`: what a device really sends, shown as it comes and kept as examples of a profile.

Promise: every byte that came stands in the file, in the order it came, as hex. Bytes between two pauses are one entry;
a profile's name adds what it makes of them. The file's `[[example]]` tables go into a profile as they are, and
`gaugetrail-sim gauge --frames FILE` plays them.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from gaugetrail_agent.commands.decode import settings as as_settings
from gaugetrail_agent.drivers import catalogue
from gaugetrail_agent.drivers.profile.driver import run
from gaugetrail_agent.errors import DeviceGone
from gaugetrail_agent.links.serial_port import SerialLink, SerialSettings
from gaugetrail_agent.reading import Reading
from gaugetrail_contract.counts import counted
from gaugetrail_contract.escapes import visible_bytes
from gaugetrail_service.cli import fail, say

PAUSE_SECS = 0.25
"""Silence that ends an entry: longer than any gauge pauses inside a frame."""
MOST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Burst:
    """What came between two pauses, and how long after the start."""

    secs: float
    data: bytes


def capture(
    port: Annotated[str, typer.Argument(help="device path, usb:VID:PID, socket://host:port or rfc2217://host:port")],
    baud: Annotated[int, typer.Option(help="bits per second")] = 9600,
    bytesize: Annotated[int, typer.Option(help="data bits: 5 to 8")] = 8,
    parity: Annotated[str, typer.Option(help="none, even, odd, mark or space")] = "none",
    stopbits: Annotated[float, typer.Option(help="1, 1.5 or 2")] = 1,
    secs: Annotated[float, typer.Option("--for", min=0.1, help="how long to listen; Ctrl-C ends it sooner")] = 30.0,
    send: Annotated[str | None, typer.Option(help=r"sent once after opening, with escapes: '?\r', '\x02'")] = None,
    out: Annotated[Path | None, typer.Option(help="TOML file for what came; it must not be there yet")] = None,
    profile: Annotated[str | None, typer.Option(help="also say what this profile or driver makes of it")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="a setting of the profile, key=value")] = None,
    profiles: Annotated[list[Path] | None, typer.Option(help="folder with your own profiles")] = None,
) -> None:
    """Listen on a port and keep every byte. The first look at an unknown gauge, and the proof of a known one."""
    link = SerialLink(_line(port, baud, bytesize, parity, stopbits))
    chosen, folders = as_settings(set_ or []), tuple(profiles or ())
    if out is not None and os.path.lexists(out):
        raise fail(f"{out} is there already; give the capture another name")

    def read(data: bytes) -> Sequence[Reading]:
        return () if profile is None else run(catalogue.make_driver(profile, chosen, folders), data)

    try:
        read(b"")
    except ValueError as error:
        raise fail(str(error), 2) from error
    told = b"" if send is None else _escaped(send)
    bursts: list[Burst] = []
    try:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(_listen(link, secs, told, bursts, lambda burst: _show(burst, read(burst.data))))
    except DeviceGone as error:
        if not bursts:
            raise fail(str(error)) from error
        say(f"{error}; what came before is kept")
    if not bursts:
        raise fail(
            f"nothing came from {link.name} in {secs:g} s: is the gauge on, out of its menus, and its cable right? "
            "Press its DATA key, or ask it with --send"
        )
    if out is not None:
        line = f"{baud} {bytesize}{parity[0].upper()}{stopbits:g}"
        with out.open("x", encoding="utf-8") as file:  # also a link that has come meanwhile is somebody else's
            file.write("\n".join(as_examples(bursts, port, line, datetime.now(UTC), chosen, read)))
        say(f"{counted(len(bursts), 'entry')}, {counted(sum(len(burst.data) for burst in bursts), 'byte')} in {out}")


def as_examples(
    bursts: Sequence[Burst],
    port: str,
    line: str,
    now: datetime,
    chosen: dict[str, str],
    read: Callable[[bytes], Sequence[Reading]],
) -> Iterator[str]:
    """The lines of the file: one `[[example]]` for each entry, as a profile takes it."""
    yield f"# Captured on {port} ({line}), {now:%Y-%m-%d %H:%M} UTC. Name the machine and the gauge in each source."
    for burst in bursts:
        yield ""
        yield "[[example]]"
        yield f'hex = "{burst.data.hex()}"'
        yield f"source = {_quoted(f'captured on {now:%Y-%m-%d}, {burst.secs:.3f} s after opening, {line}')}"
        if chosen:
            yield f"settings = {{ {', '.join(f'{key} = {_quoted(value)}' for key, value in chosen.items())} }}"
        yield f"readings = [{', '.join(_inline(reading) for reading in read(burst.data))}]"
    yield ""


def _inline(reading: Reading) -> str:
    shown = {
        key: value
        for key, value in reading.as_json().items()
        if value is not None and key not in ("raw_hex", "decimals", "reason")
    }
    return "{ " + ", ".join(f"{key} = {_quoted(value)}" for key, value in shown.items()) + " }"


def _quoted(value: object) -> str:
    """A TOML value: JSON's, but for the one control character that JSON leaves as it is."""
    return json.dumps(value).replace("\x7f", "\\u007f")


async def _listen(
    link: SerialLink, secs: float, send: bytes, bursts: list[Burst], show: Callable[[Burst], None]
) -> None:
    """Until the time is over, the port is gone, or more came than anybody will read."""
    await link.open()
    started = time.monotonic()
    pending, began = bytearray(), started
    try:
        if send:
            await link.write(send)
        while (left := started + secs - time.monotonic()) > 0 and sum(len(burst.data) for burst in bursts) < MOST_BYTES:
            data = await link.read(min(PAUSE_SECS, left))
            if data:
                began = began if pending else time.monotonic()
                pending += data
            if pending and (not data or len(pending) >= MOST_BYTES):
                _end(pending, began - started, bursts, show)
    finally:
        if pending:
            _end(pending, began - started, bursts, show)
        await link.close()


def _end(pending: bytearray, secs: float, bursts: list[Burst], show: Callable[[Burst], None]) -> None:
    burst = Burst(secs, bytes(pending))
    pending.clear()
    bursts.append(burst)
    show(burst)


def _show(burst: Burst, readings: Sequence[Reading]) -> None:
    say(f"{burst.secs:9.3f} s  {visible_bytes(burst.data)}")
    for reading in readings:
        shown = " ".join(filter(None, (reading.value, reading.unit, reading.channel, reading.error_code, reading.text)))
        say(f"             -> {reading.status} {shown}")


def _line(port: str, baud: int, bytesize: int, parity: str, stopbits: float) -> SerialSettings:
    given = {"port": port, "baud": baud, "bytesize": bytesize, "parity": parity, "stopbits": stopbits}
    try:
        return SerialSettings.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        raise fail(f"{'.'.join(map(str, first['loc']))}: {first['msg']}", 2) from error


def _escaped(text: str) -> bytes:
    """`?\\r` as the bytes it means. Raises a usage error for a broken escape."""
    try:
        return text.encode("latin-1").decode("unicode_escape").encode("latin-1")
    except (UnicodeDecodeError, UnicodeEncodeError) as error:
        raise typer.BadParameter(rf"--send {text!r} is no text with escapes such as ?\r or \x02 ({error})") from error

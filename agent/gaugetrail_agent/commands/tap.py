"""`tap`: the bytes of a running device as they pass, without stopping it. Asks at the agent's own desk."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from gaugetrail_agent.commands import AsJson, ConfigWord
from gaugetrail_agent.inquiries.asking import CantAsk, asked, desk_for
from gaugetrail_contract.escapes import visible_bytes
from gaugetrail_service.cli import answer, fail, say


def tap(
    device: Annotated[str, typer.Argument(help="name of the [[device]]")],
    config: ConfigWord,
    as_json: AsJson = False,
) -> None:
    """Show the bytes of a running device until Ctrl-C. Time, direction, hex, text; a Modbus bus shows all its units."""
    try:
        with (
            contextlib.suppress(KeyboardInterrupt),
            asked(desk_for(Path(config)), Path(config), {"ask": "tap", "device": device}) as answers,
        ):
            for line in answers:
                if "looking" in line:
                    _begin(device, as_json)
                elif as_json:
                    answer(line)
                else:
                    say(shown(line))
            raise CantAsk("the agent has hung up: it was stopped, or this reader took nothing for a minute")
    except CantAsk as error:
        raise fail(str(error)) from error


def _begin(device: str, as_json: bool) -> None:
    if not as_json:
        say(f"{device}: looking on; <- from the device, -> to it; Ctrl-C ends")


def shown(line: Mapping[str, object]) -> str:
    """`08:00:00.123456 <- 30 31 41  01A`, or how many chunks were lost on the way here."""
    if "lost" in line:
        return f"{line['lost']} chunks lost: this reader was too slow; the device was not"
    raw = bytes.fromhex(str(line["hex"]))
    way = "<-" if line["way"] == "in" else "->"
    return f"{str(line['time'])[11:26]} {way} {raw.hex(' ')}  {visible_bytes(raw)}"

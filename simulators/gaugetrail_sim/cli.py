"""`gaugetrail-sim`: a whole simulated line (`demo`), or one simulated gauge, scanner or PLC for first steps.

Exit codes: 0 ok, 1 failed, 2 usage.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Coroutine
from decimal import Decimal, InvalidOperation
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console

from gaugetrail_sim import by_hand
from gaugetrail_sim.demo.far_line import Broker, run_line
from gaugetrail_sim.demo.figures import Figures
from gaugetrail_sim.demo.report import Reporter
from gaugetrail_sim.demo.run import FOR_EVER_SECS, DemoOptions, run_demo
from gaugetrail_sim.devices import replay
from gaugetrail_sim.devices.models import MODELS, Model
from gaugetrail_sim.servers.children import ChildFailed
from gaugetrail_sim.servers.influx_server import InfluxTrouble

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Simulated gauges, scanner, PLC and a whole line, which speak as the real ones do.",
)

PortLink = Annotated[Path, typer.Option("--port-link", help="name of the simulated serial port")]


def _tell_version(wanted: bool) -> None:
    if wanted:
        print(f"gaugetrail-sim {version('gaugetrail')}")
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="print the version and end")
]
Every = Annotated[float, typer.Option(min=0.01, help="seconds between two")]
Seed = Annotated[int, typer.Option(help="the same seed gives the same values")]
Keyboard = Literal["us", "de"]


@app.callback()
def start(told: Version = False) -> None:
    """Simulated gauges, scanner, PLC and a whole line, which speak as the real ones do."""
    del told  # its callback has told it


@app.command()
def gauge(
    port_link: PortLink,
    protocol: Annotated[
        str, typer.Option(help=f"{', '.join(MODELS)}, or the name of any profile of the agent that is installed")
    ] = "digimatic-13",
    frames: Annotated[
        Path | None, typer.Option(help="a profile's file (one of your own, say): its frames are sent")
    ] = None,
    every: Every = 3.0,
    value: Annotated[str | None, typer.Option(help="always this value; none: around the nominal")] = None,
    seed: Seed = 1,
) -> None:
    """A gauge on a simulated serial port. Its key is pressed every few seconds, every tenth frame is faulty."""
    model = _model(protocol, frames)
    try:
        fixed = None if value is None else Decimal(value)
    except InvalidOperation as error:
        raise typer.BadParameter(f"{value!r} is no number") from error
    _run(by_hand.gauge(frames.stem if frames else protocol, model, port_link, every, fixed, seed, say))


def _model(protocol: str, frames: Path | None) -> Model:
    """The gauge that speaks a protocol: one of ours, or one that sends a profile's frames. Raises a usage error."""
    if frames is None and protocol in MODELS:
        return MODELS[protocol]
    path = frames or replay.profile_file(protocol)
    if path is None:
        raise typer.BadParameter(
            f"no simulated gauge speaks {protocol!r}; there are {', '.join(MODELS)} and the profiles of the agent that "
            "is installed (gaugetrail-agent profiles lists them), or --frames FILE"
        )
    try:
        return replay.model_of(path)
    except replay.NoFrames as error:
        raise typer.BadParameter(str(error)) from error


@app.command()
def scanner(
    port_link: PortLink,
    codes: Annotated[list[str] | None, typer.Argument(help="codes to read in turn; none: SN000001 and on")] = None,
    every: Every = 3.0,
    keyboard: Annotated[
        Keyboard | None, typer.Option(help="a scanner that types, set to this layout, for a wedge link on the port")
    ] = None,
) -> None:
    """A barcode scanner on a simulated serial port."""
    _run(by_hand.scanner(port_link, codes or (), every, say, keyboard))


@app.command()
def plc(
    port: Annotated[int, typer.Option(help="TCP port on loopback; 0: any free one")] = 5020,
    every: Every = 3.0,
    seed: Seed = 1,
) -> None:
    """A press with its PLC as a Modbus TCP server. It waits for the echo of each part."""
    _run(by_hand.plc(port, every, seed, say))


@app.command()
def torque(
    port: Annotated[int, typer.Option(help="TCP port on loopback; 0: any free one")] = 4545,
    every: Every = 3.0,
    seed: Seed = 1,
) -> None:
    """A torque controller that speaks Open Protocol. It keeps its tightenings to be fetched by their id."""
    _run(by_hand.torque(port, every, seed, say))


@app.command()
def demo(
    secs: Annotated[float, typer.Option("--for", min=1, max=86_400, help="seconds of line time")] = 20.0,
    keep: Annotated[bool, typer.Option(help="leave everything running until Ctrl-C")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="the last line of standard output is one JSON object")
    ] = False,
    store: Annotated[Literal["sqlite", "influxdb"], typer.Option(help="where the collector stores")] = "sqlite",
    seed: Seed = 1,
    broker: Annotated[Literal["auto", "mosquitto", "embedded"], typer.Option(help="auto: mosquitto if there")] = "auto",
    folder: Annotated[Path, typer.Option("--dir", help="the demo's own folder, wiped at the start")] = Path(".demo"),
) -> None:
    """A simulated line in front of real agent and collector. With figures, a trace and a proof at the end."""
    reporter = Reporter(Console(stderr=as_json, markup=False, highlight=False))
    figures: list[Figures] = []

    def done(found: Figures) -> None:
        figures.append(found)
        if as_json:
            print(json.dumps(found.as_json()), flush=True)

    _end_as_by_ctrl_c()
    try:
        asyncio.run(run_demo(DemoOptions(secs, seed, store, broker, keep, folder), reporter, done))
    except (ChildFailed, InfluxTrouble, OSError) as error:
        print(f"the demo failed: {error}", file=sys.stderr)
        raise typer.Exit(1) from error
    except KeyboardInterrupt:
        print("stopped; nothing is left running", file=sys.stderr)
        if not figures:
            raise typer.Exit(130) from None
    raise typer.Exit(0 if figures[-1].good else 1)


@app.command()
def line(
    broker: Annotated[str, typer.Option(help="the plant's broker, host or host:port")],
    folder: Annotated[Path, typer.Option("--dir", help="the line's own folder; its agent's spool is kept")],
    secs: Annotated[float, typer.Option("--for", min=1, help="seconds of line time")] = FOR_EVER_SECS,
    every: Every = 3.0,
    seed: Seed = 1,
) -> None:
    """A simulated line with a real agent. Its broker and collector are elsewhere."""
    try:
        at = Broker.of(broker)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    _run(_line(at, folder, secs, every, seed))


async def _line(at: Broker, folder: Path, secs: float, every: float, seed: int) -> None:
    try:
        await run_line(at, folder, secs, every, seed, say)
    except ChildFailed as error:
        raise RuntimeError(f"the line failed: {error}") from error


def say(text: str) -> None:
    """A line for people, at once even into a pipe."""
    print(text, flush=True)


def _run(device: Coroutine[Any, Any, None]) -> None:
    """Run until Ctrl-C or SIGTERM, which is how such a device ends well."""
    _end_as_by_ctrl_c()
    with contextlib.suppress(KeyboardInterrupt):
        try:
            asyncio.run(device)
        except (OSError, RuntimeError, ValueError) as error:
            print(error, file=sys.stderr)
            raise typer.Exit(1) from error


def _end_as_by_ctrl_c() -> None:
    """Let SIGTERM do what Ctrl-C does, also in the background of a script, where shells have Ctrl-C ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: os.kill(os.getpid(), signal.SIGINT))


def main() -> None:
    """Entry of the command."""
    os.umask(0o077)
    app()

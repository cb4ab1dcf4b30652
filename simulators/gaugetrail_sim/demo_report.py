"""What the demo says to the person who started it."""

from __future__ import annotations

import contextlib
import shlex
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from gaugetrail_sim.faults import Fault
from gaugetrail_sim.figures import Figures
from gaugetrail_sim.line_run import Account
from gaugetrail_sim.shop import Shop

PLAIN_LINE_SECS = 5.0
"""How often progress is a line of text where the output is no terminal."""

FAULT_TEXT = {
    Fault.GARBLED: "garbled frames",
    Fault.OVERLOAD: "overload frames",
    Fault.CUT: "frames cut in two",
    Fault.GLUED: "glued frames",
    Fault.DOUBLE_SCAN: "double scans",
}


class Reporter:
    """Writes for people, on standard output or, where programs read that, on standard error."""

    def __init__(self, console: Console) -> None:
        self._console = console

    @property
    def columns(self) -> int:
        """How wide a table may be."""
        return self._console.width

    def say(self, text: str) -> None:
        """One plain line."""
        self._console.print(Text(text))

    def opening(self, folder: Path, secs: float) -> None:
        """What is about to happen."""
        self.say(f"A simulated line in front of the real agent and collector, for {secs:g} s. All files: {folder}")

    @contextlib.contextmanager
    def progress(self, secs: float) -> Iterator[Callable[[Account], None]]:
        """A bar on a terminal, a line now and then elsewhere; gives the function that wants to hear of each piece."""
        if not self._console.is_terminal:
            yield self._lines()
            return
        columns = (BarColumn(), TaskProgressColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
        with Progress(*columns, console=self._console, transient=True) as bar:
            task = bar.add_task("the operator logs on", total=secs)
            started = time.monotonic()
            yield lambda account: bar.update(
                task, completed=min(time.monotonic() - started, secs), description=counts(account)
            )

    def _lines(self) -> Callable[[Account], None]:
        next_line = time.monotonic()

        def told(account: Account) -> None:
            nonlocal next_line
            if time.monotonic() >= next_line:
                next_line = time.monotonic() + PLAIN_LINE_SECS
                self.say(counts(account))

        return told

    def figures(self, figures: Figures, account: Account) -> None:
        """The table that the demo is for."""
        table = Table(show_header=False, box=None, pad_edge=False)
        table.add_column(style="bold")
        table.add_column(justify="right")
        table.add_column(style="dim")
        rows = [
            ("records sealed", str(figures.sealed), "on the line PC's disk before anyone was told so"),
            ("stored", str(figures.stored), f"read from the {figures.store} store without the collector's code"),
            (
                "lost",
                str(figures.lost),
                f"of {figures.acknowledged} that the operator or the PLC was told are recorded",
            ),
            ("duplicated", str(figures.duplicated), ""),
            ("altered", str(len(figures.wrong_values)), "values or verdicts that are not what the gauges showed"),
            (
                "set aside",
                str(figures.set_aside),
                "the unreadable message that the demo sent on purpose, kept with its bytes",
            ),
            ("first-pass yield", f"{figures.first_pass_yield:.1%}", f"of {figures.units} pieces, some bad by design"),
            ("commit to receipt", f"{_ms(figures.p50)} / {_ms(figures.p99)}", "p50 / p99"),
            ("verify", "ok" if figures.verify.get("ok") is True else "NOT OK", _verified(figures)),
        ]
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        self._console.print()
        self._console.print(table)
        met = ", ".join(f"{count} {FAULT_TEXT[fault]}" for fault, count in account.faults.items())
        self.say(f"met on the way: {met or 'no faults yet'}")
        for wrong in figures.wrong_values[:10]:
            self._console.print(Text(f"  {wrong}", style="red"))

    def trace(self, serial: str, table: str) -> None:
        """What the collector knows of one serial."""
        self._console.print()
        self.say(f"gaugetrail-collector trace {serial}")
        self.say(table.rstrip())

    def kept(self, shop: Shop) -> None:
        """Everything runs on: where, and what to try."""
        self._console.print()
        self.say(
            f"Everything runs on until Ctrl-C, one piece a second. Broker 127.0.0.1:{shop.broker.port}, "
            f"PLC 127.0.0.1:{shop.press.port}"
            + (f", InfluxDB {shop.influx.url}" if shop.influx is not None else "")
            + ". In another shell:"
        )
        for line in commands(shop.folder.path):
            self.say(f"  {line}")

    def closing(self, figures: Figures, folder: Path) -> None:
        """The verdict."""
        self._console.print()
        if figures.good:
            self._console.print(Text("Nothing lost, nothing doubled, every seal verified.", style="bold green"))
        else:
            self._console.print(Text(f"This is not what was promised. Logs: {folder}/*.log", style="bold red"))

    def try_next(self, folder: Path) -> None:
        """What to try with the files of this run, which stay until the next demo."""
        self.say("Try next (the files of this run stay until the next demo):")
        for line in commands(folder)[:3]:
            self.say(f"  {line}")
        self.say("  make demo KEEP=1                  leaves everything running")
        self.say("  make demo STORE=influxdb          the same with InfluxDB")


def commands(folder: Path) -> list[str]:
    """Commands that work on the demo's folder; the first three also after it has ended."""
    collector = shlex.quote(str(folder / "collector.toml"))
    agent = shlex.quote(str(folder / "agent.toml"))
    return [
        f".venv/bin/gaugetrail-collector trace SN004705 --config {collector}",
        f".venv/bin/gaugetrail-collector verify --config {collector}",
        f".venv/bin/gaugetrail-collector set-aside ls --config {collector}",
        f".venv/bin/gaugetrail-agent spool stats --config {agent}",
        f".venv/bin/gaugetrail-agent terminal OP20 --config {agent}",
    ]


def counts(account: Account) -> str:
    """`37 pieces, 61 recorded, 5 rejected`."""
    rejected = sum(not look.passes for look in account.looks) + sum(told.code == 2 for told in account.press_told)
    return f"{len(account.pieces)} pieces, {account.acknowledged} inspections recorded, {rejected} of them rejects"


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} ms"


def _verified(figures: Figures) -> str:
    agents = figures.verify.get("agents") or []
    records = sum(agent.get("records", 0) for agent in agents)
    return str(figures.verify.get("error") or f"{records} seals recomputed, every record names the one before")

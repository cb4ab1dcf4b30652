"""What the demo says to the person who started it."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from urllib.parse import urlsplit

from rich.console import Console
from rich.text import Text

from gaugetrail_sim.demo.figures import Figures
from gaugetrail_sim.demo.ports import moved
from gaugetrail_sim.demo.progress_line import ProgressLine
from gaugetrail_sim.demo.shop import Shop
from gaugetrail_sim.devices.faults import Fault
from gaugetrail_sim.line.names import OLD_STATION, ORDER, PLAN_ID
from gaugetrail_sim.line.pieces import FIRST_REVISION, NEXT_REVISION
from gaugetrail_sim.line.run import RunAccount

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
    def terminal(self) -> bool:
        """Whether a person watches standard output itself, so that a command may draw on it."""
        return self._console.is_terminal and not self._console.stderr

    def say(self, text: str) -> None:
        """Plain lines, as long as they are."""
        if text:
            self._console.print(Text(text), soft_wrap=True)

    def opening(self, folder: Path, secs: float) -> None:
        """What is about to happen."""
        self.say(f"A simulated line in front of the real agent and collector, for {secs:g} s. All files: {folder}")

    def progress(self) -> ProgressLine:
        """How far it is, on the same output."""
        return ProgressLine(self._console)

    def open_to_look_at(self, shop: Shop) -> None:
        """Where the line can be seen as soon as it works."""
        if shop.folder.screen_url is not None:
            self.say(f"watch the stations' screens while the line works: {shop.folder.screen_url}")

    def old_plan(self, serial: str, said: str) -> None:
        """What the station says that still has the old revision as a file."""
        self.say(f"{serial} at {OLD_STATION}, whose plan is still revision {FIRST_REVISION} in a file: {said}")

    def figures(self, figures: Figures, account: RunAccount) -> None:
        """The table that the demo is for."""
        ok = figures.verify.get("ok") is True
        rows = (
            ("records sealed", str(figures.sealed), "on the line PC's disk before anybody was told"),
            ("stored", str(figures.stored), f"read from {figures.store} without the collector's code"),
            (
                "of these, events",
                str(figures.refused),
                "refusals, holds, reactions, log-ins: with who and why",
            ),
            ("lost", str(figures.lost), f"of {figures.acknowledged} that operator or PLC was told are recorded"),
            ("duplicated", str(figures.duplicated), ""),
            ("altered", str(len(figures.wrong_values)), "values or verdicts other than the gauges showed"),
            ("set aside", str(figures.set_aside), "the unreadable message that the demo sent on purpose"),
            (
                "plan",
                f"{FIRST_REVISION} → {NEXT_REVISION}",
                f"by revision {NEXT_REVISION} from {figures.new_plan_from} on, between two units, nothing restarted",
            ),
            (
                "order",
                figures.order_done,
                f"{ORDER}, from the ERP's folder; production began once a first piece had passed",
            ),
            ("first-pass yield", f"{figures.first_pass_yield:.1%}", f"of {figures.units} pieces, some bad by design"),
            ("commit to receipt", f"{_ms(figures.p50)} / {_ms(figures.p99)}", "p50 / p99"),
            ("verify", "ok" if ok else "NOT OK", _verified(figures)),
        )
        self._console.print()
        for name, value, note in rows:
            line = Text.assemble((f"{name:<18}", "bold"), f"{value:>17}  ", (note, "dim"))
            self._console.print(line, soft_wrap=True)
        met = ", ".join(f"{count} {FAULT_TEXT[fault]}" for fault, count in account.faults.items())
        self.say(f"met on the way: {met or 'no faults yet'}")
        for wrong in figures.wrong_values[:10]:
            self._console.print(Text(f"  {wrong}", style="red"))

    def trace(self, serial: str) -> None:
        """The head of what the collector says of one serial."""
        self._console.print()
        self.say(f"gaugetrail-collector trace {serial}")

    def kept(self, shop: Shop) -> None:
        """Everything runs on: what to try, and at the end, where it stays in sight, where to look."""
        self._console.print()
        self.say("Everything runs on until Ctrl-C; the line works as slowly as people do. In another shell:")
        for line in (*commands(shop.folder.path), *commands_of_line(shop.folder.path)):
            self.say(f"  {line}")
        for line in elsewhere(shop):
            self.say(line)
        self._console.print()
        for what, where in addresses(shop):
            self._console.print(Text.assemble(f"{what:<48} ", (where, "bold")), soft_wrap=True)

    def closing(self, figures: Figures, folder: Path) -> None:
        """The verdict."""
        self._console.print()
        if figures.good:
            self._console.print(Text("Nothing lost, nothing doubled, every seal verified.", style="bold green"))
        else:
            self._console.print(Text(f"This is not what was promised. Logs: {folder}/*.log", style="bold red"))

    def try_next(self, folder: Path, *, store_is_up: bool) -> None:
        """What to try now that everything is stopped; the files stay until the next demo."""
        self.say("Try next:")
        for line in commands(folder) if store_is_up else ():
            self.say(f"  {line}")
        make = Path("Makefile").exists()
        self.say(
            "  " + ("make demo KEEP=1" if make else f"{_bin()}/gaugetrail-sim demo --keep") + "   leaves it running"
        )
        other = "make demo STORE=influxdb" if make else f"{_bin()}/gaugetrail-sim demo --store influxdb"
        if store_is_up:
            self.say(f"  {other}   stores in InfluxDB")


def commands(folder: Path) -> list[str]:
    """Commands that work on the demo's folder, also after it has ended."""
    collector = shlex.quote(_short(folder / "collector.toml"))
    return [
        f"{_bin()}/gaugetrail-collector trace SN004705 --documents --config {collector}",
        f"{_bin()}/gaugetrail-collector document history {PLAN_ID} --config {collector}",
        f"{_bin()}/gaugetrail-collector verify --config {collector}",
        f"{_bin()}/gaugetrail-collector set-aside ls --config {collector}",
    ]


def commands_of_line(folder: Path) -> list[str]:
    """Commands that work while the demo's agent runs."""
    agent = shlex.quote(_short(folder / "agent.toml"))
    return [
        f"{_bin()}/gaugetrail-agent spool stats --config {agent}",
        f"{_bin()}/gaugetrail-agent terminal OP20 --config {agent}",
    ]


def _bin() -> str:
    return shlex.quote(_short(Path(sys.executable).parent))


def _short(path: Path) -> str:
    """Relative to where the reader stands, if that is shorter."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def addresses(shop: Shop) -> list[tuple[str, str]]:
    """What there is to see, and where."""
    servers = f"broker 127.0.0.1:{shop.broker.port}, PLC 127.0.0.1:{shop.press.port}"
    if shop.influx is not None:
        servers += f", InfluxDB {shop.influx.url}"
    who = ", ".join(f"{name} with {password}" for name, password in shop.office.passwords.items())
    return [
        ("parts being made, as their operators see it", shop.folder.screen_url or "not there: see agent.log"),
        ("the line, a part's history, plans to approve", shop.folder.console_url or "not there: see collector.log"),
        ("  to write or approve there, log on as", who),
        ("servers", servers),
    ]


def elsewhere(shop: Shop) -> list[str]:
    """Which of them are not where the documents say."""
    wanted, folder = shop.wanted, shop.folder
    found = [("the broker", wanted.broker, shop.broker.port), ("the PLC", wanted.plc, shop.press.port)]
    for what, number, url in (
        ("the screen", wanted.screen, folder.screen_url),
        ("the console", wanted.console, folder.console_url),
        ("InfluxDB", wanted.influx, shop.influx.url if shop.influx is not None and shop.influx.words else None),
    ):
        port = None if url is None else urlsplit(url).port
        if port is not None:
            found.append((what, number, port))
    return [said for what, number, port in found if (said := moved(what, number, port)) is not None]


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} ms"


def _verified(figures: Figures) -> str:
    agents = figures.verify.get("agents") or []
    records = sum(agent.get("records", 0) for agent in agents)
    return str(figures.verify.get("error") or f"{records} seals recomputed, each names the one before")

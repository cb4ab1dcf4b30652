"""`gaugetrail-sim demo`: a simulated line in front of the real agent and collector, with the line's account as judge.

Promise: the figures at the end come from three sides that don't know each other: what the simulated operator and PLC
were told, what the agent sealed, and what stands in the store, read without the collector's code. Exit code 0 only if
nothing was lost, nothing doubled, no value altered, and every seal verifies.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gaugetrail_sim.broker import Choice
from gaugetrail_sim.demo_files import AGENT_ID, claim_folder
from gaugetrail_sim.demo_report import Reporter
from gaugetrail_sim.figures import Figures
from gaugetrail_sim.line import Story
from gaugetrail_sim.line_run import LineRun, RunAccount
from gaugetrail_sim.shop import Shop, ask
from gaugetrail_sim.store_look import Comparison, StoredInspection, compare, look_influx, look_sqlite

PIECE_SECS = 0.2
KEEP_PIECE_SECS = 1.0
DRAIN_SECS = 30.0
STUCK_SECS = 30.0
FOR_EVER_SECS = 10.0 * 365 * 86_400


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """What `gaugetrail-sim demo` was asked for."""

    secs: float = 20.0
    seed: int = 1
    store: str = "sqlite"
    broker: Choice = "auto"
    keep: bool = False
    folder: Path = Path(".demo")


async def run_demo(options: DemoOptions, reporter: Reporter, done: Callable[[Figures], None]) -> Figures:
    """The whole demo; `done` gets the figures as soon as they are there, before `keep` waits for Ctrl-C.

    Raises `ChildFailed` when a process doesn't do its work, `InfluxTrouble` when there is no InfluxDB to use.
    """
    folder = claim_folder(options.folder)
    reporter.opening(folder.path, options.secs)
    async with Shop(folder, options.store, options.broker, reporter.say) as shop:
        with reporter.progress(options.secs) as told:
            line = LineRun(shop.operator, shop.press, options.seed, told)
            limit = options.secs + STUCK_SECS
            await shop.guard(line.work(options.secs, PIECE_SECS), limit, "the line was running")
        reporter.settling()
        figures = await _settle(shop, line.account, options)
        reporter.figures(figures, line.account)
        await _show_trace(shop, figures.trace_serial, reporter)
        reporter.closing(figures, folder.path)
        done(figures)
        if options.keep:
            reporter.kept(shop)
            await shop.guard(line.work(FOR_EVER_SECS, KEEP_PIECE_SECS), FOR_EVER_SECS, "the line was running on")
    if not options.keep:
        reporter.try_next(folder.path, store_is_up=shop.influx is None or not shop.influx.words)
    return figures


async def _settle(shop: Shop, account: RunAccount, options: DemoOptions) -> Figures:
    """Send the unreadable message, wait for the last receipt, and hold the three sides against each other."""
    await asyncio.to_thread(shop.bystander.send_unreadable, AGENT_ID)
    stats = await shop.guard(shop.drained(), DRAIN_SECS, "the last records were waiting for their receipts")
    found: Comparison = compare(account, await _look(shop, stats["epoch"]), stats["epoch"], stats["sealed"])
    config = str(shop.folder.collector_config)
    (_, verified, trouble), (_, set_aside, _) = await asyncio.gather(
        ask("gaugetrail-collector", "verify", "--config", config, "--json"),
        ask("gaugetrail-collector", "set-aside", "ls", "--config", config, "--json"),
    )
    return Figures(
        sealed=stats["sealed"],
        stored=found.stored,
        lost=found.lost,
        duplicated=found.duplicated,
        set_aside=len(set_aside.splitlines()),
        p50=stats["latency_ms"]["p50"],
        p99=stats["latency_ms"]["p99"],
        verify=json.loads(verified) if verified.strip() else {"ok": False, "error": trouble},
        trace_serial=_interesting(account),
        store=options.store,
        acknowledged=account.acknowledged,
        first_pass_yield=account.first_pass_yield,
        broker=shop.broker.name,
        units=len(account.pieces),
        wrong_values=(*found.wrong_values, *account.wrong_verdicts),
        refused=found.events,
    )


async def _look(shop: Shop, epoch: str) -> list[StoredInspection]:
    if shop.influx is not None:
        return await asyncio.to_thread(look_influx, shop.influx, AGENT_ID, epoch)
    return await asyncio.to_thread(look_sqlite, shop.folder.path / "store.db", AGENT_ID)


def _interesting(account: RunAccount) -> str:
    """The serial with the longest history: measured twice and pressed, if the line has got so far."""
    for piece in account.pieces:
        if piece.story is Story.CHIP:
            return piece.serial
    return account.pieces[0].serial if account.pieces else ""


async def _show_trace(shop: Shop, serial: str, reporter: Reporter) -> None:
    reporter.trace(serial)
    words = ("trace", serial, "--config", str(shop.folder.collector_config))
    _, table, trouble = await ask("gaugetrail-collector", *words, terminal=reporter.terminal)
    reporter.say((table + trouble).rstrip())

"""`gaugetrail-sim demo`: a simulated line in front of the real agent and collector, with the line's account as judge.

Promise: the figures at the end come from three sides that don't know each other: what the simulated operator and PLC
were told, what the agent sealed, and what stands in the store, read without the collector's code. Exit code 0 only if
nothing was lost, nothing doubled, no value altered, and every seal verifies.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gaugetrail_sim.demo.figures import Figures
from gaugetrail_sim.demo.folder import claim_folder
from gaugetrail_sim.demo.ports import ANY, KEPT
from gaugetrail_sim.demo.progress_line import ProgressLine
from gaugetrail_sim.demo.report import Reporter
from gaugetrail_sim.demo.shop import Shop
from gaugetrail_sim.demo.store_look import Comparison, StoredInspection, compare, look_influx, look_sqlite
from gaugetrail_sim.line.names import AGENT_ID
from gaugetrail_sim.line.pieces import NEXT_REVISION, Story
from gaugetrail_sim.line.run import LineRun, RunAccount
from gaugetrail_sim.servers.broker import Choice
from gaugetrail_sim.servers.processes import ask

PIECE_SECS = 0.2
KEEP_PIECE_SECS = 9.0
KEEP_PACE_SECS = 1.2
"""A kept line works as slowly as people do, so that somebody can look on."""
DRAIN_SECS = 30.0
STUCK_SECS = 90.0
"""The longest that a slow machine may need beyond its time, with the office at work beside the line."""
CHANGE_AT = 0.4
"""After this share of the time the office begins with the next revision."""
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
    wanted = KEPT if options.keep else ANY
    with reporter.progress() as progress:
        async with Shop(folder, options.store, options.broker, reporter.say, progress.stage, wanted) as shop:
            line = LineRun(shop.operator, shop.press, options.seed, reworks=True)
            figures = await _shown(shop, line, options, reporter, progress)
            with progress.away():
                reporter.figures(figures, line.account)
                await _show_trace(shop, figures.trace_serial, reporter)
                reporter.closing(figures, folder.path)
                done(figures)
                if options.keep:
                    reporter.kept(shop)
            if options.keep:
                await _run_on(shop, line, progress)
            progress.stage("stopping everything")
    if not options.keep:
        reporter.try_next(folder.path, store_is_up=shop.influx is None or not shop.influx.words)
    return figures


async def _shown(
    shop: Shop, line: LineRun, options: DemoOptions, reporter: Reporter, progress: ProgressLine
) -> Figures:
    """The line's time with a revision in its middle, an old plan refused, and the three sides held together."""
    reporter.open_to_look_at(shop)
    line.told = progress.line_time(options.secs)
    work = _work_through_a_revision(shop, line, options.secs)
    await shop.guard(work, options.secs + STUCK_SECS, "the line was running")
    tried = line.account.tighter_serial or ""
    old = await shop.guard(shop.try_old_station(tried), STUCK_SECS, "a unit was at the station with the old plan")
    reporter.old_plan(tried, old)
    progress.stage("the line stands: waiting for the last receipts, reading the store, recomputing every seal")
    return await _settle(shop, line.account, options)


async def _run_on(shop: Shop, line: LineRun, progress: ProgressLine) -> None:
    shop.operator.pace_secs = KEEP_PACE_SECS
    line.told = progress.kept()
    await shop.guard(line.work(FOR_EVER_SECS, KEEP_PIECE_SECS), FOR_EVER_SECS, "the line was running on")


async def _work_through_a_revision(shop: Shop, line: LineRun, secs: float) -> None:
    """The line works for `secs`; in the middle the next revision of the plan is approved. Raises what either raises."""
    work = asyncio.create_task(line.work(secs, PIECE_SECS, lambda: line.account.tighter_serial is not None))
    change = asyncio.create_task(_later(secs * CHANGE_AT, shop.office.tighten()))
    try:
        await asyncio.gather(work, change)
    finally:
        work.cancel()
        change.cancel()


async def _later(secs: float, what: Coroutine[Any, Any, None]) -> None:
    await asyncio.sleep(secs)
    await what


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
        new_plan_from=account.first_serial(NEXT_REVISION) or "",
        wrong_values=(*found.wrong_values, *account.wrong_verdicts),
        refused=found.events,
        order_done=shop.operator.order_done,
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

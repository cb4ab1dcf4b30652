"""Kills, cuts and fills real processes and counts what was lost: `run.py [NAME …] [--seed N] [--long] [--json]`.

Exit code 1 if anything that a station was told is lost or doubled, or a chain is broken. With `--json` the last line of
standard output is one object, `{"scenarios": [{"id", "faults", "acknowledged", "stored", "lost", …}]}`. The seed fixes
what is done and when it is meant to be done; the operating system still decides what a process was doing just then.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

# ruff: noqa: E402 - the floor lies one folder up, which only the line above makes known
from floor import program
from rich.console import Console
from rich.table import Table
from scenario import SCENARIOS, Result, Scenario, play

PR_SET_PDEATHSIG = 1
MARKS = ("<!-- table -->", "<!-- end of table -->")
COLUMNS = (
    "scenario",
    "faults",
    "acknowledged",
    "stored",
    "lost",
    "doubled",
    "set aside",
    "chain",
    "recovers in",
    "took",
)


def load() -> None:
    """Every `drill_*.py` beside this file registers its scenarios."""
    for path in sorted(HERE.glob("drill_*.py")):
        importlib.import_module(path.stem)


def main() -> int:
    load()
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("names", nargs="*", metavar="NAME", help=", ".join(SCENARIOS))
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--faults", type=int, help="inject so many instead of the published number")
    options.add_argument("--long", action="store_true", help="the soak: an hour of mixed faults")
    options.add_argument("--json", action="store_true", help="end with one JSON object")
    options.add_argument("--jobs", type=int, default=2, help="scenarios at once; those that measure time run alone")
    options.add_argument("--keep", action="store_true", help="leave the folders with settings, logs and stores")
    options.add_argument("--page", type=Path, help="put the table into this Markdown page, between its two marks")
    options.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    asked = options.parse_args()
    unknown = [name for name in asked.names if name not in SCENARIOS]
    if unknown:
        options.error(f"no drill {', '.join(unknown)}; there are {', '.join(SCENARIOS)}")
    os.umask(0o077)  # as our commands do: a service refuses what others could read
    # A polite end runs every context manager's exit, so that nothing is left running or mounted.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if asked.one:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        result = play(SCENARIOS[asked.names[0]], asked.one, asked.seed, asked.faults)
        (asked.one / "result.json").write_text(json.dumps(result.document()))
        return 0
    wanted = [SCENARIOS[name] for name in asked.names] or [one for one in SCENARIOS.values() if one.long == asked.long]
    results = run_all(wanted, asked)
    show(results)
    if asked.page:
        write_page(asked.page, results, asked.seed)
    if asked.json:
        print(json.dumps({"scenarios": [document(one) for one in results]}))
    return 0 if all(one.good for one in results) else 1


def document(result: Result) -> dict[str, object]:
    """What stands in the JSON of a scenario."""
    whole = result.document()
    return {key: whole[key] for key in whole if key != "figures"} | result.figures


def run_all(wanted: list[Scenario], asked: argparse.Namespace) -> list[Result]:
    """Each in a process and a folder of its own, some at once; then those that want to be alone."""
    base = Path(tempfile.mkdtemp(prefix="gaugetrail-drill-"))
    results: dict[str, Result] = {}
    with contextlib.ExitStack() as ending:
        run_groups(wanted, asked, base, results, ending)
    if asked.keep or not all(one.good for one in results.values()):
        print(f"settings, logs and stores of this run: {base}")
    else:
        shutil.rmtree(base, ignore_errors=True)
    return [results[one.name] for one in wanted if one.name in results]


def run_groups(wanted: list[Scenario], asked: argparse.Namespace, base: Path, results: dict, ending) -> None:
    """First those that may run beside each other, then those that want to be alone."""
    for group, jobs in (([one for one in wanted if not one.alone], asked.jobs), ([o for o in wanted if o.alone], 1)):
        running: dict[str, subprocess.Popen[bytes]] = {}
        waiting = list(group)
        while waiting or running:
            while waiting and len(running) < jobs:
                one = waiting.pop(0)
                missing = [name for name in one.servers if program(name) is None]
                if missing:
                    print(f"{one.name}: left out, because {', '.join(missing)} is not installed", flush=True)
                    continue
                print(f"{one.name}: {one.about}", flush=True)
                running[one.name] = begin(one, base / one.name, asked)
                ending.callback(end, running[one.name])
            for name, process in list(running.items()):
                if process.poll() is not None:
                    del running[name]
                    results[name] = ended(SCENARIOS[name], base / name)
                    tell(results[name])
            time.sleep(0.05)


def begin(one: Scenario, folder: Path, asked: argparse.Namespace) -> subprocess.Popen[bytes]:
    folder.mkdir()
    words = [sys.executable, __file__, one.name, "--one", str(folder), "--seed", str(asked.seed)]
    if asked.faults is not None:
        words += ["--faults", str(asked.faults)]
    with (folder / "drill.log").open("wb") as log:
        return subprocess.Popen(words, stdout=log, stderr=log, env=os.environ)


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask a scenario that still runs to clean up and end."""
    if process.poll() is None:
        process.terminate()
        process.wait(60)


def ended(one: Scenario, folder: Path) -> Result:
    path = folder / "result.json"
    if path.exists():
        return Result(**json.loads(path.read_text()))
    said = (folder / "drill.log").read_text("utf-8", "replace")[-1500:]
    return Result(one.name, one.faults, chain_ok=False, trouble=[f"the drill itself ended early: {said}"])


def tell(result: Result) -> None:
    word = "good" if result.good else "NOT GOOD"
    print(f"{result.id}: {word} after {result.secs:.0f} s", flush=True)
    for line in (*result.trouble, *result.notes):
        print(f"    {line}", flush=True)


def cells(one: Result) -> list[str]:
    """A result under `COLUMNS`."""
    return [
        one.id,
        f"{one.faults:,}",
        f"{one.acknowledged:,}",
        f"{one.stored:,}",
        f"{one.lost:,}",
        f"{one.duplicated:,}",
        f"{one.set_aside:,}",
        "whole" if one.chain_ok else "BROKEN",
        f"{one.recover_s:.1f} s",
        f"{one.secs:.0f} s",
    ]


def show(results: list[Result]) -> None:
    """The table for people."""
    table = Table(title="What was told to be recorded, held against the store")
    for number, column in enumerate(COLUMNS):
        table.add_column(column, justify="left" if number == 0 else "right")
    for one in results:
        table.add_row(*cells(one), style=None if one.good else "red")
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(table)


def write_page(page: Path, results: list[Result], seed: int) -> None:
    """The same table in Markdown, with what was measured beside it."""
    head = f"Run on {time.strftime('%d %B %Y', time.gmtime())}, seed {seed}, {os.cpu_count()} cores, Python "
    lines = [head + f"{sys.version.split()[0]}.", "", f"| {' | '.join(COLUMNS)} |", "|---" + "|--:" * 9 + "|"]
    lines += [f"| {' | '.join(cells(one))} |" for one in results]
    lines += ["", *(f"- {one.id}: {line}" for one in results for line in (*one.trouble, *one.notes))]
    text = page.read_text("utf-8")
    before, rest = text.split(MARKS[0])
    page.write_text(before + MARKS[0] + "\n" + "\n".join(lines) + "\n" + MARKS[1] + rest.split(MARKS[1])[1], "utf-8")


if __name__ == "__main__":
    sys.exit(main())

"""What happens to an agent's files and to the agent itself, in any order, while operators are in the midst of units.

Killed with a unit half measured; the spool's files deleted, moved or replaced under it, all of them, the file alone or
its log alone. What was told is stored; what was shown of a unit that was not complete then stands in a record of it,
too: it goes on where it was left, or ends as incomplete.
"""

from __future__ import annotations

import contextlib
import json
import random
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from drill_kills import together
from floor import until
from plant import DEPTH_PLAN, Plant
from scenario import Result, closing, scenario

TWO_VALUES = (
    DEPTH_PLAN
    + """
[[characteristic]]
name = "width"
unit = "mm"
lsl = "1.0"
usl = "2.0"
capture = "typed"
"""
)
LANES = 4
SUFFIXES = ("", "-wal", "-shm")

Taking = Callable[[Path], None]


def delete_all(spool: Path) -> None:
    """As `rm spool.db*` does."""
    unlink(spool, SUFFIXES)


def delete_log(spool: Path) -> None:
    """As somebody does who takes them for left-overs."""
    unlink(spool, ("-wal", "-shm"))


def delete_file(spool: Path) -> None:
    """The log alone is left."""
    unlink(spool, ("",))


def move_away(spool: Path) -> None:
    """As a tidy person does, or a virus scanner."""
    spool.rename(spool.with_name("moved.db"))


def replace_by_noise(spool: Path) -> None:
    """Something else under its name."""
    other = spool.with_name("other")
    other.write_bytes(b"no spool at all" * 1000)
    other.replace(spool)


def replace_by_copy(spool: Path) -> None:
    """A copy of itself, as programs do that write anew and rename."""
    copy = spool.with_name("copy")
    copy.write_bytes(spool.read_bytes())
    copy.replace(spool)


TAKINGS: tuple[Taking, ...] = (delete_all, delete_log, delete_file, move_away, replace_by_noise, replace_by_copy)


@scenario(numbers=(3, 5), faults=200)
def spool_taken(folder: Path, seed: int, faults: int) -> Result:
    """Kills amid a unit, the spool's files deleted, moved or replaced under the agent: told and shown is stored.

    Four agents at once. After files were taken an agent isn't killed until it has saved what it had open: until then
    nobody has been told of anything since, and a part that waits is in files without a name.
    """
    with Plant(folder, seed) as plant:
        plant.depth_plan = TWO_VALUES
        lanes = LANES if faults >= 40 else 1
        plant.run(agents=lanes, press=False)
        done: Counter[str] = Counter()

        def harm(name: str, times: int) -> None:
            dice = random.Random(f"{seed} {name}")
            for _ in range(times):
                time.sleep(dice.expovariate(1 / 0.25))
                if dice.random() < 0.5:
                    plant.kill(name)
                    plant.start_agent(name)
                    done["killed"] += 1
                else:
                    what = dice.choice(TAKINGS)
                    take(plant.data_dir(name) / "spool.db", what)
                    done[what.__name__.replace("_", " ")] += 1

        shares = [faults // lanes + (number < faults % lanes) for number in range(lanes)]
        together([(harm, (name, share)) for name, share in zip(plant.agents, shares, strict=True)])
        for name in plant.agents:
            plant.until_open(name)
        result = closing(plant, faults)
        look_for_shown(plant, result)
        result.notes.append(", ".join(f"{count} times {what}" for what, count in sorted(done.items())))
        return result


def take(spool: Path, what: Taking) -> None:
    """Do it to the files of a running agent, and wait until it has saved what it had open."""
    saved = epochs(spool)
    what(spool)
    until(lambda: epochs(spool) > saved, f"the agent saves its spool ({what.__name__})", 60)


def epochs(spool: Path) -> int:
    """How many epochs the file that stands there has; none for what is no spool."""
    with (
        contextlib.suppress(sqlite3.Error),
        contextlib.closing(sqlite3.connect(f"file:{spool}?mode=ro", uri=True)) as db,
    ):
        return int(db.execute("SELECT count(*) FROM epoch").fetchone()[0])
    return 0


def unlink(spool: Path, suffixes: Sequence[str]) -> None:
    """Some of its files."""
    for suffix in suffixes:
        spool.with_name(spool.name + suffix).unlink(missing_ok=True)


def look_for_shown(plant: Plant, result: Result) -> None:
    """Each value that a station has shown to hold stands in a record of the unit, stored or set aside."""
    records = [record.data for record in plant.look().records()] + [one.data for one in plant.aside() if one.data]
    there = set()
    interrupted = 0
    for content in map(json.loads, records):
        interrupted += bool(content.get("interruptions"))
        for one in content.get("measurements", ()):
            there.add(
                ((content["agent"], content["station"], content.get("serial")), one["characteristic"], one["value"])
            )
    shown = plant.account.shown
    missing = shown - there
    result.notes.append(
        f"{len(shown)} values were shown of units that were not complete; {interrupted} records say that they were "
        "interrupted"
    )
    result.trouble += [f"shown and nowhere: {' '.join(unit)} {name} {value}" for unit, name, value in sorted(missing)][
        :10
    ]

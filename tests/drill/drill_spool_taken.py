"""What happens to an agent's files and to the agent itself, in any order, while operators are in the midst of units.

Killed with a unit half measured; the spool's files deleted, moved or replaced under it, all of them, the file alone or
its log alone; the whole folder put back as it was a while ago, into the same files; a copy of it that goes on beside it
under the same name. What was told is stored, be it in a second history; what was shown of a unit that was not complete
then stands in a record of it, too: it goes on where it was left, or ends as incomplete.
"""

from __future__ import annotations

import contextlib
import json
import random
import shutil
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


PUT_BACK_EVERY, CLONED = 6, 2
"""One fault of so many is a snapshot put back; each agent is cloned so often."""
TAKINGS: tuple[Taking, ...] = (delete_all, delete_log, delete_file, move_away, replace_by_noise, replace_by_copy)


@scenario(numbers=(3, 5), faults=200)
def spool_taken(folder: Path, seed: int, faults: int) -> Result:
    """Kills amid a unit, spools deleted, replaced, put back from a snapshot, cloned: told and shown is stored.

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
            clones = {times * number // (CLONED + 1) for number in range(1, CLONED + 1)}
            for number in range(times):
                time.sleep(dice.expovariate(1 / 0.25))
                if number in clones:
                    clone(plant, name, f"{name}-copy{number}")
                    done["cloned"] += 1
                elif number % PUT_BACK_EVERY == PUT_BACK_EVERY - 1:
                    put_back(plant, name)
                    done["put back"] += 1
                elif dice.random() < 0.5:
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


def put_back(plant: Plant, name: str) -> None:
    """The agent's folder as it was some parts ago, into the same files: what a snapshot of a virtual machine does.

    What the store doesn't have by then, and a unit that is half measured, would go with the disk that is thrown away.
    """
    folder, hand = plant.data_dir(name), plant.hands[name]
    plant.kill(name)
    before = contents(folder)
    plant.start_agent(name)
    until_told_at(plant, name, 3)
    plant.crew.send_home(hand)
    until(lambda: plant.waiting_at(name) == 0, f"what {name} holds is stored", 90)
    plant.kill(name)
    for path in [one for one in folder.rglob("*") if one.is_file() and one not in before]:
        path.unlink()
    for path, data in before.items():
        path.write_bytes(data)
    plant.start_agent(name)
    plant.crew.call_back(hand)
    until_told_at(plant, name, 2)


def clone(plant: Plant, name: str, copy: str) -> None:
    """A copy of the agent's disk runs beside it, with people of its own, until all that it holds is stored."""
    plant.kill(name)
    own = ("agent.sock", "terminal.port")  # of a running agent
    shutil.copytree(plant.data_dir(name), plant.folder / copy / "data", ignore=shutil.ignore_patterns(*own))
    plant.add_copy(name, copy)
    plant.start_agent(name)
    plant.start_agent(copy)
    until_told_at(plant, copy, 3)
    until_told_at(plant, name, 3)
    plant.crew.send_home(plant.hands[copy])
    until(lambda: plant.waiting_at(copy) == 0, f"what {copy} holds is stored", 90)
    plant.kill(copy)


def contents(folder: Path) -> dict[Path, bytes]:
    """Every file of a folder."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def until_told_at(plant: Plant, name: str, more: int) -> None:
    """Wait until an agent's people were told of so many more parts."""
    hand = plant.hands[name]
    wanted = hand.told + more
    until(lambda: hand.told >= wanted, f"{name} tells of parts: {hand.where()}", 60)


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

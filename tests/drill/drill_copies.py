"""Put an agent's folder back as it was, or start a second PC on a copy of it: one epoch, two histories.

What is promised: every part that either of them has told stands in the store, and `trace` finds it; what the two sealed
under one number stands under two branches of the epoch, each whole; no spool keeps what it was told of; the copy goes
on in an epoch of its own, whose first record says why. The same files with the same inodes are put back in place, so
nothing that the agent has can notice it. What had not left the PC goes with the files that are written over, so each
agent is let empty its spool before; the snapshot itself is of one that was killed.

`snapshot`, `put_back` and `clone_beside` are for other drills, too.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from plant import Plant
from scenario import Result, closing, scenario

Files = Mapping[str, bytes]


def snapshot(folder: Path) -> Files:
    """Everything in an agent's folder as it lies there: the agent doesn't run, or was frozen with its machine."""
    return {one.name: one.read_bytes() for one in folder.iterdir() if one.is_file()}


def put_back(folder: Path, files: Files) -> None:
    """The folder as it was then, each file in place: names, inodes and all."""
    for one in folder.iterdir():
        if one.is_file() and one.name not in files:
            one.unlink()
    for name, content in files.items():
        (folder / name).write_bytes(content)  # writes over, and keeps the inode


def clone_beside(plant: Plant, original: str, clone: str, prefix: str) -> None:
    """A second PC on a copy of the original's disk, under the same name and key, with an operator of its own; start it
    as any other. A cloned disk has the inodes of the first; here they differ, so the mark is told those of the copy.
    """
    folder = plant.folder / clone
    shutil.copytree(plant.folder / original, folder, ignore=shutil.ignore_patterns("*.sock"))
    _same_inode(folder / "data")
    settings = folder / "agent.toml"
    settings.write_text(settings.read_text().replace(str(plant.data_dir(original)), str(folder / "data")))
    plant.join(clone, folder / "data", original, prefix)


def _same_inode(folder: Path) -> None:
    """As on a cloned disk: what the mark knows of the spool's file is true of the copy."""
    from gaugetrail_agent.spool import bookmark

    spool = folder / "spool.db"
    mark = bookmark.read(spool)
    assert mark is not None, "the original has left a mark"
    copied = bookmark.Bookmark(mark.session, mark.epoch, mark.seq, mark.sha256, spool.stat().st_ino, mark.before)
    bookmark.path_of(spool).write_bytes(copied.line())


def told_apart(plant: Plant) -> int:
    """How many epochs begin because a collector told a copy from its original."""
    kinds = [json.loads(one.data) for one in plant.look().records()]
    return sum(one["kind"] == "event" and one["type"] == "spool.branched" for one in kinds)


def traced(plant: Plant, result: Result, most: int = 12) -> None:
    """The newest told parts of second histories are found by their serial."""
    branched = [json.loads(one.data) for one in plant.look().records() if one.branch]
    serials = [one["serial"] for one in branched if one["kind"] == "inspection"][-most:]
    for serial in serials:
        code, out, err = plant.answer("gaugetrail-collector", "trace", serial, "--config", "collector.toml", "--json")
        if code or serial not in out:
            result.trouble.append(f"trace doesn't find {serial} of a second history: {err or out[:200]}")
    result.notes.append(f"{len(branched)} records stand in second histories; the last {len(serials)} units were traced")


@scenario(faults=6)
def snapshot_put_back(folder: Path, seed: int, faults: int) -> Result:
    """A snapshot of an agent's folder put back in place, with parts told since: both histories are stored and found."""
    with Plant(folder, seed) as plant:
        plant.run(agents=2, press=False, piece_secs=0.05)
        for number in range(faults):
            agent = plant.agents[number % 2]
            plant.until_told(plant.dice.randint(5, 20))
            plant.kill(agent)
            kept = snapshot(plant.data_dir(agent))
            plant.start_agent(agent)
            plant.until_told(plant.dice.randint(10, 40))
            assert (plant.stop(agent), plant.waiting_at(agent)) == (0, 0)
            put_back(plant.data_dir(agent), kept)
            plant.start_agent(agent)
            plant.until_told(plant.dice.randint(10, 60))
        result = closing(plant, faults)
        traced(plant, result)
        result.notes.append(f"{told_apart(plant)} new epochs of agents that were told apart")
        return result


@scenario(faults=3)
def cloned_disk(folder: Path, seed: int, faults: int) -> Result:
    """A second PC on a copy of a line PC's disk, both at once under one name: both histories are stored and found."""
    with Plant(folder, seed) as plant:
        plant.run(agents=1, press=False, piece_secs=0.05)
        for number in range(1, faults + 1):
            clone = f"copy{number}"
            plant.until_told(10)
            plant.until_stored()
            plant.kill("pc1")
            clone_beside(plant, "pc1", clone, f"5{number}")
            plant.start_agent("pc1")
            plant.start_agent(clone)
            plant.until_told(60)
            plant.kill(clone)
            plant.until_told(5)
            plant.start_agent(clone)
        result = closing(plant, faults)
        traced(plant, result)
        apart = told_apart(plant)
        result.notes.append(f"{apart} new epochs of agents that were told apart")
        if apart < faults:
            result.trouble.append(f"of {faults} copies {apart} were told apart")
        return result

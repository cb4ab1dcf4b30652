"""From `document approve` to held by fifty line PCs, with few documents and with ten thousand; a year that one missed.

Broker and collector are real processes; the line PCs are in this one, each with the agent's own receiver, disk and
connection (`simulated_agents`). The clock runs from the step (`approved`: as the command takes it, in this process;
`command`: from the start of the command's own process) until the new edition holds at each of them, its text on their
disks. Figures are medians of `ROUNDS`, with the worst beside them. While ten are off, `document stations` must name
those ten and no others. The one that missed a year knew a tenth of the documents, each in an edition of before.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path

import psutil
from documents_floor import PlayedPlant, Somebody, listed
from floor import Floor, command
from simulated_agents import SimulatedAgent, simulated_agents
from writing_desk import APPROVER, AUTHOR, Office, office_of

from gaugetrail_agent.health.heartbeat import NEWS_SECS
from gaugetrail_collector.documents import folding, texts
from gaugetrail_collector.documents.folding import read_register
from gaugetrail_collector.documents.written import part_bodies, step_body
from gaugetrail_collector.evidence.own_chain import OwnChain
from gaugetrail_contract.clock import WallClock
from gaugetrail_contract.documents.editions import NEEDED, DocumentKind, Draft, Life, LifeStep, StepKind, take
from gaugetrail_contract.record import EventBody
from gaugetrail_service.web.console_users import line_of

AGENTS = 50
OFF = 10
AGENTS_OF_MANY = 5
"""With ten thousand documents: they share this process's one interpreter, which at a line PC each has for itself."""
ROUNDS = int(os.environ.get("ROUNDS", "5"))
DOCUMENTS = int(os.environ.get("DOCUMENTS", "10000"))
LONGEST_SECS = 120.0
LONGEST_YEAR_SECS = 1800.0
LOOK_SECS = 0.005
CHUNK = 250
"""Documents whose records are sealed at once."""
PASSWORD = "a long enough word 17"
TEXT = b"a plan of three kilobytes, line by line\n" * 75
Say = Callable[[str], None]


def seconds_until(there: Callable[[], bool], start: float, longest: float = LONGEST_SECS) -> float:
    """From that moment on."""
    while not there():
        assert time.monotonic() - start < longest, f"not within {longest:g} s"
        time.sleep(LOOK_SECS)
    return time.monotonic() - start


class Approvals:
    """One document that gets edition after edition."""

    def __init__(self, floor: Floor, office: Office) -> None:
        self._floor = floor
        self._office = office
        self._number = 0

    def next(self, agents: Sequence[SimulatedAgent], *, by_command: bool = False) -> float:
        """Seconds from the approval of the next edition until it holds at each of these."""
        self._number += 1
        revision = str(self._number)
        self._office.draft("CP-A", TEXT + revision.encode(), revision)
        self._office.submit("CP-A")
        self._office.news()
        start = time.monotonic()
        if by_command:
            words = ("document", "approve", "CP-A", "--by", APPROVER, "--stdin", "--config", "collector.toml")
            folder, word = self._floor.folder, f"{PASSWORD}\n".encode()
            subprocess.run(
                (command("gaugetrail-collector"), *words), input=word, cwd=folder, capture_output=True, check=True
            )
        else:
            self._office.approve("CP-A")
        return seconds_until(lambda: all(one.works_by("CP-A") == revision for one in agents), start)


def fill(office: Office, count: int) -> None:
    """So many documents that hold, in the store as their steps would have left them, sealed by the hundred."""
    clock = WallClock()
    steps, parts = (OwnChain(office.store, "collector", purpose, clock) for purpose in (folding.PURPOSE, texts.PURPOSE))
    numbers = iter(range(count))
    last_us = read_register(office.store).last_us
    while chunk := list(islice(numbers, CHUNK)):
        contents = {f"CP-{number:05}": b"%05d " % number + TEXT for number in chunk}
        drafts = {one: _draft(text) for one, text in contents.items()}
        bodies = [body for one, text in contents.items() for body in part_bodies(parts, drafts[one].sha256, text, {})]
        last_us = parts.append(bodies, after_us=last_us)[-1].time_us
        taken = [body for one, draft in drafts.items() for body in life_of(steps, one, draft, clock.now_us())]
        last_us = steps.append(taken, after_us=last_us)[-1].time_us


def _draft(text: bytes) -> Draft:
    sha256 = hashlib.sha256(text).hexdigest()
    return Draft("A", sha256, len(text), NEEDED[DocumentKind.PLAN], line="another")


def life_of(chain: OwnChain, document: str, draft: Draft, now_us: int) -> Iterator[EventBody]:
    """New, submitted, approved."""
    life = Life(DocumentKind.PLAN, document)
    for what, by, made in (
        (StepKind.NEW, AUTHOR, draft),
        (StepKind.SUBMIT, AUTHOR, None),
        (StepKind.APPROVE, APPROVER, None),
    ):
        step = LifeStep(what, 1, by, now_us, draft=made)
        after = take(life, step)
        assert isinstance(after, Life)
        life = after
        yield step_body(chain, life, step, "author" if by == AUTHOR else "administrator")


def stale_ones(floor: Floor) -> set[str]:
    """What `document stations` names."""
    _, out, error = floor.ask("gaugetrail-collector", "document", "stations", "--json", "--config", "collector.toml")
    rows = [json.loads(line) for line in out.splitlines()]
    assert len(rows) == AGENTS, error
    return {row["agent"] for row in rows if row["stale"]}


def approvals(say: Say, documents: int, count: int) -> dict[str, float]:
    """So many line PCs, and so many documents of other lines beside the one that is approved."""
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder, Floor(Path(folder)) as floor, office_of(floor) as office:
        with (floor.folder / "collector.toml").open("a") as settings:
            settings.write('[console]\nusers = "users"\n')
        (floor.folder / "users").write_text(line_of(APPROVER, PASSWORD) + "\n")
        floor.broker()
        if documents:
            start = time.monotonic()
            fill(office, documents)
            say(f"{documents:,} documents written into the store in {time.monotonic() - start:.0f} s")
        with simulated_agents(count, floor.mqtt_port, floor.folder / "pcs") as agents:
            desk = Approvals(floor, office)
            floor.collector()
            say(f"first edition at all {count}: {desk.next(agents):.2f} s (the collector starts)")
            many = f"_of_{documents}" if documents else ""
            for name, by_command in (("approved", False), ("command", True)):
                secs = [desk.next(agents, by_command=by_command) for _ in range(ROUNDS)]
                middle, worst = statistics.median(secs), max(secs)
                say(f"{name}{many}: held by {count} after {middle:.2f} s; at worst {worst:.2f} s, wanted 2")
                found |= {f"documents_{name}{many}_s": middle, f"documents_{name}{many}_worst_s": worst}
            return found if documents else found | ten_off(say, floor, desk, agents)


def missed_year(say: Say) -> dict[str, float]:
    """One PC that knew a tenth of the documents, each in an edition of before; the plant is played."""
    now = [(f"CP-{number:05}", b"%05d " % number + TEXT) for number in range(DOCUMENTS)]
    before = [(name, b"old " + text) for name, text in now[: DOCUMENTS // 10]]
    with tempfile.TemporaryDirectory() as folder, Floor(Path(folder)) as floor:
        floor.broker()
        with closing(Somebody(floor.mqtt_port)) as somebody, simulated_agents(1, floor.mqtt_port, floor.folder) as pcs:
            plant, (one,) = PlayedPlant(somebody), pcs
            plant.says([text for _, text in before], *(listed(name, text) for name, text in before))
            seconds_until(lambda: one.documents.state().issue == 1, time.monotonic(), LONGEST_YEAR_SECS)
            one.off()
            plant.says([text for _, text in now], *(listed(name, text, 2) for name, text in now))
            memory, start = psutil.Process().memory_info().rss, time.monotonic()
            one.on()
            caught_up = seconds_until(lambda: one.documents.state().issue == 2, start, LONGEST_YEAR_SECS)
            grown = (psutil.Process().memory_info().rss - memory) / 1e6
            one.off()
            start = time.monotonic()
            SimulatedAgent(one.name, floor.mqtt_port, floor.folder)
            started = time.monotonic() - start
    say(f"{DOCUMENTS:,} texts of {len(TEXT):,} bytes missed: held after {caught_up:.0f} s, {grown:+.0f} MB")
    say(f"a start with all of them, each proved: {started:.1f} s")
    return {"documents_year_s": caught_up, "documents_year_mb": grown, "documents_start_s": started}


def run(say: Say) -> dict[str, float]:
    """All of it; a minute or two with few documents, ten with ten thousand."""
    logging.getLogger("gaugetrail_agent").setLevel(logging.ERROR)  # each of the fifty says whose key it knows now
    found = approvals(say, 0, AGENTS) | approvals(say, DOCUMENTS, AGENTS_OF_MANY) | missed_year(say)
    return {name: round(value, 3) for name, value in found.items()}


def ten_off(say: Say, floor: Floor, desk: Approvals, agents: list[SimulatedAgent]) -> dict[str, float]:
    """The stale list while they are off, and how soon they have caught up."""
    for one in agents[:OFF]:
        one.off()
    while_off = desk.next(agents[OFF:])
    right = stale_ones(floor) == {one.name for one in agents[:OFF]}
    say(f"{OFF} off: the others hold it after {while_off:.2f} s; the stale list is {'right' if right else 'WRONG'}")
    start, wanted = time.monotonic(), agents[-1].works_by("CP-A")
    for one in agents[:OFF]:
        one.on()
    back = seconds_until(lambda: all(one.works_by("CP-A") == wanted for one in agents), start)
    time.sleep(2 * NEWS_SECS)  # what they say of it
    none = not stale_ones(floor)
    say(f"on again: they hold it after {back:.2f} s; the stale list is {'empty' if none else 'NOT EMPTY'}")
    return {"documents_stale_right": float(right and none), "documents_back_s": round(back, 3)}

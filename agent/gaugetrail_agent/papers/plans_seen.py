"""Control plans as stations have first worked by them: at a station, a revision means one text, for good.

Promise: once `remember` has returned, the text that a station first saw of a plan's id and revision is on the disk,
whole, and `changed` finds each later text that differs, with the lines. Looking writes nothing. Kept in
`data_dir/plans`, a file a station and revision, named by the digest of both: the plan's own text. By station, since a
plan still names a station's devices: two stations may hold one revision with two wirings.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from gaugetrail_contract.documents.plan import Plan
from gaugetrail_contract.files import write_whole
from gaugetrail_contract.settings import Problem

MOST_PLACES = 5
"""Changed places that are shown; a plan that was written anew has many."""
LONGEST_LINE = 120


def remember(folder: Path, plans: Mapping[str, Sequence[Plan]]) -> None:
    """Keep the text of each station's plan that hasn't been seen yet; durable when this returns. Raises `OSError`."""
    for station, plan in _each(plans):
        kept = _kept(folder, station, plan)
        if not kept.exists():
            write_whole(kept, plan.text.encode("utf-8"))


def changed(folder: Path, plans: Mapping[str, Sequence[Plan]]) -> Iterator[Problem]:
    """A fault for each place where a plan's text differs from the one that its station first saw of the revision.
    Raises `OSError` when what was kept can't be read.
    """
    for station, plan in _each(plans):
        kept = _kept(folder, station, plan)
        if kept.exists() and (first := kept.read_bytes().decode("utf-8")) != plan.text:
            yield from _differences(station, plan, first)


def _each(plans: Mapping[str, Sequence[Plan]]) -> Iterator[tuple[str, Plan]]:
    return ((station, plan) for station, of_station in plans.items() for plan in of_station)


def _kept(folder: Path, station: str, plan: Plan) -> Path:
    name = hashlib.sha256("\0".join((station, plan.ref.id, plan.ref.revision)).encode()).hexdigest()[:16]
    return folder / f"{name}.toml"


def _differences(station: str, plan: Plan, first: str) -> Iterator[Problem]:
    name = str(plan.path)
    message = (
        f"the plan {plan.ref.id} has another text than when {station} first worked by it, under the same revision "
        f"{plan.ref.revision}: records of one revision must mean one text; give it a new revision with its approval, "
        "or put the text back"
    )
    yield Problem(name, "revision", message)
    before, now = first.splitlines(), plan.text.splitlines()
    matcher = difflib.SequenceMatcher(None, before, now, autojunk=False)
    places = [code for code in matcher.get_opcodes() if code[0] != "equal"]
    for _, start, end, from_line, to_line in places[:MOST_PLACES]:
        what = f"was {_shown(before[start:end])}, is {_shown(now[from_line:to_line])}"
        yield Problem(name, "", what, line=min(from_line + 1, max(1, len(now))))
    if len(places) > MOST_PLACES:
        yield Problem(name, "", f"and {len(places) - MOST_PLACES} more places differ")
    if not places:
        yield Problem(name, "", "the lines are the same; how they end differs")


def _shown(lines: list[str]) -> str:
    text = " / ".join(line.strip() for line in lines)
    if not lines:
        return "not there"
    return f"'{text}'" if len(text) <= LONGEST_LINE else f"'{text[:LONGEST_LINE]}…'"

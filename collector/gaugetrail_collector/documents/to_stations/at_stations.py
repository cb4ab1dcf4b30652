"""Station × document: what each line PC holds of the documents, what each station works by, and what is stale. Pure.

Held against what the store says now: a PC that hasn't heard of the newest list yet, lacks a text of it or is gone is
stale, and so is a station that works by another edition than the one that holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gaugetrail_collector.documents.folding import DocumentRegister
from gaugetrail_collector.documents.to_stations.by_line import LineTexts
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.distribution.current import issue_number, listed_editions
from gaugetrail_contract.distribution.pages import pages_of
from gaugetrail_contract.distribution.root import DocumentsRoot, root_of
from gaugetrail_contract.status import AgentStatus, StationStatus


@dataclass(frozen=True, slots=True)
class HeldThere:
    """What a line PC holds, or (with `station`) what a station works by. `stale` says why it is; null: it isn't."""

    agent: str
    station: str | None = None
    document: str | None = None
    revision: str | None = None
    edition: int | None = None
    since: str | None = None
    """PC: since when it holds the newest list in full; station: from when the edition holds."""
    stale: str | None = None


def current_root(register: DocumentRegister, people: LineTexts, now_us: int) -> DocumentsRoot:
    """What every PC should hold. Raises `TooManyDocuments`."""
    lives = register.lives.values()
    return root_of(pages_of(listed_editions(lives, now_us, people)), issue_number(lives, now_us), now_us)


def held_there(
    register: DocumentRegister, people: LineTexts, agents: Mapping[str, AgentStatus], now_us: int
) -> list[HeldThere]:
    """A line for each PC, and one for each of its stations. Raises `TooManyDocuments`."""
    return held_against(current_root(register, people, now_us), register, agents, now_us)


def held_against(
    wanted: DocumentsRoot, register: DocumentRegister, agents: Mapping[str, AgentStatus], now_us: int
) -> list[HeldThere]:
    """The same where somebody knows already what every PC should hold."""
    found: list[HeldThere] = []
    for name, told in sorted(agents.items()):
        found.append(_at_pc(name, told, wanted))
        found += (_at_station(name, *one, register, now_us) for one in sorted(told.station_details.items()))
    return found


def _at_pc(name: str, told: AgentStatus, wanted: DocumentsRoot) -> HeldThere:
    held = told.documents
    if not told.online:
        return HeldThere(name, stale="it is gone, and hears of no document")
    if held is None:
        return HeldThere(name, stale="it says nothing of documents: it is of before 0.2")
    if held.heard is None:
        return HeldThere(name, stale="no list of documents has reached it")
    if held.lacks:
        first = ", ".join(f"{one.id} edition {one.edition}" for one in held.lacks[:5])
        more = f" and {held.lacking - 5} more" if held.lacking > 5 else ""
        return HeldThere(name, stale=f"it lacks {held.lacking}: {first}{more}")
    if held.root != wanted.digest:
        has = "no list in full" if held.issue is None else f"list {held.issue}"
        return HeldThere(name, since=held.since, stale=f"it holds {has}, and list {wanted.issue} counts")
    return HeldThere(name, since=held.since)


def _at_station(agent: str, station: str, told: StationStatus, register: DocumentRegister, now_us: int) -> HeldThere:
    life = register.lives.get(told.plan) if told.plan is not None else None
    bare = HeldThere(agent, station, told.plan, told.revision)
    if told.plan is None:
        return bare if told.barred is None else _with(bare, stale=f"it takes no unit: {told.barred}")
    if life is None:
        return _with(bare, stale="it works by a file of its PC, which is no controlled document")
    here = next((one for one in life.editions if one.draft.sha256 == told.plan_sha256), None)
    if here is None:
        return _with(bare, stale="its text is that of no edition: it works by a file of its PC")
    holds = life.holding(now_us)
    since = None if here.holds_us is None else utc_text(here.holds_us)
    if holds is not None and holds.draft.sha256 == here.draft.sha256:
        return _with(bare, holds.number, since)
    what = "no edition holds" if holds is None else f"{holds.draft.revision}, edition {holds.number}, holds"
    return _with(bare, here.number, since, f"{what}; this one is {life.state(here, now_us)}")


def _with(bare: HeldThere, edition: int | None = None, since: str | None = None, stale: str | None = None) -> HeldThere:
    return HeldThere(bare.agent, bare.station, bare.document, bare.revision, edition, since, stale)


def in_words(rows: list[HeldThere]) -> Iterator[str]:
    """A line for each."""
    for one in rows:
        stale = "" if one.stale is None else f"STALE: {one.stale}"
        if one.station is None:
            good = f"holds every document of the newest list, since {_minute(one.since)}"
            yield f"{one.agent}: {stale or good}"
            continue
        number = "" if one.edition is None else f", edition {one.edition}, in force since {_minute(one.since)}"
        works_by = "no plan" if one.document is None else f"{one.document} {one.revision}{number}"
        yield f"  {one.station}: {works_by}{'; ' if stale else ''}{stale}"


def _minute(moment: str | None) -> str:
    return "an unknown time" if moment is None else f"{moment[:10]} {moment[11:16]}Z"

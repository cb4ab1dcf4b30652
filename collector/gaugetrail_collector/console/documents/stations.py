"""Station × document: what each line PC holds, by which edition its stations work, and when it was last heard."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gaugetrail_collector.documents.to_stations.at_stations import HeldThere
from gaugetrail_collector.statuses import Heard
from gaugetrail_contract.status import AgentStatus, LackedDocument

PAGE_OF_PCS = 100


@dataclass(frozen=True, slots=True)
class PcRow:
    """A line PC with its stations; `lacks` are the first of the `lacking` documents that it still waits for."""

    pc: HeldThere
    stations: tuple[HeldThere, ...]
    heard_us: int
    lacks: tuple[LackedDocument, ...]
    lacking: int
    said: str | None
    """When the collector said its list last, as the PC has it."""
    detail: str

    @property
    def stale(self) -> bool:
        """Whether anything of it is."""
        return any(one.stale for one in (self.pc, *self.stations))


@dataclass(frozen=True, slots=True)
class StationListing:
    """A page of line PCs by name, of `total` that were looked for; `stale` are so of all."""

    rows: tuple[PcRow, ...]
    total: int
    stale: int
    next: int | None


def station_listing(
    held: Sequence[HeldThere],
    heard: Mapping[str, Heard[AgentStatus]],
    *,
    document: str = "",
    only_stale: bool = False,
    after: int = 0,
) -> StationListing:
    """The page of those line PCs; with a document those where a station works by it, or that lack it. Pure."""
    everything = list(_rows(held, heard))
    found = [row for row in everything if (row.stale or not only_stale) and (not document or _has(row, document))]
    end = after + PAGE_OF_PCS
    stale = sum(row.stale for row in everything)
    return StationListing(tuple(found[after:end]), len(found), stale, end if end < len(found) else None)


def _rows(held: Sequence[HeldThere], heard: Mapping[str, Heard[AgentStatus]]) -> Iterator[PcRow]:
    of: dict[str, list[HeldThere]] = {}
    for one in held:
        of.setdefault(one.agent, []).append(one)
    for name, lines in of.items():
        told = heard[name].document.documents
        lacks, lacking = (told.lacks, told.lacking) if told is not None else ((), 0)
        said, detail = (told.said, told.detail) if told is not None else (None, "")
        yield PcRow(lines[0], tuple(lines[1:]), heard[name].heard_us, lacks, lacking, said, detail)


def _has(row: PcRow, document: str) -> bool:
    return any(one.document == document for one in row.stations) or any(one.id == document for one in row.lacks)

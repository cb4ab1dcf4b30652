"""Where a unit or lot came from, and what it went into: the trail across serials and lots.

The links are in the sealed records: an inspection says which components a unit holds, of which lot, heat and supplier
lot it is; events say which lots were split and merged and what an assembly was built from. What a re-attribution says
is a link of its own beside the first one: of two lots, a recall wants both. The walk goes breadth
first, each thing once, so a loop in the records ends it nowhere but where it began; depth and size are bounded, and
what was cut off is said.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from rich.text import Text
from rich.tree import Tree

from gaugetrail_collector.stores import Store
from gaugetrail_collector.stores.question import Asked
from gaugetrail_collector.tracing.effective import effective
from gaugetrail_collector.tracing.trace import Question, amendments, ask, target_of
from gaugetrail_contract.escapes import visible
from gaugetrail_contract.events.genealogy import AssemblyBuilt, LotMerge, LotSplit
from gaugetrail_contract.events.registry import payload_of
from gaugetrail_contract.record import Amendment, Event, Inspection, Record

Direction = Literal["made_from", "went_into"]
MATERIALS = ("lot", "heat", "supplier_lot")


@dataclass(frozen=True, slots=True, order=True)
class Thing:
    """A unit (`serial`), a `lot`, a `heat` or a `supplier_lot`."""

    kind: str
    identifier: str

    def __str__(self) -> str:
        return f"{self.kind} {self.identifier}"


@dataclass(frozen=True, slots=True)
class FamilyLink:
    """`part` went into `whole`; `record` says so."""

    part: Thing
    whole: Thing
    record: str


@dataclass(slots=True)
class Family:
    """What the walk found in one direction, in the order of the distance from where it began."""

    start: Thing
    direction: Direction
    links: list[FamilyLink] = field(default_factory=list)
    distance: dict[Thing, int] = field(default_factory=dict)
    cut_off: list[str] = field(default_factory=list)
    """What was not followed any further, in words."""

    def as_json(self) -> dict[str, object]:
        """For programs."""
        things = [
            {"kind": thing.kind, "identifier": thing.identifier, "distance": distance}
            for thing, distance in self.distance.items()
            if thing != self.start
        ]
        links = [
            {
                "part": {"kind": link.part.kind, "identifier": link.part.identifier},
                "whole": {"kind": link.whole.kind, "identifier": link.whole.identifier},
                "record": link.record,
            }
            for link in self.links
        ]
        return {"things": things, "links": links, "cut_off": self.cut_off}

    def tree(self) -> Tree:
        """For people; a thing that stands in the tree already is named again, and not unfolded again."""
        title = "made from" if self.direction == "made_from" else "went into"
        root = Tree(Text(visible(f"{self.start} {title}")))
        branches = {self.start: root}
        for link in self.links:
            near, far = (link.whole, link.part) if self.direction == "made_from" else (link.part, link.whole)
            known = far in branches
            branch = branches[near].add(Text(visible(f"{far}  ({link.record}){' (see above)' if known else ''}")))
            branches.setdefault(far, branch)
        for word in self.cut_off:
            root.add(Text(visible(word), style="yellow"))
        return root


def links_of(record: Record) -> Iterator[tuple[Thing, Thing]]:
    """(part, whole) pairs that a record tells."""
    if isinstance(record, Inspection):
        yield from _inspected(record)
    elif isinstance(record, Event):
        payload = payload_of(record.type, record.subject.kind, record.payload)
        subject = record.subject.id
        if isinstance(payload, LotSplit):
            yield from ((Thing("lot", subject), Thing("lot", lot)) for lot in payload.into)
        elif isinstance(payload, LotMerge):
            yield from ((Thing("lot", lot), Thing("lot", subject)) for lot in payload.from_)
        elif isinstance(payload, AssemblyBuilt):
            yield from ((Thing("serial", serial), Thing("serial", subject)) for serial in payload.from_)
            yield from ((Thing("lot", lot), Thing("serial", subject)) for lot in payload.lots)


def _inspected(record: Inspection) -> Iterator[tuple[Thing, Thing]]:
    """A unit is of its lot, heat and supplier lot, and holds its components; without a serial the lot is."""
    materials = [Thing(kind, str(getattr(record, kind))) for kind in MATERIALS if getattr(record, kind) is not None]
    if record.serial is not None:
        whole = Thing("serial", record.serial)
    elif record.lot is not None:
        whole = Thing("lot", record.lot)
    else:
        return
    yield from ((part, whole) for part in materials if part != whole)
    built_in = [Thing("serial", component) for component in record.components]
    built_in += [Thing(one.kind, one.id) for one in record.built_in]
    yield from ((part, whole) for part in dict.fromkeys(built_in) if part not in materials)


def walk(store: Store, start: Thing, direction: Direction, depth: int, size: int) -> Family:
    """Breadth first, at most `depth` steps away and `size` things. Raises `StoreDown` or `StoreRefuses`."""
    family = Family(start, direction, distance={start: 0})
    waiting = deque([start])
    seen: set[tuple[Thing, Thing]] = set()
    while waiting:
        thing = waiting.popleft()
        for link in _links(store, thing, direction):
            far = link.part if direction == "made_from" else link.whole
            if (link.part, link.whole) in seen:
                continue
            if far not in family.distance:
                if family.distance[thing] == depth:
                    family.cut_off.append(f"{thing} leads on; it is {depth} steps away (--depth)")
                    break
                if len(family.distance) > size:
                    family.cut_off.append(f"{thing} leads to more than {size} things (--most)")
                    return family
                family.distance[far] = family.distance[thing] + 1
                waiting.append(far)
            seen.add((link.part, link.whole))
            family.links.append(link)
    return family


def _links(store: Store, thing: Thing, direction: Direction) -> Iterator[FamilyLink]:
    """The links that lead on from a thing, from every record that carries it."""
    kinds = [thing.kind]
    if thing.kind == "serial" and direction == "went_into":
        kinds.append("component")
    for kind in kinds:
        for known in ask(store, Question((Asked(kind, thing.identifier),))):
            record = _amended(store, known.record) if isinstance(known.record, Amendment) else known.record
            for part, whole in () if record is None else links_of(record):
                if thing == (whole if direction == "made_from" else part):
                    yield FamilyLink(part, whole, known.id)


def _amended(store: Store, amendment: Amendment) -> Inspection | None:
    """The inspection as its amendments say it is; null for any other record."""
    target = target_of(store, amendment)
    now = None if target is None else effective(target, amendments(store, [target]))
    return None if now is None else now.record

"""Station × document: which edition, since when, and what is stale."""

from __future__ import annotations

import hashlib
from contextlib import closing
from pathlib import Path

from gaugetrail_collector.documents.desk import Desk, NewEdition
from gaugetrail_collector.documents.folding import DocumentRegister, read_register
from gaugetrail_collector.documents.to_stations.at_stations import current_root, held_there, in_words
from gaugetrail_collector.documents.to_stations.by_line import LineTexts
from gaugetrail_collector.stores.sqlite.store import SqliteStore
from gaugetrail_contract.clock import FixedClock, utc_text
from gaugetrail_contract.documents.editions import DocumentKind, StepKind
from gaugetrail_contract.status import AgentStatus, DocumentsHeld, LackedDocument, StationStatus

NOBODY = LineTexts({}.__getitem__)
"""No people document is in force."""
NOON = FixedClock().us + 3_600_000_000


class TickingClock(FixedClock):
    """A millisecond passes with each look at it."""

    def now_us(self) -> int:
        self.us += 1000
        return self.us


def register(folder: Path) -> DocumentRegister:
    """CP-1 in two editions, CP-2 withdrawn."""
    with closing(SqliteStore(folder / "store.db")) as store:
        store.open()
        desk = Desk(store, "c1", folder / "documents.lock", TickingClock(), master=True)
        desk.begin("ida", "")
        for document, content, revision in (("CP-1", b"one", "A"), ("CP-1", b"two", "B"), ("CP-2", b"three", "A")):
            desk.new(NewEdition(DocumentKind.PLAN, document, content, revision), "eva")
            desk.step(StepKind.SUBMIT, document, "eva")
            desk.step(StepKind.APPROVE, document, "ida")
        desk.step(StepKind.WITHDRAW, "CP-2", "ida", "wrong")
        return read_register(store)


def works_by(document: str | None, text: bytes = b"", revision: str = "B") -> StationStatus:
    sha256 = hashlib.sha256(text).hexdigest()
    return StationStatus(plan=document, revision=revision, plan_sha256=None if document is None else sha256)


def said(found: DocumentRegister, agents: dict[str, AgentStatus]) -> list[str]:
    return list(in_words(held_there(found, NOBODY, agents, NOON)))


def test_each_pc_and_each_of_its_stations_has_a_line(tmp_path: Path) -> None:
    found = register(tmp_path)
    root = current_root(found, NOBODY, NOON)
    held = DocumentsHeld(root=root.digest, issue=root.issue, since=utc_text(NOON), heard=root.digest)
    details = {
        "OP10": works_by("CP-1", b"two"),
        "OP20": works_by("CP-1", b"one", "A"),
        "OP30": works_by("CP-2", b"three", "A"),
        "OP40": works_by("CP-9", b"x"),
        "OP50": works_by("CP-1", b"changed"),
        "OP60": works_by(None),
        "OP70": StationStatus(barred="CP-2 was withdrawn"),
    }
    lines = said(found, {"pc1": AgentStatus(online=True, agent="pc1", documents=held, station_details=details)})
    since = "in force since 2026-09-21 14:13Z"
    assert lines == [
        "pc1: holds every document of the newest list, since 2026-09-21 15:13Z",
        f"  OP10: CP-1 B, edition 2, {since}",
        f"  OP20: CP-1 A, edition 1, {since}; STALE: B, edition 2, holds; this one is superseded",
        f"  OP30: CP-2 A, edition 1, {since}; STALE: no edition holds; this one is withdrawn",
        "  OP40: CP-9 B; STALE: it works by a file of its PC, which is no controlled document",
        "  OP50: CP-1 B; STALE: its text is that of no edition: it works by a file of its PC",
        "  OP60: no plan",
        "  OP70: no plan; STALE: it takes no unit: CP-2 was withdrawn",
    ]


def test_a_pc_that_is_behind_or_gone_is_stale(tmp_path: Path) -> None:
    found = register(tmp_path)
    root = current_root(found, NOBODY, NOON)
    lacks = tuple(LackedDocument(id=f"CP-{number}", edition=1, sha256="0" * 64) for number in range(7))
    told = {
        "pc1": AgentStatus(online=False, agent="pc1"),
        "pc2": AgentStatus(online=True, agent="pc2"),
        "pc3": AgentStatus(
            online=True, agent="pc3", documents=DocumentsHeld(heard=root.digest, lacks=lacks, lacking=9)
        ),
        "pc4": AgentStatus(online=True, agent="pc4", documents=DocumentsHeld(root="0" * 64, issue=3, heard="0" * 64)),
        "pc5": AgentStatus(online=True, agent="pc5", documents=DocumentsHeld(heard=root.digest)),
        "pc6": AgentStatus(online=True, agent="pc6", documents=DocumentsHeld()),
    }
    first = ", ".join(f"CP-{number} edition 1" for number in range(5))
    assert said(found, told) == [
        "pc1: STALE: it is gone, and hears of no document",
        "pc2: STALE: it says nothing of documents: it is of before 0.2",
        f"pc3: STALE: it lacks 9: {first} and 4 more",
        f"pc4: STALE: it holds list 3, and list {root.issue} counts",
        f"pc5: STALE: it holds no list in full, and list {root.issue} counts",
        "pc6: STALE: no list of documents has reached it",
    ]

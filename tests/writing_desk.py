"""The desk at the collector's host, beside the running service that sends what is decided there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from floor import Floor

from gaugetrail_collector.documents.desk import Desk, NewEdition
from gaugetrail_collector.documents.following import FollowedRegister
from gaugetrail_collector.stores.sqlite.store import SqliteStore
from gaugetrail_contract.clock import WallClock
from gaugetrail_contract.documents.editions import DocumentKind, StepKind
from gaugetrail_contract.signing import signer_at

AUTHOR, APPROVER = "eva", "ida"


class Office:
    """Whoever writes and approves; the collector must be written as the one that writes (`write_master`)."""

    def __init__(self, floor: Floor) -> None:
        self.data = floor.folder / "collector-data"
        self.store = SqliteStore(floor.folder / "store.db")
        self.store.open()
        self.desk = Desk(
            self.store,
            "collector",
            self.data / "documents.lock",
            WallClock(),
            master=True,
            read=FollowedRegister().now,
        )
        self.key = signer_at(self.data / "documents.key").key
        self.desk.begin(APPROVER, "")

    def draft(
        self,
        document: str,
        content: bytes,
        revision: str,
        kind: DocumentKind = DocumentKind.PLAN,
        effective_us: int | None = None,
    ) -> None:
        """An edition that nobody has approved."""
        self.desk.new(NewEdition(kind, document, content, revision, effective_us=effective_us), AUTHOR)

    def submit(self, document: str) -> None:
        """It waits for its approval."""
        self.desk.step(StepKind.SUBMIT, document, AUTHOR)

    def approve(self, document: str) -> None:
        """It holds, at once or from its moment on, and the collector is told to look."""
        self.desk.step(StepKind.APPROVE, document, APPROVER)
        self.news()

    def withdraw(self, document: str) -> None:
        """Nothing of it holds any more."""
        self.desk.step(StepKind.WITHDRAW, document, APPROVER, "it was wrong")
        self.news()

    def take_in(self, document: str, content: bytes, revision: str, kind: DocumentKind = DocumentKind.PLAN) -> None:
        """All steps at once."""
        self.draft(document, content, revision, kind)
        self.submit(document)
        self.approve(document)

    def news(self) -> None:
        """As the commands do: the running collector looks at once."""
        (self.data / "documents.news").touch()


@contextmanager
def office_of(floor: Floor, more: str = "") -> Iterator[Office]:
    """With a collector that writes, not started yet; `more` stands in its `[documents]`, too."""
    path = floor.write_collector()
    path.write_text(path.read_text() + f"[documents]\nmaster = true\n{more}")
    office = Office(floor)
    try:
        yield office
    finally:
        office.store.close()

"""Documents at this collector, as its settings say it: whether it writes, and where its own files of them are."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from gaugetrail_collector.config import CollectorConfig
from gaugetrail_collector.documents.desk import Desk
from gaugetrail_collector.documents.folding import DocumentRegister
from gaugetrail_collector.documents.following import FollowedRegister
from gaugetrail_collector.stores import Store
from gaugetrail_contract.clock import WallClock
from gaugetrail_contract.documents.editions import Approver
from gaugetrail_service.clock_source import kernel_trust


@dataclass(frozen=True, slots=True)
class DocumentsHere:
    """One collector's place among those of its store."""

    collector: str
    data_dir: Path
    news: Path
    attachments: tuple[Path, ...]
    """Folders of files that belong to documents."""
    master: bool = False
    approver: Approver = "another"

    @classmethod
    def of(cls, config: CollectorConfig) -> Self:
        """As these settings have it."""
        table = config.settings.documents
        return cls(
            config.settings.id,
            config.data_dir,
            config.document_news_path,
            config.attachment_folders,
            table.master,
            table.approver,
        )

    def desk(self, store: Store, read: Callable[[Store], DocumentRegister] | None = None) -> Desk:
        """Where steps are taken here; the register is read once, and then only what came since."""
        return Desk(
            store,
            self.collector,
            self.data_dir / "documents.lock",
            WallClock(trust=kernel_trust),
            master=self.master,
            approver=self.approver,
            read=read or FollowedRegister().now,
        )

    def told(self) -> None:
        """A step was taken: the service sends what it changes at once. It looks by itself as well, a little later."""
        with contextlib.suppress(OSError):
            self.news.touch()

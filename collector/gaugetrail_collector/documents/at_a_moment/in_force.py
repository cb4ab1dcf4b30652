"""The gauge registers and people lists that held at a moment, read into rows. Where several hold, each by itself.

Promise: rows are those of the text that was in force then. A document whose text can't be read is told, with why, and
keeps nobody from seeing the others. A text is read once and kept under its digest, the last `MOST_KEPT` of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from pydantic import ValidationError

from gaugetrail_collector.documents.at_a_moment.rows_then import gauges_of
from gaugetrail_collector.documents.folding import DocumentRegister
from gaugetrail_collector.documents.roles import people_of
from gaugetrail_collector.documents.texts import TextMissing, stored_text
from gaugetrail_collector.stores import Store
from gaugetrail_contract.documents.editions import DocumentKind, Edition, Life
from gaugetrail_contract.documents.gauges import GaugeRegister
from gaugetrail_contract.documents.people import PeopleList
from gaugetrail_contract.settings import ConfigError

MOST_KEPT = 50
Listed = TypeVar("Listed", GaugeRegister, PeopleList)


@dataclass(frozen=True, slots=True)
class ListInForce(Generic[Listed]):
    """A document of that kind that held; `listed` is null where `fault` says why it can't be read."""

    life: Life
    edition: Edition
    listed: Listed | None
    fault: str = ""


@dataclass(slots=True)
class ListReader(Generic[Listed]):
    """One kind of list, read out of texts."""

    kind: DocumentKind
    read: Callable[[bytes], Listed]
    _kept: dict[str, Listed] = field(default_factory=dict)

    def in_force(self, store: Store, register: DocumentRegister, at_us: int) -> Iterator[ListInForce[Listed]]:
        """Those that held at that moment. Raises `StoreDown`."""
        for life in register.lives.values():
            edition = life.holding(at_us) if life.kind is self.kind else None
            if edition is None:
                continue
            try:
                yield ListInForce(life, edition, self.listed(store, edition.draft.sha256))
            except (TextMissing, ConfigError, ValidationError, UnicodeDecodeError) as error:
                yield ListInForce(life, edition, None, str(error))

    def listed(self, store: Store, sha256: str) -> Listed:
        """What the text of that digest says. Raises what reading it does, `TextMissing`, `StoreDown`."""
        found = self._kept.get(sha256)
        if found is None:
            found = self.read(stored_text(store, sha256))
            if len(self._kept) >= MOST_KEPT:
                self._kept.pop(next(iter(self._kept)))
            self._kept[sha256] = found
        return found


def gauge_registers() -> ListReader[GaugeRegister]:
    """Those of gauges."""
    return ListReader(DocumentKind.GAUGES, gauges_of)


def people_lists() -> ListReader[PeopleList]:
    """Those of people."""
    return ListReader(DocumentKind.PEOPLE, people_of)

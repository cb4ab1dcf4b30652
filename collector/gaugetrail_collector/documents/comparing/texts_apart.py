"""Two texts of a document held against each other: what changed, limits first, and what that would have meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gaugetrail_collector.documents.comparing.consequences import Consequence, consequences
from gaugetrail_collector.documents.comparing.differences import LIMITS, Change, changes
from gaugetrail_collector.stores import Store
from gaugetrail_contract.documents.editions import Life


@dataclass(frozen=True, slots=True)
class TextsCompared:
    """Every change in its order, and by characteristic what its limits together would have meant."""

    changes: Sequence[Change]
    meant: Mapping[str, Consequence]

    def lines(self) -> Iterator[str]:
        """A sentence for each. What limits would have meant stands behind the characteristic's last one: it is of all
        of them together.
        """
        if not self.changes:
            yield "nothing changed"
        last = {one.about: at for at, one in enumerate(self.changes) if one.key in LIMITS}
        for at, one in enumerate(self.changes):
            tail = f"; {self.meant[one.about]}" if one.about in self.meant and last.get(one.about) == at else ""
            yield f"{one}{tail}"

    def as_json(self) -> Iterator[dict[str, object]]:
        """The same for programs."""
        for change in self.changes:
            shown: dict[str, object] = {
                "about": change.about,
                "key": change.key,
                "old": change.old,
                "new": change.new,
            }
            if change.key in LIMITS and change.about in self.meant:
                one = self.meant[change.about]
                shown |= {
                    "effect": change.effect,
                    "of_last": one.of,
                    "would_fail": one.would_fail,
                    "did_fail": one.did_fail,
                }
            yield shown


def compared(store: Store, life: Life, old: bytes, new: bytes, now_us: int) -> TextsCompared:
    """Two texts of that document. Raises `StoreDown`."""
    found = changes(life.kind, old, new)
    return TextsCompared(found, consequences(store, life.id, old, new, found, now_us))

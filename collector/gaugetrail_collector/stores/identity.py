"""Which store this is: an id that is drawn once and kept in the store itself, so that two collectors on one store, and
two on two, can be told apart whatever the stores' addresses are.

Only a running collector has it drawn or kept up; commands that read never write it. A copy of the records (`store
copy`) is another store with another id; a copy of a SQLite file is the same store twice. Where a store takes no such
thing, the id is unknown and nothing else is the worse for it.
"""

from __future__ import annotations

import logging
import re
import secrets

from gaugetrail_collector.stores import Store, StoreDown, StoreRefuses

log = logging.getLogger(__name__)

LOOK_SECS = 3600.0
"""Two collectors that draw an id in the same second agree on one within this time."""
_ID = re.compile(r"[0-9a-f]{16}")


def new_store_id() -> str:
    """An id that no store had before."""
    return secrets.token_hex(8)


def store_id_in(value: object) -> str:
    """What stands in a store, if it is an id; empty for anything else that somebody put there."""
    return value if isinstance(value, str) and _ID.fullmatch(value) else ""


class StoreIdentity:
    """What a collector knows of the store that it writes to. Any thread."""

    def __init__(self, store: Store) -> None:
        self.id = ""
        """Empty while it isn't known."""
        self.name = ""
        self._store = store
        self._looked: float | None = None

    def doubt(self) -> None:
        """The store was away: another one may stand in its place. What was known is asked for again."""
        self._looked = None

    def look(self, now: float) -> None:
        """Ask the store, if that is due. Only while it is up."""
        if self._looked is not None and now - self._looked < LOOK_SECS:
            return
        self._looked = now
        try:
            self.name = self._store.health()
            self.id = self._store.identity()
        except StoreRefuses as error:
            self.id = ""
            log.warning("the store keeps no id of its own: %s", error, extra={"event": "store_unnamed"})
        except StoreDown as error:
            self._looked = None
            log.debug("the store's id is not known yet: %s", error)

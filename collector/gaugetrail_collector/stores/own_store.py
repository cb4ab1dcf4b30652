"""A store of one's own for work on a thread of its own: opened when it is wanted, let go of after trouble, and opened
anew then.
"""

from __future__ import annotations

from collections.abc import Callable

from gaugetrail_collector.stores import Store


class OwnStore:
    """One for each thread; not to be shared."""

    def __init__(self, make: Callable[[], Store]) -> None:
        self._make = make
        self._open: Store | None = None

    def opened(self) -> Store:
        """The store. Raises `StoreDown`."""
        if self._open is None:
            store = self._make()
            store.open()
            self._open = store
        return self._open

    def close(self) -> None:
        """Let go of it, where it is open."""
        if self._open is not None:
            self._open.close()
            self._open = None

"""Which part numbers each text is for: read once, by its digest, and remembered. A text that names none is known, too.

A thread reads them when the console starts and whenever many came: until it is through, a search by part number says
how many texts it hasn't looked into.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from gaugetrail_collector.documents.texts import TextMissing, stored_text
from gaugetrail_collector.stores import Store, StoreDown
from gaugetrail_contract.files import text_of
from gaugetrail_contract.toml_words import TomlFault, read_toml

log = logging.getLogger(__name__)

AT_ONCE = 20
"""Texts that are read while a page waits."""


class PartIndex:
    """Thread-safe. `make` gives a store for the thread's own use."""

    def __init__(self, make: Callable[[], Store]) -> None:
        self._make = make
        self._parts: dict[str, tuple[str, ...]] = {}
        self._reading: threading.Thread | None = None
        self._closing = False

    def of(self, sha256: str) -> tuple[str, ...]:
        """Those of a text; none of one that isn't read yet."""
        return self._parts.get(sha256, ())

    def look(self, store: Store, texts: Iterable[str]) -> int:
        """Look into those that aren't known: a few at once, many on a thread. How many are unknown still. Raises
        `StoreDown`.
        """
        missing = [one for one in texts if one not in self._parts]
        if len(missing) <= AT_ONCE:
            for one in missing:
                self._learn(store, one)
            return 0
        self.begin(missing)
        return len(missing)

    def begin(self, texts: list[str]) -> None:
        """Read them on a thread of their own, one thread at a time."""
        if self._reading is None or not self._reading.is_alive():
            self._reading = threading.Thread(target=self._run, args=(texts,), name="console-parts", daemon=True)
            self._reading.start()

    def close(self) -> None:
        """The thread ends with the text that it reads."""
        self._closing = True

    def _run(self, texts: list[str]) -> None:
        store = self._make()
        try:
            store.open()
            for one in texts:
                if self._closing:
                    return
                if one not in self._parts:
                    self._learn(store, one)
        except StoreDown as error:
            log.info("console: part numbers of documents can't be read: %s", error, extra={"event": "console"})
        except Exception:
            log.exception("console: reading part numbers of documents ended by a fault of its own")
        finally:
            store.close()

    def _learn(self, store: Store, sha256: str) -> None:
        try:
            self._parts[sha256] = parts_in(text_of(stored_text(store, sha256)))
        except (TextMissing, UnicodeDecodeError, TomlFault):
            self._parts[sha256] = ()


def parts_in(text: str) -> tuple[str, ...]:
    """Whatever kind of document it is: a part, and what else it is for. Raises `TomlFault`.

    They stand above the first table and in `[[also_for]]`: the rest needn't be read, unless that was cut in two.
    """
    try:
        table = read_toml("".join(_beginning(text.splitlines(keepends=True))))
    except TomlFault:
        table = read_toml(text)
    return tuple(dict.fromkeys(_named_in(table)))


def _beginning(lines: Iterable[str]) -> Iterator[str]:
    wanted = True
    for line in lines:
        if line.lstrip().startswith("["):
            wanted = line.replace(" ", "").startswith("[[also_for]]")
        if wanted:
            yield line


def _named_in(table: Mapping[str, Any]) -> Iterator[str]:
    further = table.get("also_for", [])
    for one in (table, *(further if isinstance(further, list) else ())):
        if isinstance(one, dict) and isinstance(one.get("part"), str):
            yield one["part"]

"""Which collectors are known because one that is known has introduced them.

Promise: an introduction counts as long as its introducer is known, by a key that is kept or listed or by another
introduction, and names it in its newest list. So taking a key away takes those away that came by it. What counts is
kept in `introductions.json`, each list as it was signed, and is proven anew when the file is read.

A list is also kept, in memory, before its introducer is known, for it is said but once a minute and the first receipt
may come later: of at most `MOST_STRANGERS`, those heard last.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from pydantic import ConfigDict, TypeAdapter, ValidationError

from gaugetrail_contract.files import write_whole
from gaugetrail_contract.introductions import IntroducersWord, read_introductions
from gaugetrail_contract.signing import fingerprint

log = logging.getLogger(__name__)

MOST_STRANGERS = 100

Knows = Callable[[str, str], bool]
"""Whether a collector is known by a key without any introduction."""

_FILE: TypeAdapter[list[str]] = TypeAdapter(list[str], config=ConfigDict(defer_build=True))


class IntroducedCollectors:
    """The lists that were heard. One thread at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lists: dict[str, tuple[IntroducersWord, str]] = {}
        """Introducer -> its newest list, also as it was signed; in the order of hearing."""
        self._kept: list[str] = []
        self._known: dict[tuple[str, str], str] = {}
        self._read()

    @property
    def known(self) -> Mapping[tuple[str, str], str]:
        """Collector and key -> who has introduced it, of those not known without it; as last reckoned."""
        return self._known

    def keys(self, collector: str) -> list[str]:
        """The keys that this one was introduced with."""
        return [key for name, key in self._known if name == collector]

    def hear(self, payload: bytes, introducer: str, knows: Knows) -> list[tuple[str, str]]:
        """Take a list; those whom it makes known. Raises `ValueError` for what is none of this introducer's."""
        word = read_introductions(payload)
        if word.introducer != introducer:
            raise ValueError(f"the introductions of {introducer!r} are signed by {word.introducer!r}")
        before = self._lists.get(introducer)
        if before is not None and self._counts(before[0], knows):
            if not self._counts(word, knows):
                raise ValueError(f"the introductions of {introducer!r} are signed with a key that isn't known")
            if word.said.number <= before[0].said.number:
                return []
        self._lists.pop(introducer, None)
        self._lists[introducer] = word, payload.decode("utf-8")
        return self.reckon(knows)

    def reckon(self, knows: Knows) -> list[tuple[str, str]]:
        """Who counts now; those who didn't before. To be asked for again when the keys have changed that are kept."""
        before, self._known = self._known, {}
        while found := dict(self._more(knows)):
            self._known |= found
        self._forget_strangers(knows)
        self._keep(knows)
        for collector, key in before.keys() - self._known.keys():
            told = {"event": "collector_withdrawn", "collector": collector, "key": key}
            log.warning("the collector %s is introduced no more with %s", collector, fingerprint(key), extra=told)
        return sorted(self._known.keys() - before.keys())

    def _more(self, knows: Knows) -> Iterator[tuple[tuple[str, str], str]]:
        for word, _ in self._lists.values():
            if self._counts(word, knows):
                for one in word.said.introduced:
                    is_news = (one.collector, one.key) not in self._known and not knows(one.collector, one.key)
                    if one.collector != word.introducer and is_news:
                        yield (one.collector, one.key), word.introducer

    def _counts(self, word: IntroducersWord, knows: Knows) -> bool:
        return knows(word.introducer, word.key) or (word.introducer, word.key) in self._known

    def _forget_strangers(self, knows: Knows) -> None:
        strangers = [name for name, (word, _) in self._lists.items() if not self._counts(word, knows)]
        for name in strangers[: max(0, len(strangers) - MOST_STRANGERS)]:
            del self._lists[name]

    def _keep(self, knows: Knows) -> None:
        kept = [text for word, text in self._lists.values() if self._counts(word, knows)]
        if sorted(kept) == sorted(self._kept):
            return
        self._kept = kept
        try:
            write_whole(self._path, json.dumps(kept, indent=1, ensure_ascii=False).encode("utf-8"))
        except OSError as error:
            log.error("%s can't be written: %s; who was introduced is known until the next start", self._path, error)

    def _read(self) -> None:
        """A file that can't be read counts for nothing: the lists are retained by the broker and said each minute."""
        try:
            texts = _FILE.validate_json(self._path.read_bytes())
            words = [(read_introductions(text.encode("utf-8")), text) for text in texts]
        except FileNotFoundError:
            return
        except (OSError, ValidationError, ValueError) as error:
            why = str(error).splitlines()[0]
            log.error("%s can't be read: %s; who was introduced is known when it is said again", self._path, why)
            return
        self._lists = {word.introducer: (word, text) for word, text in words}
        self._kept = texts

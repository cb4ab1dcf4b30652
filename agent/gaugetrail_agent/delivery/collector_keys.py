"""Whose word counts: this agent's own key, and the keys of the collectors whose receipts and commands it believes.

The agent's key is made at the first start (`agent.key` in its folder). If it can't be read the agent goes on collecting
into its spool and says so: its messages go out unsigned, and a collector that knows its key doesn't take them.

Collectors sign receipts. Which keys count:

- `collector_keys` lists them: these, under any name.
- none listed: the key of the first collector whose receipt fits what was sent is kept under the collector's name
  (`collectors.json`) and announced. The file may name more; it is read again when somebody has changed it.
- beside either, the keys that a collector which counts has introduced (`introduced`).
- `receipts = "any"`: signatures of collectors are not looked at.

Once any key counts, a word without a signature or with another key under a known name is refused, and a receipt by a
collector that isn't known is *seen*: it takes nothing out of the spool, and the records are offered again until one
that is known has them.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from gaugetrail_agent.delivery.collector_troubles import CollectorTroubles
from gaugetrail_agent.delivery.introduced import IntroducedCollectors
from gaugetrail_contract.files import write_whole
from gaugetrail_contract.settings import Settings
from gaugetrail_contract.signing import BadKeyFile, BadSignature, Signer, fingerprint, open_word, signer_at, word_body
from gaugetrail_contract.text import Hex256, TopicName

log = logging.getLogger(__name__)

MOST_SHOWN = 100
"""Collectors whose last word of their key is remembered."""

_PINS: TypeAdapter[dict[str, str]] = TypeAdapter(dict[TopicName, Hex256], config=ConfigDict(defer_build=True))


class EvidenceSettings(Settings):
    """`[evidence]`: signatures, so that it can be shown who sealed a record and who confirmed it."""

    sign: bool = Field(True, description="sign each message with the agent's own key")
    receipts: Literal["pinned", "any"] = Field(
        "pinned", description="pinned: receipts count only with a known collector's signature; any: none is looked at"
    )
    collector_keys: tuple[Hex256, ...] = Field(
        (), description="public keys of the collectors that count; none: that of the first collector that answers"
    )


def own_signer(folder: Path, settings: EvidenceSettings) -> tuple[Signer | None, str | None]:
    """The agent's key, made if need be; or none, with the alarm if there should have been one."""
    if not settings.sign:
        return None, None
    try:
        return signer_at(folder / "agent.key"), None
    except BadKeyFile as error:
        return None, f"messages go out unsigned and wait here if the collector knows this agent's key: {error}"


@dataclass(frozen=True, slots=True)
class CollectorsWord:
    """A receipt or command that may be read. `known`: its collector is; else it is only seen."""

    body: bytes
    collector: str | None
    key: str | None
    known: bool = True


class CollectorKeys:
    """Checks receipts and commands. One thread at a time."""

    def __init__(self, path: Path, settings: EvidenceSettings) -> None:
        self._path = path
        self._settings = settings
        self._pins: dict[str, str] = {}
        self._seen: tuple[int, int] | None = None
        self.troubles = CollectorTroubles()
        self._shown: dict[str, str] = {}
        """Collector -> the key that it says it has."""
        self._introduced = IntroducedCollectors(path.with_name("introductions.json"))
        self._look()
        self._introduced.reckon(self._is_kept)

    @property
    def pins(self) -> Mapping[str, str]:
        """Collector -> the key that is kept for it."""
        self._look()
        return self._pins

    @property
    def introduced(self) -> Mapping[tuple[str, str], str]:
        """Collector and key -> the collector that has introduced it."""
        self._look()
        return self._introduced.known

    def known(self) -> Mapping[str, str]:
        """Collector -> a key that it is believed by, of those whose names are known."""
        return dict(self.introduced.keys()) | dict(self.pins)

    def alarm(self) -> str | None:
        """What was refused lately; null when nothing was."""
        return self.troubles.refused(time.monotonic())

    def strange(self) -> str | None:
        """A collector has answered lately that isn't known, and what to do; null when none has."""
        return self.troubles.strange(time.monotonic())

    def believes(self, collector: str, key: str | None) -> bool:
        """Whether what this key has signed is that collector's word; null: it isn't signed."""
        if self._settings.receipts == "any":
            return True
        self._look()
        return key is not None and (self._is_kept(collector, key) or (collector, key) in self._introduced.known)

    def _is_kept(self, collector: str, key: str) -> bool:
        """Listed, or kept at first use: known without any introduction."""
        listed = self._settings.collector_keys
        return key in listed if listed else self._pins.get(collector) == key

    def imitated(self, collector: str, key: str | None) -> None:
        """A status under the collector's name isn't its own, while it is there itself."""
        how = "isn't signed" if key is None else "is signed with another key"
        what = f"a status under the name of the collector {collector!r} {how} and is not believed: somebody else speaks"
        self.troubles.refuse(f"{what} under its name, or two collectors have one id", time.monotonic())

    def show(self, collector: str, key: str | None) -> None:
        """A collector has signed its status with this key: that makes nothing true, but it tells early, and when it has
        its own key again.
        """
        if key is None or (collector not in self._shown and len(self._shown) >= MOST_SHOWN):
            return
        if self._shown.get(collector) != key and self.believes(collector, key):
            self.troubles.forgive()
        self._shown[collector] = key

    def changed(self) -> str | None:
        """A known collector signs with another key; null when none does. Stays until it has its own again."""
        if self._settings.receipts == "any" or self._settings.collector_keys or not self._shown:
            return None
        for collector, key in sorted(dict(self._shown).items()):
            if not self.believes(collector, key) and (known := self._key_of(collector)) is not None:
                return _changed(collector, key, known)
        return None

    def _key_of(self, collector: str) -> str | None:
        return next(iter((*filter(None, [self.pins.get(collector)]), *self._introduced.keys(collector))), None)

    # --- words

    def open(self, kind: Literal["receipt", "command"], agent: str, payload: bytes) -> CollectorsWord:
        """A collector's word. Raises `BadSignature` for one that doesn't count, nor is to be seen."""
        if self._settings.receipts == "any":
            return CollectorsWord(word_body(payload), None, None)
        now = time.monotonic()
        try:
            word = self._open(kind, agent, payload)
        except BadSignature as error:
            self.troubles.refuse(f"a {kind} is not believed and records wait for another: {error}", now)
            raise
        if not word.known and word.collector is not None and word.key is not None:
            self.troubles.answered(word.collector, word.key, now)
        return word

    def _open(self, kind: str, agent: str, payload: bytes) -> CollectorsWord:
        word = open_word(kind, agent, payload)
        nobody = not self._settings.collector_keys and not self.pins
        if word.key is None or word.collector is None:
            if not nobody:
                raise BadSignature("it carries no signature, and this agent knows its collectors by their keys")
            return CollectorsWord(word.body, None, None)
        if not nobody and not self.believes(word.collector, word.key):
            known = None if self._settings.collector_keys else self._key_of(word.collector)
            if known is not None:
                raise BadSignature(_changed(word.collector, word.key, known))
            return CollectorsWord(word.body, word.collector, word.key, known=False)
        return CollectorsWord(word.body, word.collector, word.key)

    def fits(self, word: CollectorsWord) -> None:
        """The word's receipt names records that were sent: the first collector of which that is true is known by its
        key from now on.
        """
        if word.collector is None or word.key is None or self._settings.collector_keys or self.pins:
            return
        self._pins = {word.collector: word.key}
        try:
            self._write()
        except OSError as error:
            log.error("%s can't be written: %s; the key is known until the next start", self._path, error)
        self._announce(word.collector, word.key, "known from now on")
        self._tell(self._introduced.reckon(self._is_kept))

    def hear_introductions(self, introducer: str, payload: bytes) -> bool:
        """A collector says whom it introduces. True when somebody is known by it who wasn't. Raises `ValueError`."""
        if self._settings.receipts == "any":
            return False
        self._look()
        return self._tell(self._introduced.hear(payload, introducer, self._is_kept))

    def _tell(self, news: Sequence[tuple[str, str]]) -> bool:
        for collector, key in news:
            self._announce(collector, key, f"introduced by {self._introduced.known[collector, key]}, and known")
            self.troubles.is_known(collector)
        return bool(news)

    def _announce(self, collector: str, key: str, how: str) -> None:
        log.warning(
            "the collector %s is %s by its key %s",
            collector,
            how,
            fingerprint(key),
            extra={"event": "collector_key_pinned", "collector": collector, "key": key},
        )

    def _write(self) -> None:
        write_whole(self._path, json.dumps(self._pins, indent=1, ensure_ascii=False).encode("utf-8"))
        self._seen = self._stamp()

    def _look(self) -> None:
        """Read the file again if somebody has changed it. One that can't be read changes nothing and is said once."""
        stamp = self._stamp()
        if stamp == self._seen:
            return
        self._seen = stamp
        try:
            self._pins = {} if stamp is None else _PINS.validate_json(self._path.read_bytes())
        except (OSError, ValidationError) as error:
            log.error("%s can't be read and counts as it was before: %s", self._path, str(error).splitlines()[0])
        self._introduced.reckon(self._is_kept)

    def _stamp(self) -> tuple[int, int] | None:
        try:
            state = self._path.stat()
        except OSError:
            return None
        return state.st_mtime_ns, state.st_ino


def _changed(collector: str, key: str, known: str) -> str:
    return (
        f"the collector {collector!r} signs with {fingerprint(key)} and was known by {fingerprint(known)}: its "
        "host was set up anew without its key, which keys restore brings back there, or somebody imitates it"
    )

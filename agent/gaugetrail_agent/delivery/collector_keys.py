"""Whose word counts: this agent's own key, and the keys of the collectors whose receipts and commands it believes.

The agent's key is made at the first start (`agent.key` in its folder). If it can't be read the agent goes on collecting
into its spool and says so: its messages go out unsigned, and a collector that knows its key doesn't take them.

Collectors sign receipts. Which keys count:

- `collector_keys` lists them: only these; a collector that stands in for another needs its key listed too.
- none listed: the first key that each collector shows is kept under the collector's name (`collectors.json`) and
  announced. A further collector is announced and believed as well, so that one can stand in for another at any hour;
  what is refused is another key under a known name, and, once any key is known, a word without a signature.
- `receipts = "any"`: signatures of collectors are not looked at.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from gaugetrail_contract.files import write_whole
from gaugetrail_contract.settings import Settings
from gaugetrail_contract.signing import BadKeyFile, BadSignature, Signer, fingerprint, open_word, signer_at, word_body
from gaugetrail_contract.text import Hex256, TopicName

log = logging.getLogger(__name__)

RECENT_SECS = 60.0
"""How long a refused word is an alarm."""
MOST_COLLECTORS = 100
"""Names that are kept without being listed; more are not believed, so that a stranger can't fill the file."""

_PINS: TypeAdapter[dict[str, str]] = TypeAdapter(dict[TopicName, Hex256], config=ConfigDict(defer_build=True))


class EvidenceSettings(Settings):
    """`[evidence]`: signatures, so that it can be shown who sealed a record and who confirmed it."""

    sign: bool = Field(True, description="sign each message with the agent's own key")
    receipts: Literal["pinned", "any"] = Field(
        "pinned", description="pinned: receipts count only with a known collector's signature; any: none is looked at"
    )
    collector_keys: tuple[Hex256, ...] = Field(
        (), description="public keys of the collectors that count; none: the first that each collector shows"
    )


def own_signer(folder: Path, settings: EvidenceSettings) -> tuple[Signer | None, str | None]:
    """The agent's key, made if need be; or none, with the alarm if there should have been one."""
    if not settings.sign:
        return None, None
    try:
        return signer_at(folder / "agent.key"), None
    except BadKeyFile as error:
        return None, f"messages go out unsigned and wait here if the collector knows this agent's key: {error}"


class CollectorKeys:
    """Checks receipts and commands. One thread at a time."""

    def __init__(self, path: Path, settings: EvidenceSettings) -> None:
        self._path = path
        self._settings = settings
        self._pins: dict[str, str] = {}
        self._seen: tuple[int, int] | None = None
        self._refused: tuple[float, str] | None = None
        self._shown: dict[str, str] = {}
        """Collector -> the key that it says it has."""

    @property
    def pins(self) -> Mapping[str, str]:
        """Collector -> the key that is kept for it."""
        self._look()
        return self._pins

    def alarm(self) -> str | None:
        """What was refused lately; null when nothing was."""
        if self._refused is None or time.monotonic() - self._refused[0] > RECENT_SECS:
            return None
        return self._refused[1]

    def believes(self, collector: str, key: str | None) -> bool:
        """Whether what this key has signed is that collector's word; null: it isn't signed."""
        if self._settings.receipts == "any":
            return True
        listed = self._settings.collector_keys
        return key is not None and (key in listed if listed else self.pins.get(collector) == key)

    def imitated(self, collector: str, key: str | None) -> None:
        """A status under the collector's name isn't its own, while it is there itself."""
        how = "isn't signed" if key is None else "is signed with another key"
        what = f"a status under the name of the collector {collector!r} {how} and is not believed: somebody else speaks"
        self._refused = time.monotonic(), f"{what} under its name, or two collectors have one id"

    def show(self, collector: str, key: str | None) -> None:
        """A collector has signed its status with this key: that makes nothing true, but it tells early, and when it has
        its own key again.
        """
        if key is None or (collector not in self._shown and len(self._shown) >= MOST_COLLECTORS):
            return
        if self._shown.get(collector) != key == self.pins.get(collector):
            self._refused = None
        self._shown[collector] = key

    def changed(self) -> str | None:
        """A known collector signs with another key; null when none does. Stays until it has its own again."""
        if self._settings.receipts == "any" or self._settings.collector_keys or not self._shown:
            return None
        pins = self.pins
        for collector, key in sorted(dict(self._shown).items()):
            pinned = pins.get(collector)
            if pinned not in (None, key):
                return _changed(collector, key, pinned)
        return None

    def open(self, kind: Literal["receipt", "command"], agent: str, payload: bytes) -> bytes:
        """The body of a collector's word. Raises `BadSignature` for one that doesn't count."""
        if self._settings.receipts == "any":
            return word_body(payload)
        try:
            return self._open(kind, agent, payload)
        except BadSignature as error:
            self._refused = time.monotonic(), f"a {kind} is not believed and records wait for another: {error}"
            raise

    def _open(self, kind: str, agent: str, payload: bytes) -> bytes:
        word = open_word(kind, agent, payload)
        listed = self._settings.collector_keys
        if word.key is None or word.collector is None:
            if listed or self.pins:
                raise BadSignature("it carries no signature, and this agent knows its collectors by their keys")
            return word.body
        if listed:
            if word.key not in listed:
                raise BadSignature(
                    f"the collector {word.collector!r} signs with {fingerprint(word.key)}, which is not among "
                    "[evidence] collector_keys"
                )
            return word.body
        pinned = self.pins.get(word.collector)
        if pinned is None:
            self._pin(word.collector, word.key)
        elif pinned != word.key:
            raise BadSignature(_changed(word.collector, word.key, pinned))
        return word.body

    def _pin(self, collector: str, key: str) -> None:
        if len(self._pins) >= MOST_COLLECTORS:
            raise BadSignature(f"{MOST_COLLECTORS} collectors are known already; list the true ones as collector_keys")
        self._pins = {**self._pins, collector: key}
        try:
            self._write()
        except OSError as error:
            log.error("%s can't be written: %s; the key is known until the next start", self._path, error)
        log.warning(
            "the collector %s is known from now on by its key %s",
            collector,
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

    def _stamp(self) -> tuple[int, int] | None:
        try:
            state = self._path.stat()
        except OSError:
            return None
        return state.st_mtime_ns, state.st_ino


def _changed(collector: str, key: str, pinned: str | None) -> str:
    return (
        f"the collector {collector!r} signs with {fingerprint(key)} and was known by {fingerprint(pinned or '')}: its "
        "host was set up anew without its key, which keys restore brings back there, or somebody imitates it"
    )

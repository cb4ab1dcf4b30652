"""The PINs of this line, as the collector that writes documents sends them to this PC alone.

    pin-key     this PC's key for boxes; made here, and never leaves
    pins        the last word that was believed, signed and closed as it came

Promise: a word counts when a believed document key has signed it for this PC, this PC's key opens it, and it is no
older than the one that is held; it is on the disk before it counts. What is refused changes nothing, is counted, and is
an alarm. Cut off, what is held counts on. Without a key to sign its messages with a PC gets no PINs, and says nothing.

Called on the connection's thread (`hear`) and on others; `on_change` is told outside the lock.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from gaugetrail_contract.files import read_bounded, trouble_of, write_whole
from gaugetrail_contract.pins import MOST_WORD_BYTES, OWN_KEY, BadPins, BoxKey, PinList, box_key_at, is_pin, open_pins
from gaugetrail_contract.signing import Signer
from gaugetrail_contract.status import PinsHeld

log = logging.getLogger(__name__)

RECENT_SECS = 60.0
"""How long a refused word is an alarm."""
NOBODY = PinList(changed_us=0, issue=0, people={})


class PinBook:
    """One for each agent."""

    def __init__(
        self, folder: Path, agent: str, line: str, signer: Signer | None, believed: Callable[[], Collection[str]]
    ) -> None:
        self.on_change: Callable[[frozenset[str]], None] = lambda _: None
        """Hears who has a PIN, whenever that changes."""
        self._folder = folder
        self._agent = agent
        self._line = line
        self._signer = signer
        self._believed = believed
        self._key: BoxKey | None = None
        self._held: PinList | None = None
        self._refused = 0
        self._refusal: tuple[float, str] | None = None
        self._disk: str | None = None
        self._lock = threading.Lock()

    def open(self) -> None:
        """Take up what is on disk; documents are open already. A disk that can't be read is told."""
        if self._signer is None:
            return
        try:
            self._key = box_key_at(self._folder / "pin-key")
            kept = read_bounded(self._folder / "pins", MOST_WORD_BYTES)
        except FileNotFoundError:
            return
        except OSError as error:
            self._trouble(f"the PINs kept here can't be read: {trouble_of(error)}")
            return
        try:
            self._held = self._opened(kept, self._key)
        except BadPins as error:
            self._refuse(f"the PINs kept in {self._folder / 'pins'} count no more: {error}; they are sent again")
        self.on_change(self.badges)

    def hear(self, payload: bytes) -> None:
        """A word about PINs came."""
        if self._key is None:
            return
        try:
            with self._lock:
                changed = self._take(payload, self._key)
        except BadPins as error:
            self._refuse(f"a word about PINs is not believed: {error}")
        except OSError as error:
            self._trouble(f"PINs can't be kept in {self._folder}: {trouble_of(error)}")
        else:
            if changed:
                self.on_change(self.badges)

    def _take(self, payload: bytes, key: BoxKey) -> bool:
        came, held = self._opened(payload, key), self._held
        if held is not None and came.order < held.order:
            raise BadPins("it is older than the one that is held: somebody says an old one again")
        if held is not None and (came.order, came.digest) == (held.order, held.digest):
            return False
        write_whole(self._folder / "pins", payload)
        self._held, self._disk = came, None
        log.info("%d people of this line have a PIN", len(came.people), extra={"event": "pins_taken"})
        return True

    def _opened(self, payload: bytes, key: BoxKey) -> PinList:
        word = open_pins(payload, self._agent, key)
        if word.key not in self._believed():
            raise BadPins("it is signed with another key than the lists of documents")
        return word.pins

    # --- what is asked

    @property
    def badges(self) -> frozenset[str]:
        """Who has a PIN."""
        return frozenset((self._held or NOBODY).people)

    def is_right(self, badge: str, pin: str) -> bool:
        """Whether that is their PIN; takes its time. Who has none has no right one."""
        kept = (self._held or NOBODY).people.get(badge)
        return kept is not None and is_pin(pin, kept)

    def state(self, locked: Sequence[str]) -> PinsHeld | None:
        """For the status; null where no PINs are wanted."""
        if self._key is None or self._signer is None:
            return None
        key = self._key.public
        return PinsHeld(
            line=self._line,
            key=key,
            signed=self._signer.sign(OWN_KEY, self._agent, self._line, key),
            held=None if self._held is None else self._held.digest,
            people=len(self.badges),
            locked=tuple(locked[:20]),
            refused=self._refused,
            detail=self.alarm() or "",
        )

    def alarm(self) -> str | None:
        """What is wrong, in a sentence; null when all is well."""
        refusal = self._refusal
        recent = refusal is not None and time.monotonic() - refusal[0] <= RECENT_SECS
        return self._disk or (refusal[1] if recent and refusal is not None else None)

    def _refuse(self, why: str) -> None:
        self._refused += 1
        self._refusal = time.monotonic(), why
        log.error("%s", why, extra={"event": "pins_refused"})

    def _trouble(self, what: str) -> None:
        if self._disk != what:
            log.error("%s", what, extra={"event": "pins_not_kept"})
        self._disk = what

"""Tries which size of message the broker takes: one padded status document of our own at a time, on its own topic.

Promise: while `turn` says true no record should be sent; it says false again whatever the broker does, once it is
there. Callbacks only note what has happened, under a lock of their own; `turn` runs on the sending thread and alone
decides. Whatever was on the way when sizes come into question is forgotten by the client (`anew`), or it would deliver
what the broker refuses again and again; the lanes send it again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from gaugetrail_agent.delivery.message_size import LearnedSizes, MessageSize

log = logging.getLogger(__name__)

ECHO_SECS = 5.0
"""A padded status comes back within this time, or was not taken."""


@dataclass(slots=True)
class _Probe:
    """What is on its way to the broker."""

    size: int
    sent: float
    passed: bool | None = None
    sure: bool = False
    """The broker has said that it is too large."""


class SizeTrial:
    """What is known of the broker's limit, and how it is found out."""

    def __init__(self, broker: str, sizes: LearnedSizes, document: Callable[[int], bytes]) -> None:
        """`document` is our own status, in so many bytes at most."""
        self._broker = broker
        self._sizes = sizes
        self._document = document
        self._lock = threading.Lock()
        self._size = MessageSize.of(sizes.recall(broker), time.monotonic(), time.time())
        self._probe: _Probe | None = None
        self._failed_once: int | None = None
        """A size that has failed, though nobody said why: networks end connections, too, so it is tried once more."""
        self._connected = False
        self._echoes = False
        """What we say of ourselves has come back to us: the broker lets us hear it."""

    # --- what the rest of delivery asks

    @property
    def most(self) -> int:
        """The largest message of several records to be sent."""
        return self._size.most

    @property
    def limit(self) -> str:
        """What is known, in words; empty where there is no limit."""
        return self._size.limit

    def too_large(self, size: int) -> bool:
        """Whether a message of one record only is known to be refused."""
        return self._size.too_large(size)

    def doubt(self, size: int) -> bool:
        """The connection has ended behind a message of that size. True where sizes are tried from now on."""
        with self._lock:
            return self._size.doubt(size)

    # --- what the connection tells

    def up(self, largest_packet: int | None) -> None:
        """The broker has taken us, and named a limit or none."""
        with self._lock:
            self._connected = True
            self._size.name(largest_packet)

    def down(self, *, too_large: bool = False) -> None:
        """The connection has ended; `too_large`: because of the size of what was sent, the broker says."""
        with self._lock:
            self._connected = False
            if self._probe is not None and self._probe.passed is None:
                self._probe.passed, self._probe.sure = False, too_large

    def echo(self, size: int) -> None:
        """A status document of our own has come back."""
        with self._lock:
            self._echoes = True
            if self._probe is not None and self._probe.size == size:
                self._probe.passed = True

    # --- on the sending thread

    def turn(self, now: float, publish: Callable[[bytes], object], anew: Callable[[], None]) -> bool:
        """Go on trying, if there is something to try. True while records should wait."""
        with self._lock:
            self._size.rise(now)
            failed = self._judge(now)
            padded = None if failed else self._next(now)
            going_on = self._size.trial is not None
        if failed:
            anew()
        elif padded is not None:
            publish(padded)
        return going_on

    def _judge(self, now: float) -> bool:
        """Draw the conclusion, if there is one by now. True where what was sent must be forgotten."""
        probe = self._probe
        if probe is None:
            return False
        if probe.passed is None and now - probe.sent > ECHO_SECS:
            # Where nothing ever comes back to us, that the connection stands is all that can be known.
            probe.passed = not self._echoes
        if probe.passed is None:
            return False
        before, self._probe = self._size.limit, None
        if not (probe.passed or probe.sure or self._failed_once == probe.size):
            self._failed_once = probe.size
            return True
        self._failed_once = None
        (self._size.held if probe.passed else self._size.failed)(now)
        self._sizes.keep(self._broker, self._size.learned(time.time()))
        if self._size.trial is None and (limit := self._size.limit) != before:
            log.warning("%s", limit or "the broker takes messages of any size again", extra={"event": "broker_limit"})
        return not probe.passed

    def _next(self, now: float) -> bytes | None:
        size = self._size.trial
        if size is None or self._probe is not None or not self._connected:
            return None
        document = self._document(size)
        self._probe = _Probe(size, now)
        return document + b" " * (size - len(document))

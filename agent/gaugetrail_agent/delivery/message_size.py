"""How large a message may be: what the broker names, and where it names nothing, what has been found out.

A broker that is shown too large a message may say so, or just end the connection, and not every one acknowledges what
it takes (mosquitto 2.0 acknowledges in 3.1.1 and hangs up then). So when the connection has ended right after messages
went out, records wait and the size alone is tried: with our own status document, padded with blanks, on its own topic.
It comes back to us if the broker takes it. Where the size of the message in question passes, size wasn't the matter.
Else half of it is tried, and so on until one passes: powers of two, so the limit is known within a factor of two. What
is found is kept with the broker's name, and the next larger size tried once a day.

Pure but for `LearnedSizes`, the file. Time is data.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from gaugetrail_contract.files import write_whole
from gaugetrail_contract.frozen import Frozen

log = logging.getLogger(__name__)

FULL = 256 * 1024
"""More than the largest message that is ever sent."""
LEAST = 1024
"""A broker that doesn't take so much is at odds with the topic, not with the size."""
DAY_SECS = 24 * 3600.0
AROUND = 200
"""Bytes of a packet around its payload, at most: topic, number, lengths."""


class Learned(Frozen):
    """What is known of a broker."""

    refused: int = Field(gt=0)
    passed: int = Field(0, ge=0)
    tried: float = Field(description="when larger ones were last tried, seconds since 1970")


_FILE: TypeAdapter[dict[str, Learned]] = TypeAdapter(dict[str, Learned], config=ConfigDict(defer_build=True))


class LearnedSizes:
    """The file: broker -> what was learned. One that can't be read or written only costs learning anew."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def recall(self, broker: str) -> Learned | None:
        """What is kept of a broker."""
        return self._all().get(broker)

    def keep(self, broker: str, learned: Learned | None) -> None:
        """Keep it; null where there is no limit any more."""
        known = {name: one for name, one in self._all().items() if name != broker}
        if learned is not None:
            known[broker] = learned
        content = json.dumps({name: one.model_dump() for name, one in known.items()}, indent=1)
        try:
            write_whole(self._path, content.encode("utf-8"))
        except OSError as error:
            log.warning("%s can't be written: %s; the broker's limit is known until the next start", self._path, error)

    def _all(self) -> dict[str, Learned]:
        try:
            return _FILE.validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValidationError) as error:
            log.warning("%s can't be read: %s; sizes are tried anew", self._path, str(error).splitlines()[0])
            return {}


@dataclass
class MessageSize:
    """Sizes are bytes of a message's payload. Changed under the publisher's lock."""

    refused: int | None = None
    """The smallest that the broker was seen to refuse."""
    passed: int = 0
    """The largest that is known to pass."""
    named: int | None = None
    """What the broker names (MQTT 5, Maximum Packet Size), without what is around a payload."""
    trial: int | None = None
    """The size that is tried now or next; records wait meanwhile."""
    next_rise: float = field(default=float("inf"))
    """When the next larger size is due to be tried."""
    _rising: bool = False

    @classmethod
    def of(cls, learned: Learned | None, now: float, wall: float) -> MessageSize:
        """Go on from what was kept; `now` is the monotonic clock's, `wall` the other's."""
        if learned is None:
            return cls()
        since = min(max(0.0, wall - learned.tried), DAY_SECS)
        return cls(learned.refused, learned.passed, next_rise=now + DAY_SECS - since)

    def learned(self, wall: float) -> Learned | None:
        """What is to be kept; null where no limit is known."""
        return None if self.refused is None else Learned(refused=self.refused, passed=self.passed, tried=wall)

    # --- what follows

    @property
    def most(self) -> int:
        """The largest message of several records to be sent."""
        tried = FULL if self.refused is None else _below(self.refused)
        return tried if self.named is None else min(tried, self.named)

    def too_large(self, size: int) -> bool:
        """Whether a message of one record only is known to be refused."""
        return size >= (self.refused or FULL * FULL) or (self.named is not None and size > self.named)

    @property
    def limit(self) -> str:
        """What is known, in words; empty where there is no limit."""
        if self.refused is not None and self.passed and self.most == _below(self.refused):
            return f"the broker takes at most about {self.most / 1024:.0f} KiB: message_size_limit"
        if self.named is not None and self.named < FULL:
            return f"the broker takes packets of at most {self.named + AROUND} bytes: max_packet_size"
        return ""

    # --- what has happened

    def name(self, largest_packet: int | None) -> None:
        """The broker has answered a connection, and named its limit or none."""
        self.named = None if largest_packet is None else max(LEAST, largest_packet - AROUND)

    def doubt(self, size: int) -> bool:
        """The connection has ended behind a message of that size. True where sizes are to be tried."""
        if self.trial is None and size > max(LEAST, self.passed):
            self.trial, self._rising = size, False
        return self.trial is not None

    def rise(self, now: float) -> None:
        """Try the next larger size, if that is due."""
        if self.trial is None and self.refused is not None and now >= self.next_rise:
            self.trial, self._rising = _below(self.refused) * 2, True

    def held(self, now: float) -> None:
        """The size that is tried has passed."""
        assert self.trial is not None
        size, self.trial = self.trial, None
        self.passed = max(self.passed, size)
        self.next_rise = now + DAY_SECS
        if self.refused is not None and size >= self.refused:
            self.refused = None
        if self._rising and size < FULL:
            self.trial = size * 2

    def failed(self, now: float) -> None:
        """The size that is tried was refused. Where not even the least passes, size isn't the matter."""
        assert self.trial is not None
        size, self.trial = self.trial, None
        self.refused = min(size, self.refused or size)
        self.next_rise = now + DAY_SECS
        if self._rising or _below(size) <= self.passed:
            return
        if size > LEAST:
            self.trial = max(LEAST, _below(size))
        else:
            self.refused = None


def _below(size: int) -> int:
    """The largest power of two that is smaller."""
    return 1 << (size - 1).bit_length() - 1

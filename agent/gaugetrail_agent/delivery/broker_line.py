"""The line to the broker as its callbacks tell of it: up or down, what is on the way, and what is wrong, in a sentence.

Pure: no client, no thread, time as data. Names what would otherwise look like bad luck: a broker that refuses the topic
and so drops the connection right after each publish; a connection that is open and silent; a second agent of our name;
a broker that takes everything while no collector answers.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from gaugetrail_agent.delivery.collectors_heard import CollectorsHeard
from gaugetrail_agent.delivery.strangers import Vanishing, two_stores, two_with_one_id
from gaugetrail_contract import topics
from gaugetrail_contract.status import AgentStatus
from gaugetrail_service.mqtt.connection import TAKEN_OVER

QUICK_DROP_SECS = 2.0
QUICK_DROPS = 3
DOUBTED_DROPS = 2
"""As many ends right behind a message, within `DOUBT_SECS`, put the size of what was sent in question."""
DOUBT_SECS = 60.0
SILENT_SECS = 5.0
"""A connection on which we wait for an acknowledgement and hear nothing at all is half open."""
TWIN_SECS = 60.0
MOST_NAMED = 5
UNANSWERED_SECS = 30.0
TWINS = "two agents have one id"
"""Stands in what is said of a second agent under our name."""
TOO_LARGE = 0x95
"""MQTT 5: packet too large."""


@dataclass
class BrokerLine:
    """Changed by callbacks under the publisher's lock."""

    where: str
    agent: str
    client_id: str
    connected: bool = False
    trouble: str | None = "not connected yet"
    unacknowledged: set[int] = field(default_factory=set)
    collectors: CollectorsHeard = field(default_factory=CollectorsHeard)
    _early: deque[int] = field(default_factory=lambda: deque(maxlen=64))
    """Acknowledged before `publish` had returned (and status documents, which nobody waits for)."""
    _last_publish: float = float("-inf")
    _receipted: float = float("-inf")
    _left_over: bool = False
    """A connection ended with messages unacknowledged, and no receipt has come since."""
    _unanswered: float | None = None
    """Since when records have gone out and no receipt has come."""
    _heard: float = float("-inf")
    suspect: int | None = None
    """The size of a message that the broker perhaps doesn't take; whoever looks into it takes it from here."""
    _quick_drops: int = 0
    _ends: deque[float] = field(default_factory=lambda: deque(maxlen=DOUBTED_DROPS))
    """When the connection ended right behind a message."""
    _lately: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=200))
    """When messages of records went out, and their sizes."""
    _sizes: dict[int, int] = field(default_factory=dict)
    """Of the messages that are on their way."""
    _twin: tuple[float, str] | None = None
    _vanishing: Vanishing = field(default_factory=Vanishing)
    _refused: bool = False
    """The broker didn't take us; that it then hangs up is no news."""
    _kept_out: bool = False
    """The broker has said that it refuses our records; mosquitto may then hang up as well, which is no news either."""

    # --- what the callbacks tell

    def up(self, now: float) -> None:
        """The broker has taken us."""
        self.connected = True
        self._refused = False
        self._heard = now
        if self._left_over:
            self._last_publish = now  # the client delivers them again by itself
            self._lately = deque(((now, size) for _, size in self._lately), maxlen=self._lately.maxlen)
        if self._quick_drops < QUICK_DROPS and not self._kept_out:
            self.trouble = None

    def absent(self, why: str) -> bool:
        """There is no connection to be had. True when that is news."""
        known = self.trouble
        self._refused = self._kept_out = False
        self._quick_drops = 0
        self.trouble = f"{why}; records wait in the spool"
        return known != self.trouble

    def refused(self, reason: str) -> None:
        """The broker doesn't want us."""
        self._refused, self._kept_out = True, False
        self.trouble = f"the broker {self.where} refuses the connection: {reason}; trying again"

    def down(self, code: int, reason: str, now: float) -> None:
        """The connection has ended, and with it every acknowledgement that was still to come."""
        quick = now - self._last_publish < QUICK_DROP_SECS and self._receipted < self._last_publish
        self._quick_drops = self._quick_drops + 1 if quick else 0
        if not self._kept_out:
            self._suspect_size(code, now)
        self.connected = False
        self._left_over = self._left_over or bool(self.unacknowledged)
        self._forget()
        if code == TAKEN_OVER:
            self.trouble = (
                f"another client has connected as {self.client_id!r} and taken this session over: {TWINS}; "
                "give one of them another"
            )
        elif self._kept_out:
            pass
        elif self._quick_drops >= QUICK_DROPS:
            self.trouble = (
                f"the broker {self.where} drops the connection right after a publish: it probably refuses the "
                f"topic {topics.records(self.agent)} for this user; look at its access rules"
            )
        elif not self._refused:
            self.trouble = f"the connection to {self.where} is lost ({reason}); records wait in the spool"

    def _suspect_size(self, code: int, now: float) -> None:
        """A twin that takes the session over ends connections at any size."""
        if code == TAKEN_OVER or self._twin is not None:
            return
        recent = [size for sent, size in self._lately if now - sent < QUICK_DROP_SECS]
        if recent:
            self._ends.append(now)
        often = len(self._ends) == DOUBTED_DROPS and now - self._ends[0] < DOUBT_SECS
        if recent and (often or code == TOO_LARGE):
            self.suspect = max(recent)

    def _forget(self) -> None:
        self.unacknowledged.clear()
        self._sizes.clear()
        self._early.clear()

    def begin_anew(self) -> None:
        """Another client takes over, which knows nothing of what was on its way."""
        self._forget()
        self.connected = self._left_over = False
        self._quick_drops, self.suspect = 0, None
        self._ends.clear()
        self._lately.clear()

    def published(self, mid: int, now: float, size: int) -> None:
        """A message of records is on its way."""
        self._lately.append((now, size))
        self._sizes[mid] = size
        if mid in self._early:
            self._early.remove(mid)
        else:
            if not self.unacknowledged:
                self._heard = max(self._heard, now)
            self.unacknowledged.add(mid)
        self._last_publish = now
        self._unanswered = now if self._unanswered is None else self._unanswered

    def acknowledged(self, mid: int, now: float, refusal: str | None = None) -> None:
        """The broker has a message, or says that it refuses it (MQTT 5; before, a refusal looks like success)."""
        known = mid in self.unacknowledged
        (self.unacknowledged.discard if known else self._early.append)(mid)
        self._heard = now
        size = self._sizes.pop(mid, None)
        large = refusal is not None and "too large" in refusal.lower()
        self._kept_out = (refusal is not None and not large) or (self._kept_out and not known)
        if large:
            self.suspect = size
        elif refusal is not None:
            topic = topics.records(self.agent)
            self.trouble = f"the broker {self.where} refuses the topic {topic}: {refusal}; look at its access rules"

    def receipted(self, now: float) -> None:
        """A receipt came, so the line carries both ways: that ends any suspicion against it."""
        self._heard = self._receipted = now
        self._unanswered = None
        self._left_over = False
        self._quick_drops = 0
        self._kept_out = False
        if self.connected:
            self.trouble = None

    def heard(self, now: float) -> None:
        """Something came."""
        self._heard = now

    def own_status(self, status: AgentStatus, started: str, now: float) -> bool:
        """A status document or last will under our name that can't be our former life's. True if that is news."""
        if status.started is None or status.started == started:
            return False
        if not status.online and status.started < started:
            return False  # the last will of a former life, which a broker may find out late
        fresh = self._twin is None
        self._twin = (
            now,
            (f"another agent calls itself {self.agent!r}: {TWINS}; give one of them another"),
        )
        return fresh

    def vanished(self, now: float) -> None:
        """A message has no receipt, though one that went out after it has."""
        self._vanishing.note(now)

    # --- what follows

    def has_twin(self) -> bool:
        """Whether another agent under our name was heard of lately."""
        return self._twin is not None

    def silent(self, now: float) -> bool:
        """Whether the connection looks half open: acknowledgements are due and nothing has come for long."""
        return self.connected and bool(self.unacknowledged) and now - self._heard > SILENT_SECS

    def paused(self, now: float) -> str | None:
        """Why there is no point in sending: every collector that is there says that its store is down."""
        one = self.collectors.stores_down(now)
        if one is None:
            return None
        return f"every collector's store is down ({one.store_detail or one.collector}); records wait here"

    def unanswered_secs(self, now: float) -> float | None:
        """How long records have gone out without a receipt; null when there is none to wait for."""
        # Who asks may have looked at the clock before the thread that sends did.
        return None if self._unanswered is None else max(0.0, now - self._unanswered)

    def alarm(self, now: float) -> str | None:
        """What is wrong with delivery, in a sentence; null when all is well."""
        if self._twin is not None and now - self._twin[0] > TWIN_SECS:
            self._twin = None
        return (
            (self._twin[1] if self._twin else None)
            or self.trouble
            or two_with_one_id(self.collectors.lives, now)
            or two_stores(self.collectors.statuses())
            or self.paused(now)
            or self._vanished(now)
            or self._nobody_answers(now)
        )

    def _vanished(self, now: float) -> str | None:
        """A collector whose store is down takes its share all the same: then nobody else need be suspected."""
        return None if self.collectors.one_is_down(now) else self._vanishing.alarm(now)

    def _nobody_answers(self, now: float) -> str | None:
        if self._unanswered is None or now - self._unanswered < UNANSWERED_SECS:
            return None
        online = self.collectors.online()
        if not online:
            return "no collector is online; records wait here"
        return (
            f"no receipt comes, though {', '.join(online[:MOST_NAMED])} is online: look at its log and at the broker's "
            f"access rules for {topics.records(self.agent)}; records wait here"
        )

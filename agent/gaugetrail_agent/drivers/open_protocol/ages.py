"""How old a result is that the controller may have kept back: one fetched by its id, or sent anew after a reconnect.

Promise: a result that may have been made before it came says so (`replayed`), with the most seconds that it can be old
(`age_secs`), or without where nobody knows. What comes in the middle of a session is made now and says nothing.

Whether it is old is asked of the controller's own clock (MID 0081), for its times are the controller's. Between its
whole seconds and ours, of which the driver knows only its ticks, up to two seconds get lost: `age_secs` counts them in.
"""

from __future__ import annotations

from datetime import datetime

UNSURE_SECS = 2
"""The controller's clock is read in whole seconds (1), and ours at ticks of half a second, twice."""
REPLAY_SECS = 5.0
"""After subscribing, kept results come at once, each when the one before is acknowledged."""


class ResultAges:
    """One session's knowledge of the controller's clock, and of whether old results may still come."""

    def __init__(self) -> None:
        self._now = 0.0
        self._clock: datetime | None = None
        self._told_at: float | None = None
        self._stirred_at: float | None = None
        self._may_replay = False

    def session_begins(self) -> None:
        """The controller may have been set or exchanged; what it kept is to come."""
        self._clock = None
        self._told_at = None
        self.stirred()

    def stirred(self) -> None:
        """Something was asked for that brings kept results, or one has come: more may follow."""
        self._may_replay = True
        self._stirred_at = None

    def ticked(self, now: float) -> None:
        """The driver has no clock: what happened since the last tick happened now."""
        self._now = now
        if self._told_at is None:
            self._told_at = now
        if self._stirred_at is None:
            self._stirred_at = now
        if now - self._stirred_at > REPLAY_SECS:
            self._may_replay = False

    def clock_told(self, when: str | None) -> None:
        """The controller's time, now."""
        self._clock = _moment(when)
        self._told_at = None

    def of(self, when: str | None, *, fetched: bool) -> dict[str, int | bool]:
        """What a result of that moment says of its age; nothing where it is made now."""
        if not fetched and not self._may_replay:
            return {}
        made, now = _moment(when), self._controllers_now()
        if made is None or now is None:
            return {"replayed": True}
        age_secs = max(0, round((now - made).total_seconds()))
        if age_secs > UNSURE_SECS:
            self.stirred()
        return {"replayed": True, "age_secs": age_secs + UNSURE_SECS}

    def _controllers_now(self) -> datetime | None:
        if self._clock is None:
            return None
        passed = 0.0 if self._told_at is None else self._now - self._told_at
        return datetime.fromtimestamp(self._clock.timestamp() + passed, self._clock.tzinfo)


def _moment(when: str | None) -> datetime | None:
    """The controller's clock has no zone, and needs none: it is compared with itself."""
    try:
        return None if when is None else datetime.fromisoformat(when + "+00:00")
    except ValueError:
        return None

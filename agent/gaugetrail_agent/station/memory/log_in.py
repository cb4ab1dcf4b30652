"""Who is at the station, so that a restart asks nobody for their badge who was there a moment ago."""

from __future__ import annotations

import msgspec

from gaugetrail_agent.station.memory.moment import Moment


class LogIn(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whose badge it is, and when they last did something; told anew at most once a minute."""

    badge: str | None = None
    done: Moment | None = None

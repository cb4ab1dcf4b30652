"""The alternative controls that are in force at a station."""

from __future__ import annotations

import msgspec

from gaugetrail_agent.station.memory.moment import Moment


class OpenBypass(msgspec.Struct, frozen=True):
    """One of a plan's."""

    plan: str
    id: str
    why: str
    by: str
    began: Moment


class Bypasses(msgspec.Struct, frozen=True, omit_defaults=True):
    """One at most for each plan."""

    open: tuple[OpenBypass, ...] = ()

"""What is remembered of how often something is measured: per plan its first piece, per characteristic its last check.

Counts go by what was scanned and recorded, times by a `Moment`; so neither a restart nor a clock that is set loses or
doubles a check that is due.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from gaugetrail_agent.station.memory.moment import Moment


class Check(msgspec.Struct, frozen=True, omit_defaults=True):
    """One characteristic of a plan that is measured of some units only."""

    units: int = 0
    """Units since the check before was begun, with those that it measured."""
    measured: int = 0
    """Of the check that is in work: how many units are measured of it."""
    group: str = ""
    """What the check in work is called in records, by the moment of its first unit."""
    seen: Mapping[str, int] = {}
    """Occasion -> how often it had happened when the last check was begun."""
    last: Moment | None = None
    """When the last check was done; null: never."""
    missed: int = 0
    """How many checks by time have fallen out since, which were told."""


class PlanSamples(msgspec.Struct, frozen=True, omit_defaults=True):
    """Of one plan."""

    edition: str = ""
    """Digest of its text. Under another one all begins anew."""
    first_passed: bool = False
    first_seen: Mapping[str, int] = {}
    """Occasion -> how often it had happened when the first piece passed."""
    checks: Mapping[str, Check] = {}
    lot: str | None = None
    """Order or lot of the unit before."""
    good_lots: int = 0
    """Lots one after the other of which all that was measured passed."""
    skipped: int = 0
    """Lots since the last one that was measured."""
    bad: bool = False
    """Of the lot in work, something failed."""


class Samples(msgspec.Struct, frozen=True, omit_defaults=True):
    """Of all plans of the station."""

    plans: Mapping[str, PlanSamples] = {}
    happened: Mapping[str, int] = {}
    """Occasion -> how often it has happened: tool_change, lot, shift …"""
    reason: str | None = None
    """Why the next unit is inspected, where somebody has said so."""
    began: Moment | None = None
    """When the unit in hand was scanned."""
    shift: str | None = None
    cause: tuple[str, ...] = ()
    """Checks that were missed and whose cause nobody has said yet."""
    counter: int | None = None
    """What the PLC's counter showed last, where units are counted by one."""

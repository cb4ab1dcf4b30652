"""A moment as the clock on this PC's wall shows it."""

from __future__ import annotations

from datetime import datetime, timedelta

from gaugetrail_contract.clock import EPOCH


def on_wall(us: int) -> datetime:
    """A moment of the agent's clock, in this PC's zone."""
    return (EPOCH + timedelta(microseconds=us)).astimezone()


def to_the_minute(us: int) -> str:
    """`14:03`."""
    return on_wall(us).strftime("%H:%M")


def to_the_minute_of_its_day(us: int) -> str:
    """`2026-11-28 14:03`."""
    return on_wall(us).strftime("%Y-%m-%d %H:%M")

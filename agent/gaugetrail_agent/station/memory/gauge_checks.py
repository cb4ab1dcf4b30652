"""What is known of each gauge's checks with a master: the last good one, whether it is blocked, what is in doubt."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from gaugetrail_agent.station.memory.moment import Moment

MOST_GAUGES = 2_000


class GaugeChecks(msgspec.Struct, frozen=True, omit_defaults=True):
    """Of one gauge and characteristic."""

    good: Moment | None = None
    """When it passed last."""
    good_at: str | None = None
    """The same as records write it."""
    good_record: str | None = None
    last_record: str | None = None
    """The last check, passed or not."""
    shifts: int = 0
    """How many shifts had begun when it passed last."""


class BlockedGauge(msgspec.Struct, frozen=True, omit_defaults=True):
    """Nothing is measured with it."""

    why: str
    characteristic: str
    at: str
    record: str | None = None
    """The check that failed, once its record is known."""
    told: bool = False
    """False: the event that blocks it is still owed."""


class DoubtedWindow(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a gauge measured since its last good check, and must be looked for in the records yet."""

    gauge: str
    characteristic: str
    until: str
    why: str
    since: str | None = None
    good_record: str | None = None
    failed_record: str | None = None
    reaction: str | None = None


class CheckedGauges(msgspec.Struct, frozen=True, omit_defaults=True):
    """All of the station."""

    checks: Mapping[str, GaugeChecks] = {}
    """`G-17 bore` -> its checks."""
    blocked: Mapping[str, BlockedGauge] = {}
    """Gauge -> why it is."""
    windows: tuple[DoubtedWindow, ...] = ()

    def of(self, gauge: str, characteristic: str) -> GaugeChecks:
        """What is known of its checks."""
        return self.checks.get(f"{gauge} {characteristic}", GaugeChecks())

    def with_checks(self, gauge: str, characteristic: str, known: GaugeChecks) -> CheckedGauges:
        """That is known from now on."""
        checks = {key: one for key, one in self.checks.items() if key != f"{gauge} {characteristic}"}
        kept = dict([*checks.items(), (f"{gauge} {characteristic}", known)][-MOST_GAUGES:])
        return msgspec.structs.replace(self, checks=kept)

    def with_blocked(self, gauge: str, why: BlockedGauge | None) -> CheckedGauges:
        """Blocked, or free again."""
        others = {number: one for number, one in self.blocked.items() if number != gauge}
        return msgspec.structs.replace(self, blocked=others if why is None else {**others, gauge: why})

"""What is known of each gauge's checks with a master: the last good one, whether it is blocked, what is in doubt."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from gaugetrail_agent.station.memory.moment import Moment

MOST_GAUGES = 2_000
MOST_WINDOWS = 200


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
    """What a gauge measured since its last good check, and must be looked for: in the records of this PC, and in the
    store, which knows those of the others.
    """

    gauge: str
    characteristic: str
    until: str
    why: str
    since: str | None = None
    good_record: str | None = None
    failed_record: str | None = None
    reaction: str | None = None
    ends: str | None = None
    """When the gauge was fit again; what it measured later isn't in doubt. Null: it isn't yet."""
    open: str | None = None
    """This PC's records have been looked through, and so nobody could tell what others measured: it is asked again."""
    units: int = 0
    """How many were put on hold so far."""

    @property
    def about(self) -> tuple[str, str, str | None, str | None]:
        """Two windows of the same are one."""
        return self.gauge, self.characteristic, self.since, self.reaction


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

    def doubted(
        self, gauge: str, characteristic: str, until: str, why: str, reaction: str | None = None
    ) -> CheckedGauges:
        """What was measured since the last good check is to be looked for; of a reaction, until it was called for."""
        known = self.of(gauge, characteristic)
        window = DoubtedWindow(gauge, characteristic, until, why, known.good_at, known.good_record, reaction=reaction)
        before = next((one for one in self.windows if one.about == window.about), window)
        window = msgspec.structs.replace(window, units=before.units, ends=None if reaction is None else until)
        others = tuple(one for one in self.windows if one.about != window.about)
        return msgspec.structs.replace(self, windows=(*others, window)[-MOST_WINDOWS:])

    def with_window(self, before: DoubtedWindow, now: DoubtedWindow | None) -> CheckedGauges:
        """It stands so now, or is closed."""
        windows = (now if one is before else one for one in self.windows)
        return msgspec.structs.replace(self, windows=tuple(one for one in windows if one is not None))

    def fit(self, gauge: str, at: str) -> CheckedGauges:
        """What the gauge measures from that moment on is in doubt no more."""
        windows = tuple(
            msgspec.structs.replace(one, ends=at) if one.gauge == gauge and one.ends is None else one
            for one in self.windows
        )
        return self if windows == self.windows else msgspec.structs.replace(self, windows=windows)

    def with_blocked(self, gauge: str, why: BlockedGauge | None) -> CheckedGauges:
        """Blocked, or free again."""
        others = {number: one for number, one in self.blocked.items() if number != gauge}
        return msgspec.structs.replace(self, blocked=others if why is None else {**others, gauge: why})

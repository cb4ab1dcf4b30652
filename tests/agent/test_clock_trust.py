"""How far the clock can be believed: a step shows until a record tells of it, whoever looks in between."""

from __future__ import annotations

import pytest

from gaugetrail_agent.clock.trust import WatchedClock, slept_ns, system_clock
from gaugetrail_contract.clock import ClockTrust, FixedClock, utc_us
from gaugetrail_service.clock_source import kernel_synced

YEAR_2000 = utc_us("2000-01-01T00:00:00.000000Z")


JUMPS = {"to 2000": YEAR_2000 - FixedClock().us, "back an hour": -3_600_000_000, "a day on": 86_400_000_000}


@pytest.mark.parametrize("jump_us", JUMPS.values(), ids=JUMPS)
def test_a_jump_shows_until_it_is_told(jump_us: int) -> None:
    """A status document that asks in between takes nothing away from the next record."""
    base = FixedClock()
    clock = WatchedClock(base, lambda: True)
    assert clock.trust() is ClockTrust.SYNCED
    base.advance(0.001)
    base.us += jump_us
    for _ in range(3):
        assert clock.trust() is ClockTrust.STEPPED
    (step,) = clock.steps()
    assert step.jump_us == jump_us
    assert step.wall_after_us - step.wall_before_us - (step.mono_after_ns - step.mono_before_ns) // 1000 == jump_us
    clock.told(step)
    base.advance(2)
    assert clock.steps() == ()
    assert clock.trust() is (ClockTrust.UNSYNCED if base.us < FixedClock().us - 10**14 else ClockTrust.SYNCED)


def test_two_jumps_are_two_steps() -> None:
    base = FixedClock()
    clock = WatchedClock(base, lambda: True)
    for jump_us in (-3_600_000_000, 3_600_000_000):
        base.us += jump_us
        assert clock.trust() is ClockTrust.STEPPED
    first, second = clock.steps()
    clock.told(first)
    assert clock.trust() is ClockTrust.STEPPED
    clock.told(second)
    assert clock.trust() is ClockTrust.SYNCED


def test_slewing_is_no_jump_and_an_unknown_source_is_unsynced() -> None:
    base = FixedClock()
    clock = WatchedClock(base, lambda: False)
    for _ in range(10):
        base.advance(1)
        base.us += 500
        assert clock.trust() is ClockTrust.UNSYNCED
    assert clock.steps() == ()


def test_a_machine_that_slept_has_not_stepped() -> None:
    """Monotonic time stands still meanwhile; wall time goes on."""
    base, slept = FixedClock(), [0]
    clock = WatchedClock(base, lambda: True, lambda: slept[0])
    base.us += 8 * 3_600_000_000
    slept[0] += 8 * 3_600_000_000_000
    assert clock.trust() is ClockTrust.SYNCED


def test_nothing_before_2024_is_believed_whatever_the_kernel_says() -> None:
    clock = WatchedClock(FixedClock(us=YEAR_2000), lambda: True)
    assert clock.trust() is ClockTrust.UNSYNCED


def test_the_kernel_is_asked_once_a_second_at_most() -> None:
    base, asked = FixedClock(), []
    clock = WatchedClock(base, lambda: not asked.append(1))
    for _ in range(40):
        assert clock.trust() is ClockTrust.SYNCED
        base.advance(0.1)
    assert 4 <= len(asked) <= 5


def test_the_real_clock_answers() -> None:
    clock = system_clock()
    assert clock.trust() in (ClockTrust.SYNCED, ClockTrust.UNSYNCED)
    assert isinstance(kernel_synced(), bool)
    assert slept_ns() >= 0
    assert clock.boot() == system_clock().boot()


def test_a_clock_that_the_settings_vouch_for_is_believed_but_never_before_2024(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Windows domain or a hypervisor keeps it, and no kernel says so."""
    monkeypatch.setattr("gaugetrail_agent.clock.trust.kernel_synced", lambda: False)
    assert system_clock().trust() is ClockTrust.UNSYNCED
    assert system_clock(kept=True).trust() is ClockTrust.SYNCED
    assert WatchedClock(FixedClock(us=YEAR_2000), lambda: True).trust() is ClockTrust.UNSYNCED

"""Simulated gauges with a check, read by the agent's own profiles: both took the check from the manual apart."""

from __future__ import annotations

from decimal import Decimal

import pytest

from gaugetrail_agent.drivers import catalogue
from gaugetrail_sim.devices.gauge import SimulatedGauge, garbled
from gaugetrail_sim.devices.proved_gauges import CosmoTester, YaohuaIndicator
from gaugetrail_sim.devices.ptys import PtyPort


@pytest.mark.parametrize("make", [YaohuaIndicator, CosmoTester])
@pytest.mark.parametrize("steps", range(-40, 40, 7))
def test_value_comes_back_and_a_hit_digit_does_not(make: type[SimulatedGauge], steps: int) -> None:
    gauge = make(PtyPort())  # type: ignore[call-arg]  # each knows its own decimals
    value = steps * Decimal(1).scaleb(-gauge.decimals)
    (found,) = catalogue.decode(gauge.protocol, {}, gauge.frame(value))
    assert (found.status, Decimal(found.value or "nan"), found.decimals) == ("ok", value, gauge.decimals)
    assert [one.value for one in catalogue.decode(gauge.protocol, {}, garbled(gauge.frame(value)))] == [None]
    assert [one.value for one in catalogue.decode(gauge.protocol, {}, gauge.overload_frame())] == [None]


def test_check_is_the_manuals_own() -> None:
    """LS-R700 operation manual p. 38."""
    assert CosmoTester(PtyPort()).frame(Decimal("-0.4")) == b"#00 00 2 -000.4:32\r"


def test_weight_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="six digits"):
        YaohuaIndicator(PtyPort()).frame(Decimal("12345.678"))

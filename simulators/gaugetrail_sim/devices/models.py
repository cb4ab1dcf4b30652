"""The gauges that `gaugetrail-sim gauge` offers by the name of their protocol, each written from its maker's manual."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from gaugetrail_sim.devices.gauge import AndScale, MettlerScale, MitutoyoGauge, SimulatedGauge, ToledoScale
from gaugetrail_sim.devices.hipot import HipotTester
from gaugetrail_sim.devices.proved_gauges import CosmoTester, YaohuaIndicator
from gaugetrail_sim.devices.ptys import PtyPort


@dataclass(frozen=True, slots=True)
class Model:
    """A gauge that `gaugetrail-sim gauge` offers: how to make it and what it typically measures."""

    make: Callable[[PtyPort], SimulatedGauge]
    nominal: Decimal
    spread: Decimal
    unit: str
    streams: bool = False
    """Whether it sends all the time instead of at the press of a key."""


MODELS: dict[str, Model] = {
    MitutoyoGauge.protocol: Model(MitutoyoGauge, Decimal("12.500"), Decimal("0.020"), "mm (the frame carries no unit)"),
    MettlerScale.protocol: Model(MettlerScale, Decimal("250.00"), Decimal("0.60"), "g"),
    AndScale.protocol: Model(AndScale, Decimal("250.0"), Decimal("0.6"), "g", streams=True),
    ToledoScale.protocol: Model(ToledoScale, Decimal("123.45"), Decimal("0.40"), "kg", streams=True),
    YaohuaIndicator.protocol: Model(
        YaohuaIndicator, Decimal("1.234"), Decimal("0.020"), "kg (the frame carries no unit)", streams=True
    ),
    CosmoTester.protocol: Model(CosmoTester, Decimal("0.4"), Decimal("0.3"), "ml/min (the frame carries no unit)"),
    HipotTester.protocol: Model(HipotTester, Decimal("0.120"), Decimal("0.030"), "mA, at 1.500 kV"),
}
"""By the protocol's name, which is also the name of the agent's profile."""

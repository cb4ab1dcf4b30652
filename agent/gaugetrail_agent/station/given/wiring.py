"""The station's wiring: which device and channel gives a characteristic here. The plan says what is measured, not how
it comes in; so one plan serves many stations, and a changed port changes no approved text.

Promise: the wired plan is the plan, with its digest and text as they are; only where each value comes from is filled
in. A plan that names devices itself is taken as it is. Nothing is guessed: what is wired twice, or not at all, is a
fault. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Self

from pydantic import Field, model_validator

from gaugetrail_contract.documents.plan import Characteristic, Plan
from gaugetrail_contract.record import Capture, CharacteristicKind
from gaugetrail_contract.settings import Settings, Steps
from gaugetrail_contract.suggestions import did_you_mean
from gaugetrail_contract.text import Identifier


class Wiring(Settings):
    """One `[[station.wiring]]`: where a characteristic's value comes from at this station."""

    characteristic: Identifier = Field(description="its name in the plan", examples=["bore_diameter"])
    device: Identifier | None = Field(None, description="the [[device]] that measures it; none: typed or scanned")
    channel: Identifier | None = Field(None, description="channel of the device; none: any")
    capture: Capture | None = Field(None, description="how the value comes in; default: from the device's kind")

    @model_validator(mode="after")
    def _comes_from_somewhere(self) -> Self:
        if self.device is None and self.channel is not None:
            raise ValueError(f"{self.characteristic}: a channel is a device's: name the device")
        if self.device is None and self.capture is None:
            raise ValueError(f'{self.characteristic}: name the device that measures it, or say capture = "typed"')
        return self


@dataclass(frozen=True, slots=True)
class WiringFault:
    """One fault, at its key under the station."""

    steps: Steps
    says: str
    there: tuple[str, ...] | None = None


def wired(plan: Plan, wiring: Sequence[Wiring], blocks: str | None = None) -> Plan:
    """The plan as it is measured here. `blocks`: the PLC that gives every value of an automatic station."""
    named = {one.characteristic: one for one in wiring}
    characteristics = tuple(_wired(one, named.get(one.name), blocks) for one in plan.characteristics)
    return replace(plan, file=plan.file.model_copy(update={"characteristic": characteristics}))


def wiring_faults(
    plans: Sequence[Plan] | None, wiring: Sequence[Wiring], devices: Collection[str], blocks: str | None = None
) -> Iterator[WiringFault]:
    """What is wrong with the wiring itself, for the plans that the station works by; null: they come as documents, and
    may measure more or less tomorrow.
    """
    known = {one.name: one for plan in plans or () for one in plan.characteristics}
    for number, one in enumerate(wiring):
        steps: Steps = ("wiring", number)
        planned = known.get(one.characteristic)
        if one.characteristic in (earlier.characteristic for earlier in wiring[:number]):
            yield WiringFault((*steps, "characteristic"), f"{one.characteristic} is wired already; keep one of the two")
        elif planned is None and plans is None:
            pass
        elif planned is None:
            hint = did_you_mean(one.characteristic, known)
            what = f"no plan of this station measures {one.characteristic!r}{hint}"
            yield WiringFault((*steps, "characteristic"), what, tuple(sorted(known)))
        elif planned.formula is not None:
            yield WiringFault(
                (*steps, "characteristic"), f"{one.characteristic} is derived by its formula: leave it out"
            )
        elif planned.device is not None:
            what = f"{one.characteristic} is wired twice: the plan names the device {planned.device!r}; keep this one"
            yield WiringFault((*steps, "device"), f"{what}, and take the plan's out with its next revision")
        if one.device is not None and one.device not in devices:
            what = f"there is no device {one.device!r}{did_you_mean(one.device, devices)}"
            yield WiringFault((*steps, "device"), what, tuple(sorted(devices)))
        elif blocks is not None:
            yield from _of_blocks(steps, one, wiring[:number], blocks)


def unmeasured(plan: Plan) -> list[str]:
    """Characteristics of a wired plan whose value comes from nowhere."""
    return [one.name for one in plan.characteristics if _comes_from_nowhere(one)]


def lacking_in(block: Collection[str], plan: Plan) -> list[str]:
    """Characteristics of a wired plan for which a PLC's block has no value."""
    return [one.name for one in plan.characteristics if one.formula is None and (one.channel or one.name) not in block]


def _wired(one: Characteristic, wiring: Wiring | None, blocks: str | None) -> Characteristic:
    if one.formula is not None:
        return one.model_copy(update={"capture": Capture.DERIVED})
    if wiring is not None:
        new = {"device": wiring.device, "channel": wiring.channel, "capture": wiring.capture or one.capture}
        return one.model_copy(update=new)
    if blocks is not None and one.device is None and one.capture is not Capture.TYPED:
        return one.model_copy(update={"device": blocks})
    return one


def _of_blocks(steps: Steps, one: Wiring, before: Sequence[Wiring], blocks: str) -> Iterator[WiringFault]:
    """At an automatic station a value is a channel of the block, and nothing else."""
    if one.device != blocks:
        yield WiringFault((*steps, "device"), f"an automatic station measures with what offers its blocks: {blocks!r}")
    channel = one.channel or one.characteristic
    for other in before:
        if channel == (other.channel or other.characteristic):
            what = f"the channel {channel!r} is wired twice, to {other.characteristic} and {one.characteristic}"
            yield WiringFault((*steps, "channel"), what)


def _comes_from_nowhere(one: Characteristic) -> bool:
    of_a_device = one.kind is CharacteristicKind.VARIABLE and one.capture is not Capture.TYPED
    return of_a_device and one.device is None and one.formula is None

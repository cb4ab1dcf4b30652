"""`[[device]]` with `driver = "modbus"`: what is asked of a unit, and where each value lies with what stands beside it.

Promise: what one request can't read, or what an address contradicts, is refused here and not found on the line.
"""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from gaugetrail_agent.drivers.modbus import registers
from gaugetrail_agent.drivers.modbus.blocks import Numbering, Wanted, refuse_contradiction, zero_based
from gaugetrail_agent.drivers.modbus.companion_settings import Beside
from gaugetrail_agent.drivers.modbus.companions import Spread, gap, spread
from gaugetrail_agent.drivers.modbus.handshake_registers import TriggerSettings
from gaugetrail_agent.drivers.modbus.values import ValueSettings
from gaugetrail_agent.links.modbus_settings import Function
from gaugetrail_contract.settings import Settings


class ModbusDeviceSettings(Settings):
    """`[[device]]` with `driver = "modbus"`."""

    unit_id: int = Field(1, ge=0, le=255, description="unit (slave) id; 1, 0 or 255 for native TCP devices")
    poll_secs: float = Field(1.0, gt=0, description="interval of the fixed grid")
    numbering: Numbering = Field("zero", description="zero: addresses from 0; one: from 1; modicon: 40001 or 400001")
    span: int = Field(16, ge=0, le=125, description="gap between two values that is still read in one request")
    no_span: bool = Field(False, description="never read between values: for units that refuse unmapped registers")
    max_registers: int = Field(125, ge=1, le=125, description="registers in one request at most")
    wake: bool = Field(
        False, description="the unit sleeps and answers only the second question: a first silence is no fault"
    )
    trigger: TriggerSettings | None = Field(None, description="none: read at every poll")
    value: tuple[ValueSettings, ...] = Field(min_length=1, description="[[device.value]]")

    @model_validator(mode="after")
    def _addresses_make_sense(self) -> Self:
        names = [value.name for value in self.value]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"the value {', '.join(twice)} stands twice")
        for value in self.value:
            self.place(value)
        if self.trigger is not None:
            for key, address in self.trigger.registers().items():
                try:
                    self._placed("holding", address, explicit=True)
                except ValueError as error:
                    raise ValueError(f"trigger.{key}: {error}") from error
        return self

    def place(self, value: ValueSettings) -> Spread:
        """Where the value lies, with its companions. Raises `ValueError` for what one request can't read."""
        own = self._own(value)
        beside = {key: self._beside(value, own, key, one) for key, one in value.companions.items()}
        together = spread(value.name, own, beside)
        if together.wanted.count > self.max_registers and beside:
            raise ValueError(
                f"{value.name} and what stands beside it lie {together.wanted.count} registers apart; one request "
                f"carries {self.max_registers}, and read in two they would be of two moments"
            )
        if self.no_span and gap(own, beside):
            raise ValueError(
                f"{value.name}: between it and what stands beside it lie registers that no_span forbids to read, but "
                "both must come in one request: have the PLC put them side by side, or leave out no_span"
            )
        return together

    def _own(self, value: ValueSettings) -> Wanted:
        try:
            explicit = "function" in value.model_fields_set
            function, address = self._placed(value.function, value.address, explicit=explicit)
        except ValueError as error:
            raise ValueError(f"{value.name}: {error}") from error
        return _within(Wanted(value.name, function, address, _count(value.name, value.type, function)), value.type)

    def _beside(self, value: ValueSettings, own: Wanted, key: str, one: Beside) -> Wanted:
        name = f"{value.name}: {key}"
        try:
            function, address = self._placed(
                one.function or own.function, one.address, explicit=one.function is not None
            )
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from error
        return _within(Wanted(name, function, address, _count(name, one.type, function)), one.type)

    def _placed(self, function: Function, address: int, *, explicit: bool) -> tuple[Function, int]:
        """Function and PDU address. Raises `ValueError` where an address of a manual contradicts the function."""
        if explicit:
            refuse_contradiction(function, address, self.numbering, said="numbering" in self.model_fields_set)
        return zero_based(address, self.numbering, function)

    def register(self, address: int) -> int:
        """The 0-based address of a trigger register."""
        return zero_based(address, self.numbering, "holding")[1]


def _count(name: str, type_: str, function: Function) -> int:
    if function in ("coil", "discrete"):
        return 1
    count = registers.register_count(type_)
    if count is None:
        raise ValueError(f"{name}: say how many registers the text takes, like {type_}[8]")
    if count > 125:
        raise ValueError(f"{name}: {type_} takes {count} registers; one request carries 125")
    return count


def _within(wanted: Wanted, type_: str) -> Wanted:
    if wanted.address + wanted.count > 65_536:
        raise ValueError(f"{wanted.name}: {type_} at {wanted.address} reaches beyond the last register")
    return wanted

"""`[station.interlock]`: where a machine is told what became of a part at an operator's station."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from gaugetrail_contract.settings import Settings
from gaugetrail_contract.text import Identifier


class InterlockTable(Settings):
    """Addresses are numbered as the device's `numbering` says; the coil's from zero."""

    device: Identifier = Field(description="the Modbus [[device]] that is the machine's PLC", examples=["press_plc"])
    result: int = Field(ge=0, description="register of the code: 0 nothing, 1 recorded and pass, 2 fail, 4 wrong part")
    echo: int = Field(ge=0, description="register of a number that goes up with each code, written after it")
    heartbeat: int = Field(
        ge=0, description="register that counts while the agent lives: the PLC stops when it stands still for 3 s"
    )
    coil: int | None = Field(None, ge=0, le=65_535, description="coil that is on while the code is 1; none: no coil")

    @model_validator(mode="after")
    def _registers_are_three(self) -> Self:
        if len({self.result, self.echo, self.heartbeat}) < 3:
            raise ValueError("result, echo and heartbeat are three registers: give each its own address")
        return self

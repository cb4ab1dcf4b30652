"""What a Modbus link is told: where it is, how long an answer may take, what a difficult device needs."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from gaugetrail_agent.links.serial_port import SerialSettings
from gaugetrail_contract.settings import Settings

Function = Literal["coil", "discrete", "holding", "input"]


class ModbusSettings(Settings):
    """What all kinds have."""

    timeout_secs: float = Field(1.0, gt=0, le=60, description="how long an answer may take")
    pause_after_connect_secs: float = Field(0.0, ge=0, le=30, description="some PLCs need a pause after the connection")
    close_after_cycle: bool = Field(False, description="close after each poll, for units that take one connection only")


class ModbusTcpSettings(ModbusSettings):
    """Modbus TCP."""

    kind: Literal["modbus-tcp"]
    host: str = Field(description="name or address", examples=["192.0.2.10"])
    port: int = Field(502, ge=1, le=65535)
    overtake_secs: float = Field(
        0.1,
        ge=0,
        le=60,
        description="an answer that takes longer lets requests to other units behind the same gateway pass it; "
        "timeout_secs or more: strictly one request at a time",
    )
    answers: Literal["numbered", "zero_too"] = Field(
        "numbered",
        description="zero_too: for a device that answers with transaction number 0 whatever was asked; then one "
        "request is open at a time, and the connection is made anew after a time-out",
    )


class ModbusRtuTcpSettings(ModbusSettings):
    """RTU frames over a TCP socket, as serial servers send them."""

    kind: Literal["modbus-rtu-tcp"]
    host: str = Field(description="name or address")
    port: int = Field(502, ge=1, le=65535)


class ModbusSerialSettings(ModbusSettings, SerialSettings):
    """What both serial kinds have."""

    baud: int = Field(19200, ge=50, le=12_000_000, description="bits per second; 19200 is the standard's default")
    parity: Literal["none", "even", "odd", "mark", "space"] = Field(
        "even", description="the standard's default is even"
    )
    quiet_secs: float = Field(
        0.05, ge=0, le=10, description="silence on the bus after a time-out, so that late replies pass"
    )


class ModbusRtuSettings(ModbusSerialSettings):
    """Modbus RTU on a serial line."""

    kind: Literal["modbus-rtu"]


class ModbusAsciiSettings(ModbusSerialSettings):
    """Modbus ASCII on a serial line."""

    kind: Literal["modbus-ascii"]
    bytesize: Literal[5, 6, 7, 8] = Field(7, description="data bits in a character; 7 is the standard's default")


AnyModbusSettings = ModbusTcpSettings | ModbusRtuTcpSettings | ModbusRtuSettings | ModbusAsciiSettings

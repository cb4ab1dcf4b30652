"""`[mqtt]` of the agent's settings."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from gaugetrail_service.mqtt.settings import BrokerSettings


class MqttSettings(BrokerSettings):
    """How the agent reaches the broker, and how it delivers."""

    batch_records: int = Field(100, ge=1, le=500, description="records in one message at most")
    window: int = Field(50, ge=1, le=100, description="messages on the way without the broker's acknowledgement")
    catch_up_per_s: int = Field(
        10_000,
        ge=1,
        le=1_000_000,
        description="after an outage, records a second that go beside the live ones at most; live ones have no limit",
    )
    verdicts: Literal["off", "on"] = Field(
        "off",
        description="on: each inspection is told on gaugetrail/v1/<agent>/verdicts, for displays and an MES, over a "
        "connection of its own; no machine may be released by it",
    )
    resend_secs: float = Field(
        10.0, gt=0, description="a record without a receipt is sent again after this, then later"
    )

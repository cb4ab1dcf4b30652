"""`[mqtt]` of the agent's settings."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr

from gaugetrail_contract.settings import Settings
from gaugetrail_contract.text import Identifier


class MqttSettings(Settings):
    """How the agent reaches the broker."""

    host: str = Field("localhost", description="the broker's name or address", examples=["broker.plant.example"])
    port: int = Field(1883, ge=1, le=65535, description="1883 plain, 8883 with TLS")
    username: str | None = Field(None, description="leave out for an anonymous broker")
    password: SecretStr | None = Field(None, description="better: password_file = path of a file that holds it")
    tls_ca: Path | None = Field(None, description="CA certificate; switches TLS on")
    tls_cert: Path | None = Field(None, description="client certificate")
    tls_key: Path | None = Field(None, description="client key")
    keepalive_secs: int = Field(15, ge=5, le=1200, description="a dead broker is noticed after one and a half of these")
    version: Literal["5", "3.1.1"] = Field("5", description="falls back to 3.1.1 by itself where the broker refuses 5")
    client_id: Identifier | None = Field(None, description="default: from the agent's id")
    batch_records: int = Field(100, ge=1, le=500, description="records in one message at most")
    window: int = Field(50, ge=1, le=100, description="messages on the way without the broker's acknowledgement")
    catch_up_per_s: int = Field(
        10_000,
        ge=1,
        le=1_000_000,
        description="after an outage, records a second that go beside the live ones at most; live ones have no limit",
    )
    resend_secs: float = Field(
        10.0, gt=0, description="a record without a receipt is sent again after this, then later"
    )

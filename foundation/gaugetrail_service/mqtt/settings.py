"""`[mqtt]` of either service: what both need to reach the broker."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, ValidationInfo, field_validator, model_validator

from gaugetrail_contract.settings import Insecure, Settings
from gaugetrail_contract.text import Identifier


class BrokerSettings(Settings):
    """How to reach the broker. What the files hold is read anew at each connection."""

    host: str = Field("localhost", description="the broker's name or address", examples=["broker.plant.example"])
    port: int = Field(1883, ge=1, le=65535, description="1883 plain, 8883 with TLS")
    username: str | None = Field(None, description="leave out for an anonymous broker")
    password: SecretStr | None = Field(None, description="better: password_file = path of a file that holds it")
    tls_ca: Path | None = Field(None, description="CA certificate; switches TLS on. Relative to this file")
    tls_cert: Path | None = Field(None, description="client certificate, where the broker wants one")
    tls_key: Path | None = Field(None, description="its key, without a password")
    keepalive_secs: int = Field(15, ge=5, le=1200, description="a dead broker is noticed after one and a half of these")
    version: Literal["5", "3.1.1"] = Field("5", description="falls back to 3.1.1 by itself where the broker refuses 5")
    client_id: Identifier | None = Field(None, description="default: from the service's own id")
    insecure: Insecure | None = None

    @field_validator("tls_ca", "tls_cert", "tls_key")
    @classmethod
    def _beside_the_file(cls, path: Path | None, info: ValidationInfo) -> Path | None:
        return path if path is None or not info.context else Path(info.context["base"]).resolve() / path

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.tls_key is not None and self.tls_cert is None:
            raise ValueError("tls_key is given without its tls_cert")
        if self.tls_cert is not None and self.tls_ca is None:
            raise ValueError("tls_cert is given without tls_ca, so there would be no TLS at all; name the CA's file")
        return self


def proofs_between(old: BrokerSettings, new: BrokerSettings) -> tuple[str, ...]:
    """The keys that a connection can be made anew with: whom we say that we are. TLS itself begins and ends with the
    connection's client.
    """
    same = (old.tls_ca is None) == (new.tls_ca is None)
    return ("username", "password", *(("tls_ca", "tls_cert", "tls_key") if same else ()))

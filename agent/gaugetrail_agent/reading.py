"""What a device said, once decoded: the `Reading`, and nothing about how it got here.

Promise: a reading whose status is neither `ok` nor `unstable` carries no value (promise G4). The constructor enforces
it, so no driver can let an overload, an error number or a sentinel look like a measurement.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

DECIMAL = re.compile(r"-?\d+(\.\d+)?\Z")
"""A value as records carry it: an optional minus, digits, perhaps a point and digits. No plus, no exponent."""


class Status(StrEnum):
    """What a frame is; `shared vocabulary` of decode, records and dashboards."""

    OK = "ok"
    UNSTABLE = "unstable"
    """A value in motion: shown, never recorded as a measurement."""
    OVERRANGE = "overrange"
    UNDERRANGE = "underrange"
    NO_VALUE = "no_value"
    ERROR = "error"
    INFO = "info"
    """An identification, a status line, a prompt: not a measurement and not a fault."""
    ACK = "ack"
    INCOMPLETE = "incomplete"
    """The end of the frame has not come yet: wait."""
    GARBLED = "garbled"
    """Rejected: the bytes are no frame of this protocol."""


WITH_VALUE = frozenset({Status.OK, Status.UNSTABLE})


def normal_decimal(text: str) -> str:
    """The same number, digits kept, as records write it: `+0001.50` -> `1.50`, `-.5` -> `-0.5`, `-0.00` -> `0.00`.

    Raises `ValueError` for anything that is not plain decimal digits with at most one point and one leading sign
    (no exponent, no blank, no `nan`).
    """
    match = re.fullmatch(r"([+-]?)([0-9]*)(?:\.([0-9]*))?", text)
    if match is None or not (match[2] or match[3]):
        raise ValueError(f"{text!r} is not a decimal number")
    whole = match[2].lstrip("0") or "0"
    fraction = match[3]
    digits = whole if not fraction else f"{whole}.{fraction}"
    negative = match[1] == "-" and any(digit not in "0." for digit in digits)
    return f"-{digits}" if negative else digits


@dataclass(frozen=True, slots=True)
class Reading:
    """One decoded answer of a device.

    `value` is a decimal string with the digits the gauge gave (its resolution); `unit` is null where neither frame nor
    configuration tells it; `raw` is the bytes the reading was decoded from; `text` is what a code reader read or a
    device said in words; `extra` holds what a protocol adds (judgement, mode, device_time, sequence, tightening_id).
    """

    status: Status
    raw: bytes
    value: str | None = None
    unit: str | None = None
    channel: str | None = None
    error_code: str | None = None
    text: str | None = None
    extra: Mapping[str, str | int | bool] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        if self.value is None:
            if self.status is Status.UNSTABLE:
                raise ValueError("an unstable reading without a value is no_value")
        elif self.status not in WITH_VALUE:
            raise ValueError(f"a reading with status {self.status} must not carry a value")
        elif not DECIMAL.match(self.value):
            raise ValueError(f"{self.value!r} is not a decimal string")

    @property
    def decimals(self) -> int | None:
        """Digits behind the point, the gauge's resolution; null without a value."""
        if self.value is None:
            return None
        return len(self.value.partition(".")[2])

    def as_json(self) -> dict[str, object]:
        """What `gaugetrail-agent decode` prints for it: the fixed keys first, then `extra`."""
        fixed: dict[str, object] = {
            "status": str(self.status),
            "value": self.value,
            "unit": self.unit,
            "channel": self.channel,
            "error_code": self.error_code,
            "raw_hex": self.raw.hex(),
        }
        if self.value is not None:
            fixed["decimals"] = self.decimals
        if self.text is not None:
            fixed["text"] = self.text
        return fixed | {key: value for key, value in self.extra.items() if key not in fixed}

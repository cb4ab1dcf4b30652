"""Documents that others issue: a customer's drawing, a standard, a certificate; whose they are, until when they hold.

Promise: the text names the file by its SHA-256, so it is certain which drawing was meant, wherever that is kept.
"""

from __future__ import annotations

from pydantic import Field

from gaugetrail_contract.settings import Settings
from gaugetrail_contract.text import DayText, Hex256, Identifier, Text


class ExternalDocument(Settings):
    """One external document as its text says it."""

    id: Identifier = Field(description="document id", examples=["DRW-1001"])
    revision: Identifier = Field(description="the issuer's revision or edition", examples=["D"])
    title: Text = Field("", description="what people call it")
    issuer: Identifier = Field(description="who issued it: customer, standards body, laboratory", examples=["Contoso"])
    valid_until: DayText | None = Field(
        None, description="through this day, YYYY-MM-DD, in quotes; none: until revised"
    )
    sha256: Hex256 = Field(description="SHA-256 of the file itself; attach it, so that it is kept")

"""Data identifiers of ANS MH10.8.2 (ISO/IEC 15418): what they mean, and which of them answer a station's questions.

Promise: an identifier is one to three optional digits and a letter; one that is not in the table is still read and kept
as a field. What a customer means by an identifier may differ: that is a profile's word (`profiles.py`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

DATA_IDENTIFIER = re.compile(r"([0-9]{0,3}[A-Z])")

MEANINGS: Mapping[str, str] = {
    "B": "container type", "1B": "returnable container, by its owner", "2B": "gas cylinder container",
    "D": "date YYMMDD", "1D": "date DDMMYY", "2D": "date MMDDYY", "3D": "date YDDD", "4D": "date YYDDD",
    "5D": "date YYMMDD with qualifier", "6D": "date YYYYMMDD, perhaps with qualifier", "7D": "date MMYY",
    "8D": "event date and time", "9D": "date as agreed", "10D": "date YYWW", "11D": "date YYYYWW",
    "12D": "date YYYYMMDD", "13D": "oldest and newest production, YYWWYYWW", "14D": "expiry YYYYMMDD",
    "15D": "expiry DDMMYYYY", "16D": "production YYYYMMDD", "17D": "production DDMMYYYY",
    "25D": "best before YYYYMMDD", "26D": "first freeze YYYYMMDD",
    "E": "environment (some customers: RoHS or engineering order)",
    "H": "human resource (some suppliers: heat or lot)",
    "I": "vehicle identification number", "1I": "abbreviated VIN",
    "J": "licence plate", "1J": "licence plate, single package", "2J": "licence plate, one of several",
    "3J": "licence plate, single package with EDI", "4J": "licence plate, several with EDI",
    "5J": "licence plate, mixed load", "6J": "licence plate, master load",
    "K": "customer's order", "1K": "supplier's order", "2K": "bill of lading or shipping note",
    "3K": "document code", "4K": "order line", "5K": "reference", "6K": "waybill", "7K": "order and line",
    "8K": "vendor document", "9K": "invoice or label kind (GTL3)", "10K": "invoice", "11K": "packing list",
    "12K": "ship notice", "14K": "order line", "15K": "kanban number", "16K": "delivery instruction",
    "L": "storage location", "1L": "location", "2L": "ship-to or unloading point", "3L": "ship-from",
    "4L": "country of origin", "10L": "location (some users: lot)", "20L": "line", "21L": "location in the plant",
    "23L": "state or province", "N": "national or NATO stock number", "1N": "code identifying an item",
    "9N": "pharmacy product number (PPN)",
    "P": "customer's part number", "1P": "supplier's part number", "2P": "revision", "3P": "maker's code and item",
    "4P": "item and version", "5P": "freight class", "6P": "supplier and item", "7P": "equipment code",
    "8P": "GTIN-14", "12P": "document or specification (GTL3)", "14P": "item and supplier", "16P": "item",
    "17P": "combined item", "20P": "additional part information", "21P": "additional part information",
    "22P": "additional part information", "23P": "model or part information", "30P": "part number, first supplier",
    "31P": "part number, second supplier, or order code", "32P": "part number", "33P": "bin code",
    "Q": "quantity", "1Q": "length or weight, theoretical", "2Q": "weight, actual", "3Q": "unit of measure",
    "4Q": "gross amount", "5Q": "net amount", "6Q": "several dimensions", "7Q": "quantity or weight with unit",
    "8Q": "container weight", "11Q": "tare weight", "13Q": "number of packages", "21Q": "package count",
    "S": "serial number", "1S": "additional serial", "2S": "shipment or delivery note number",
    "3S": "package number", "4S": "package number, logistic label", "5S": "package number, mixed",
    "6S": "package number, master", "7S": "package", "8S": "supplier and serial", "10S": "tooling or fixture",
    "11S": "fixed asset", "12S": "label version", "13S": "supplier and serial", "18S": "CAGE and serial",
    "20S": "traceability, assigned by the customer", "21S": "supplier-assigned serial", "22S": "device serial",
    "23S": "MAC address", "25S": "unique item: agency, enterprise and serial", "30S": "additional identification",
    "T": "traceability number, by the customer", "1T": "lot or batch, by the supplier", "2T": "second lot",
    "3T": "exclusive lot", "20T": "lot count or traceability", "21T": "traceability", "25T": "agency, supplier and lot",
    "33T": "RoHS or conformity",
    "V": "supplier, by the customer", "1V": "supplier or maker, by himself", "2V": "GS1 company", "3V": "GS1 prefix",
    "4V": "carrier", "5V": "financial institution", "6V": "maker", "7V": "liable party", "8V": "customer",
    "9V": "customer, by supplier", "10V": "manufacturing location", "12V": "maker, DUNS", "13V": "supplier, DUNS",
    "14V": "customer, DUNS", "16V": "ship-to, DUNS", "17V": "CAGE code", "18V": "agency and enterprise",
    "20V": "place of business", "21V": "organisation and party",
    "W": "work order", "1W": "operation sequence", "2W": "work status", "3W": "work order, plant and line",
    "Y": "internal application (GM: VPPS)", "Z": "mutually defined", "1Z": "mutually defined", "2Z": "free text",
    "3Z": "free text", "4Z": "mutually defined", "11Z": "structured free text", "12Z": "mutually defined",
    "13Z": "mutually defined", "20Z": "mutually defined",
}  # fmt: skip

# Which identifiers answer a question, best first; an empty field does not answer.
ROLES: Mapping[str, Sequence[str]] = {
    "part_number": ("P", "1P", "30P", "31P"),
    "serial": ("S",),
    "lot": ("1T", "T"),
    "supplier": ("V", "1V", "12V", "13V", "17V", "18V"),
    "revision": ("2P",),
    "country": ("4L",),
    "package": ("3S", "4S", "5S", "6S", "J", "1J", "2J", "3J", "4J", "5J", "6J"),
    "order": ("K",),
    "uid": ("25S", "18S"),
}

# A text that is one identifier and its value: those that stand on labels, so that a code of ours is not cut by chance.
ON_LINEAR_LABELS = frozenset({
    "B", "D", "I", "J", "1J", "2J", "3J", "4J", "5J", "6J", "K", "1K", "4K", "11K", "16K", "4L", "2L",
    "P", "1P", "2P", "30P", "31P", "20P", "7P", "Q", "3Q", "7Q", "13Q", "S", "1S", "2S", "3S", "4S", "5S", "6S", "12S",
    "18S", "25S", "T", "1T", "2T", "20T", "V", "1V", "10V", "12V", "13V", "17V", "18V", "W",
    "6D", "9D", "10D", "12D", "14D", "16D", "9N", "Z", "1Z",
})  # fmt: skip

# UN/ECE recommendation 20 and ANSI X12.3 units met behind a quantity on labels.
_UNITS = frozenset({
    "NAR", "PCE", "PCS", "PCB", "KGM", "GRM", "MTR", "LTR", "MTK", "SET", "ROL",
    "EA", "PC", "KG", "ST", "LM", "MT", "LT", "GR", "RL",
})  # fmt: skip
_QUANTITY = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?([A-Z]{2,3})?")


@dataclass(frozen=True, slots=True)
class Field:
    """One identifier and its value, as the label has them."""

    identifier: str
    value: str


def split(field: str) -> Field | None:
    """`1PLM358` -> identifier 1P, value LM358; null when the text does not begin with an identifier."""
    match = DATA_IDENTIFIER.match(field)
    return None if match is None else Field(match[1], field[match.end() :])


def quantity(value: str) -> tuple[str, str | None] | None:
    """Number and unit of a quantity field, the number with its digits as they stand; null when it is none."""
    match = _QUANTITY.fullmatch(value.strip(" "))
    if match is None or (match[2] is not None and match[2] not in _UNITS):
        return None
    return match[1], match[2]

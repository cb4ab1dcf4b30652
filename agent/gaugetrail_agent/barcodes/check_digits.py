"""Check digits: which of them are right.

Each function takes text and answers; none raises. Only ASCII characters count as digits and letters.
"""

from __future__ import annotations

import re

_DIGITS = re.compile(r"[0-9]{2,}")

# 49 CFR 565.15 (c): the value of each letter and the weight of each of the 17 positions; I, O and Q do not occur.
_VIN_VALUES = (1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9)
_VIN_LETTERS = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", _VIN_VALUES, strict=True))
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_VIN = re.compile(r"[A-HJ-NPR-Z0-9]{13}[0-9]{4}")
_VIN_CHECK_PLACE = 8

# ISO/IEC 16388, annex A: the characters of Code 39 in the order of their check values.
_CODE_39 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%"

_PPN = re.compile(r"[0-9]{2}[0-9A-Z.-]{2,18}[0-9]{2}")


def mod10_holds(digits: str) -> bool:
    """GTIN, SSCC, GLN and their like: weights 3 and 1 from the right (GS1 General Specifications 7.9.1)."""
    if not _DIGITS.fullmatch(digits):
        return False
    body, check = digits[:-1], int(digits[-1])
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(body)))
    return (10 - total % 10) % 10 == check


def looks_like_vin(text: str) -> bool:
    """17 characters without I, O and Q, the last four digits (ISO 3779)."""
    return _VIN.fullmatch(text) is not None


def vin_holds(vin: str) -> bool | None:
    """Whether position 9 is the check digit; null where none is prescribed and the character there is none.

    The digit is law in North America (first character 1 to 5) and in China (L, GB 16735). Makers elsewhere use the
    position freely, so there only a right digit says something.
    """
    if not looks_like_vin(vin):
        return False
    total = sum(
        (int(char) if char.isdigit() else _VIN_LETTERS[char]) * weight
        for char, weight in zip(vin, _VIN_WEIGHTS, strict=True)
    )
    if "0123456789X"[total % 11] == vin[_VIN_CHECK_PLACE]:
        return True
    return False if vin[0] in "12345L" else None


def code39_holds(text: str) -> bool:
    """Whether the last character is the modulo 43 check character of those before it."""
    if len(text) < 2 or any(char not in _CODE_39 for char in text):
        return False
    return _CODE_39[sum(_CODE_39.index(char) for char in text[:-1]) % 43] == text[-1]


def ppn_holds(ppn: str) -> bool:
    """Pharmacy Product Number (identifier 9N): two check digits, modulo 97 over the ASCII values with weights from 2
    (IFA coding system, specification PPN code).
    """
    if not _PPN.fullmatch(ppn):
        return False
    return sum(ord(char) * weight for weight, char in enumerate(ppn[:-2], start=2)) % 97 == int(ppn[-2:])

"""What people write into one cell of a control plan: a tolerance, a frequency, a sample. Read whole, or refused.

    74.000 ± 0.050 mm     74 +0.05/-0.02     73.950 - 74.050 mm     max 0.8 µm     >= 5 kN     no scratches
    100%     each     1/50     every 50 pieces     every 2 h     hourly     per shift     first piece

Promise: a text with a digit is understood to its last sign or is a `BadCell` with what to write; it is never taken for
half of what it says. Numbers keep their digits; what is added is added in decimals. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from gaugetrail_contract.documents.plan import Occasion


class BadCell(ValueError):
    """The text can't be understood; the words say what to write."""


@dataclass(frozen=True, slots=True)
class Tolerance:
    """Nominal and limits in digits, with their unit."""

    nominal: str | None = None
    lsl: str | None = None
    usl: str | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Frequency:
    """How often: after so many units, so many minutes, or whenever something happens."""

    every_units: int | None = None
    every_mins: str | None = None
    at: tuple[Occasion, ...] = ()


_N = r"[0-9]+(?:\.[0-9]+)?"
_S = rf"[-−]?{_N}"
_UNIT = r"(?:\s*(?P<unit>[^\W\d_]\S*|[°%µμ\"']\S*))?"
_TOLERANCES = (
    rf"(?P<nominal>{_S})\s*(?:±|\+/-|\+-|\+/−)\s*(?P<both>{_N}){_UNIT}",
    rf"(?P<nominal>{_S})\s*\(?\+\s*(?P<plus>{_N})\s*[/,;]?\s*[-−]\s*(?P<minus>{_N})\)?{_UNIT}",
    rf"(?P<lsl>{_S})\s*(?:-|–|−|\.\.\.?|…|to)\s*(?P<usl>{_S}){_UNIT}",
    rf"(?:max\.?|maximum|<=|≤|⩽)\s*(?P<usl>{_S}){_UNIT}",
    rf"(?:min\.?|minimum|>=|≥|⩾)\s*(?P<lsl>{_S}){_UNIT}",
    rf"(?P<usl>{_S}){_UNIT}\s*max\.?",
    rf"(?P<lsl>{_S}){_UNIT}\s*min\.?",
)
_OCCASIONS: dict[str, Occasion] = {
    "first piece": "first_piece",
    "first part": "first_piece",
    "last piece": "last_piece",
    "last part": "last_piece",
    "setup": "setup",
    "set-up": "setup",
    "per setup": "setup",
    "shift": "shift",
    "per shift": "shift",
    "each shift": "shift",
    "every shift": "shift",
    "lot": "lot",
    "batch": "lot",
    "per lot": "lot",
    "each lot": "lot",
    "per batch": "lot",
    "tool change": "tool_change",
    "material change": "material_change",
    "repair": "repair",
}
_EACH = frozenset(
    {"100%", "100 %", "each", "all", "every piece", "each piece", "every part", "each part", "continuous"}
)
_MINUTES = {"min": 1, "mins": 1, "minute": 1, "minutes": 1, "h": 60, "hr": 60, "hour": 60, "hours": 60, "day": 1440}
_SOME_UNITS = re.compile(
    r"(?:1\s*(?:/|in|of|per)\s*|every\s+)(?P<units>[0-9]+)(?:\s*(?:pcs?\.?|pieces?|parts?|units?))?"
)
_SOME_TIME = re.compile(r"(?:every|1\s*/|each|per)\s*(?P<number>[0-9]+(?:\.[0-9]+)?)?\s*(?P<unit>[a-z]+)")


def tolerance_of(text: str) -> Tolerance | None:
    """Limits out of a specification; null for words without a digit. Raises `BadCell`."""
    for pattern in _TOLERANCES:
        found = re.fullmatch(pattern, text.strip(), re.IGNORECASE)
        if found is not None:
            return _tolerance({key: value for key, value in found.groupdict().items() if value})
    if any(sign.isdigit() for sign in text):
        raise BadCell(
            "is no tolerance; write it like 74.000 ± 0.050 mm, 74 +0.05/-0.02, 73.95 - 74.05, max 0.8 or min 5"
        )
    return None


def _tolerance(parts: dict[str, str]) -> Tolerance:
    unit = parts.get("unit")
    nominal, lsl, usl = (parts.get(key, "").replace("−", "-") or None for key in ("nominal", "lsl", "usl"))
    if nominal is not None:
        below, above = parts.get("minus", parts.get("both")), parts.get("plus", parts.get("both"))
        assert below is not None, "a nominal stands with what may be above and below it"
        assert above is not None, "the same"
        lsl, usl = _digits(Decimal(nominal) - Decimal(below)), _digits(Decimal(nominal) + Decimal(above))
    return Tolerance(nominal, lsl, usl, unit)


def _digits(number: Decimal) -> str:
    return f"{number:f}"


def frequency_of(text: str) -> Frequency:
    """How often something is measured. Raises `BadCell`."""
    plain = " ".join(text.split()).casefold()
    if plain in _EACH:
        return Frequency(every_units=1)
    if (units := _SOME_UNITS.fullmatch(plain)) is not None and int(units["units"]) > 0:
        return Frequency(every_units=int(units["units"]))
    if plain == "hourly":
        return Frequency(every_mins="60")
    if (time := _SOME_TIME.fullmatch(plain)) is not None and time["unit"] in _MINUTES:
        return Frequency(every_mins=_digits(Decimal(time["number"] or 1) * _MINUTES[time["unit"]]))
    occasions = [_OCCASIONS.get(part.strip().removeprefix("1/")) for part in re.split(r"[;,&]| and ", plain)]
    known = tuple(one for one in occasions if one is not None)
    if known and len(known) == len(occasions):
        return Frequency(at=known)
    raise BadCell(
        "is no frequency; write 100%, each, 1/50, every 50 pieces, every 2 h, per shift, per lot, first piece"
    )


def sample_of(text: str) -> int | None:
    """How many units are measured each time; null for all of them. Raises `BadCell`."""
    plain = " ".join(text.split()).casefold().removesuffix("pcs").removesuffix("pc").removesuffix("pieces").strip()
    if plain in _EACH:
        return None
    try:
        number = Decimal(plain)
    except InvalidOperation as error:
        raise BadCell("is no sample size; write a whole number, or 100%") from error
    if not number.is_finite() or number != number.to_integral_value() or number < 1:
        raise BadCell("is no sample size; write a whole number, or 100%")
    return int(number)

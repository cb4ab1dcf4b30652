"""Numbers and units as gauges write them, turned into the decimal strings and unit names that records carry.

Promise: digits are kept as the gauge gave them (its resolution); nothing is rounded. Only ASCII digits count. Text that
is not plainly one number raises `ValueError` with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final, Literal

from gaugetrail_agent.reading import normal_decimal

Mark = Literal["point", "comma", "either"]

MOST_ZEROS: Final = 30
"""No gauge sends an exponent beyond this; a damaged one must not become a number of a thousand digits."""

_NUMBER = re.compile(r"([+-]?) *([0-9]*)(?:([.,])([0-9]*))?(?:[Ee]([+-]?) *([0-9]{1,3}))?", re.ASCII)
_MARKS: Final[Mapping[Mark, str]] = {"point": ".", "comma": ",", "either": ".,"}


def decimal_text(text: str, mark: Mark = "point", implied: int | None = None) -> str:
    """`- 001.20` -> `-1.20`, `.5` -> `0.5`, `1.36E-3` -> `0.00136`; `implied` decimals for text without a point.

    Blanks may stand between sign and digits, as many gauges fill with blanks instead of zeros.
    """
    match = _NUMBER.fullmatch(text.strip(" "))
    if match is None or not (match[2] or match[4]):
        raise ValueError(f"{text!r} is not a number")
    sign, whole, found, fraction = match[1], match[2], match[3], match[4] or ""
    if found and found not in _MARKS[mark]:
        raise ValueError(f"{text!r} has {found!r} as decimal mark; set decimal={found} if the device is set so")
    exponent = int(f"{match[5]}{match[6]}") if match[6] else 0
    if implied is not None:
        if found or match[6]:
            raise ValueError(f"{text!r} brings its own point where {implied} decimals are implied")
        exponent = -implied
    if abs(exponent) > MOST_ZEROS:
        raise ValueError(f"{text!r} has an exponent beyond {MOST_ZEROS}")
    if exponent:
        whole, fraction = _shifted(whole, fraction, exponent)
    return normal_decimal(f"{sign}{whole}.{fraction}" if fraction else f"{sign}{whole}")


def seconds_text(text: str) -> str:
    """Degrees, minutes, seconds (`-012:34:56`, `-12.34.56`) as whole seconds, `-45296`: decimal degrees would round."""
    match = re.fullmatch(r"([+-]?) *([0-9]{1,3})([:.])([0-5][0-9])\3([0-5][0-9])", text, re.ASCII)
    if match is None:
        raise ValueError(f"{text!r} is not degrees:minutes:seconds")
    return normal_decimal(f"{match[1]}{(int(match[2]) * 60 + int(match[4])) * 60 + int(match[5])}")


def with_major(major: str, counts: int, minor: str) -> str:
    """`5` pounds and `3.2` ounces, 16 to the pound, as ounces: `83.2`; the sign before the pounds is that of both."""
    match = re.fullmatch(r"([+-]?) *([0-9]{1,9})", major, re.ASCII)
    if match is None or minor.startswith("-") or Decimal(minor) >= counts:
        raise ValueError(f"{major!r} and {minor!r} are not one number of two units, {counts} to one")
    return normal_decimal(f"{match[1]}{int(match[2]) * counts + Decimal(minor)}")


def _shifted(whole: str, fraction: str, exponent: int) -> tuple[str, str]:
    digits, point = whole + fraction, len(whole) + exponent
    if point <= 0:
        return "0", "0" * -point + digits
    return digits[:point].ljust(point, "0"), digits[point:]


_MASS = {
    "g": "g", "G": "g", "kg": "kg", "Kg": "kg", "KG": "kg", "mg": "mg", "MG": "mg", "ug": "ug", "t": "t",
    "lb": "lb", "LB": "lb", "lbs": "lb", "oz": "oz", "OZ": "oz", "ozt": "ozt", "ozT": "ozt", "OZT": "ozt",
    "ct": "ct", "CT": "ct", "dwt": "dwt", "DWT": "dwt", "gn": "gr", "GN": "gr", "gr": "gr", "mom": "mom",
    "tl": "tl", "N": "N",
}  # fmt: skip
_COUNT = {"PC": "pcs", "pc": "pcs", "PCS": "pcs", "Pcs": "pcs", "pcs": "pcs", "%": "%"}
_LENGTH = {
    "mm": "mm", "MM": "mm", "cm": "cm", "m": "m", "um": "um", "UM": "um", "nm": "nm", "NM": "nm",
    "in": "in", "IN": "in", "inch": "in", "INCH": "in", "Inch": "in", '"': "in", "\xb5m": "um", "mil": "mil",
    "uin": "uin", "ft": "ft",
}  # fmt: skip
_ANGLE = {"deg": "deg", "DEG": "deg", "rad": "rad", "\xb0": "deg"}
_FORCE = {
    "N": "N", "kN": "kN", "KN": "kN", "mN": "mN", "MN": "MN", "daN": "daN", "cN": "cN",
    "lbF": "lbf", "lbf": "lbf", "LBF": "lbf", "klbf": "klbf", "klbF": "klbf", "ozF": "ozf", "ozf": "ozf",
    "OZF": "ozf", "kgF": "kgf", "kgf": "kgf", "KGF": "kgf", "gF": "gf", "gf": "gf", "GF": "gf", "tf": "tf", "tF": "tf",
}  # fmt: skip
_TORQUE = {
    "Nm": "N.m", "NM": "N.m", "N.m": "N.m", "N-m": "N.m", "Ncm": "N.cm", "NCM": "N.cm", "Nmm": "N.mm", "mNm": "mN.m",
    "cNm": "cN.m", "kgFm": "kgf.m", "kgFcm": "kgf.cm", "kgFmm": "kgf.mm", "kgfcm": "kgf.cm", "gFcm": "gf.cm",
    "lbFft": "lbf.ft", "lbFin": "lbf.in", "ozFin": "ozf.in", "lbfin": "lbf.in", "lbfft": "lbf.ft", "ozfin": "ozf.in",
}  # fmt: skip
_ELECTRIC = {
    "V": "V", "mV": "mV", "kV": "kV", "uV": "uV", "A": "A", "mA": "mA", "uA": "uA", "nA": "nA", "OHM": "ohm",
    "ohm": "ohm", "Ohm": "ohm", "kohm": "kohm", "Kohm": "kohm", "Mohm": "Mohm", "mohm": "mohm", "Gohm": "Gohm",
    "s": "s", "S": "s", "sec": "s", "Hz": "Hz", "HZ": "Hz",
}  # fmt: skip

_PRESSURE = {
    "Pa": "Pa", "PA": "Pa", "kPa": "kPa", "KPA": "kPa", "hPa": "hPa", "MPa": "MPa", "mbar": "mbar", "MBAR": "mbar",
    "bar": "bar", "BAR": "bar", "psi": "psi", "PSI": "psi", "mmHg": "mmHg", "inHg": "inHg", "mmH2O": "mmH2O",
    "inH2O": "inH2O", "Torr": "Torr", "daPa": "daPa", "Pa/s": "Pa/s", "kgf/cm2": "kgf/cm2",
}  # fmt: skip
_FLOW = {
    "ml/s": "ml/s", "ml/mn": "ml/min", "ml/min": "ml/min", "mL/min": "ml/min", "ml/h": "ml/h", "cc/s": "cm3/s",
    "cc/mn": "cm3/min", "cc/min": "cm3/min", "cc/h": "cm3/h", "cm3/s": "cm3/s", "cm3/mn": "cm3/min",
    "cm3/min": "cm3/min", "cm3/h": "cm3/h", "mm3/s": "mm3/s", "l/mn": "l/min", "l/min": "l/min", "l/h": "l/h",
    "sccm": "sccm", "slm": "slm", "L/min": "l/min",
}  # fmt: skip

UNIT_SETS: Final[Mapping[str, Mapping[str, str]]] = {
    "mass": _MASS,
    "count": _COUNT,
    "length": _LENGTH,
    "angle": _ANGLE,
    "force": _FORCE,
    "torque": _TORQUE,
    "electric": _ELECTRIC,
    "pressure": _PRESSURE,
    "flow": _FLOW,
}
"""Spellings that devices send -> the name in records; a profile picks the sets that its family can mean."""

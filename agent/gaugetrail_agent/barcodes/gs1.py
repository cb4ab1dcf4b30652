"""GS1 data: element strings, the bracketed form and digital links.

Promise: every element that can be read is given, each with what is wrong with it; what could not be read is named and
never guessed. Source of the rules: GS1 General Specifications; of the identifiers' lengths and patterns: the table of
the library biip, whose own parser stops at the first fault with an exception and gives nothing before it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, unquote, urlsplit

from gaugetrail_agent.barcodes import dates
from gaugetrail_agent.barcodes.check_digits import mod10_holds
from gaugetrail_agent.barcodes.gs1_identifiers import GS, ApplicationIdentifier, identifier_at
from gaugetrail_agent.reading import normal_decimal

DATES: Mapping[str, str] = {
    "11": "production", "12": "due", "13": "packaging", "15": "best_before", "16": "sell_by", "17": "expiry",
    "4326": "release", "7006": "first_freeze", "7007": "harvest", "7011": "test_by",
}  # fmt: skip
DATE_TIMES: Mapping[str, str] = {
    "4324": "deliver_not_before", "4325": "deliver_not_after", "7003": "expiry_datetime", "8008": "production_datetime",
}  # fmt: skip

# Which digits of the value end in a mod-10 check digit (General Specifications, chapter 3).
_CHECKED: Mapping[str, int] = {
    "00": 18, "01": 14, "02": 14, "03": 14, "253": 13, "255": 13, "402": 17, "410": 13, "411": 13, "412": 13,
    "413": 13, "414": 13, "415": 13, "416": 13, "417": 13, "8003": 14, "8006": 14, "8017": 18, "8018": 18, "8026": 14,
}  # fmt: skip

# Values of six digits, the identifier's fourth digit saying how many stand behind the point.
MEASURES: Mapping[str, str] = {
    "310": "net_weight_kg", "311": "length_m", "312": "width_m", "313": "height_m", "314": "area_m2",
    "315": "net_volume_l", "316": "net_volume_m3", "320": "net_weight_lb", "321": "length_in", "322": "length_ft",
    "323": "length_yd", "324": "width_in", "325": "width_ft", "326": "width_yd", "327": "height_in",
    "328": "height_ft", "329": "height_yd", "330": "gross_weight_kg", "331": "logistic_length_m",
    "332": "logistic_width_m", "333": "logistic_height_m", "334": "logistic_area_m2", "335": "logistic_volume_l",
    "336": "logistic_volume_m3", "337": "kg_per_m2", "340": "gross_weight_lb", "356": "net_weight_troy_oz",
    "357": "net_weight_oz",
}  # fmt: skip

# Free text: a code that merely begins like one of these is no proof of GS1 data.
_FREE_TEXT = re.compile(r"10|2\d|2[345]\d|30|37|39\d\d|4[023]\d+|7\d{3}|8\d{3}|9\d")
_STRUCTURED_LONG = frozenset(
    {"4324", "4325", "4326", "7003", "7006", "7007", "7011", "8003", "8005", "8006", "8017", "8018"}
)

_HRI = re.compile(r"\(([0-9]{2,4})\)")

# Names that early digital links used instead of numbers (GS1 Digital Link URI Syntax, before release 1.2).
_LINK_NAMES: Mapping[str, str] = {
    "gtin": "01", "sscc": "00", "itip": "8006", "cpv": "22", "lot": "10", "ser": "21", "exp": "17", "gln": "414",
    "party": "417", "grai": "8003", "giai": "8004", "gdti": "253", "gsrn": "8018", "gsrnp": "8017", "gmn": "8013",
}  # fmt: skip
_LINK_KEYS = frozenset(
    {
        "00",
        "01",
        "253",
        "255",
        "401",
        "402",
        "414",
        "415",
        "417",
        "8003",
        "8004",
        "8006",
        "8010",
        "8013",
        "8017",
        "8018",
    }
)


@dataclass(frozen=True, slots=True)
class Element:
    """One identifier with its value; `fault` is what is wrong with it (`check_digit`, `date`) or null."""

    ai: str
    value: str
    fault: str | None = None
    swallowed: bool = False
    """A variable-length value without a separator behind it that seems to hold the next element's beginning."""


@dataclass(frozen=True, slots=True)
class Gs1Message:
    """What was read. `fault` (`unparsed`, `incomplete`, `date`) says why reading stopped before `rest`."""

    elements: Sequence[Element]
    fault: str | None = None
    rest: str = ""

    @property
    def sound(self) -> bool:
        """Read to the end, with nothing wrong."""
        return self.fault is None and all(element.fault is None for element in self.elements)


def read_message(text: str, this_year: int) -> Gs1Message:
    """Element strings as a scanner sends them: FNC1 as GS, redundant separators tolerated."""
    elements: list[Element] = []
    rest = text.lstrip(GS)
    open_ended = False
    while rest:
        ai = identifier_at(rest)
        if ai is None or not rest.isascii():
            return Gs1Message(_with_suspect(elements, open_ended), "unparsed", rest)
        value = ai.value(rest, whole=False)
        if not value:
            why = _why(ai, value, rest.partition(GS)[0], this_year)
            return Gs1Message(_with_suspect(elements, open_ended), why, rest)
        rest = rest[len(ai.ai) + len(value) :]
        open_ended = ai.separator_required and not rest.startswith(GS)
        elements.append(_element(ai.ai, value, this_year, unterminated=open_ended and not rest))
        rest = rest.lstrip(GS)
    return Gs1Message(elements)


def _with_suspect(elements: list[Element], open_ended: bool) -> list[Element]:
    """What follows a value of open length without a separator cannot be read: that value is in doubt too."""
    if open_ended:
        elements[-1] = replace(elements[-1], swallowed=True)
    return elements


def read_pairs(pairs: Sequence[tuple[str, str]], this_year: int) -> Gs1Message:
    """Identifiers and values already apart (brackets, links); each value must fit its identifier whole."""
    elements: list[Element] = []
    for place, (number, value) in enumerate(pairs):
        ai = identifier_at(number)
        text = number + value
        if ai is None or ai.ai != number or not text.isascii():
            return Gs1Message(elements, "unparsed", "".join(a + v for a, v in pairs[place:]))
        fitting = ai.value(text, whole=True)
        if not fitting:
            return Gs1Message(elements, _why(ai, fitting, text, this_year), text)
        elements.append(_element(number, value, this_year, unterminated=False))
    return Gs1Message(elements)


def proves_gs1(message: Gs1Message) -> bool:
    """Whether text without a symbology identifier is GS1 beyond doubt: sound, and beginning with a structured value."""
    if not message.elements or not message.sound:
        return False
    first = message.elements[0].ai
    return first in _STRUCTURED_LONG or not _FREE_TEXT.fullmatch(first)


def split_hri(text: str) -> list[tuple[str, str]] | None:
    """The human readable form `(01)…(17)…`; null where it is none. Brackets inside a value are kept."""
    pairs: list[tuple[str, str]] = []
    parts = _HRI.split(text.strip())
    if parts[0] or len(parts) < 3:
        return None
    for number, value in zip(parts[1::2], parts[2::2], strict=True):
        ai = identifier_at(number)
        if ai is not None and ai.ai == number:
            pairs.append((number, value.strip()))
        elif pairs:
            pairs[-1] = (pairs[-1][0], f"{pairs[-1][1]}({number}){value.strip()}")
        else:
            return None
    return pairs


def split_link(text: str) -> list[tuple[str, str]] | None:
    """The identifiers in a GS1 Digital Link; null where the text is no link or holds no primary identifier."""
    try:
        link = urlsplit(text)
    except ValueError:
        return None
    if link.scheme not in ("http", "https"):
        return None
    steps = link.path.split("/")
    numbers = [_LINK_NAMES.get(step.lower(), step) for step in steps]
    start = next((place for place, number in enumerate(numbers) if number in _LINK_KEYS), None)
    if start is None or start + 1 >= len(steps):
        return None
    path = steps[start:]
    pairs = [
        (_LINK_NAMES.get(key.lower(), key), unquote(value)) for key, value in zip(path[::2], path[1::2], strict=False)
    ]
    if pairs[0][0] == "01" and len(pairs[0][1]) in (8, 12, 13):
        pairs[0] = ("01", pairs[0][1].zfill(14))
    for key, value in parse_qsl(link.query):
        number = _LINK_NAMES.get(key.lower(), key)
        if _is_identifier(number):
            pairs.append((number, value))
    if len(path) % 2 and path[-1]:
        pairs.append((path[-1], ""))
    return pairs


def dates_of(elements: Sequence[Element], this_year: int) -> dict[str, str]:
    """Every date, under its name."""
    found: dict[str, str] = {}
    for element in elements:
        name, value = _date(element.ai, element.value, this_year)
        if name is not None and value is not None:
            found.setdefault(name, value)
    return found


def measures_of(elements: Sequence[Element]) -> dict[str, str]:
    """Every weight, length and volume as a decimal string that keeps the label's digits."""
    found: dict[str, str] = {}
    for element in elements:
        name = MEASURES.get(element.ai[:3]) if len(element.ai) == 4 else None
        if name is None or len(element.value) != 6:
            continue
        places = int(element.ai[3])
        digits = element.value.zfill(places + 1)
        text = f"{digits[:-places]}.{digits[-places:]}" if places else digits
        found.setdefault(name, normal_decimal(text))
    return found


def _is_identifier(number: str) -> bool:
    ai = identifier_at(number)
    return ai is not None and ai.ai == number


def _date(ai: str, value: str, this_year: int) -> tuple[str | None, str | None]:
    if ai in DATES:
        return DATES[ai], dates.yymmdd(value[:6], this_year, day_zero=True)
    if ai in DATE_TIMES:
        return DATE_TIMES[ai], dates.yymmdd_time(value, this_year)
    return None, None


def _element(ai: str, value: str, this_year: int, *, unterminated: bool) -> Element:
    fault = None
    checked = _CHECKED.get(ai)
    if checked is not None and not mod10_holds(value[:checked]):
        fault = "check_digit"
    name, day = _date(ai, value, this_year)
    if name is not None and day is None:
        fault = "date"
    return Element(ai, value, fault, swallowed=unterminated and _swallows(ai, value, this_year))


def _why(ai: ApplicationIdentifier, fitting: str | None, text: str, this_year: int) -> str:
    """Why a value does not fit its known identifier; the table lets counts (30, 37) be empty."""
    if fitting is not None:
        return "incomplete"
    value = text[len(ai.ai) :]
    if ai.ai in DATES and re.match(r"[0-9]{6}", value):
        return "date"
    if ai.ai in DATE_TIMES and dates.yymmdd_time(value[:10], this_year) is None and re.match(r"[0-9]{10}", value):
        return "date"
    if not value or (not ai.separator_required and value.isdigit()):
        return "incomplete"
    return "unparsed"


def _swallows(ai: str, value: str, this_year: int) -> bool:
    """Whether a value that only the message's end closed seems to hold the next element as well."""
    for place in range(1, len(value) - 3):
        tail = value[place:]
        if tail[:2] in DATES:
            if dates.yymmdd(tail[2:8], this_year, day_zero=True) is not None and len(tail) >= 8:
                after = tail[8:]
                if not after or identifier_at(after) is not None:
                    return True
        elif tail[:2] in ("01", "02"):
            if mod10_holds(tail[2:16]) and len(tail) >= 16:
                return True
        elif ai == "10" and tail[:2] == "21" and place >= 3 and len(tail) >= 5 and not value.isdigit():
            return True
    return False

"""What identifiers on a label answer: part, serial, lot, quantity, dates; and which of them cannot be right."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from gaugetrail_agent.barcodes import dates, gs1, identifiers, iso15434, profiles
from gaugetrail_agent.barcodes.check_digits import mod10_holds, ppn_holds, vin_holds
from gaugetrail_agent.barcodes.gs1_identifiers import GS
from gaugetrail_agent.reading import normal_decimal

_GS1_ROLES: Mapping[str, Sequence[str]] = {
    "part_number": ("241", "240"),
    "serial": ("21",),
    "lot": ("10",),
    "quantity": ("30", "37"),
    "gtin": ("01", "02"),
    "sscc": ("00",),
    "supplier": ("412",),
}

# Name and reader of each date identifier; 9D is a date "as agreed", so only a text that must be one is checked.
_DI_DATES: Mapping[str, str] = {
    "D": "date", "6D": "date", "9D": "date", "12D": "date", "10D": "date_code", "11D": "date_code",
    "14D": "expiry", "16D": "production", "25D": "best_before", "4D": "date",
}  # fmt: skip

# Of two formats in one envelope: what would be another unit, were it to differ.
_MUST_AGREE = frozenset({"serial", "lot", "gtin", "uid"})
_PRINTABLE = re.compile(r"[\x20-\x7e]+")
_LABELLED_VALUE = re.compile(r"(?!SN|S/N|PN|P/N)[A-Z].*[0-9].*")
_COUNTRY = re.compile(r"[A-Z]{2,3}")


@dataclass(slots=True)
class Label:
    """Identifiers, what they answer, and what is wrong."""

    elements: list[tuple[str, str]] = field(default_factory=list)
    found: dict[str, str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    profile: str | None = None

    def fields(self) -> dict[str, str]:
        """The map of identifiers: of a repeated one, the first value that is not empty."""
        result: dict[str, str] = {}
        for identifier, value in self.elements:
            if identifier and not result.get(identifier):
                result[identifier] = value
        return result

    def fault(self, errors: Iterable[str]) -> None:
        """Name each of these once."""
        for error in errors:
            if error not in self.errors:
                self.errors.append(error)

    def warn(self, warnings: Iterable[str]) -> None:
        """Name what was tolerated, each once."""
        self.warnings += [warning for warning in warnings if warning not in self.warnings]


def of_gs1(message: gs1.Gs1Message, this_year: int) -> Label:
    """A GS1 message: an identifier whose check digit or date is wrong answers nothing, nor does one that stands twice
    with different values, which GS1's General Specifications don't allow.
    """
    label = Label(elements=[(element.ai, element.value) for element in message.elements])
    doubtful = message.fault is not None
    differing = _differing(label.elements)
    sound = [
        element
        for element in message.elements
        if element.fault is None and element.ai not in differing and not (doubtful and element.swallowed)
    ]
    for role, wanted in _GS1_ROLES.items():
        value = next((element.value for ai in wanted for element in sound if element.ai == ai), None)
        if value is not None:
            label.found[role] = normal_decimal(value) if role == "quantity" else value
    label.found |= gs1.dates_of(sound, this_year) | gs1.measures_of(sound)
    label.fault(element.fault for element in message.elements if element.fault is not None)
    label.fault([] if message.fault is None else [message.fault])
    label.fault(["repeated"] if differing else [])
    if not message.elements and message.fault is None:
        label.fault(["incomplete"])
    if any(element.swallowed for element in message.elements):
        label.warnings.append("possible_missing_separator")
    return label


def of_envelope(
    envelope: iso15434.Envelope, profile_name: str | None, roles: Mapping[str, str], this_year: int
) -> Label:
    """An envelope of any formats. Each answers what it can; of two that contradict each other the first is taken, and
    the contradiction named.
    """
    profile = _profile(envelope, profile_name) if envelope.format == "06" else None
    label = _of_format(envelope, profile, roles, this_year)
    if profile_name is not None and profile is not None:
        label.fault(profiles.check(profile, envelope))
    for further in envelope.further:
        _add(label, _of_format(further, profile, roles, this_year))
    return label


def _of_format(
    envelope: iso15434.Envelope, profile: profiles.CodeProfile | None, roles: Mapping[str, str], this_year: int
) -> Label:
    if envelope.gs1 is not None:
        return _of_gs1_envelope(envelope, this_year)
    if envelope.format == "06":
        return _of_one_unit(_of_data_identifiers(envelope, profile, roles, this_year))
    label = Label(elements=envelope.elements, errors=list(envelope.errors), warnings=list(envelope.warnings))
    if envelope.format == "12":
        for role, names in iso15434.TEXT_ROLES.items():
            _answer(label, role, envelope.first(*names))
        _quantity(label, label.found.pop("quantity", None))
    return _of_one_unit(label)


def _of_one_unit(label: Label) -> Label:
    """A label may list the serials or lots of what lies in the box: then it names no single unit."""
    differing = _differing(label.elements)
    for role in sorted(_MUST_AGREE & label.found.keys()):
        if any(name in differing and value == label.found[role] for name, value in label.elements):
            del label.found[role]
            label.warn(["several"])
    return label


def _differing(elements: Iterable[tuple[str, str]]) -> set[str]:
    """Identifiers that stand there more than once, and not with the same value; empty ones say nothing."""
    values: dict[str, set[str]] = {}
    for name, value in elements:
        if name and value:
            values.setdefault(name, set()).add(value)
    return {name for name, found in values.items() if len(found) > 1}


def _add(label: Label, further: Label) -> None:
    for role, value in further.found.items():
        if label.found.setdefault(role, value) != value and role in _MUST_AGREE:
            label.warn(["contradiction"])
    label.elements += further.elements
    label.fault(further.errors)
    label.warn(further.warnings)
    label.profile = label.profile or further.profile


def of_groups(groups: Mapping[str, str]) -> Label:
    """Named groups of a pattern; `part` is the part number, as stations call it."""
    found = {"part_number" if name == "part" else name: value for name, value in groups.items() if value}
    label = Label(elements=list(groups.items()), found=found)
    _quantity(label, label.found.pop("quantity", None))
    return label


def single(text: str, *, profile: str | None, roles: Mapping[str, str], this_year: int) -> Label | None:
    """One data identifier and its value, as linear symbols on labels carry them; null when that would be a guess.

    Behind a single letter must be digits: `P40217372` is a part number; `SN-4711` and `TEST` are texts always.
    """
    split = identifiers.split(text)
    if split is None or split.identifier not in identifiers.ON_LINEAR_LABELS:
        return None
    if not _PRINTABLE.fullmatch(split.value) or not split.value[-1].isalnum():
        return None
    if len(split.value) == 1 and not split.value.isdigit():
        return None
    if len(split.identifier) == 1 and not _LABELLED_VALUE.fullmatch(text):
        return None
    envelope = iso15434.Envelope("06", [(split.identifier, split.value)])
    label = _of_data_identifiers(envelope, _profile(envelope, profile), roles, this_year)
    # A text that would be a wrong date is a text that begins like a date identifier.
    return None if "date" in label.errors else label


def all_identified(text: str) -> bool:
    """Whether every field between separators begins with a known data identifier."""
    fields = [identifiers.split(part) for part in text.strip(GS).split(GS)]
    return len(fields) > 1 and all(part is not None and part.identifier in identifiers.MEANINGS for part in fields)


def _profile(envelope: iso15434.Envelope, name: str | None) -> profiles.CodeProfile | None:
    return profiles.recognised(envelope) if name is None else profiles.named(name)


def _of_gs1_envelope(envelope: iso15434.Envelope, this_year: int) -> Label:
    message = gs1.read_message(envelope.gs1 or "", this_year)
    label = of_gs1(message, this_year)
    if not message.elements:
        label.errors = ["gs1"]
    label.elements += envelope.elements
    label.fault(envelope.errors)
    label.warnings += envelope.warnings
    return label


def _of_data_identifiers(
    envelope: iso15434.Envelope, profile: profiles.CodeProfile | None, roles: Mapping[str, str], this_year: int
) -> Label:
    label = Label(
        elements=envelope.elements,
        errors=list(envelope.errors),
        warnings=list(envelope.warnings),
        profile=None if profile is None else profile.name,
    )
    by_role = identifiers.ROLES if profile is None else profile.roles
    for role, names in by_role.items():
        _answer(label, role, envelope.first(*(name for name in names if name not in roles)))
    for identifier, role in roles.items():
        _answer(label, role, envelope.first(identifier))
    if not _COUNTRY.fullmatch(label.found.get("country", "XX")):
        # Some users put a lot there: the field stays, but it names no country.
        del label.found["country"]
    if profile is not profiles.HKMC and any(not identifier for identifier, _ in envelope.elements):
        label.fault(["unparsed"])
    _quantity(label, envelope.first("Q"))
    _dates(label, envelope, this_year)
    _checks(label, envelope)
    trace = label.found.get("trace")
    if profile is not None and trace is not None:
        parts, possible = profiles.trace_parts(profile, trace, this_year)
        label.found |= parts
        label.fault([] if possible else ["date"])
    return label


def _answer(label: Label, role: str, value: str | None) -> None:
    if value:
        label.found[role] = value


def _quantity(label: Label, value: str | None) -> None:
    """A quantity that is no number is none: never a guess, never 1."""
    if not value:
        return
    read = identifiers.quantity(value)
    if read is None:
        label.fault(["quantity"])
        return
    label.found["quantity"] = normal_decimal(read[0])
    if read[1] is not None:
        label.found["quantity_unit"] = read[1]


def _dates(label: Label, envelope: iso15434.Envelope, this_year: int) -> None:
    pharma = envelope.first("9N") is not None
    for identifier, name in _DI_DATES.items():
        value = envelope.first(identifier)
        if value is None:
            continue
        day = _date(identifier, value, this_year, pharma=pharma)
        if day is None:
            if identifier != "9D" or (value.isdigit() and len(value) in (6, 8)):
                label.fault(["date"])
            continue
        # On a pharmacy label (9N) the date D is the expiry (IFA coding system).
        label.found.setdefault("expiry" if pharma and identifier == "D" else name, day)


def _date(identifier: str, value: str, this_year: int, *, pharma: bool) -> str | None:
    match identifier:
        case "10D" | "11D":
            return dates.week(value, this_year)
        case "4D":
            return dates.yyddd(value, this_year)
        case "6D":
            # Three more characters may say what kind of date it is (ANSI X12.3 element 374).
            return dates.yyyymmdd(value[:8]) if len(value) in (8, 11) else dates.yymmdd(value, this_year)
        case "9D" if len(value) == 4:
            return dates.week(value, this_year)
    if len(value) == 8:
        return dates.yyyymmdd(value, day_zero=pharma)
    return dates.yymmdd(value, this_year, day_zero=pharma)


def _checks(label: Label, envelope: iso15434.Envelope) -> None:
    ppn = envelope.first("9N")
    if ppn is not None and not ppn_holds(ppn):
        label.fault(["check_digit"])
    vin = envelope.first("I")
    if vin is not None:
        if vin_holds(vin) is False:
            label.fault(["check_digit"])
        else:
            label.found["vin"] = vin
    gtin = envelope.first("8P")
    if gtin is not None:
        if mod10_holds(gtin):
            label.found["gtin"] = gtin
        else:
            label.fault(["check_digit"])

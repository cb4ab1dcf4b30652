"""Customer profiles: the same identifiers, another meaning.

Promise: with a profile named, a field means what that customer says it means, and a label that lacks what the customer
requires is refused as `incomplete`. Without one, a profile is only recognised by marks that no other label bears.

- `hkmc` (Hyundai/Kia part 2D mark): V supplier, P part, S sequence code (never a serial), E engineering order number,
  T trace: YYMMDD, 4M (man, machine, material, method; 4 characters), `A` (numbered singly) or `@` (by lot), number.
- `gm` (GMW15862 and GM 1737): Y VPPS code (14), P part (8), 12V maker's DUNS (9), T or 1T trace: line, shift, YYDDD,
  then nine characters.
- `gtl3` (VDA 4994 Global Transport Label, release 3): 12P = GTL3, some 25 identifiers, many empty, 1P twice.
- `plain`: the text itself, with a pattern that it must match whole; named groups become fields.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gaugetrail_agent.barcodes import dates, identifiers
from gaugetrail_agent.barcodes.iso15434 import Envelope


@dataclass(frozen=True, slots=True)
class CodeProfile:
    """One customer's reading of data identifiers."""

    name: str
    roles: Mapping[str, Sequence[str]]
    required: Sequence[Sequence[str]] = ()
    """Each entry: one of these identifiers must be there with a value."""
    shapes: Mapping[str, re.Pattern[str]] = field(default_factory=dict)
    """What a value must look like; another shape is refused as `unparsed`."""


_HKMC_TRACE = re.compile(r"(?P<day>[0-9]{6})(?P<four_m>.{4})(?P<kind>[A@])(?P<number>.{1,})")
_GM_TRACE = re.compile(r"(?P<line>[0-9A-Z])(?P<shift>[0-9A-Z])(?P<day>[0-9]{5})(?P<number>.{1,})")

HKMC = CodeProfile(
    "hkmc",
    {"part_number": ("P",), "supplier": ("V",), "sequence_code": ("S",), "eo_number": ("E",), "trace": ("T",)},
    required=(("V",), ("P",), ("T",)),
)
GM = CodeProfile(
    "gm",
    {"part_number": ("P",), "supplier": ("12V",), "vpps": ("Y",), "trace": ("T", "1T")},
    required=(("P",), ("12V",), ("T", "1T")),
    shapes={"Y": re.compile(r"[0-9A-Z]{14}"), "P": re.compile(r"[0-9A-Z]{8}"), "12V": re.compile(r"[0-9]{9}")},
)
_GTL3_ROLES = {
    "part_number": ("P", "1P"),
    "package": ("1J", "5J", "6J", "3S", "J"),
    "delivery_note": ("2K", "2S"),
}
GTL3 = CodeProfile(
    "gtl3",
    {**identifiers.ROLES, **_GTL3_ROLES},
    required=(("12P",), ("P",)),
    shapes={"12P": re.compile(r"GTL3.*")},
)


@dataclass(frozen=True, slots=True)
class OwnLabel:
    """A customer's own label: patterns with named groups, tried in order (`label_files.py` reads them from a file)."""

    name: str
    patterns: Sequence[re.Pattern[str]]

    def read(self, text: str) -> dict[str, str] | None:
        """The groups of the first pattern that fits the whole text; null where none does."""
        for pattern in self.patterns:
            match = pattern.fullmatch(text)
            if match is not None:
                return {name: value for name, value in match.groupdict().items() if value}
        return None


NAMES = ("gm", "gtl3", "hkmc", "plain")
_BY_NAME = {profile.name: profile for profile in (HKMC, GM, GTL3)}


def named(name: str) -> CodeProfile | None:
    """The profile of that name (null for `plain`, which reads no identifiers); `ValueError` lists the known ones."""
    if name not in NAMES:
        raise ValueError(f"scan profile {name!r} is not known; known are {', '.join(NAMES)}")
    return _BY_NAME.get(name)


def recognised(envelope: Envelope) -> CodeProfile | None:
    """The profile whose own marks the label bears, or null."""
    present = {identifier for identifier, _ in envelope.elements}
    if any(identifier == "12P" and value.startswith("GTL3") for identifier, value in envelope.elements):
        return GTL3
    # E alone among single letters is no identifier of MH10.8.2 labels; V, P and T beside it are Hyundai/Kia's.
    if {"V", "P", "E", "T"} <= present and all(len(identifier) <= 1 for identifier in present):
        return HKMC
    if {"Y", "P", "12V"} <= present and present & {"T", "1T"} and GM.shapes["Y"].fullmatch(envelope.first("Y") or ""):
        return GM
    return None


def check(profile: CodeProfile, envelope: Envelope) -> list[str]:
    """What this label lacks or breaks of the profile's rules."""
    errors: list[str] = []
    if any(envelope.first(*names) is None for names in profile.required):
        errors.append("incomplete")
    for identifier, shape in profile.shapes.items():
        value = envelope.first(identifier)
        if value is not None and not shape.fullmatch(value) and "unparsed" not in errors:
            errors.append("unparsed")
    return errors


def trace_parts(profile: CodeProfile, trace: str, this_year: int) -> tuple[dict[str, str], bool]:
    """A trace text taken apart, and whether its date can be. A trace of another form stays whole, and is not wrong:
    suppliers agree on their own.
    """
    if profile is HKMC:
        match = _HKMC_TRACE.fullmatch(trace)
        if match is None:
            return {}, True
        day = dates.yymmdd(match["day"], this_year)
        kind = "serial" if match["kind"] == "A" else "lot"
        parts = {"trace_four_m": match["four_m"], "trace_kind": kind, "trace_number": match["number"]}
    else:
        match = _GM_TRACE.fullmatch(trace)
        if match is None:
            return {}, True
        day = dates.yyddd(match["day"], this_year)
        parts = {"trace_line": match["line"], "trace_shift": match["shift"], "trace_number": match["number"]}
    if day is None:
        return {}, profile is not HKMC
    return {"production": day, **parts}, True

"""A profile's patterns at work: the text of one frame becomes readings.

Promise: status before number. A frame whose status is not ok or unstable never yields a value; a frame that no pattern
explains, or whose number, unit or flag is none that the profile knows, yields no reading here, only the reason why.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from types import MappingProxyType

from gaugetrail_agent.drivers.amounts import Mark, decimal_text, seconds_text, with_major
from gaugetrail_agent.drivers.profile.file import FIXED_GROUPS, FramePart, Meaning, Pattern, Profile
from gaugetrail_agent.drivers.profile.small_languages import fill, parse_layout
from gaugetrail_agent.reading import WITH_VALUE, Reading, Status

_COMMA = re.compile(r",(?=[0-9])", re.ASCII)
"""A decimal comma, with or without a digit before it."""


class _Unexplained(Exception):
    """This pattern fits the shape but not the sense; the text says what is wrong."""


@dataclass(frozen=True, slots=True)
class _Place:
    """What the frame around a part tells of it."""

    channel: str | None = None
    unit: str | None = None
    unit_from: str | None = None
    extra: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    position: int | None = None


class _Shape:
    """One `Meaning` made ready: how its text is taken apart."""

    def __init__(self, meaning: Meaning, settings: Mapping[str, str]) -> None:
        self.meaning = meaning
        layout = settings.get(meaning.fields_from, "") if meaning.fields_from else meaning.fields
        self._regex = re.compile(meaning.match, re.ASCII) if meaning.match is not None else None
        self._fields = parse_layout(layout) if layout else ()
        self._where = {name: re.compile(regex, re.ASCII) for name, regex in meaning.where.items()}

    def groups(self, text: str) -> dict[str, str] | None:
        """The named parts, blanks around them taken off; null if the text doesn't have this shape."""
        if self._regex is not None:
            match = self._regex.fullmatch(text)
            if match is None:
                return None
            return {name: (part or "").strip(" ") for name, part in match.groupdict().items()}
        if not self._fields or len(text) != sum(width for _, width in self._fields):
            return None
        found: dict[str, str] = {}
        start = 0
        for name, width in self._fields:
            part = text[start : start + width]
            start += width
            if name == "_":
                continue
            found[name] = part.strip(" ")
            if name in self._where and self._where[name].fullmatch(part) is None:
                return None
        return found


def _as_unstable(reading: Reading) -> Reading:
    return replace(reading, status=Status.UNSTABLE) if reading.status is Status.OK else reading


class Matcher:
    """All patterns of a profile under one set of settings."""

    def __init__(self, profile: Profile, settings: Mapping[str, str]) -> None:
        self._settings = settings
        self._profile = profile
        self._mark: Mark = {".": "point", ",": "comma"}.get(settings.get("decimal", ""), profile.decimal)  # type: ignore[assignment]  # the three marks
        self._number_mark = self._mark
        self._comma_for_point = profile.decimal == "point" and self._mark == "comma"
        self._units = profile.unit_names()
        self._patterns = [(pattern, _Shape(pattern, settings)) for pattern in profile.pattern if self._tried(pattern)]
        self._remembered: dict[str, str] = {}
        self._cells = [(cell.of, _Shape(cell, settings)) for cell in profile.cell if self._tried(cell)]

    def _tried(self, meaning: Meaning) -> bool:
        return all(
            re.fullmatch(regex, self._settings.get(name, ""), re.ASCII) is not None
            for name, regex in meaning.when.items()
        )

    def forget(self) -> None:
        """What earlier answers told counts no more: a new question, a new connection."""
        self._remembered.clear()

    def read(self, text: str, raw: bytes) -> list[Reading] | str:
        """The readings of a frame, or why it is none."""
        found = self._read(text, raw, self._mark)
        if isinstance(found, str) and self._comma_for_point and "," in text:
            # The device is set to a comma where the profile's patterns know the maker's point.
            again = self._read(_COMMA.sub(".", text), raw, "point")
            return found if isinstance(again, str) else again
        return found

    def _read(self, text: str, raw: bytes, mark: Mark) -> list[Reading] | str:
        self._number_mark = mark
        reason = f"no pattern of {self._profile.name} explains these {len(raw)} bytes"
        for pattern, shape in self._patterns:
            groups = shape.groups(text)
            if groups is None:
                continue
            try:
                readings = self._readings(pattern, groups, raw)
            except _Unexplained as error:
                reason = str(error)
                continue
            self._remembered.update({name: groups[name] for name in pattern.remembers if groups.get(name)})
            return readings
        return reason

    def _readings(self, pattern: Pattern, groups: Mapping[str, str], raw: bytes) -> list[Reading]:
        if pattern.silent:
            return []
        if pattern.decided():
            return [self._reading(pattern, self._complete(pattern, groups), raw, _Place())]
        worse = self._frame_status(pattern, groups)
        if worse is not None and worse not in WITH_VALUE:
            words = {**groups, **self._mapped(groups)}
            return [Reading(worse, raw, error_code=words.get("error_code") or None, extra=self._extra(pattern, groups))]
        extra = self._extra(pattern, groups)
        if pattern.each is not None:
            each = pattern.each
            pieces = re.split(f"(?:{each.separator})", groups[each.group], flags=re.ASCII)
            parts: Iterable[tuple[FramePart, str, int]] = (
                (FramePart(group=each.group, cells=each.cells, channel=each.channel), piece, number)
                for number, piece in enumerate(pieces, 1)
            )
        else:
            parts = ((part, groups[part.group], number) for number, part in enumerate(pattern.part, 1))
        readings = [
            self._part(part, piece, raw, self._place(part, groups, extra, number))
            for part, piece, number in parts
            if piece
        ]
        if not readings:
            raise _Unexplained("a frame without any reading in it")
        return [_as_unstable(one) for one in readings] if worse is Status.UNSTABLE else readings

    def _frame_status(self, pattern: Pattern, groups: Mapping[str, str]) -> Status | None:
        """What the frame says of all its parts; null where it says nothing."""
        if not pattern.frame_statuses:
            return None
        if groups["status"] not in pattern.frame_statuses:
            raise _Unexplained(f"{groups['status']!r} is no status that {self._profile.name} knows")
        return pattern.frame_statuses[groups["status"]]

    def _complete(self, meaning: Meaning, groups: Mapping[str, str]) -> Mapping[str, str]:
        """The groups with what earlier answers told."""
        missing = [name for name in meaning.needs if name not in self._remembered]
        if missing:
            raise _Unexplained(f"no answer has told {', '.join(missing)} yet, which this value needs")
        return {**groups, **{name: self._remembered[name] for name in meaning.needs}}

    def _place(self, part: FramePart, groups: Mapping[str, str], extra: Mapping[str, str], number: int) -> _Place:
        channel = (
            fill(part.channel, {**groups, "position": str(number), "index": f"{number - 1:02d}"})
            if part.channel
            else groups.get("channel")
        )
        return _Place(channel or None, part.unit, part.unit_from, extra, number)

    def _part(self, part: FramePart, text: str, raw: bytes, place: _Place) -> Reading:
        reason = f"{text!r} is no part of a frame that {self._profile.name} knows"
        for of, shape in self._cells:
            groups = shape.groups(text) if of == part.cells else None
            if groups is None:
                continue
            try:
                return self._reading(shape.meaning, groups, raw, place)
            except _Unexplained as error:
                reason = str(error)
        raise _Unexplained(reason)

    def _reading(self, meaning: Meaning, groups: Mapping[str, str], raw: bytes, place: _Place) -> Reading:
        status = meaning.status or meaning.statuses.get(groups["status"])
        if status is None:
            raise _Unexplained(f"{groups['status']!r} is no status that {self._profile.name} knows")
        told = {**groups, **self._mapped(groups)}
        if place.position is not None:
            told["position"] = str(place.position)
        reading = Reading(
            Status.INFO,
            raw,
            channel=self._told(meaning.channel, "channel", told) or place.channel,
            error_code=self._told(meaning.error_code, "error_code", told),
            text=self._told(meaning.text, "text", told),
            extra=MappingProxyType({**place.extra, **self._extra(meaning, groups)}),
        )
        if status not in WITH_VALUE:
            return replace(reading, status=status)
        value = self._value(meaning, groups)
        for sentinel in meaning.sentinels:
            if abs(Decimal(value)) >= Decimal(sentinel.magnitude):
                negative = value.startswith("-")
                worse = sentinel.negative if negative and sentinel.negative is not None else sentinel.status
                return replace(reading, status=worse)
        return replace(reading, status=status, value=value, unit=self._unit(meaning, groups, place))

    def _value(self, meaning: Meaning, groups: Mapping[str, str]) -> str:
        sign = groups.get("sign", "")
        if meaning.signs:
            if sign not in meaning.signs:
                raise _Unexplained(f"{sign!r} is no sign that {self._profile.name} knows")
            sign = meaning.signs[sign]
        decimals = meaning.decimals
        if meaning.decimals_from is not None and meaning.decimals_from in self._settings:
            decimals = int(self._settings[meaning.decimals_from])
        if groups.get("decimals"):
            decimals = int(groups["decimals"])
        sent = groups["value"][::-1] if meaning.reverse else groups["value"]
        text = sign + "".join(char for char in sent if char not in meaning.drop)
        try:
            value = seconds_text(text) if meaning.sexagesimal else decimal_text(text, self._number_mark, decimals)
            if meaning.major_counts is not None:
                value = with_major(groups["major"], meaning.major_counts, value)
        except ValueError as error:
            raise _Unexplained(str(error)) from error
        return "0" if meaning.zero_fill and not value.strip("0.") else value

    def _unit(self, meaning: Meaning, groups: Mapping[str, str], place: _Place) -> str | None:
        if meaning.unit is not None:
            return meaning.unit
        if sent := groups.get("unit"):
            if sent not in self._units:
                raise _Unexplained(f"the unit {sent!r} is none that {self._profile.name} knows; see its [units]")
            return self._units[sent]
        if place.unit is not None:
            return place.unit
        name = place.unit_from if place.position is not None else meaning.unit_from
        configured = self._settings.get(name) if name is not None else None
        return configured or (self._profile.default_unit if name == "unit" else None)

    def _told(self, template: str | None, group: str, told: Mapping[str, str]) -> str | None:
        return (fill(template, told) if template is not None else told.get(group)) or None

    def _mapped(self, groups: Mapping[str, str]) -> dict[str, str]:
        """What the groups say in the reading's words."""
        words: dict[str, str] = {}
        for group, meanings in self._profile.map.items():
            sent = groups.get(group)
            if sent:
                if sent not in meanings:
                    raise _Unexplained(f"{sent!r} is no {group} that {self._profile.name} knows")
                words[group] = meanings[sent]
        return words

    def _extra(self, meaning: Meaning, groups: Mapping[str, str]) -> dict[str, str]:
        told = {**groups, **self._mapped(groups)}
        extra = {
            name: text
            for name, text in told.items()
            if text and name not in FIXED_GROUPS and not name.startswith("_") and not self._holds_parts(meaning, name)
        }
        for name, template in meaning.extra.items():
            filled = fill(template, told)
            if filled:
                extra[name] = filled
        return extra

    @staticmethod
    def _holds_parts(meaning: Meaning, group: str) -> bool:
        if not isinstance(meaning, Pattern):
            return False
        return any(part.group == group for part in meaning.part) or (
            meaning.each is not None and meaning.each.group == group
        )

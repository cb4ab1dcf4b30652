"""The profile file: one gauge family in TOML, checked whole before a byte is read.

Promise: unknown keys are refused; a bad regular expression, a field that no pattern has, a setting that isn't declared
are found at loading and named with file, line and key. What a loaded profile holds can be run without a surprise.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from gaugetrail_agent.drivers import Family
from gaugetrail_agent.drivers.amounts import UNIT_SETS, Mark
from gaugetrail_agent.drivers.checks import METHODS, FrameCheck, Written
from gaugetrail_agent.drivers.framing import ENDS, FrameRule
from gaugetrail_agent.drivers.profile.small_languages import (
    ByteText,
    End,
    Layout,
    Regex,
    SettingName,
    parse_layout,
    placeholders,
)
from gaugetrail_agent.reading import WITH_VALUE, Status
from gaugetrail_contract.settings import Settings

FIXED_GROUPS = frozenset({"value", "sign", "unit", "channel", "error_code", "text", "status", "decimals", "major"})
"""Groups that fill the reading's own fields; any other group fills `extra` under its name, `_…` fill nothing."""


class LineSettings(Settings):
    """`[line]`: how the serial line is set when the gauge leaves its maker, and who says so."""

    baud: int = Field(9600, ge=50, le=12_000_000, description="bits per second")
    bytesize: Literal[5, 6, 7, 8] = Field(8, description="data bits in a character")
    parity: Literal["none", "even", "odd", "mark", "space"] = Field("none", description="parity bit")
    stopbits: Literal[1, 2] = Field(1, description="stop bits")
    xonxoff: bool = Field(False, description="software handshake (XON/XOFF)")
    dtr: Literal["on", "off", "leave"] = Field("on", description="level of DTR; many opto cables draw power from it")
    rts: Literal["on", "off", "leave"] = Field("on", description="level of RTS while open")
    source: str = Field(description="where these come from; say so if the maker publishes none", min_length=3)
    sources: dict[str, str] = Field({}, description="where single values come from, if elsewhere: dtr = 'manual p. 65'")

    @field_validator("sources")
    @classmethod
    def _known(cls, sources: dict[str, str]) -> dict[str, str]:
        known = [name for name in cls.model_fields if name not in ("source", "sources")]
        for name in sources:
            if name not in known:
                raise ValueError(f"{name!r} is no line setting ({', '.join(known)})")
        return sources

    def __str__(self) -> str:
        """As gauge menus and manuals write it: `4800 7E2`."""
        flow = " XON/XOFF" if self.xonxoff else ""
        return f"{self.baud} {self.bytesize}{self.parity[0].upper()}{self.stopbits}{flow}"


class CheckRule(Settings):
    """`[framing.check]`: what proves a frame. Places count from 1, or with a minus from the frame's last byte, -1."""

    method: str = Field(description="how it is computed: " + ", ".join(METHODS))
    at: int = Field(description="where its first character stands, in the frame as it comes, start and end included")
    first: int = Field(1, description="the first byte that it covers")
    last: int = Field(description="the last byte that it covers")
    written: Written = Field("binary", description="how it is written; nibbles: each half plus 30h")
    offset: int = Field(0, ge=0, le=255, description="added to each byte that is written in binary")
    unused: tuple[ByteText, ...] = Field((), description="what stands there if the device is set to send none: '**'")

    @model_validator(mode="before")
    @classmethod
    def _short(cls, data: object) -> object:
        return {"method": data, "at": -1, "last": -2} if isinstance(data, str) else data

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.method not in METHODS:
            raise ValueError(f"method {self.method!r} is none of {', '.join(METHODS)}")
        if 0 in (self.at, self.first, self.last):
            raise ValueError("places count from 1, or with a minus from the end")
        return self

    def rule(self) -> FrameCheck:
        """For the framer."""
        unused = tuple(text.encode("latin-1") for text in self.unused)
        return FrameCheck(self.method, self.at, self.first, self.last, self.written, self.offset, unused)


class Framing(Settings):
    """`[framing]`: where a frame ends, and what proves it."""

    end: End = Field(
        description="cr, lf, crlf, etx, eot, nul; the end bytes themselves; idle (silence) or length (fixed)"
    )
    other_end: End | None = Field(
        None, description="a second end, for a family with two kinds of frames; no check there"
    )
    start: ByteText = Field("", description="bytes that begin every frame; what stands before them is garbled")
    length: int | None = Field(None, ge=1, le=200, description="bytes in a frame, with end = 'length'")
    length_from: SettingName | None = Field(None, description="a layout setting whose widths add up to the length")
    after_end: int = Field(0, ge=0, le=4, description="bytes behind the end that belong to the frame (a checksum)")
    check: CheckRule | None = Field(
        None, description="a check inside the frame; a name alone, such as 'xor-8', is the last byte over all others"
    )
    singles: ByteText = Field("", description="bytes that are a whole frame by themselves, such as NAK")
    skip: ByteText = Field("\r\n\x00", description="bytes ignored before a frame begins")
    max_frame: int = Field(80, ge=2, le=1024, description="longest frame in bytes; keep it short")
    idle_secs: float = Field(0.1, gt=0, le=60, description="silence that ends a frame, with end = 'idle'")
    give_up_secs: float = Field(1.0, gt=0, le=600, description="silence after which half a frame is given up")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.end == "length") != (self.length is not None or self.length_from is not None):
            raise ValueError("end = 'length' and a length (or length_from) belong together")
        if self.after_end and self.end in ("idle", "length"):
            raise ValueError("after_end needs a frame that ends with bytes")
        return self

    def rule(self, end: str | None = None, length: int | None = None) -> FrameRule:
        """For the framer; `end` and `length` are what the user set instead."""
        name = end or self.end
        return FrameRule(
            end=ENDS.get(name, name.encode("latin-1")),
            drop_cr="crlf" in (name, self.other_end),
            other_end=b"" if self.other_end is None else ENDS.get(self.other_end, self.other_end.encode("latin-1")),
            start=self.start.encode("latin-1"),
            length=length or self.length,
            after_end=self.after_end,
            check=None if self.check is None else self.check.rule(),
            singles=self.singles.encode("latin-1"),
            skip=self.skip.encode("latin-1"),
            max_frame=self.max_frame,
        )


class Sentinel(Settings):
    """A number that means "no number": an overload, a fault."""

    magnitude: Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+)?(E[0-9]{1,2})?$")] = Field(
        description="values of this magnitude or more are no values", examples=["1E9"]
    )
    status: Status = Field(description="what a positive one is")
    negative: Status | None = Field(None, description="what a negative one is; default: the same")

    @model_validator(mode="after")
    def _no_value(self) -> Self:
        if self.status in WITH_VALUE or self.negative in WITH_VALUE:
            raise ValueError("a sentinel is never ok or unstable")
        return self


class Meaning(Settings):
    """What a match means; shared by patterns and cells."""

    match: Regex | None = Field(None, description="regular expression over all of the text, with named groups")
    fields: Layout | None = Field(None, description="fixed widths instead: 'header(2) _(1) value(9) unit(3)'")
    fields_from: SettingName | None = Field(None, description="a setting that gives the fixed widths")
    where: dict[str, Regex] = Field({}, description="what single fixed-width fields must look like")
    when: dict[SettingName, Regex] = Field({}, description="settings that must look so for this to be tried")
    status: Status | None = Field(None, description="what such a frame is")
    statuses: dict[str, Status] = Field({}, description="the same, by the text of the group 'status'")
    channel: str | None = Field(None, description="template, e.g. '{channel}' or 'force'; default: group 'channel'")
    unit: str | None = Field(None, description="the unit that such a frame is in, whatever it says")
    unit_from: SettingName | None = Field("unit", description="the setting that tells the unit if the frame doesn't")
    error_code: str | None = Field(None, description="template; default: group 'error_code'")
    text: str | None = Field(None, description="template; default: group 'text'")
    extra: dict[str, str] = Field({}, description="templates of further keys, e.g. device_time = '{_date}T{_time}'")
    signs: dict[str, str] = Field({}, description="what the group 'sign' means: '8' = '-'")
    drop: str = Field("", description="characters taken out of the number, e.g. '[]' around digits not verified")
    zero_fill: bool = Field(False, description="zeros only fill the field, so a value of zeros alone is plainly 0")
    sexagesimal: bool = Field(False, description="the value is degrees:minutes:seconds and becomes whole seconds")
    decimals: int | None = Field(None, ge=0, le=12, description="decimals of a number sent without a point")
    decimals_from: SettingName | None = Field(None, description="the setting that tells them")
    reverse: bool = Field(False, description="the number is sent with its last character first")
    major_counts: int | None = Field(
        None, ge=2, description="how many of the value's unit one of the group 'major' counts: 16 for pounds and ounces"
    )
    needs: tuple[str, ...] = Field((), description="groups that an answer before must have told (see remembers)")
    sentinels: tuple[Sentinel, ...] = Field((), description="numbers that mean no number, largest magnitude first")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [self.match is not None, self.fields is not None, self.fields_from is not None]
        if sum(ways) != 1:
            raise ValueError("needs exactly one of match, fields and fields_from")
        for sign in self.signs.values():
            if sign not in ("+", "-"):
                raise ValueError(f"signs: {sign!r} is neither '+' nor '-'")
        return self

    def groups(self) -> frozenset[str] | None:
        """The names that a match fills; null if a setting tells them."""
        if self.match is not None:
            return frozenset(re.compile(self.match, re.ASCII).groupindex)
        if self.fields is not None:
            return frozenset(name for name, _ in parse_layout(self.fields))
        return None

    def decided(self) -> bool:
        """Whether this tells a status."""
        return self.status is not None or bool(self.statuses)

    def with_value(self) -> bool:
        """Whether a value can come of it."""
        return self.status in WITH_VALUE or any(status in WITH_VALUE for status in self.statuses.values())

    def check_groups(self) -> Iterator[str]:
        """What refers to groups that aren't there."""
        groups = self.groups()
        if groups is None:
            return
        for template in filter(None, (self.channel, self.error_code, self.text, *self.extra.values())):
            for name in placeholders(template):
                if name not in groups and name not in ("position", "index"):
                    yield f"{template!r} needs a group {name!r}, which match or fields doesn't have"
        if self.major_counts is not None and "major" not in groups:
            yield "major_counts needs a group 'major'"
        for name in self.where:
            if name not in groups:
                yield f"where.{name}: there is no such field"
        if self.statuses and "status" not in groups:
            yield "statuses needs a group 'status'"
        if self.with_value() and "value" not in groups:
            yield "a status of ok or unstable needs a group 'value'"


class FramePart(Settings):
    """One reading of several in a frame."""

    group: str = Field(description="the group of the match that holds it; an empty one gives no reading")
    cells: str = Field("", description="which cells explain it (their 'of')")
    channel: str | None = Field(None, description="template of the channel")
    unit: str | None = Field(None, description="the unit it is in")
    unit_from: SettingName | None = Field("unit", description="the setting that tells the unit")


class Each(Settings):
    """A list of readings in a frame."""

    group: str = Field(description="the group of the match that holds the list")
    separator: Regex = Field(description="what stands between two of them")
    cells: str = Field("", description="which cells explain them (their 'of')")
    channel: str | None = Field(
        None, description="template of the channel; {position} counts from 1, {index} is 00, 01, 02 …"
    )


class Cell(Meaning):
    """`[[cell]]`: how a part of a frame is explained; tried in order."""

    of: str = Field("", description="the kind that [[pattern.part]] and [pattern.each] name in 'cells'")

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if not self.decided():
            raise ValueError("needs status or statuses")
        for complaint in self.check_groups():
            raise ValueError(complaint)
        return self


class Pattern(Meaning):
    """`[[pattern]]`: one kind of frame; the first that explains all of a frame counts."""

    name: str = Field(description="what such a frame says, in words", min_length=1)
    silent: bool = Field(
        False,
        description="a line that belongs to the printout and says nothing of a part (a total, a rule): no reading",
    )
    remembers: tuple[str, ...] = Field(
        (), description="groups of this answer that complete the answers behind it: a unit, decimals, asked for first"
    )
    frame_statuses: dict[str, Status] = Field(
        {}, description="with parts: what the group 'status' says of all of them; not ok and not unstable: no value"
    )
    part: tuple[FramePart, ...] = Field((), description="several readings in one frame")
    each: Each | None = Field(None, description="a list of readings in one frame")

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if sum((self.decided(), bool(self.part), self.each is not None, self.silent)) != 1:
            raise ValueError("needs exactly one of status (or statuses), silent, [[pattern.part]] and [pattern.each]")
        for complaint in self.check_groups():
            raise ValueError(complaint)
        groups = self.groups()
        if self.frame_statuses and groups is not None and "status" not in groups:
            raise ValueError("frame_statuses needs a group 'status'")
        for part in self.inner():
            if groups is not None and part.group not in groups:
                raise ValueError(f"group {part.group!r} is not in match or fields")
        return self

    def inner(self) -> tuple[FramePart | Each, ...]:
        """What names the cells inside the frame: its parts, or its list."""
        return self.part if self.each is None else (*self.part, self.each)


class SettingRule(Settings):
    """`[settings.NAME]`: what a user may configure."""

    description: str = Field(description="what it is for, and where the gauge's menu shows it", min_length=3)
    choices: tuple[str, ...] = Field((), description="the values allowed")
    pattern: Regex | None = Field(None, description="what a value must look like, if it is free")
    layout: bool = Field(False, description="the value is a fixed-width layout such as 'answer(1) value(6)'")
    default: str | None = Field(None, description="the value if none is given")
    example: str | None = Field(None, description="a value, for the reader")

    def complaint(self, value: str) -> str | None:
        """Why `value` can't be; null if it can."""
        if self.choices and value not in self.choices:
            return f"allowed are {', '.join(self.choices)}"
        if self.pattern is not None and re.fullmatch(self.pattern, value, re.ASCII) is None:
            example = f", such as {self.example}" if self.example else ""
            return f"it must look like {self.pattern}{example}"
        if self.layout:
            try:
                parse_layout(value)
            except ValueError as error:
                return str(error)
        return None

    @model_validator(mode="after")
    def _default_allowed(self) -> Self:
        if self.default is not None and (complaint := self.complaint(self.default)):
            raise ValueError(f"the default {self.default!r} is not allowed: {complaint}")
        return self


class Commands(Settings):
    """`[commands]`: what the host can say. `{channel}` and settings in braces are filled in."""

    poll: ByteText | None = Field(None, description="asks for a reading", examples=["?\r"])
    poll_channel: ByteText | None = Field(None, description="asks for one channel", examples=["M{channel}\r"])
    trigger: ByteText | None = Field(None, description="starts a measurement, where that differs from asking")
    start_stream: ByteText | None = Field(None, description="makes the device send by itself")
    then: tuple[ByteText, ...] = Field(
        (), description="further questions that poll needs, each sent when the one before is answered"
    )
    stop_stream: ByteText | None = Field(None, description="stops that")
    requests: dict[str, ByteText] = Field({}, description="commands by the value of the setting 'request'")
    source: str | None = Field(None, description="where they come from")


class Example(Settings):
    """`[[example]]`: bytes and what they mean; the profile's own proof."""

    bytes: ByteText | None = Field(None, description="the bytes as text with escapes", examples=["01A+0000.123\r"])
    hex: Annotated[str, Field(pattern=r"^([0-9a-fA-F]{2} ?)*$")] | None = Field(None, description="the bytes as hex")
    source: str = Field(description="manual page or capture, or 'from the format', 'mutated'", min_length=3)
    note: str | None = Field(None, description="what is tricky about it")
    settings: dict[str, str] = Field({}, description="what the user would have set")
    readings: tuple[dict[str, str | int | bool], ...] = Field(
        description="every key of each reading but raw_hex and decimals; a key left out is absent or null"
    )

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if (self.bytes is None) == (self.hex is None):
            raise ValueError("needs bytes or hex, one of them")
        return self

    @property
    def data(self) -> builtins.bytes:
        """The bytes."""
        return self.bytes.encode("latin-1") if self.bytes is not None else bytes.fromhex(self.hex or "")


class Width(Settings):
    """`[width]`: what no check of places can notice, each with the reason; empty where frames have a fixed width."""

    varies: str | None = Field(
        None, description="why frames have no fixed width, so that a lost character may go unnoticed", min_length=3
    )
    headless: str | None = Field(
        None, description="why a frame may begin with its number, so that a lost head may go unnoticed", min_length=3
    )
    near_a_value: str | None = Field(
        None, description="why an overload or error that loses a character may look like a value", min_length=3
    )

    def fixed(self) -> bool:
        """Whether a frame that lost a character is noticed by its places alone."""
        return self.varies is None and self.headless is None

    def limits(self) -> Iterator[str]:
        """As known limits, in sentences."""
        if self.headless is not None:
            yield f"A frame that lost its head can't always be noticed: {self.headless}."
        if self.varies is not None:
            yield f"A lost character can't always be noticed: {self.varies}."
        if self.near_a_value is not None:
            yield f"An overload that lost a character can look like a value: {self.near_a_value}."


Proof = Literal["captured", "printed", "built"]
"""captured: frames of a real device; printed: frames as the maker prints them; built: from the description alone."""


_UNIT = SettingRule(
    description="the unit of a value, where the frame carries none: what the gauge's display says",
    pattern=r"[^\x00-\x20]{1,16}",
    example="mm",
)
_END = SettingRule(
    description="what ends a frame, if the gauge's menu is set otherwise than the profile says",
    choices=("cr", "lf", "crlf", "etx", "nul", "idle"),
)
_DECIMAL = SettingRule(description="the decimal mark that the device is set to", choices=(".", ","))
BUILT_IN: Mapping[str, SettingRule] = {"unit": _UNIT, "decimal": _DECIMAL, "end": _END}
"""Settings that every profile has."""

_ASK = SettingRule(
    description="what asks for a reading: poll, or trigger (measure first, or wait until it stands still)",
    choices=("poll", "trigger"),
    default="poll",
)
_STREAM = SettingRule(
    description="sent when the link opens: on makes the device send by itself, off stops that; none leaves it as it is",
    choices=("on", "off"),
)

_TAKE = SettingRule(
    description="which of the values that one frame holds is taken, by its name; none: all, and the plan's channel says"
)


class Profile(Settings):
    """A gauge family: line, framing, patterns tried in order, units, settings, commands, and its own examples."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")] = Field(
        description="what a [[device]] gives as its driver; the same as the file's name"
    )
    title: str = Field(description="the family, for people", examples=["Mitutoyo 13-byte format"], min_length=3)
    maker: str = Field("", description="who makes them", examples=["Mitutoyo"])
    devices: tuple[str, ...] = Field((), description="devices known to speak it")
    proof: Proof | None = Field(
        None,
        description="what the frames below are at best: captured from a device, printed in a manual, or built from its "
        "description",
    )
    source: str = Field(description="manuals and pages the profile was made from", min_length=3)
    family: Family = Field(
        "gauge",
        description="scale: weighs, and returns to zero between parts; gauge: its key or foot switch sends; "
        "instrument: shows a value all the time and is asked for it. Decides which value is a new part's",
    )
    notes: str = Field("", description="wiring, menu settings, limits: what the person at the gauge must know")
    decimal: Mark = Field("point", description="decimal marks that are accepted unless the setting says one")
    default_unit: str | None = Field(None, description="the unit if neither frame nor setting tells it")
    unit_sets: tuple[str, ...] = Field((), description="ready-made unit spellings: " + ", ".join(UNIT_SETS))
    units: dict[str, str] = Field({}, description="unit in the frame -> unit in records; beyond unit_sets")
    map: dict[str, dict[str, str]] = Field({}, description="group -> its text -> what the reading says")
    line: LineSettings | None = Field(None, description="line settings; none for a device on a socket")
    framing: Framing = Field(description="where a frame ends")
    width: Width = Field(Width(), description="what a damaged frame can hide")
    pattern: tuple[Pattern, ...] = Field(description="kinds of frames, tried in order", min_length=1)
    cell: tuple[Cell, ...] = Field((), description="kinds of parts of frames, tried in order")
    settings: dict[SettingName, SettingRule] = Field({}, description="what a user may configure beyond unit, decimal")
    commands: Commands = Field(Commands(), description="what the host can say")
    example: tuple[Example, ...] = Field(description="bytes and what they mean", min_length=1)

    @model_validator(mode="after")
    def _sound(self) -> Self:
        for complaint in self._complaints():
            raise ValueError(complaint)
        return self

    def rules(self) -> dict[str, SettingRule]:
        """Every setting of the profile; `ask` and `stream` only where it has the commands."""
        spoken = {}
        if self.commands.trigger is not None:
            spoken["ask"] = _ASK
        if self.commands.start_stream is not None:
            spoken["stream"] = _STREAM
        if len(self.channels()) > 1:
            spoken["take"] = _TAKE.model_copy(update={"choices": self.channels()})
        return {**BUILT_IN, **spoken, **self.settings}

    def channels(self) -> tuple[str, ...]:
        """The names of the values that one frame can hold together; none where a frame holds one."""
        several = (pattern.part for pattern in self.pattern if len(pattern.part) > 1)
        names = (part.channel for parts in several for part in parts)
        return tuple(dict.fromkeys(name for name in names if name is not None and not placeholders(name)))

    def unit_names(self) -> dict[str, str]:
        """Unit spelling in a frame -> name in records."""
        names: dict[str, str] = {}
        for unit_set in self.unit_sets:
            names.update(UNIT_SETS[unit_set])
        return names | self.units

    def _complaints(self) -> Iterator[str]:
        for name in self.unit_sets:
            if name not in UNIT_SETS:
                yield f"unit_sets: {name!r} is none of {', '.join(UNIT_SETS)}"
        rules = self.rules()
        kinds = {cell.of for cell in self.cell}
        for number, meaning in enumerate((*self.pattern, *self.cell), 1):
            place = f"pattern[{number}]" if isinstance(meaning, Pattern) else f"cell[{number - len(self.pattern)}]"
            named = [*meaning.when, *filter(None, (meaning.unit_from, meaning.fields_from, meaning.decimals_from))]
            for setting in named:
                if setting not in rules:
                    yield f"{place}: there is no [settings.{setting}] (there are {', '.join(sorted(rules))})"
        for number, pattern in enumerate(self.pattern, 1):
            for part in pattern.inner():
                if part.cells not in kinds:
                    yield f"pattern[{number}]: no [[cell]] has of = {part.cells!r}"
        for part in (part for pattern in self.pattern for part in pattern.part):
            if part.unit_from is not None and part.unit_from not in rules:
                yield f"part {part.group}: there is no [settings.{part.unit_from}]"
        if self.framing.length_from is not None and self.framing.length_from not in rules:
            yield f"framing.length_from: there is no [settings.{self.framing.length_from}]"

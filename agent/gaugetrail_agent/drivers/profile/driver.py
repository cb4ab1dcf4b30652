"""Text gauges by profile: one driver in Python, one TOML file a gauge family.

Promise: any bytes in any pieces give readings, a wait, or one `garbled` reading for each frame that isn't one, with the
reason. Half a frame that stays silent is reported once as `incomplete`, without a value, and forgotten. The same bytes
give the same readings however they are cut.

`load_profile` reads a file, `run_examples` runs its examples, `new_profile_text` begins a new one.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from gaugetrail_agent.drivers import Action, Send, StreamDriver
from gaugetrail_agent.drivers.driver_settings import BadSetting
from gaugetrail_agent.drivers.framing import Frame, Framer
from gaugetrail_agent.drivers.profile.echo import Echo
from gaugetrail_agent.drivers.profile.file import Example, Profile
from gaugetrail_agent.drivers.profile.matcher import Matcher
from gaugetrail_agent.drivers.profile.small_languages import parse_layout, placeholders
from gaugetrail_agent.reading import Reading, Status
from gaugetrail_contract.settings import ConfigError, Problem, load_settings

__all__ = [
    "BadSetting",
    "ExampleResult",
    "Profile",
    "ProfileDriver",
    "load_profile",
    "new_profile_text",
    "profile_schema",
    "run_examples",
]


class ProfileDriver(StreamDriver):
    """One gauge that speaks as its profile says."""

    name: ClassVar[str] = "profile"

    def __init__(self, profile: Profile, settings: Mapping[str, str] | None = None) -> None:
        """Raises `BadSetting`."""
        self.profile = profile
        self.settings = checked_settings(profile, settings or {})
        self.family = profile.family
        self.triggers = self.settings.get("ask") == "trigger"
        framing = profile.framing
        length = None
        if framing.length_from is not None and framing.length_from in self.settings:
            length = sum(width for _, width in parse_layout(self.settings[framing.length_from]))
        end = self.settings.get("end")
        rule = framing.rule(end, length)
        self._framer = Framer(rule)
        self._matcher = Matcher(profile, self.settings)
        taken = self.settings.get("take")
        self.channels = profile.channels() if taken is None else (taken,)
        self._echo = Echo(profile.commands)
        self._questions: list[str] = []
        self._ended_by_silence = not rule.end and rule.length is None
        self.quiet_secs = framing.idle_secs if self._ended_by_silence else framing.give_up_secs

    def opened(self) -> Sequence[Action]:
        """Forget half a frame; start or stop the stream where the setting says so."""
        self._framer.reset()
        self._matcher.forget()
        self._questions.clear()
        wanted = self.settings.get("stream")
        commands = self.profile.commands
        return self._send({"on": commands.start_stream, "off": commands.stop_stream}.get(wanted or ""), None)

    def received(self, data: bytes) -> Sequence[Action]:
        """The readings of every frame that ends in `data`."""
        frames = self._framer.feed(self._echo.taken_off(data))
        return [action for frame in frames for action in self._taken(frame)]

    def quiet(self) -> Sequence[Action]:
        """End a frame that silence ends; give up one whose end never came."""
        frames = self._framer.feed(self._echo.given_up())
        frame = self._framer.silence()
        if frame is not None:
            frames.append(frame)
        if frames:
            return [action for frame in frames for action in self._taken(frame)]
        left = self.rest()
        return () if left is None else (left,)

    def rest(self) -> Reading | None:
        """Half a frame: `incomplete`, never a value."""
        raw = self._framer.give_up()
        return Reading(Status.INCOMPLETE, raw) if raw else None

    def ask(self, channel: str | None = None) -> Sequence[Action]:
        """The profile's poll or trigger command, for the request that is set, if it has one."""
        commands = self.profile.commands
        if self.settings.get("ask") == "trigger":
            return self._send(commands.trigger, channel)
        command = commands.requests.get(self.settings.get("request", "")) or (
            commands.poll_channel if channel is not None and commands.poll_channel else commands.poll
        )
        if command == commands.poll and commands.then:
            self._matcher.forget()
            self._questions = list(commands.then)
        return self._send(command, channel)

    def _send(self, command: str | None, channel: str | None) -> Sequence[Action]:
        if command is None:
            return ()
        values = {**self.settings, "channel": channel or ""}
        for name in placeholders(command):
            command = command.replace(f"{{{name}}}", values.get(name, ""))
        data = command.encode("latin-1", "replace")
        self._echo.sent(data)
        return (Send(data),)

    def _taken(self, frame: Frame) -> list[Action]:
        """What a frame becomes, and the next question where it answered one."""
        taken: list[Action] = [*self._readings(frame)]
        if taken and self._questions and not any(_failed(action) for action in taken):
            taken += self._send(self._questions.pop(0), None)
        return taken

    def _readings(self, frame: Frame) -> list[Reading]:
        if frame.fault is not None:
            return [_garbled(frame.raw, frame.fault)]
        text = frame.body.decode("latin-1")
        found = self._matcher.read(text, frame.raw)
        if isinstance(found, str):
            return [] if self._echo.is_command(frame.raw) else [_garbled(frame.raw, found)]
        taken = self.settings.get("take")
        return [one for one in found if taken is None or one.channel in (None, taken)]


def _failed(action: Action) -> bool:
    return isinstance(action, Reading) and action.status in (Status.GARBLED, Status.ERROR)


def _garbled(raw: bytes, reason: str) -> Reading:
    return Reading(Status.GARBLED, raw, extra={"reason": reason})


def checked_settings(profile: Profile, given: Mapping[str, str]) -> dict[str, str]:
    """What is given, and defaults for the rest. Raises `BadSetting` naming the setting and what is allowed."""
    rules = profile.rules()
    for name, value in given.items():
        if name not in rules:
            close = difflib.get_close_matches(name, rules, 1)
            hint = f"; did you mean {close[0]}?" if close else ""
            there = ", ".join(sorted(rules))
            raise BadSetting(profile.name, name, f"there is no setting {name!r}{hint}; there are {there}")
        complaint = rules[name].complaint(value)
        if complaint:
            raise BadSetting(profile.name, name, f"{name} = {value!r} can't be: {complaint}")
    defaults = {name: rule.default for name, rule in rules.items() if rule.default is not None}
    return {**defaults, **given}


def load_profile(path: Path) -> Profile:
    """Read and check a profile file. Raises `ConfigError` that names file, line and key."""
    loaded = load_settings(Profile, path)
    profile = loaded.settings
    problems = []
    if profile.name != path.stem:
        problems.append(loaded.problem(("name",), f"is {profile.name!r}, but the file is called {path.stem}.toml"))
    for number, example in enumerate(profile.example):
        try:
            checked_settings(profile, example.settings)
        except BadSetting as error:
            problems.append(loaded.problem(("example", number, "settings"), str(error)))
    if problems:
        raise ConfigError(problems)
    return profile


@dataclass(frozen=True, slots=True)
class ExampleResult:
    """One example run: what it should give and what it gave, as decode prints it."""

    number: int
    data: bytes
    expected: tuple[Mapping[str, object], ...]
    got: tuple[Mapping[str, object], ...]

    @property
    def passed(self) -> bool:
        """Whether they are the same, key by key."""
        return self.expected == self.got

    def __str__(self) -> str:
        """Both, one above the other."""
        lines = [f"example {self.number}: {'holds' if self.passed else 'does not hold'}: {self.data!r}"]
        for position in range(max(len(self.expected), len(self.got))):
            expected = self.expected[position] if position < len(self.expected) else "nothing"
            got = self.got[position] if position < len(self.got) else "nothing"
            lines += [f"  expected {expected}", f"  got      {got}"]
        return "\n".join(lines)


def run(driver: StreamDriver, data: bytes) -> list[Reading]:
    """All of a recording through a driver: its frames, the silence behind them, and what is left over."""
    actions = [*driver.received(data), *driver.quiet()]
    left = driver.rest()
    return [action for action in (*actions, *([left] if left else [])) if isinstance(action, Reading)]


def run_examples(profile: Profile) -> list[ExampleResult]:
    """Run every example of a profile."""
    return [_run_example(profile, number, example) for number, example in enumerate(profile.example, 1)]


def _run_example(profile: Profile, number: int, example: Example) -> ExampleResult:
    readings = run(ProfileDriver(profile, example.settings), example.data)
    got = tuple(_comparable(reading) for reading in readings)
    return ExampleResult(number, example.data, tuple(dict(reading) for reading in example.readings), got)


def _comparable(reading: Reading) -> dict[str, object]:
    """What decode prints, without the bytes, the digits counted from the value, and why a frame is garbled."""
    shown = reading.as_json()
    return {
        key: value for key, value in shown.items() if value is not None and key not in ("raw_hex", "decimals", "reason")
    }


def profile_schema() -> dict[str, object]:
    """The JSON Schema of a profile file."""
    schema: dict[str, object] = Profile.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def new_profile_text(name: str) -> str:
    """A commented skeleton that loads and whose example holds. Raises `ConfigError` for an impossible name."""
    if re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", name) is None:
        message = "must be small letters, digits and '-', 40 at most, because it becomes the file's name"
        raise ConfigError([Problem(f"{name}.toml", "name", message)])
    return _SKELETON.replace("NAME", name)


_SKELETON = r"""# How the gauge speaks. Keep this file as NAME.toml in a folder of your own, name the folder
# under [agent] as one of profiles,
# and run: gaugetrail-agent profiles test NAME.toml
name = "NAME"
title = "Maker and model"
source = "Maker's manual, number and page"
# What the person at the gauge must know: cable, menu settings, limits.
notes = ""
# Ready-made unit spellings: mass, count, length, angle, force, torque, electric. More in [units].
unit_sets = ["length"]
# family = "scale"           # back to zero between parts; "instrument": read by asking; "gauge": has a key
# default_unit = "mm"        # if neither the frame nor the setting 'unit' tells it
# decimal = "either"         # accept 1.5 and 1,5; 'point' is the default

[line]
baud = 9600
bytesize = 8
parity = "none"
stopbits = 1
source = "Maker's manual, page"

[framing]
end = "crlf"                 # cr, lf, crlf, etx, eot, nul, idle, length, or the bytes themselves
max_frame = 40

# Patterns are tried in order; the first that explains ALL of the frame counts. Status before number: describe
# overloads and errors before values, or so that a value pattern can't take them.
# Groups: value, sign, unit, channel, error_code, text, status; any other group becomes a key of the reading.
[[pattern]]
name = "error"
match = 'ERR(?P<error_code>[0-9]+)'
status = "error"

[[pattern]]
name = "overload"
match = '[+-]?OL'
status = "overrange"

[[pattern]]
name = "value and unit"
match = '(?P<value>[+-] *[0-9]+\.[0-9]+) (?P<unit>[a-z]+)'
status = "ok"

# [units]
# "Zoll" = "in"

# [commands]
# poll = "?\r"
# source = "Maker's manual, page"

# At least one example: bytes (with \r \n \u0002 as escapes) or hex, and every key of each reading.
[[example]]
bytes = "+ 12.345 mm\r\n"
source = "made up: replace by a frame from your gauge (gaugetrail-agent capture PORT)"
readings = [{ status = "ok", value = "12.345", unit = "mm" }]

[[example]]
bytes = "ERR3\r\n"
source = "made up"
readings = [{ status = "error", error_code = "3" }]
"""

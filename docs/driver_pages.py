"""The pages of docs/drivers: a head that comes from the profile or the driver, a tail that is written by hand and kept.

The head ends with `END`; what stands below it is never touched.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gaugetrail_agent.drivers import catalogue
from gaugetrail_agent.drivers.driver_settings import DriverSettings
from gaugetrail_agent.drivers.profile import driver
from gaugetrail_agent.drivers.profile.file import (
    BUILT_IN,
    Commands,
    Example,
    LineSettings,
    Pattern,
    Profile,
    SettingRule,
)

FOLDER = Path("docs/drivers")
BEGIN = "<!-- head: written by make docs; change the profile or the driver, and write below the line that ends it -->"
END = "<!-- end of the head: what follows is written by hand -->"
TAIL = "\n## Wiring\n\n## The gauge's menu\n\n## Known limits\n"
PROOFS: Mapping[str | None, str] = {
    "captured": "frames captured from a device",
    "printed": "frames printed in the maker's manual",
    "built": "frames built from the maker's description; none of a device has been seen",
    None: "not said",
}
SAME_PAGE = {"open-protocol-serial": "open-protocol"}
"""Drivers that share the page of another name."""


def driver_pages(root: Path) -> dict[Path, str]:
    """Every page with its head made anew and its tail as it stands."""
    paths = {path.stem: path for path in catalogue.profile_paths()}
    files = {}
    for name in catalogue.driver_names():
        if name in SAME_PAGE:
            continue
        page = FOLDER / f"{name}.md"
        head = profile_head(driver.load_profile(paths[name])) if name in paths else python_head(name)
        found = (root / page).read_text("utf-8") if (root / page).exists() else ""
        tail = (found.partition(END)[2] or TAIL).lstrip("\n")
        files[page] = f"{head}\n\n{END}\n\n{tail}"
    return files


def page_of(name: str) -> str:
    """The file of a driver's page."""
    return f"{SAME_PAGE.get(name, name)}.md"


def python_head(name: str) -> str:
    """From the docstring of a driver's module: what it is and what it promises."""
    names = [name, *(other for other, page in SAME_PAGE.items() if page == name)]
    module = catalogue.python_module(name)
    paragraphs = (inspect.getdoc(module) or "").split("\n\n")
    title = " ".join(paragraphs[0].split()).rstrip(".")
    lines = [f"# {title}", "", BEGIN, "", f'A driver in Python: `driver = "{names[0]}"`{_or(names[1:])}.']
    promises = [" ".join(one.split()) for one in paragraphs if "Promise:" in one]
    lines += [line for one in promises for line in ("", one[one.index("Promise:") :])]
    return "\n".join([*lines, "", *_python_settings(module.Settings)]).rstrip()


def _python_settings(settings: type[DriverSettings]) -> Iterator[str]:
    """A row for each field of a driver's own settings."""
    yield "| setting | values | default | meaning |"
    yield "|---|---|---|---|"
    schema = settings.model_json_schema()
    for name, field in schema["properties"].items():
        default = "required" if name in schema.get("required", ()) else _default(field.get("default"))
        yield f"| `{name}` | {_kind(field)} | {default} | {_cell(field['description'])} |"


def _default(value: object) -> str:
    if value in (None, "", [], {}):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _kind(field: Mapping[str, Any]) -> str:
    """What a value may be, in a setter's words."""
    inner = next((one for one in field.get("anyOf", ()) if one.get("type") != "null"), field)
    if "enum" in inner:
        return ", ".join(f"`{value}`" for value in inner["enum"])
    words = {"integer": "whole number", "number": "number", "boolean": "`true`, `false`"}
    kind = words.get(str(inner.get("type")), "text")
    bounds = [str(inner[key]) for key in ("minimum", "maximum") if key in inner]
    return f"{kind} from {bounds[0]} to {bounds[1]}" if len(bounds) == 2 else kind


def _or(names: list[str]) -> str:
    return "".join(f' or `driver = "{name}"`' for name in names)


def profile_head(one: Profile) -> str:
    """From a profile: devices, notes, settings to copy, what frames become, and its examples decoded."""
    lines = [
        f"# {one.title} (`{one.name}`)",
        "",
        BEGIN,
        "",
        f"Maker: {one.maker}. For {'; '.join(one.devices)}. Proof: {PROOFS[one.proof]}.",
        "",
    ]
    lines += [_text(one.notes), "", *_to_copy(one), "", *_line(one.line), *_fresh(one), *_settings(one), *_frames(one)]
    lines += [*_limits(one), *_commands(one.commands), "## Frames", "", "```text", *_examples(one.example), "```", ""]
    return "\n".join([*lines, f"Sources: {one.source}."])


def _text(text: str) -> str:
    return " ".join(text.split())


def _cell(text: str) -> str:
    return _text(text).replace("|", "\\|")


def _shown(data: bytes) -> str:
    return data.decode("latin-1").encode("unicode_escape").decode("ascii")


def _to_copy(one: Profile) -> Iterator[str]:
    line = one.line or LineSettings(source="the socket")
    yield "```toml"
    yield "[[link]]"
    yield 'name = "gauge-port"'
    yield 'kind = "serial"'
    yield 'port = "/dev/serial/by-id/…"   # the name that survives a replug'
    yield f"baud = {line.baud}"
    yield f"bytesize = {line.bytesize}"
    yield f'parity = "{line.parity}"'
    yield f"stopbits = {line.stopbits}"
    if line.xonxoff:
        yield "xonxoff = true"
    for level in ("dtr", "rts"):
        if getattr(line, level) != "on":
            yield f'{level} = "{getattr(line, level)}"'
    yield ""
    yield "[[device]]"
    yield 'name = "gauge"'
    yield 'link = "gauge-port"'
    yield f'driver = "{one.name}"'
    shown = next((example.settings for example in one.example if example.settings), {})
    if shown:
        pairs = [f'{key} = "{value}"' for key, value in shown.items()]
        yield f"settings = {{ {', '.join(pairs)} }}"
    if one.commands.poll is not None and one.family != "scale":
        yield "poll_secs = 1.0                  # leave it out where the gauge's own key sends"
    yield "```"


def _line(line: LineSettings | None) -> Iterator[str]:
    if line is not None:
        yield f"**Line settings**: `{line}`. From: {_text(line.source)}."
        for name, source in line.sources.items():
            yield f"`{name}`: {_text(source)}."
        yield ""


def _fresh(one: Profile) -> Iterator[str]:
    signs = {
        "scale": 'a scale: a new part\'s once its pan was empty (`fresh = "return_to_zero"`)',
        "gauge": 'a gauge with a key: each value it sends is a press (`fresh = "event"`; polled: `change`)',
        "instrument": 'an instrument that is read: a new part\'s once it has changed (`fresh = "change"`)',
    }
    yield f"**Whose its value is**: {signs[one.family]}; [which value belongs to which part](../which-value.md)."
    yield ""


def _settings(one: Profile) -> Iterator[str]:
    yield "| setting | values | meaning |"
    yield "|---|---|---|"
    for name, rule in one.rules().items():
        if name in BUILT_IN and name != "unit":
            continue
        yield f"| `{name}` | {_values(rule)} | {_cell(rule.description)} |"
    yield "| `decimal`, `end` | | the decimal mark and the end of a frame, where the gauge's menu is set otherwise |"
    yield ""


def _values(rule: SettingRule) -> str:
    default = f" (default `{rule.default}`)" if rule.default is not None else ""
    if rule.choices:
        return ", ".join(f"`{choice}`" for choice in rule.choices) + default
    return (f"such as `{rule.example}`" if rule.example else "") + default


def _frames(one: Profile) -> Iterator[str]:
    yield "## What a frame becomes"
    yield ""
    yield "Tried in this order; what none explains whole is `garbled` and never a value."
    yield ""
    yield "| frame | becomes |"
    yield "|---|---|"
    for pattern in one.pattern:
        yield f"| {_cell(pattern.name)} | {_becomes(pattern)} |"
    yield ""


def _becomes(pattern: Pattern) -> str:
    if pattern.status is not None:
        worse = sorted({f"`{one.status}`" for one in pattern.sentinels})
        return f"`{pattern.status}`" + (f", {', '.join(worse)} by its size" if worse else "")
    if pattern.statuses:
        return ", ".join(f"`{status}`" for status in dict.fromkeys(pattern.statuses.values()))
    return "a reading for each part"


def _limits(one: Profile) -> Iterator[str]:
    limits = list(one.width.limits())
    if limits:
        yield from ("**Known limit of the frames**: " + " ".join(limits), "")


def _commands(commands: Commands) -> Iterator[str]:
    told: Mapping[str, str | None] = {
        "asks for a reading": commands.poll,
        "asks for one channel": commands.poll_channel,
        'starts a measurement (`ask = "trigger"`)': commands.trigger,
        'makes it send by itself (`stream = "on"`)': commands.start_stream,
        "stops that": commands.stop_stream,
        **{f"request `{name}`": command for name, command in commands.requests.items()},
    }
    known = {what: command for what, command in told.items() if command is not None}
    if not known:
        return
    yield f"Commands, from {_text(commands.source or 'the manual')}:"
    yield ""
    yield "| command | what it does |"
    yield "|---|---|"
    for what, command in known.items():
        yield f"| `{_cell(_shown(command.encode('latin-1')))}` | {what} |"
    yield ""


def _examples(examples: tuple[Example, ...]) -> Iterator[str]:
    for number, example in enumerate(examples):
        if number:
            yield ""
        told = "".join(f"  {key} = {value}" for key, value in example.settings.items())
        yield f'"{_shown(example.data)}"{told}'
        yield f"    {_text(example.source)}"
        for reading in example.readings:
            rest = {key: value for key, value in reading.items() if key not in ("status", "value", "unit")}
            words = [str(reading[key]) for key in ("status", "value", "unit") if key in reading]
            yield "    -> " + " ".join([*words, *(f"{key}={value}" for key, value in rest.items())])

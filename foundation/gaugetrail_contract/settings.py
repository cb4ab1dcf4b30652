"""Settings files: TOML, read once, checked whole; every fault is named with file, line, key and what is allowed.

Unknown keys are errors. An environment variable overrides a scalar: with the prefix `GAUGETRAIL_AGENT`,
`GAUGETRAIL_AGENT_MQTT__HOST` is `mqtt.host`. A secret can stand in a file of its own: `password_file = "…"` fills
`password` (relative paths count from the settings file's folder). Nothing here does I/O but reading these files.
"""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Generic, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_core.core_schema import ValidationInfo

from gaugetrail_contract.files import read_bounded, text_of, trouble_of
from gaugetrail_contract.problems import ConfigError as ConfigError
from gaugetrail_contract.problems import Problem as Problem
from gaugetrail_contract.suggestions import did_you_mean
from gaugetrail_contract.text import IN_WORDS, Text
from gaugetrail_contract.toml_words import MOST_BYTES, TomlFault, read_toml

Steps = tuple[str | int, ...]
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Settings(BaseModel):
    """Base of every table of a settings file: frozen, unknown keys refused, `<secret>_file` read."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _read_secret_files(cls, data: object, info: ValidationInfo) -> object:
        if not isinstance(data, dict):
            return data
        base = info.context["base"] if info.context else Path()
        return _with_secrets(cls.model_fields, data, base)


class FileSecret(SecretStr):
    """A secret that stands in a file of its own, read anew each time that somebody asks for it."""

    def __init__(self, path: Path) -> None:
        self._path = path.resolve()
        super().__init__(self.get_secret_value())

    def __eq__(self, other: object) -> bool:
        """Two are the same where they stand in one file; what it holds is for whoever asks."""
        return isinstance(other, FileSecret) and self._path == other._path

    def __hash__(self) -> int:
        """Goes with `__eq__`."""
        return hash(self._path)

    def get_secret_value(self) -> str:
        """The file's text without its line end. Raises `OSError` or `UnicodeDecodeError`."""
        return text_of(self._path.read_bytes()).rstrip("\r\n")


Insecure = Annotated[
    Text,
    Field(
        min_length=1,
        description="why this door may stand open to the network; without it that is refused. Stands in the status",
        examples=["the line's own network, no way in from outside"],
    ),
]


class LogTable(Settings):
    """`[log]` of either service."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    form: Literal["plain", "json"] = "plain"


def _with_secrets(fields: Mapping[str, FieldInfo], data: dict[str, Any], base: Path) -> dict[str, Any]:
    filled = dict(data)
    for name, field in fields.items():
        key = f"{name}_file"
        if key not in filled or SecretStr not in _parts(field.annotation):
            continue
        if name in filled:
            raise ValueError(f"{name} and {key} are both given; keep one")
        path = base / str(filled.pop(key))
        try:
            filled[name] = FileSecret(path)
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"{key}: can't read {path}: {trouble_of(error, path)}") from error
    return filled


M = TypeVar("M", bound=Settings)


@dataclass(frozen=True, slots=True)
class Loaded(Generic[M]):
    """Settings with where they came from; `sha256` is the digest of the file's bytes, for the status document."""

    settings: M
    path: Path
    sha256: str
    text: str

    def problem(
        self, steps: Steps, message: str, *, there: Iterable[str] | None = None, warning: bool = False
    ) -> Problem:
        """A fault found after loading (a plan that isn't there), placed at its line. `there`: what there is instead."""
        return Problem(
            file=str(self.path),
            key=key_text(steps),
            message=message,
            line=line_of(self.text, steps),
            there=", ".join(there) if there is not None else None,
            warning=warning,
        )


def load_settings(
    model: type[M], path: Path, *, prefix: str = "", environ: Mapping[str, str] | None = None
) -> Loaded[M]:
    """Read and check a settings file. Raises `ConfigError` with every fault found."""
    try:
        raw = read_bounded(path, MOST_BYTES)
    except OSError as error:
        raise ConfigError([Problem(str(path), "", f"can't be read: {error.strerror or error}")]) from error
    return settings_in(model, raw, path, prefix=prefix, environ=environ)


def settings_in(
    model: type[M], raw: bytes, path: Path, *, prefix: str = "", environ: Mapping[str, str] | None = None
) -> Loaded[M]:
    """The same of bytes that were read; `path` is what faults call them. Raises `ConfigError`."""
    name = str(path)
    try:
        text = text_of(raw)
        data = read_toml(text)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        message = "is UTF-16 text; save it as UTF-8" if raw.startswith(UTF_16) else "is not UTF-8 text"
        raise ConfigError([Problem(name, "", message, line=line)]) from error
    except TomlFault as error:
        raise ConfigError([Problem(name, "", error.words, line=error.line)]) from error
    overridden = _override(data, prefix, environ or {})
    try:
        settings = model.model_validate(data, context={"base": path.parent})
    except ValidationError as error:
        problems = [_problem(model, name, text, detail, overridden) for detail in error.errors(include_url=False)]
        raise ConfigError(problems) from error
    return Loaded(settings, path, hashlib.sha256(raw).hexdigest(), text)


def _override(data: dict[str, Any], prefix: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Put environment values into `data`; returns key text -> variable name, so that a fault names the variable."""
    found: dict[str, str] = {}
    for variable, value in sorted(environ.items()):
        if not prefix or not variable.startswith(prefix + "_"):
            continue
        steps = variable[len(prefix) + 1 :].lower().split("__")
        table = data
        for step in steps[:-1]:
            inner = table.setdefault(step, {})
            if not isinstance(inner, dict):
                raise ConfigError(
                    [Problem("environment", variable, f"{step} is not a table, so it has no {steps[-1]}")]
                )
            table = inner
        table[steps[-1]] = _scalar(value)
        found[key_text(tuple(steps))] = variable
    return found


def _scalar(value: str) -> str | int | float | bool:
    """What the text would be as a TOML value, where that is a number or a truth value; the text itself otherwise."""
    if value in ("true", "false"):
        return value == "true"
    if re.fullmatch(r"[+-]?(0|[1-9][0-9]*)", value):
        return int(value)
    if re.fullmatch(r"[+-]?[0-9]+\.[0-9]+", value):
        return float(value)
    return value


def key_text(steps: Steps) -> str:
    """`("device", 1, "baud")` -> `device[1].baud`, counting from 1 as people do."""
    text = ""
    for step in steps:
        text += f"[{step + 1}]" if isinstance(step, int) else f"{'.' if text else ''}{step}"
    return text


def line_of(text: str, steps: Steps) -> int | None:
    """The line of a TOML text on which the key at `steps` stands; that of the nearest enclosing table if it is absent.

    Reads table headers and `key =` lines; inside multi-line values and inline tables it gives the line they begin on.
    """
    lines = {path: number for number, path in _keys_with_lines(text)}
    for length in range(len(steps), 0, -1):
        if steps[:length] in lines:
            return lines[steps[:length]]
    return None


_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"""\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*=""")


def _keys_with_lines(text: str) -> Iterator[tuple[int, Steps]]:
    """Later lines win, as a dict is built of these; array tables are counted per path."""
    counts: dict[Steps, int] = {}
    here: Steps = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            names = _names(header[2])
            here = _inside(names[:-1], counts)
            if header[1] == "[[":
                path = (*here, names[-1])
                counts[path] = counts.get(path, -1) + 1
                here = (*path, counts[path])
            else:
                here = _inside(names, counts)
            yield number, here
        elif key := _KEY.match(line):
            yield number, here + _names(key[1])


def _names(dotted: str) -> tuple[str, ...]:
    return tuple(name.strip().strip("\"'") for name in dotted.split("."))


def _inside(names: tuple[str, ...], counts: Mapping[Steps, int]) -> Steps:
    """The path of a header's names, with the index of the array table each one stands in."""
    path: Steps = ()
    for name in names:
        path = (*path, name)
        if path in counts:
            path = (*path, counts[path])
    return path


def _problem(
    model: type[Settings], file: str, text: str, error: ErrorDetails, overridden: Mapping[str, str]
) -> Problem:
    steps, message, allowed = fault_in_words(model, error)
    key = key_text(steps)
    if key in overridden:
        return Problem("environment", overridden[key], message, allowed=allowed)
    return Problem(file, key, message, line=line_of(text, steps), allowed=allowed)


def fault_in_words(model: type[BaseModel], error: ErrorDetails) -> tuple[Steps, str, str | None]:
    """Where pydantic's finding stands, what it is in a setter's words, and what would be allowed."""
    steps, inside = _plain_steps(model, error["loc"])
    return steps, *_message(error, inside, steps)


def _message(error: ErrorDetails, inside: type[BaseModel] | None, steps: Steps) -> tuple[str, str | None]:
    """Pydantic's finding in a setter's words, and what would be allowed."""
    kind = error["type"]
    context = error.get("ctx", {})
    if kind == "extra_forbidden":
        known = _known_keys(inside)
        return f"unknown key{did_you_mean(str(steps[-1]), known)}", ", ".join(known)
    if kind == "missing":
        return "is required and has no default", None
    if kind in ("union_tag_invalid", "literal_error", "enum"):
        choices = str(context.get("expected_tags") or context.get("expected"))
        hint = did_you_mean(str(context.get("tag") or error["input"]), re.findall(r"'([^']*)'", choices))
        return f"is none of the known choices{hint}", choices
    if kind == "union_tag_not_found":
        return f"needs the key {context.get('discriminator', 'kind')} to tell which kind it is", None
    if kind == "string_pattern_mismatch" and context["pattern"] in IN_WORDS:
        return IN_WORDS[context["pattern"]], None
    if kind == "value_error":
        return str(context.get("error", error["msg"])), None
    return _plain(error["msg"]), None


_PARSING = re.compile(", unable to parse string as an? (integer|number)")


def _plain(message: str) -> str:
    words = {"Input should be ": "must be ", "valid integer": "whole number", "valid string": "text in quotes"}
    message = _PARSING.sub("", message)
    for theirs, ours in words.items():
        message = message.replace(theirs, ours)
    return message[:1].lower() + message[1:]


def _known_keys(model: type[BaseModel] | None) -> list[str]:
    if model is None:
        return []
    names = []
    for name, field in model.model_fields.items():
        names.append(field.alias or name)
        if SecretStr in _parts(field.annotation):
            names.append(f"{name}_file")
    return names


def _plain_steps(model: type[BaseModel], loc: Steps) -> tuple[Steps, type[BaseModel] | None]:
    """The location without pydantic's union tags, and the model that the last step stands in."""
    steps: Steps = ()
    inside: type[BaseModel] | None = model
    choices: list[type[BaseModel]] = [model]
    for step in loc:
        if isinstance(step, int):
            steps = (*steps, step)
            continue
        if " " in step:  # a tag of ours for a choice without a name of its own: no key has a space
            continue
        tagged = [choice for choice in choices if step in _tags(choice)] if len(choices) > 1 else []
        if tagged:
            choices = tagged
            inside = tagged[0]
            continue
        inside = choices[0] if choices else None
        field = _field(inside, step)
        steps = (*steps, step)
        choices = _models(field.annotation) if field is not None else []
    return steps, inside


def _field(model: type[BaseModel] | None, key: str) -> FieldInfo | None:
    if model is None:
        return None
    for name, field in model.model_fields.items():
        if key in (name, field.alias):
            return field
    return None


def _tags(model: type[BaseModel]) -> set[str]:
    """What pydantic may call the model in a union: a literal that a field is fixed to, or the class's own `TAG`."""
    literals = (value for field in model.model_fields.values() for value in _parts(field.annotation))
    return {value for value in (*literals, getattr(model, "TAG", None)) if isinstance(value, str)}


def _models(annotation: object) -> list[type[BaseModel]]:
    return [part for part in _parts(annotation) if isinstance(part, type) and issubclass(part, BaseModel)]


def _parts(annotation: object) -> list[object]:
    """The types and literals inside `X | None`, `list[X]`, `Annotated[X, …]`, `Literal[…]`."""
    origin = get_origin(annotation)
    if origin is None:
        return [annotation]
    arguments = get_args(annotation)
    if origin is Annotated:
        return _parts(arguments[0])
    if origin in (Union, UnionType) or isinstance(origin, type):
        return [part for argument in arguments for part in _parts(argument)]
    return list(arguments)

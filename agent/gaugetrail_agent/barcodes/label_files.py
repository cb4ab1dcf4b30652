"""Customers' own labels: one TOML file each, patterns with named groups, and examples that prove them.

Promise: a file that loads has patterns whose groups are known words (`part`, `serial`, `lot`, `quantity` …) and at
least one example; `run_examples` says which of them hold, through the same `read_scan` as the station's. Shipped files
lie in `profiles/labels`, a user's in the folder `labels` of each of his profile folders; his never shadow ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, model_validator

from gaugetrail_agent.barcodes.meaning import read_scan
from gaugetrail_agent.barcodes.profiles import NAMES, OwnLabel
from gaugetrail_contract.settings import ConfigError, Problem, Settings, load_settings

SHIPPED: Final = Path(__file__).resolve().parent.parent / "profiles" / "labels"
FOLDER = "labels"
GROUPS = ("part", "serial", "lot", "quantity", "supplier", "revision", "order", "heat", "date")
"""What a pattern may name; the record takes part, serial, lot, order and heat."""
TAKEN = frozenset({*NAMES, "pattern", "structured", "gs1", "data-identifiers"})
"""Words that a station's `unit_code` knows already."""


def _pattern(text: str) -> str:
    try:
        groups = set(re.compile(text).groupindex)
    except re.error as error:
        raise ValueError(f"{text!r} is not a regular expression: {error}") from error
    if strange := sorted(groups.difference(GROUPS)):
        raise ValueError(f"names the group {', '.join(strange)}; known: {', '.join(GROUPS)}")
    if not groups:
        raise ValueError(f"{text!r} names no group: write (?P<serial>…) around what is the serial")
    return text


class LabelPattern(Settings):
    """`[[pattern]]`: one form of the label."""

    name: str = Field(description="what it is, for people", examples=["with revision"])
    match: Annotated[str, AfterValidator(_pattern)] = Field(
        description="regular expression over the whole code, with the named groups " + ", ".join(GROUPS),
        examples=["(?P<part>[0-9]{8})-(?P<serial>[0-9]{6})"],
    )


class LabelExample(Settings):
    """`[[example]]`: a code and what it means; the file's own proof."""

    text: str | None = Field(None, description="the code as text", examples=["12345678-000042"])
    hex: Annotated[str, Field(pattern=r"^([0-9a-fA-F]{2} ?)*$")] | None = Field(None, description="the code as hex")
    source: str = Field(description="where the code is from: a page, a captured label, 'from the format'", min_length=3)
    fields: dict[str, str] = Field({}, description="group -> its text; empty: the code must be refused")

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if (self.text is None) == (self.hex is None):
            raise ValueError("needs text or hex, one of them")
        return self

    @property
    def data(self) -> bytes:
        """The bytes that the scanner sends."""
        return self.text.encode("utf-8") if self.text is not None else bytes.fromhex(self.hex or "")


class LabelFile(Settings):
    """A customer's own label."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")] = Field(
        description="what unit_code and scan --profile call it; the same as the file's name"
    )
    title: str = Field(description="the label, for people", examples=["ACME's part label"], min_length=3)
    source: str = Field(description="handbook and page that the patterns were made from", min_length=3)
    notes: str = Field("", description="what the person at the station must know")
    pattern: tuple[LabelPattern, ...] = Field(description="forms of the label, tried in order", min_length=1)
    example: tuple[LabelExample, ...] = Field(description="codes and what they mean", min_length=1)

    @property
    def label(self) -> OwnLabel:
        """The patterns, ready to read with."""
        return OwnLabel(self.name, [re.compile(one.match) for one in self.pattern])


class UnknownLabel(ValueError):
    """No label profile has that name."""


@dataclass(frozen=True, slots=True)
class LabelResult:
    """One example run: what it should give, and what it gave."""

    number: int
    data: bytes
    expected: Mapping[str, str]
    got: Mapping[str, str]

    @property
    def passed(self) -> bool:
        """Whether they are the same."""
        return dict(self.expected) == dict(self.got)

    def __str__(self) -> str:
        """Both, one above the other."""
        head = f"example {self.number}: {'holds' if self.passed else 'does not hold'}: {self.data!r}"
        return f"{head}\n  expected {dict(self.expected) or 'refused'}\n  got      {dict(self.got) or 'refused'}"


def label_paths(profile_dirs: Sequence[Path] = ()) -> dict[str, Path]:
    """Name -> file of every label profile, sorted. Raises `ConfigError` for a name that is taken."""
    found: dict[str, Path] = {}
    problems: list[Problem] = []
    for folder in (SHIPPED, *(folder / FOLDER for folder in profile_dirs)):
        for path in sorted(folder.glob("*.toml")):
            if path.stem in TAKEN or found.get(path.stem, path) != path:
                message = f"there is a label {path.stem!r} already: give the file and its name another name"
                problems.append(Problem(str(path), "name", message))
            else:
                found[path.stem] = path
    if problems:
        raise ConfigError(problems)
    return dict(sorted(found.items()))


def load_label(path: Path) -> LabelFile:
    """Read and check a file. Raises `ConfigError` that names file, line and key."""
    loaded = load_settings(LabelFile, path)
    if loaded.settings.name != path.stem:
        message = f"is {loaded.settings.name!r}, but the file is called {path.stem}.toml"
        raise ConfigError([loaded.problem(("name",), message)])
    return loaded.settings


def label_named(name: str, profile_dirs: Sequence[Path] = ()) -> OwnLabel:
    """The label of that name. Raises `UnknownLabel` that lists the known ones; `ConfigError` for a bad file."""
    paths = label_paths(profile_dirs)
    if name not in paths:
        raise UnknownLabel(f"scan profile {name!r} is not known; known are {', '.join((*NAMES, *paths))}")
    return load_label(paths[name]).label


def run_examples(file: LabelFile) -> list[LabelResult]:
    """Every example through `read_scan`."""
    return list(_results(file))


def _results(file: LabelFile) -> Iterator[LabelResult]:
    for number, example in enumerate(file.example, 1):
        scan = read_scan(example.data, label=file.label)
        got = scan.fields if scan.valid else {}
        yield LabelResult(number, example.data, example.fields, got)

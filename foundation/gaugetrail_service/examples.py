"""The command `examples DIR`: settings, plans, dashboards and schemas to begin with, out of what is installed.

Promise: the same files as in a clone's `config/`, in the same folders, so that an example finds its plan; nothing that
is there is written over.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from gaugetrail_contract.counts import counted
from gaugetrail_service.cli import fail, say

WANTED = (
    *("examples", "plans", "documents", "gauges.csv", "people.csv", "mosquitto", "schema"),
    *("grafana/dashboards", "grafana/provisioning"),
)
"""What is shipped of `config/`; `pyproject.toml` puts the same into the wheel."""
INSTALLED = Path(__file__).resolve().parent / "shipped"
CLONE = Path(__file__).resolve().parents[2] / "config"


def source() -> Path:
    """Where they stand: in the wheel beside this module, in a clone in its `config/`."""
    return INSTALLED if INSTALLED.is_dir() else CLONE


def examples(folder: Annotated[Path, typer.Argument(metavar="DIR", help="where to; made if it isn't there")]) -> None:
    """Write examples of settings, plans and dashboards. Settings stand in DIR/examples, with the plan that they name in
    DIR/plans; what is there already is left as it is, and said.
    """
    written, there = 0, 0
    try:
        for path in _files():
            target = folder / path
            if target.exists():
                there += 1
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source() / path, target)
            written += 1
    except OSError as error:
        raise fail(f"{error.filename or folder} can't be written: {error.strerror or error}") from error
    say(f"{counted(written, 'file')} written to {folder}; settings to begin with: {folder / 'examples'}")
    if there:
        say(f"{counted(there, 'file')} there already and left as {'it is' if there == 1 else 'they are'}")


def _files() -> Iterator[Path]:
    """Their paths below the source, sorted."""
    for name in WANTED:
        start = source() / name
        found = sorted(start.rglob("*")) if start.is_dir() else [start]
        yield from (path.relative_to(source()) for path in found if path.is_file())

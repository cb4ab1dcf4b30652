"""Which settings file a command reads: `-c FILE`, else the variable `GAUGETRAIL_CONFIG`, else the one in `/etc`.

Promise: where there is none, the command ends as with bad settings (exit code 78, so that systemd doesn't start it
again and again) and says where it has looked.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import typer

from gaugetrail_contract.problems import ConfigError, Problem

VARIABLE = "GAUGETRAIL_CONFIG"
SETTINGS_FOLDER = "/etc/gaugetrail"
"""Where the settings of an installed service stand."""
FOLDER = Path(SETTINGS_FOLDER)


def option(name: str) -> object:
    """`--config`, `-c` of `gaugetrail-<name>`, for an annotation; it is always a path by the time the command runs."""
    return typer.Option(
        "--config",
        "-c",
        metavar="FILE",
        envvar=VARIABLE,
        default_factory=lambda: None,
        show_default=str(FOLDER / f"{name}.toml"),
        callback=_asked(name),
        help=f"the {name}'s settings file",
    )


def _asked(name: str) -> Callable[[typer.Context, Path | None], Path | None]:
    def asked(context: typer.Context, path: Path | None) -> Path | None:
        return path if path is not None or context.resilient_parsing else default_file(name)

    return asked


def default_file(name: str) -> Path:
    """The file of an installed service. Raises `ConfigError` that says where a settings file was looked for."""
    path = FOLDER / f"{name}.toml"
    if path.exists():
        return path
    where = f"{VARIABLE} is empty" if VARIABLE in os.environ else f"{VARIABLE} is not set"
    looked = f"no -c FILE is given, {where}, and there is no {path}"
    raise ConfigError([Problem("settings", "", f"{looked}; gaugetrail-{name} examples DIR writes one to begin with")])

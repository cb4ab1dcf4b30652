"""The agent's commands by what they look at (`run`, `status`, `tap`, `doctor`, `device`, `ports`, `capture`, `decode`
with `cases`, `key`, `people`, `document`, `profiles`, `spool`, `backup`, `install`); the table in `cli` says which
there are, and each is loaded when it is called.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gaugetrail_service import settings_file

ConfigFile = Annotated[Path, settings_file.option("agent")]
ConfigWord = Annotated[str, settings_file.option("agent")]
"""The same as a word, for a command that must start at once: typer has pydantic check a path, which costs 0.3 s."""
AsJson = Annotated[bool, typer.Option("--json", help="print JSON for programs")]

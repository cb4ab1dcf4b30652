"""The agent's commands by what they look at (`run`, `status`, `tap`, `doctor`, `device`, `ports`, `capture`, `decode`
with `cases`, `key`, `profiles`, `spool`, `backup`, `install`); the table in `cli` says which there are, and each is
loaded when it is called.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gaugetrail_service import settings_file

ConfigFile = Annotated[Path, settings_file.option("agent")]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON for programs")]

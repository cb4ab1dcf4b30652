"""The agent's commands by what they look at (`run`, `status`, `tap`, `device`, `decode`, `key`, `profiles`, `spool` …);
`cli` mounts them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ConfigFile = Annotated[Path, typer.Option("--config", "-c", help="the agent's settings file")]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON for programs")]

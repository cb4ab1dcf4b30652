"""What systemd thinks of a unit, without running it."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from gaugetrail_service.install.steps import NotDone, ask

ANALYZE = "systemd-analyze"


def exposure(name: str, text: str) -> str:
    """`systemd-analyze security` on the unit's text: its last line, such as "Overall exposure level for …: 1.8 OK"; or
    a sentence why it can't be asked.
    """
    if shutil.which(ANALYZE) is None:
        return f"exposure not known: {ANALYZE} is not here"
    with tempfile.TemporaryDirectory() as folder:
        unit = Path(folder, f"{name}.service")
        unit.write_text(text, "utf-8")
        try:
            told = ask([ANALYZE, "security", "--no-pager", "--offline=yes", str(unit)])
        except NotDone as error:  # before systemd 250 it can't judge a file
            return f"exposure not known: {error}"
    last = told.strip().splitlines()[-1:]
    # It ends the line with an arrow before and a face behind.
    return last[0].encode("ascii", "ignore").decode().strip() if last else f"exposure not known: {ANALYZE} said nothing"

"""Pictures that show where a characteristic is measured: files in a folder of the setter's.

    pictures/CP-1001/bore_diameter.png      of that plan; else
    pictures/bore_diameter.png              of whatever plan

Promise: nothing outside of the folder is ever given out, whatever a name holds; nothing but pictures is.
"""

from __future__ import annotations

from pathlib import Path

TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".svg": "image/svg+xml",
}


def picture_of(folder: Path | None, plan: str, characteristic: str) -> Path | None:
    """The picture; null where there is none."""
    if folder is None or not _is_plain(characteristic):
        return None
    homes = (folder / plan, folder) if _is_plain(plan) else (folder,)
    files = (home / f"{characteristic}{ending}" for home in homes for ending in TYPES)
    return next((file for file in files if file.is_file()), None)


def _is_plain(name: str) -> bool:
    """Whether it is a file's name and no way to another folder."""
    return name == Path(name).name and not name.startswith(".") and "\\" not in name and "\0" not in name

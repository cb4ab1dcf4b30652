"""Users and groups of a root folder: looked up in its own files, since its numbers are not this machine's."""

from __future__ import annotations

from pathlib import Path


class NoSuchAccount(Exception):
    """A user or group that the root doesn't know; the text names it."""


def number_of(root: Path, file: str, name: str) -> int | None:
    """The number of a user (`file` is passwd) or group (group); null where the root has none of that name."""
    try:
        lines = (root / "etc" / file).read_text("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return None
    fields = next((line.split(":") for line in lines if line.startswith(f"{name}:")), [])
    return int(fields[2]) if len(fields) > 2 and fields[2].isdecimal() else None


def numbers(root: Path, user: str, group: str) -> tuple[int, int]:
    """User and group as the root numbers them; root's own are 0 everywhere. Raises `NoSuchAccount`."""
    found = []
    for file, name in (("passwd", user), ("group", group)):
        number = 0 if name == "root" else number_of(root, file, name)
        if number is None:
            raise NoSuchAccount(f"{root / 'etc' / file} has no {name}")
        found.append(number)
    return found[0], found[1]

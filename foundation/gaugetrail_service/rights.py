"""Who may read and write a service's own files: its data folder, keys, settings, passwords, sockets.

Looks only; nothing is changed. On Windows, where modes say nothing, nothing is found.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from gaugetrail_contract.findings import Finding

SECRET = ("*.key", "*.token", "*.desk", "*.sock", "*.db", "*.db-wal", "collectors.json")
"""What a data folder holds that nobody else may read."""


def folder_rights(folder: Path) -> Iterator[Finding]:
    """A data folder that others can enter, that can't be written, or that holds files of another user."""
    if sys.platform == "win32":
        return
    try:
        there = folder.stat()
    except FileNotFoundError:
        yield Finding("folder", f"{folder} is not there yet", "the service makes it at its first start", wrong=False)
        return
    except OSError as error:
        yield Finding("folder", f"{folder} can't be looked at: {error.strerror}", "run this as the service's user")
        return
    if there.st_mode & 0o007:
        yield Finding("folder", f"{folder} is open to every user ({_mode(there)})", f"chmod 700 {folder}")
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        yield Finding("folder", f"{folder} can't be written by this user", _chown(folder, os.geteuid()))
        return
    for path in sorted({path for pattern in SECRET for path in folder.glob(pattern)}):
        yield from _secret(path, there.st_uid)


def not_ours(*places: Path) -> str | None:
    """What of its folders and files a service may not use: whose it is, and the command that mends it; null when all is
    well. A first start by hand as root leaves such files.
    """
    if sys.platform == "win32":
        return None
    for place in places:
        for path in (place, *_inside(place)):
            if path.exists() and not os.access(path, os.R_OK | os.W_OK | (os.X_OK if path.is_dir() else 0)):
                whose, me = _user(path.stat().st_uid), _user(os.geteuid())
                return (
                    f"{path} belongs to {whose}, and this runs as {me}: it was started as {whose} once; give it back "
                    f"with: sudo chown -R {me}: {place}"
                )
    return None


def _inside(place: Path) -> list[Path]:
    return sorted(place.iterdir()) if place.is_dir() and os.access(place, os.R_OK | os.X_OK) else []


def _user(uid: int) -> str:
    import pwd  # not on Windows

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _secret(path: Path, owner: int) -> Iterator[Finding]:
    try:
        found = path.stat()
    except OSError:
        return  # went away meanwhile
    if found.st_mode & 0o077:
        yield Finding("key" if path.suffix == ".key" else "file", f"{path} {_readers(found)}", f"chmod 600 {path}")
    if found.st_uid != owner:
        what = f"{path} belongs to user {found.st_uid}, its folder to {owner}: a command was run as another user"
        yield Finding("file", what, _chown(path, owner))


def settings_rights(path: Path, text: str, secrets: Iterable[Path]) -> Iterator[Finding]:
    """Settings that hold a password and can be read by everybody, or written by others; files of passwords too."""
    if sys.platform == "win32":
        return
    found = path.stat()
    if found.st_mode & 0o022:
        yield Finding("settings", f"{path} can be changed by others ({_mode(found)})", f"chmod go-w {path}")
    held = [
        line.split("=")[0].strip() for line in text.splitlines() if line.split("=")[0].strip() in ("password", "token")
    ]
    if held and found.st_mode & 0o007:
        cure = f"put it into a file of its own ({held[0]}_file = …) and chmod 600 that, or chmod 640 {path}"
        yield Finding("settings", f"{path} holds a {held[0]} and every user can read it", cure)
    for secret in secrets:
        yield from _password_file(secret)


def named_files(text: str) -> Iterator[Path]:
    """Files of secrets that settings name, as they stand there."""
    for line in text.splitlines():
        key, _, value = line.partition("=")
        if key.strip() in ("password_file", "token_file", "tls_key"):
            yield Path(value.split("#")[0].strip().strip("\"'"))


def _password_file(path: Path) -> Iterator[Finding]:
    try:
        found = path.stat()
    except OSError as error:
        yield Finding(
            "password", f"{path} can't be read: {error.strerror}", "put the file there, readable by the service"
        )
        return
    if found.st_mode & 0o007:
        yield Finding("password", f"{path} {_readers(found)}", f"chmod 600 {path}")
    if not os.access(path, os.R_OK):
        yield Finding("password", f"{path} can't be read by this user", _chown(path, os.geteuid()))


def _readers(found: os.stat_result) -> str:
    return f"can be read by others ({_mode(found)})"


def _mode(found: os.stat_result) -> str:
    return f"mode {stat.S_IMODE(found.st_mode):o}"


def _chown(path: Path, uid: int) -> str:
    return f"chown {uid} {path}"

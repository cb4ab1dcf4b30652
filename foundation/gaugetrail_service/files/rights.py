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
        yield Finding("folder", f"{folder} is open to every user ({mode_of(there)})", f"chmod 700 {folder}")
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        yield Finding("folder", f"{folder} can't be written by this user", _chown(folder, os.geteuid()))
        return
    for path in sorted({path for pattern in SECRET for path in folder.glob(pattern)}):
        yield from _secret(path, there.st_uid)


def user_name(uid: int) -> str:
    """As the system knows it; the number of one that it doesn't."""
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
        yield Finding("settings", f"{path} can be changed by others ({mode_of(found)})", f"chmod go-w {path}")
    held = held_secret(text)
    if held is not None and found.st_mode & 0o007:
        cure = f"put it into a file of its own ({held}_file = …) and chmod 600 that, or chmod 640 {path}"
        yield Finding("settings", f"{path} holds a {held} and every user can read it", cure)
    for secret in secrets:
        yield from _password_file(secret)


def held_secret(text: str) -> str | None:
    """What of a secret stands in the settings themselves: `password` or `token`; null where nothing does."""
    keys = [line.split("=")[0].strip() for line in text.splitlines()]
    return next((key for key in keys if key in ("password", "token")), None)


def named_files(text: str) -> Iterator[Path]:
    """Files of secrets that settings name, as they stand there."""
    for line in text.splitlines():
        key, _, value = line.partition("=")
        if key.strip() in ("password_file", "token_file", "tls_key", "users"):
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
    return f"can be read by others ({mode_of(found)})"


def mode_of(found: os.stat_result) -> str:
    """As `chmod` takes it."""
    return f"mode {stat.S_IMODE(found.st_mode):o}"


def _chown(path: Path, uid: int) -> str:
    return f"chown {uid} {path}"

"""What a service demands of its own files before it starts: they are its own, nobody else can read or change them, no
link stands in their place. Each fault comes with the command that mends it; nothing is changed here.

- Data folder, what lies in it, a store in a file: the service's own. Its group may look, never write; others nothing.
- Settings: root's or the service's. Nobody else may write them, but for the service's own group; everybody may read
  them, unless a password stands in them.
- Files of passwords, tokens, keys and users that the settings name: the same as settings with a password. These may be
  links (certbot's are, and a container's): what they lead to counts, and nothing is written through them.

What lies on a read-only mount nobody here can change, nor give other rights: that is whoever mounted it. On Windows
modes say nothing and access lists are not read; only links are found there. The folders above are not looked at.
"""

from __future__ import annotations

import os
import shlex
import stat
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from gaugetrail_contract.files import link_trouble
from gaugetrail_contract.findings import Finding
from gaugetrail_contract.problems import Problem
from gaugetrail_service.cli import fail
from gaugetrail_service.files.rights import SECRET, held_secret, mode_of, user_name

WIDE = 0o027
"""What nobody else may do with what a service keeps: write, and others not even look."""
NOT_OURS = {"lost+found"}
"""What a file system keeps in its own top folder, where that is the data folder."""
KEPT = ("spool-damaged-", "spool-replaced-", "replaced-")
"""Folders of what was put away whole; nothing in them is written to any more."""


@dataclass(frozen=True, slots=True)
class ServiceUser:
    """Whose files these should be."""

    uid: int
    gid: int

    @classmethod
    def here(cls) -> Self:
        """Who starts the service."""
        return cls(-1, -1) if sys.platform == "win32" else cls(os.geteuid(), os.getegid())

    @classmethod
    def behind(cls, *places: Path) -> Self:
        """Whose service it is, for somebody else who asks: the owner of the first place that is there."""
        there = next((place for place in places if place.exists()), None)
        return cls.here() if there is None or sys.platform == "win32" else cls(there.stat().st_uid, there.stat().st_gid)

    def owns(self, found: os.stat_result) -> bool:
        """Whether it is theirs; on Windows nobody can say."""
        return sys.platform == "win32" or found.st_uid == self.uid


def refuse_to_start(service: str, faults: Iterable[Finding]) -> None:
    """All faults, each on a line of its own, with the command that mends it; the start ends there."""
    if told := [f"the {service} can't start: {one.about} {one.what}; mend it with: {one.cure}" for one in faults]:
        raise fail("\n".join(told))


def refusals(settings: Path, faults: Iterable[Finding]) -> list[Problem]:
    """The same as warnings of `check`, for whoever looks before the next start."""
    said = [f"will refuse the start: {one.about} {one.what}; mend it with: {one.cure}" for one in faults]
    return [Problem(str(settings), "", text, warning=True) for text in said]


def folder_faults(folder: Path, user: ServiceUser) -> Iterator[Finding]:
    """Of a data folder and what lies in it; nothing for one that isn't there yet."""
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return
    if stat.S_ISLNK(found.st_mode):
        real = folder.resolve()
        yield Finding(
            str(folder), f"is a link to {real}", f'data_dir = "{real}" in the settings, or move that folder here'
        )
    elif not user.owns(found):
        yield _foreign(folder, found, folder, user)
    elif not stat.S_ISDIR(found.st_mode):
        yield Finding(
            str(folder), "is no folder", f"mv {_word(folder)} {_word(folder.with_name(folder.name + '.old'))}"
        )
    else:
        if _mode(found) & WIDE:
            yield Finding(str(folder), f"is open to others ({mode_of(found)})", f"chmod 700 {_word(folder)}")
        yield from _links(_everything(folder))
        secret = {path for pattern in SECRET for path in folder.glob(pattern)}
        yield from file_faults(_inside(folder), user, folder, secret)


def file_faults(
    paths: Iterable[Path], user: ServiceUser, back: Path, secret: Iterable[Path] | None = None
) -> Iterator[Finding]:
    """Whose they are, and of the `secret` ones (null: all) who else gets at them. `back` is given back whole."""
    there = {path: path.lstat() for path in paths if path.exists() and not path.is_symlink()}
    foreign = next((path for path, found in there.items() if not user.owns(found)), None)
    if foreign is not None:
        yield _foreign(foreign, there[foreign], back, user)
    secret = set(there if secret is None else secret)
    if wide := [path for path, found in there.items() if path in secret and _mode(found) & WIDE]:
        more = f", as are {len(wide) - 1} more" if len(wide) > 1 else ""
        what = f"is open to others ({mode_of(there[wide[0]])}){more}"
        yield Finding(str(wide[0]), what, f"chmod 600 {' '.join(map(_word, wide))}")


def store_faults(paths: Iterable[Path], user: ServiceUser) -> Iterator[Finding]:
    """Of a store in a file, and its log."""
    for path in paths:
        yield from _links([path])
        yield from file_faults([path], user, path)


def settings_faults(path: Path, text: str, secrets: Iterable[Path], user: ServiceUser) -> Iterator[Finding]:
    """Of a settings file with this text, and of the files of secrets that it names."""
    if path.is_symlink():
        real = path.resolve()
        yield Finding(str(path), f"is a link to {real}", f"--config {_word(real)}, or put the file itself here")
        return
    yield from _changed_by_others(path, path.stat(), user)
    if (held := held_secret(text)) is not None:
        yield from _read_by_others(path, f"holds a {held} and can be read by every user", user)
    for secret in secrets:
        if secret.exists():
            yield from _changed_by_others(secret, secret.stat(), user)
            yield from _read_by_others(secret, "can be read by every user", user)


def _changed_by_others(path: Path, found: os.stat_result, user: ServiceUser) -> Iterator[Finding]:
    if _mounted_read_only(path):
        return
    if found.st_uid != 0 and not user.owns(found):
        yield Finding(
            str(path), f"belongs to {user_name(found.st_uid)}, who can change it", f"sudo chown root {_word(path)}"
        )
    theirs = 0o002 if found.st_gid == user.gid else 0o022
    if _mode(found) & theirs:
        yield Finding(str(path), f"can be changed by others ({mode_of(found)})", f"chmod go-w {_word(path)}")


def _read_by_others(path: Path, what: str, user: ServiceUser) -> Iterator[Finding]:
    found = path.stat()
    if _mode(found) & 0o004 and not _mounted_read_only(path):
        # A service that reads it as one of its group must go on reading it.
        theirs = "600" if user.owns(found) else "640"
        yield Finding(str(path), f"{what} ({mode_of(found)})", f"chmod {theirs} {_word(path)}")


def _links(paths: Iterable[Path]) -> Iterator[Finding]:
    for path in paths:
        if os.path.lexists(path) and (trouble := link_trouble(path, path.lstat())) is not None:
            yield Finding(f"{path}:", *trouble)


def _foreign(path: Path, found: os.stat_result, back: Path, user: ServiceUser) -> Finding:
    whose, me = user_name(found.st_uid), user_name(user.uid)
    what = f"belongs to {whose}, and this runs as {me}: it was started as {whose} once"
    return Finding(str(path), what, f"sudo chown -R {me}: {_word(back)}")


def _inside(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.name not in NOT_OURS) if os.access(folder, os.R_OK) else []


def _everything(folder: Path) -> Iterator[Path]:
    for top, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(KEPT) and name not in NOT_OURS)
        yield from (Path(top, name) for name in (*folders, *sorted(files)))


def _mode(found: os.stat_result) -> int:
    return 0 if sys.platform == "win32" else stat.S_IMODE(found.st_mode)


def _mounted_read_only(path: Path) -> bool:
    return sys.platform != "win32" and bool(os.statvfs(path).f_flag & os.ST_RDONLY)


def _word(path: Path) -> str:
    return shlex.quote(str(path))

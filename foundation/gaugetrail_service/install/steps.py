"""One thing that an installation does: a user, a folder, a file, a link, a file taken away, a word to the system.

Each step knows whether it is done already, so that a second run changes nothing, and says what it does in words that
follow "would" as well as "done:". Files come whole or not at all.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gaugetrail_contract.files import trouble_of, write_whole
from gaugetrail_service.install.accounts import NoSuchAccount, number_of, numbers

SYSTEM = Path("/")
ASKED_SECS = 120.0


class NotDone(Exception):
    """A step failed; the text says which and why. What was done before it stays, and a second run goes on there."""


class LayingStep(Protocol):
    """What can be asked of each."""

    def there(self, root: Path) -> bool:
        """Whether nothing is left to do."""

    def do(self, root: Path) -> None:
        """Do it. Raises `NotDone` or `OSError`."""


@dataclass(frozen=True, slots=True)
class SystemUser:
    """A user of the system's own that nobody can log on as, with a group of its name."""

    name: str
    home: str
    comment: str

    def __str__(self) -> str:
        return f"add the system user {self.name}"

    def there(self, root: Path) -> bool:
        """Whether the root knows it."""
        return number_of(root, "passwd", self.name) is not None

    def do(self, root: Path) -> None:
        """By the system's own tool, which keeps to its ranges of numbers."""
        words = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", self.home]
        words += ["--shell", "/usr/sbin/nologin", "--comment", self.comment]
        words += [] if root == SYSTEM else ["--prefix", str(root)]
        ask([*words, self.name])


@dataclass(frozen=True, slots=True)
class Laid:
    """What has an owner and a mode."""

    path: str
    user: str
    group: str
    mode: int

    def owned(self, root: Path, place: Path) -> bool:
        """Whether owner and mode are right; only root can say whose a file is, so to others it is."""
        found = place.lstat()
        mine = os.geteuid() != 0 or (found.st_uid, found.st_gid) == numbers(root, self.user, self.group)
        return mine and stat.S_IMODE(found.st_mode) == self.mode

    def own(self, root: Path, place: Path) -> None:
        """Owner first: a mode set before it would let the old owner in."""
        if os.geteuid() == 0:
            os.chown(place, *numbers(root, self.user, self.group), follow_symlinks=False)
        place.chmod(self.mode)


@dataclass(frozen=True, slots=True)
class Folder(Laid):
    """A folder, made with those above it."""

    def __str__(self) -> str:
        return f"make the folder {self.path} ({self.user}:{self.group} {self.mode:04o})"

    def there(self, root: Path) -> bool:
        """Whether it is there and whose it should be."""
        place = under(root, self.path)
        return place.is_dir() and self.owned(root, place)

    def do(self, root: Path) -> None:
        """Folders above it that are made on the way are root's and open to look into."""
        place = under(root, self.path)
        for above in reversed(place.parents):
            if not above.exists():
                above.mkdir()
                above.chmod(0o755)
        place.mkdir(exist_ok=True)
        self.own(root, place)


@dataclass(frozen=True, slots=True)
class TextFile(Laid):
    """A file of ours; one that is `kept` belongs to whoever has it once it is there, and is never written over."""

    text: str
    kept: bool = False

    def __str__(self) -> str:
        return f"write {self.path} ({self.user}:{self.group} {self.mode:04o})"

    def there(self, root: Path) -> bool:
        """Whether it says what it should and is whose it should be; a kept one only has to be there."""
        place = under(root, self.path)
        if self.kept or not place.is_file():
            return place.exists()
        return place.read_text("utf-8", "replace") == self.text and self.owned(root, place)

    def do(self, root: Path) -> None:
        """Whole or not at all."""
        place = under(root, self.path)
        write_whole(place, self.text.encode("utf-8"))
        self.own(root, place)


@dataclass(frozen=True, slots=True)
class SymLink:
    """A symbolic link."""

    path: str
    target: str

    def __str__(self) -> str:
        return f"link {self.path} to {self.target}"

    def there(self, root: Path) -> bool:
        """Whether it leads there."""
        place = under(root, self.path)
        return place.is_symlink() and str(place.readlink()) == self.target

    def do(self, root: Path) -> None:
        """In place of whatever link was there."""
        place = under(root, self.path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        place.symlink_to(self.target)


@dataclass(frozen=True, slots=True)
class Gone:
    """A file or link of ours that is taken away."""

    path: str

    def __str__(self) -> str:
        return f"take {self.path} away"

    def there(self, root: Path) -> bool:
        """Whether it is gone."""
        return not os.path.lexists(under(root, self.path))

    def do(self, root: Path) -> None:
        """Nobody misses one that has gone meanwhile."""
        under(root, self.path).unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class SystemTold:
    """A word to the running system; there is none in another root, nor where nobody listens."""

    words: tuple[str, ...]
    why: str
    listener: str = "/run/systemd/system"
    """What is there while somebody listens."""

    def __str__(self) -> str:
        return f"run {' '.join(self.words)} ({self.why})"

    def there(self, root: Path) -> bool:
        """Whether there is nobody to be told."""
        return root != SYSTEM or not Path(self.listener).exists() or shutil.which(self.words[0]) is None

    def do(self, root: Path) -> None:  # noqa: ARG002 (asked like every step)
        """Wait for the answer."""
        ask(self.words)


def under(root: Path, path: str) -> Path:
    """Where an absolute path of the installed system lies now."""
    return root / path.lstrip("/")


def ask(words: Iterable[str]) -> str:
    """A program of the system; what it says on standard output. Raises `NotDone` with its own words where it fails."""
    words = list(words)
    try:
        done = subprocess.run(  # noqa: S603 (our own words, no shell)
            words, capture_output=True, text=True, timeout=ASKED_SECS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotDone(f"{' '.join(words)}: {error}") from error
    if done.returncode != 0:
        raise NotDone(f"{' '.join(words)} failed: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def carry_out(steps: Iterable[LayingStep], root: Path, say: Callable[[str], None], *, dry_run: bool) -> None:
    """Each step in turn, with a line for it. Raises `NotDone`: the steps before it are done."""
    for step in steps:
        try:
            if step.there(root):
                if not isinstance(step, SystemTold):
                    say(f"nothing to do: {step}")
            elif dry_run:
                say(f"would {step}")
            else:
                step.do(root)
                say(f"done: {step}")
        except NoSuchAccount as error:
            if not dry_run:
                raise NotDone(f"could not {step}: {trouble_of(error)}") from error
            say(f"would {step}")
        except OSError as error:
            raise NotDone(f"could not {step}: {trouble_of(error)}") from error

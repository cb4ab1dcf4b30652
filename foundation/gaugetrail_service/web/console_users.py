"""Who may use the console: a file of names and argon2id hashes, one `name:hash` a line; `#` begins a comment.

`gaugetrail-collector console password NAME` makes such a line. The file holds no password, and a hash costs whoever
steals it 32 MB and a quarter of a second for each guess.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from gaugetrail_contract.files import text_of
from gaugetrail_contract.text import refuse_identifier, visible

log = logging.getLogger(__name__)

MIN_PASSWORD = 10
MAX_PASSWORD = 200
PREFIX = "$argon2id$v=19$"
KIBIBYTES, ROUNDS = 32 * 1024, 3


@dataclass(frozen=True, slots=True)
class Users:
    """Names with their hashes."""

    hashes: Mapping[str, str]

    def knows(self, name: str, password: str) -> bool:
        """Whether that is the password of that user. An unknown name takes as long as a wrong password."""
        known = self.hashes.get(name)
        try:
            Argon2id.verify_phc_encoded(password.encode("utf-8", "replace"), known or next(iter(self.hashes.values())))
        except (InvalidKey, ValueError):
            return False
        return known is not None


def read_users(path: Path) -> Users:
    """The users in a file. Raises `ValueError` with the line and the cure, `OSError` when it can't be read."""
    hashes: dict[str, str] = {}
    for number, line in enumerate(text_of(path.read_bytes()).splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        name, _, phc = line.strip().rpartition(":")
        reason = refuse_name(name)
        if reason is None and not phc.startswith(PREFIX):
            reason = f"no {PREFIX}… behind the last colon"
        if reason is None and name in hashes:
            reason = f"{visible(name)} is there already"
        if reason is not None:
            raise ValueError(f"{path}:{number}: {reason}; make the line with: gaugetrail-collector console password")
        hashes[name] = phc
    if not hashes:
        raise ValueError(f"{path}: nobody is in it; make a line with: gaugetrail-collector console password NAME")
    return Users(hashes)


class UsersFile:
    """The users as their file has them now: read anew when it changes. One that is broken or gone is said once, and who
    could log on before still can.
    """

    def __init__(self, path: Path) -> None:
        """Raises as `read_users`."""
        self._path = path
        self._seen = _marks(path)
        self._users = read_users(path)

    def now(self) -> Users:
        """Those of this moment."""
        seen = _marks(self._path)
        if seen != self._seen:
            self._seen = seen
            try:
                self._users = read_users(self._path)
            except (OSError, ValueError) as error:
                log.error("console: users as they were before: %s", error, extra={"event": "console_users"})
            else:
                log.info("console: %s is read anew", self._path, extra={"event": "console_users"})
        return self._users


def _marks(path: Path) -> tuple[int, ...] | None:
    """What changes when a file does; null where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def refuse_name(name: str) -> str | None:
    """Why somebody can't be called so; null when he can."""
    return refuse_identifier(name) if ":" not in name else "a name holds no colon"


def refuse_password(password: str) -> str | None:
    """Why that can't be a password; null when it can."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        return f"a password has {MIN_PASSWORD} to {MAX_PASSWORD} characters"
    return None


def line_of(name: str, password: str) -> str:
    """The line of a user."""
    kdf = Argon2id(salt=os.urandom(16), length=32, iterations=ROUNDS, lanes=1, memory_cost=KIBIBYTES)
    return f"{name}:{kdf.derive_phc_encoded(password.encode('utf-8', 'replace'))}"

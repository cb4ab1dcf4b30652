"""The folder into which an ERP drops its orders, at the collector that writes documents.

Promise: a file is taken in whole or not at all. One that was taken moves to `taken/`, one that can't be to `refused/`
with the reason beside it (`<name>.txt`), and neither before the store has spoken. A kill at any moment loses nothing
and takes nothing twice: a file that is still there is looked at again, and what the store has of it already is passed
over. While the store is down, or this collector may not write, files wait where they are, with an alarm.

A file is looked at once it was seen unchanged for `SETTLED_SECS` (by our own clock: a file server's may be another),
the oldest first; best it is written under another name (`.part`, `.tmp`, a leading dot: those are left alone) and
renamed. Whoever can write into the folder can order. Only files are opened: a link or a pipe is refused.

One thread (`round`), with a store of its own.
"""

from __future__ import annotations

import logging
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gaugetrail_collector.documents.desk import Declined, NewEdition, NoneTaken
from gaugetrail_collector.documents.following import FollowedRegister
from gaugetrail_collector.documents.from_tables.orders import orders_of
from gaugetrail_collector.documents.here import DocumentsHere
from gaugetrail_collector.stores import Store, StoreDown
from gaugetrail_collector.stores.own_store import OwnStore
from gaugetrail_contract.counts import counted
from gaugetrail_contract.files import sync_folder, trouble_of, write_whole
from gaugetrail_contract.settings import ConfigError, Problem

log = logging.getLogger(__name__)

SETTLED_SECS = 2.0
PUT_OFF_SECS = 10.0
FILES_A_ROUND = 20
BY = "orders folder"
"""Who takes an order in, where no person does."""
UNFINISHED = (".part", ".tmp", ".new", ".filepart", ".crdownload")
Fate = Literal["taken", "refused"]


@dataclass(frozen=True, slots=True)
class _Seen:
    """A file as it was looked at: changed since when this differs."""

    name: str
    size: int
    changed_ns: int
    is_file: bool


class OrdersFolder:
    """One for the collector that writes documents."""

    def __init__(
        self,
        folder: Path,
        here: DocumentsHere,
        make_store: Callable[[], Store],
        settled_secs: float = SETTLED_SECS,
    ) -> None:
        self.folder = folder
        self._settled_secs = settled_secs
        self._since: dict[_Seen, float] = {}
        self._register = FollowedRegister()
        self._here = here
        self._store = OwnStore(make_store)
        self._not_before = float("-inf")
        self._trouble: str | None = None

    look_secs = 1.0
    """How often `round` is called."""

    def alarms(self) -> tuple[str, ...]:
        """What keeps orders waiting."""
        trouble = self._trouble
        return () if trouble is None else (trouble,)

    def round(self) -> None:
        """Look, and take what is there."""
        if time.monotonic() < self._not_before:
            return
        try:
            for seen in self._settled()[:FILES_A_ROUND]:
                self._take(seen)
            self._say(None)
        except (Declined, StoreDown) as error:
            self._put_off(f"orders wait in {self.folder}: {error}")
        except OSError as error:
            self._put_off(f"orders in {self.folder} can't be taken: {trouble_of(error)}")

    def close(self) -> None:
        """Let go of the store."""
        self._store.close()

    # --- one file

    def _settled(self) -> list[_Seen]:
        """What may be looked at, the oldest first. Raises `OSError`."""
        now = time.monotonic()
        self._since = {one: self._since.get(one, now) for one in self._there()}
        settled = [one for one, since in self._since.items() if now - since >= self._settled_secs]
        return sorted(settled, key=lambda one: (one.changed_ns, one.name))

    def _there(self) -> Iterator[_Seen]:
        for path in self.folder.iterdir():
            unfinished = path.name.startswith((".", "~")) or path.suffix.lower() in UNFINISHED
            seen = None if unfinished else self._seen(path.name)
            if seen is not None:
                yield seen

    def _seen(self, name: str) -> _Seen | None:
        """Null for what isn't there any more, and for a folder."""
        try:
            found = (self.folder / name).lstat()
        except FileNotFoundError:
            return None
        if stat.S_ISDIR(found.st_mode):
            return None
        return _Seen(name, found.st_size, found.st_mtime_ns, stat.S_ISREG(found.st_mode))

    def _take(self, seen: _Seen) -> None:
        """Raises `Declined`, `StoreDown`, `OSError`, where the file isn't what is wrong."""
        path = self.folder / seen.name
        for fate in ("taken", "refused"):  # before anything is taken in that could not be moved then
            (self.folder / fate).mkdir(exist_ok=True)
        try:
            wanted = _understood(path, is_file=seen.is_file)
            if self._seen(seen.name) != seen:
                return  # somebody is at it: a later look
            desk = self._here.desk(self._store.opened(), self._register.now)
            done = desk.take_in(wanted, BY, seen.name[:200], role=BY)
        except (ConfigError, NoneTaken) as error:
            if self._seen(seen.name) == seen:
                self._refuse(seen, str(error))
            return
        if done:
            self._here.told()
        told = {"event": "orders_taken", "file": seen.name}
        log.info("%s: %s taken in", seen.name, counted(len(done), "order"), extra=told)
        self._move(seen, "taken")

    def _refuse(self, seen: _Seen, why: str) -> None:
        told = {"event": "orders_refused", "file": seen.name}
        log.error("%s: nothing of it is taken in: %s", seen.name, why, extra=told)
        place = self._free_place(seen, "refused")
        beside = place.with_name(f"{place.name}.txt")
        write_whole(beside, f"Nothing of this file is taken in:\n{why}\n".encode())
        beside.chmod(0o644)  # for whoever dropped the file
        self._move(seen, "refused", place)

    def _move(self, seen: _Seen, fate: Fate, place: Path | None = None) -> None:
        (self.folder / seen.name).rename(place or self._free_place(seen, fate))
        sync_folder(self.folder / fate)
        sync_folder(self.folder)

    def _free_place(self, seen: _Seen, fate: Fate) -> Path:
        """Nothing is replaced: a second file of a name gets the time behind it."""
        place = self.folder / fate / seen.name
        if not place.exists():
            return place
        return place.with_name(f"{place.stem}.{time.time_ns()}{place.suffix}")

    # --- telling

    def _put_off(self, trouble: str) -> None:
        self._say(trouble)
        self._not_before = time.monotonic() + PUT_OFF_SECS
        self.close()

    def _say(self, trouble: str | None) -> None:
        if trouble is not None and trouble != self._trouble:
            log.error("%s", trouble, extra={"event": "orders_wait"})
        self._trouble = trouble


def _understood(path: Path, *, is_file: bool) -> list[NewEdition]:
    """Raises `ConfigError` with every fault."""
    if not is_file:
        raise ConfigError([Problem(path.name, "", "is a link or no file: put the file itself here")])
    return orders_of(path)

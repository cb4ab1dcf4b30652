"""The agents' keys: whose records are taken, by policy.

- `first-use`: the first key that an agent shows is kept under its name and announced. From then on its messages must
  carry that key's signature. Until then unsigned ones are taken, as agents sent them before there were keys.
- `registered`: only keys that `keys add` has registered count.
- `off`: signatures are not looked at.

A message that doesn't pass is set aside line by line, with the reason, and gets no receipt: the agent keeps its records
and sends them again, so registering the right key is all that is needed. An agent may have several keys, so that a new
one can be registered before the old one goes.

A name is registered once a person has given it a key (`keys add`) or said of the key that it showed that it is right
(`keys register`); with `off` nobody is told from anybody, and every name is as good. What names that nobody registered
bring into the store's tags is kept account of here (see `stores.guard`), so that they share a small bound of their own.

One SQLite file, `keys.db`, synchronous=FULL, read again when another process (the command line) has changed it.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gaugetrail_contract.signing import fingerprint
from gaugetrail_service.files.sqlite_files import open_list

log = logging.getLogger(__name__)

Policy = Literal["first-use", "registered", "off"]

AGENT_KEY = """
CREATE TABLE IF NOT EXISTS agent_key(
  agent TEXT NOT NULL, key TEXT NOT NULL, since_us INTEGER NOT NULL, how TEXT NOT NULL, PRIMARY KEY(agent, key));
"""
"""All that a file of before 0.2 holds."""
WITH_NAMES = f"""{AGENT_KEY}
CREATE TABLE IF NOT EXISTS brought(
  tag TEXT NOT NULL, value TEXT NOT NULL, agent TEXT NOT NULL, PRIMARY KEY(tag, value));
"""
SCHEMA = f"""{WITH_NAMES}
CREATE TABLE IF NOT EXISTS introduced(collector TEXT PRIMARY KEY, key TEXT NOT NULL, since_us INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS introductions(one INTEGER PRIMARY KEY CHECK(one = 1), number INTEGER NOT NULL);
"""
"""The last two are `collector_introductions`' own."""
KNOWN = (SCHEMA, WITH_NAMES, AGENT_KEY)


class KeysBroken(Exception):
    """The file can't be read or written: nothing may be taken until it can."""


@dataclass(frozen=True, slots=True)
class AgentKey:
    """A key that counts. `how` says by what: `first-use` or `registered`."""

    agent: str
    key: str
    since_us: int
    how: str


class Keys:
    """See the module's promise. Thread-safe."""

    def __init__(self, path: Path, policy: Policy, now_us: Callable[[], int]) -> None:
        self.path = path
        self.policy: Policy = policy
        self._now_us = now_us
        self._lock = threading.Lock()
        self._db: sqlite3.Connection | None = None
        self._known: dict[str, frozenset[str]] = {}
        self._registered: frozenset[str] = frozenset()
        self._brought: dict[str, dict[str, int]] = {}
        """Tag -> agent -> how many values it brought."""
        self._version: int | None = None

    def open(self) -> None:
        """Open or create the file. Raises `OSError` or `sqlite3.Error` where that can't be done."""
        self._db = open_list(self.path, KNOWN)
        self._db.executescript(SCHEMA)
        self._version = None

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._db is not None:
                self._db.close()
                self._db = None

    # --- for intake

    def look(self) -> None:
        """Take in what another process has changed; asked for once a batch, it counts from that batch on. Raises
        `KeysBroken`.
        """
        if self.policy != "off":
            self._look()

    def refuse(self, agent: str, key: str | None, doubt: str | None) -> str | None:
        """Why a message of the agent isn't taken; null when it is. `key` is the one whose signature holds, null where
        there is no signature; `doubt` says why one that is there doesn't hold. Raises `KeysBroken`.
        """
        if self.policy == "off":
            return None
        if doubt is not None:
            return f"the message's signature proves nothing: {doubt}"
        known = self._of(agent)
        if key in known:
            return None
        if key is None:
            if known:
                return f"the message is not signed, and {agent} is known by its key {_names(known)}"
            return None if self.policy == "first-use" else self._unregistered(agent, "the message is not signed, and")
        if known:
            return (
                f"signed by the key {fingerprint(key)}, and {agent} is known by {_names(known)}; if the line PC was "
                f"set up anew, register its key: gaugetrail-collector keys add {agent} {key}"
            )
        if self.policy == "registered":
            return self._unregistered(agent, f"signed by the key {fingerprint(key)}, and", key)
        self.add(agent, key, "first-use")
        log.warning(
            "agent %s is known from now on by its key %s",
            agent,
            fingerprint(key),
            extra={"event": "agent_key_pinned", "agent": agent, "key": key},
        )
        return None

    def knows(self, agent: str, key: str) -> bool:
        """Whether the agent is known by this key, whatever the policy."""
        return key in self._of(agent)

    def has_one(self, agent: str) -> bool:
        """Whether the agent is known by any key. Raises `KeysBroken`."""
        return bool(self._of(agent))

    def knew(self, agent: str, moment_us: int) -> bool:
        """Whether the agent was known by a key at that moment, so that nothing unsigned of it was taken any more."""
        return self.policy != "off" and any(one.agent == agent and one.since_us <= moment_us for one in self.entries())

    def _unregistered(self, agent: str, why: str, key: str = "KEY") -> str:
        return f"{why} no key is registered for {agent}: gaugetrail-collector keys add {agent} {key}"

    def _of(self, agent: str) -> frozenset[str]:
        if self._version is None:
            self._look()
        return self._known.get(agent, frozenset())

    def _look(self) -> None:
        with self._lock:
            try:
                # Rises when another connection has committed; our own changes forget the version.
                (version,) = self._connection().execute("PRAGMA data_version").fetchone()
                if version != self._version:
                    self._read(self._connection())
                    self._version = version
            except sqlite3.Error as error:
                raise KeysBroken(f"{self.path}: {error}") from error

    def _read(self, db: sqlite3.Connection) -> None:
        found: dict[str, set[str]] = {}
        registered: set[str] = set()
        for name, key, how in db.execute("SELECT agent, key, how FROM agent_key"):
            found.setdefault(name, set()).add(key)
            if how == "registered":
                registered.add(name)
        brought: dict[str, dict[str, int]] = {}
        for tag, name, count in db.execute("SELECT tag, agent, count(*) FROM brought GROUP BY 1, 2"):
            brought.setdefault(tag, {})[name] = count
        # Each is changed at once, for whoever reads beside this.
        self._known = {name: frozenset(keys) for name, keys in found.items()}
        self._registered, self._brought = frozenset(registered), brought

    # --- for the guard of the store's tags; answers are as of the last time that the file could be read

    def is_registered(self, agent: str) -> bool:
        """Whether a person has vouched for the name."""
        self._look_if_changed()
        return self.policy == "off" or agent in self._registered

    def brought(self, tag: str) -> int:
        """How many values of a tag came from names that nobody has registered until now."""
        self._look_if_changed()
        return sum(count for agent, count in self._brought.get(tag, {}).items() if not self.is_registered(agent))

    def _look_if_changed(self) -> None:
        if self._version is None:
            with contextlib.suppress(KeysBroken):  # said when the next batch is looked at
                self._look()

    def keep(self, present: Mapping[str, Iterable[str]]) -> None:
        """The store has only these values any more. Raises `KeysBroken`."""
        with self._lock:
            try:
                rows = self._connection().execute("SELECT tag, value FROM brought").fetchall()
            except sqlite3.Error as error:
                raise KeysBroken(f"{self.path}: {error}") from error
        gone = [(tag, value) for tag, value in rows if value not in present.get(tag, ())]
        self._change("DELETE FROM brought WHERE tag = ? AND value = ?", *gone)

    def bring(self, agent: str, new: Mapping[str, Iterable[str]]) -> None:
        """These values of these tags come from that agent and are written next. Raises `KeysBroken`."""
        self._change(
            "INSERT INTO brought VALUES(?, ?, ?) ON CONFLICT DO NOTHING",
            *((tag, value, agent) for tag, values in new.items() for value in values),
        )

    # --- the command line

    def entries(self) -> list[AgentKey]:
        """All keys, by agent. Raises `KeysBroken`."""
        with self._lock:
            try:
                rows = self._connection().execute("SELECT agent, key, since_us, how FROM agent_key ORDER BY 1, 3")
                return [AgentKey(*row) for row in rows]
            except sqlite3.Error as error:
                raise KeysBroken(f"{self.path}: {error}") from error

    def add(self, agent: str, key: str, how: str = "registered") -> bool:
        """This key counts for the agent from now on; false if it did already, by what it does now. Raises
        `KeysBroken`.
        """
        statement = (
            "INSERT INTO agent_key VALUES(?, ?, ?, ?) ON CONFLICT DO UPDATE SET how = excluded.how"
            " WHERE excluded.how = 'registered' AND agent_key.how <> 'registered'"
        )
        return self._change(statement, (agent, key, self._now_us(), how)) == 1

    def register(self, agent: str) -> int:
        """The keys that it showed at first use are right; how many that says something new of. Raises `KeysBroken`."""
        return self._change("UPDATE agent_key SET how = 'registered' WHERE agent = ? AND how <> 'registered'", (agent,))

    def remove(self, agent: str, key: str) -> bool:
        """This key counts no more; false if it didn't. Raises `KeysBroken`."""
        return self._change("DELETE FROM agent_key WHERE agent = ? AND key = ?", (agent, key)) == 1

    def _change(self, statement: str, *rows: Sequence[str | int]) -> int:
        """How many lines have changed, in one commit."""
        with self._lock:
            try:
                changed = self._in_one(self._connection(), statement, rows)
            except sqlite3.Error as error:
                raise KeysBroken(f"{self.path}: {error}") from error
            self._version = None
            return changed

    @staticmethod
    def _in_one(db: sqlite3.Connection, statement: str, rows: Iterable[Sequence[str | int]]) -> int:
        db.execute("BEGIN IMMEDIATE")
        try:
            changed = db.executemany(statement, rows).rowcount
            db.execute("COMMIT")
        except sqlite3.Error:
            with contextlib.suppress(sqlite3.Error):
                db.execute("ROLLBACK")
            raise
        return changed

    def _connection(self) -> sqlite3.Connection:
        if self._db is None:
            raise KeysBroken(f"{self.path} is closed")
        return self._db


def _names(keys: frozenset[str]) -> str:
    return " or ".join(sorted(fingerprint(key) for key in keys))

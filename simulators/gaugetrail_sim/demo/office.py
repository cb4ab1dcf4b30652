"""The demo's office: Eva writes the piston's plan, Ida approves it, by the commands that people use.

Promise: what is said of a step is what the command said; one that doesn't end as it does for people is `ChildFailed`.
Their passwords are made for this run; a kept demo says them, so that it can be tried as each of the two.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable

from gaugetrail_sim.demo.folder import DemoFolder
from gaugetrail_sim.line.names import PLAN_ID, REACTION_ID
from gaugetrail_sim.line.pieces import FIRST_REVISION, NEXT_REVISION
from gaugetrail_sim.servers.children import ChildFailed
from gaugetrail_sim.servers.processes import ask

AUTHOR, APPROVER = "eva", "ida"


class Office:
    """Two people at the collector's host."""

    def __init__(self, folder: DemoFolder, say: Callable[[str], None]) -> None:
        self.passwords = {name: secrets.token_hex(8) for name in (AUTHOR, APPROVER)}
        self._folder = folder
        self._say = say

    async def set_up(self) -> None:
        """Make the users' file of the console, before the collector reads it."""
        lines = await asyncio.gather(*(self._line_of(name, word) for name, word in self.passwords.items()))
        self._folder.users.write_text("".join(lines))
        self._folder.users.chmod(0o600)

    async def _line_of(self, name: str, password: str) -> str:
        return await self._done(("console", "password", name), password)

    async def begin(self) -> None:
        """The plan's first edition, from nothing to in force; its author may not approve it."""
        await self._document(APPROVER, "init")
        await self._document(AUTHOR, "new", "reaction", str(self._folder.reaction_text()))
        await self._document(AUTHOR, "submit", REACTION_ID)
        await self._document(APPROVER, "approve", REACTION_ID)
        await self._hand_in(FIRST_REVISION)
        words = ("document", "approve", PLAN_ID, "--by", AUTHOR)
        code, _, err = await self._try(words, self.passwords[AUTHOR])
        if code == 0:
            raise ChildFailed(f"{AUTHOR} could approve what she wrote")
        self._say(f"{AUTHOR} approves it herself, and is refused: {err.strip()}")
        self._say(f"{APPROVER} approves it: {await self._document(APPROVER, 'approve', PLAN_ID)}")

    async def tighten(self) -> None:
        """The next revision, while the line runs."""
        await self._hand_in(NEXT_REVISION)
        changed = await self._done(("document", "diff", PLAN_ID), "")
        self._say(next((one for one in changed.splitlines() if "limit" in one), changed).strip())
        self._say(f"{APPROVER} approves it: {await self._document(APPROVER, 'approve', PLAN_ID)}")

    async def _hand_in(self, revision: str) -> None:
        await self._document(AUTHOR, "new", "plan", str(self._folder.plan_text(revision)))
        said = await self._document(AUTHOR, "submit", PLAN_ID)
        self._say(f"{AUTHOR} hands it in: {said.partition('; next')[0]}")

    async def _document(self, by: str, step: str, *words: str) -> str:
        return (await self._done(("document", step, *words, "--by", by), self.passwords[by])).splitlines()[0]

    async def _done(self, words: tuple[str, ...], password: str) -> str:
        code, out, err = await self._try(words, password)
        if code:
            raise ChildFailed(f"gaugetrail-collector {' '.join(words)} failed: {err.strip()}")
        return out

    async def _try(self, words: tuple[str, ...], password: str) -> tuple[int, str, str]:
        config = () if words[0] == "console" else ("--config", str(self._folder.collector_config))
        stdin = ("--stdin",) if password else ()
        return await ask("gaugetrail-collector", *words, *stdin, *config, typed=password)

"""What pages are made of: everything that the console knows or may ask, and the templates that show it."""

from __future__ import annotations

import hmac
import secrets
import time
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import HTTPException, Request

from gaugetrail_collector.console.board import Board
from gaugetrail_collector.console.documents.known import KnownDocuments
from gaugetrail_collector.console.questions import Questions, Verifying
from gaugetrail_collector.console.shown import environment
from gaugetrail_collector.documents.here import DocumentsHere
from gaugetrail_collector.intake.aside.retry import retry
from gaugetrail_collector.intake.aside.set_aside import SetAside
from gaugetrail_collector.intake.keys.agent_keys import Keys
from gaugetrail_collector.let_go import LetGo
from gaugetrail_collector.statuses import Neighbours
from gaugetrail_collector.stores import Store
from gaugetrail_contract.status import CollectorStatus
from gaugetrail_contract.text import refuse_identifier

PAGE_OF_ENTRIES = 100
LIVE_PAGES = ("line", "verify", "services")


@dataclass(frozen=True, slots=True)
class About:
    """Which collector this is."""

    collector: str
    version: str


class Facts:
    """One console's knowledge. `set_aside`, `keys`, `let_go` and `documents` are the collector's own; the store is
    another one like its; `own` tells how the collector is.
    """

    def __init__(
        self,
        about: About,
        make_store: Callable[[], Store],
        set_aside: SetAside,
        neighbours: Neighbours,
        keys: Keys,
        let_go: LetGo,
        own: Callable[[], CollectorStatus],
        documents: DocumentsHere,
    ) -> None:
        self.about = about
        self.set_aside = set_aside
        self.let_go = let_go
        self.closing = False
        self._keys = keys
        self._own = own
        self.must_log_on = False
        self.board = Board(now_us, neighbours, own, let_go.gone)
        self.questions = Questions(make_store)
        self.documents = KnownDocuments(documents, make_store, self.questions)
        self.verifying = Verifying(make_store, now_us)
        self.token = secrets.token_urlsafe(32)
        """Stands in our own pages only, so what comes with it was sent from one of them."""
        self._templates = environment()

    def close(self) -> None:
        """The console closes: live pages end, the store is let go."""
        self.closing = True
        self.documents.close()
        self.questions.close()

    def page(self, template: str, active: str, **context: object) -> str:
        """A whole page."""
        common: dict[str, object] = {
            "about": self.about,
            "active": active,
            "aside_count": self.set_aside.count() if active != "login" else 0,
            "must_log_on": self.must_log_on,
            "user": None,
            "token": self.token,
            "q": "",
            "now": now_us(),
        }
        return self._templates.get_template(template).render(common | context)

    def retry(self, number: int) -> str:
        """Put a set-aside entry through the collector's door again; says what came of it.

        Raises `LookupError` when there is no such entry, `StoreDown`, `SetAsideFull` or `KeysBroken`.
        """
        entry = self.set_aside.get(number)
        if entry is None:
            raise LookupError(number)
        done = self.questions.ask(lambda store: retry(store, self.set_aside, [entry], self._keys))
        return f"It stays: {done.left[0][1]}" if done.left else "It is in the store now and has left the list."

    def close_entry(self, number: int, user: str | None, why: str) -> str:
        """Take a set-aside entry off the list for a user; says what came of it.

        Raises `LookupError` when there is no such entry, `ValueError` with a sentence, `SetAsideFull`.
        """
        by, why = _said_by(user, why)
        if self.set_aside.get(number) is None:
            raise LookupError(number)
        self.set_aside.close_entries([number], by, why, now_us())
        return "It is closed: off the list, and kept with your name and reason."

    def let_agent_go(self, agent: str, user: str | None, why: str) -> None:
        """Let a line PC go that was retired. Raises `LookupError` when none of that name is gone, `ValueError`."""
        by, why = _said_by(user, why)
        heard = self.board.view().agents.get(agent)
        if heard is None:
            raise LookupError(agent)
        if heard.document.online:
            raise ValueError(f"{agent} is there; only one that is gone can be let go")
        self.let_go.let_go(agent, by, why, now_us())
        self.board.heard()

    async def from_our_page(self, request: Request) -> None:
        """For what changes something: refuse what doesn't carry the token, as a form's field or as a header."""
        given = request.headers.get("x-gaugetrail-token")
        if given is None:
            body = (await request.body()).decode("utf-8", "replace")
            given = next((value for key, value in urllib.parse.parse_qsl(body) if key == "token"), "")
        if not hmac.compare_digest(given.encode(), self.token.encode()):
            raise HTTPException(403, "this was not sent from a page of this console, or it has restarted: reload it")

    @property
    def own_state(self) -> tuple[object, ...]:
        """What of the collector's own state a live page shows at once when it changes."""
        own = self._own()
        return own.broker, own.broker_detail, own.store, own.store_detail

    def live(self, name: str) -> str:
        """The part of a page that changes by itself; one of `LIVE_PAGES`."""
        return self._templates.get_template(f"_{name}.html").render(self.live_context(name))

    def live_context(self, name: str) -> Mapping[str, Any]:
        """What that part shows now."""
        if name == "verify":
            return {"now": now_us(), "last": self.verifying.last, "proven": self.verifying.proven}
        return {
            "now": now_us(),
            "view": self.board.view(),
            "collector": self.about.collector,
            "gone": self.let_go.gone() if name == "services" else {},
        }


def _said_by(user: str | None, why: str) -> tuple[str, str]:
    """Who decides and why. Raises `ValueError` with a sentence."""
    if user is None:
        raise ValueError("only a user who has logged on can decide that; name users under [console]")
    reason = refuse_identifier(why)
    if reason is not None:
        raise ValueError(f"say why: {reason}")
    return user, why


def now_us() -> int:
    """Wall time, microseconds since 1970."""
    return time.time_ns() // 1000

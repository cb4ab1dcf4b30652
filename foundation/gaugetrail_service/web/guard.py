"""Stands in front of every page: who may ask, how much, and what a browser may do with the answer.

- The `Host` must be one that the console is known by, so that a foreign name that points here (DNS rebinding) fails.
- What changes something, and the live stream, is refused to a foreign `Origin` and to a browser that says `cross-site`.
- A body has a stated length of at most `MAX_BODY`, and no more bytes of it are taken, whatever was stated; a query has
  at most `MAX_QUERY` bytes.
- Where the settings name users, nothing but the log-on page is given to a browser that has not logged on.
- Every answer carries the content policy: nothing but our own script, style, images and connections; never in a frame.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping

from gaugetrail_contract.escapes import visible
from gaugetrail_service.web.server import App, Message, Receive, Scope, Send
from gaugetrail_service.web.sessions import Sessions

log = logging.getLogger(__name__)

MAX_BODY = 16_384
MAX_QUERY = 4_096
MAX_DIGITS = 20
"""Of a stated length, before it is a number at all."""
LIVE = "/live/"
STATIC = "/static/"
LOG_ON = "/login"
FOR_PROGRAMS = ("/api/", LIVE, "/openapi.json")
USER = "gaugetrail.user"
"""Where the application finds, in a request's scope, who has logged on."""
ALWAYS = ("localhost", "127.0.0.1", "::1")

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # Not no-referrer: that would turn the Origin of our own forms into null.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


class Guard:
    """An ASGI application around another one. `hosts` are the names that browsers may call it by, and `table` is where
    the settings name them.
    """

    def __init__(
        self, app: App, hosts: Iterable[str], sessions: Sessions | None = None, table: str = "console"
    ) -> None:
        self._app = app
        self._sessions = sessions
        self._table = table
        self._hosts = frozenset(host.lower() for host in (*ALWAYS, *hosts))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = {name.decode().lower() for name, _ in message["headers"]}
                added = [(name.encode(), value.encode()) for name, value in HEADERS.items() if name not in own]
                message = {**message, "headers": [*message["headers"], *added]}
            await send(message)

        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        scope.pop(USER, None)
        refusal = self.refuse(scope, headers) or self._stranger(scope, headers)
        if refusal is None:
            await self._app(scope, _counted(receive), send_with_headers)
        else:
            await _turn_away(scope, *refusal, send_with_headers)

    def refuse(self, scope: Scope, headers: Mapping[str, str]) -> tuple[int, str] | None:
        """Status code and reason for a request that gets no further; null for one that does."""
        host = headers.get("host", "").lower()
        if _name(host) not in self._hosts:
            table = self._table
            return 403, f"this {table} isn't called {visible(host[:100])!r}; add the name to [{table}] hosts"
        changes = scope["method"] not in ("GET", "HEAD")
        if changes or scope["path"].startswith(LIVE):
            foreign = _foreign(headers, host)
            if foreign is not None:
                return 403, foreign
        if len(scope.get("query_string", b"")) > MAX_QUERY:
            return 414, f"a question has at most {MAX_QUERY} bytes"
        return _body_refused(headers) if changes else None

    def _stranger(self, scope: Scope, headers: Mapping[str, str]) -> tuple[int, str] | None:
        if self._sessions is None or scope["path"] == LOG_ON or scope["path"].startswith(STATIC):
            return None
        who = self._sessions.who(headers.get("cookie", ""))
        if who is None:
            return 401, f"log on first: {LOG_ON}"
        scope[USER] = who
        if scope["method"] == "POST":
            log.info("console: %s by %s", visible(scope["path"][:100]), who, extra={"event": "console", "user": who})
        return None


def _counted(receive: Receive) -> Receive:
    """No more of a body than may be: then it is as if the client had hung up."""
    taken = 0

    async def receive_so_much() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        return message if taken <= MAX_BODY else {"type": "http.disconnect"}

    return receive_so_much


async def _turn_away(scope: Scope, code: int, reason: str, send: Send) -> None:
    body = json.dumps({"error": reason}, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if code == 401 and not scope["path"].startswith(FOR_PROGRAMS):
        code = 303
        headers.append((b"location", LOG_ON.encode()))
    if scope["method"] == "POST":
        headers.append((b"connection", b"close"))  # its body stays unread
    await send({"type": "http.response.start", "status": code, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _name(host: str) -> str:
    """The name in a Host header, without its port."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _foreign(headers: Mapping[str, str], host: str) -> str | None:
    origin = headers.get("origin")
    if origin is not None and origin.lower().partition("://")[2] != host:
        return f"{visible(origin[:100])} is another site; this is asked from the console's own pages only"
    site = headers.get("sec-fetch-site", "same-origin")
    if site not in ("same-origin", "none"):
        return f"the browser says that this comes {visible(site[:30])}; it is asked from the console's own pages only"
    return None


def _body_refused(headers: Mapping[str, str]) -> tuple[int, str] | None:
    length = headers.get("content-length")
    if length is None or "transfer-encoding" in headers:
        return 411, "say how long the body is (Content-Length)"
    if not (length.isascii() and length.isdecimal()) or len(length) > MAX_DIGITS or int(length) > MAX_BODY:
        return 413, f"a body has at most {MAX_BODY} bytes"
    return None

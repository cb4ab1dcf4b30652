"""The addresses of the screen. Only this module of the agent meets Starlette; the service's guard stands in front.

    /                   the stations, or the page of the only one
    /OP20               the station's page
    /live/OP20          its events
    /picture/CP-1/bore  where that is measured, out of the setter's folder
    /shown/OP20/DIGEST  a picture of an instruction
    /paper/OP20/DIGEST  the text of a document that holds there
    /OP20/say           what was pressed, typed or scanned: {"text": …, "by": "keys" or "scan", "token": …}

Promise: what is said needs the token that only this agent's own pages hold; it is at most `MAX_TEXT` characters, and
whatever they are, they are text. A scan that comes through the page is a scan and nobody's keys: no PIN, no comma.
"""

from __future__ import annotations

import asyncio
import hmac
import urllib.parse
from collections.abc import Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Route

from gaugetrail_agent.screen.drawing import FOLDER, Drawing, PageFacts
from gaugetrail_agent.screen.paper_rack import PaperRack
from gaugetrail_agent.screen.pictures import TYPES as PICTURES
from gaugetrail_agent.screen.pictures import picture_of
from gaugetrail_agent.screen.streams import Streams
from gaugetrail_contract import strict_json
from gaugetrail_contract.escapes import visible
from gaugetrail_service.web.guard import MAX_BODY

MAX_TEXT = 4096
TYPES = {"screen.css": "text/css", "screen.js": "text/javascript", "screen.svg": "image/svg+xml"}

Say = Callable[[str, str, bytes], None]
"""Station, text, and the bytes where a reader read it."""


class AgentStopping(Exception):
    """Nobody takes what is said any more."""


class StationPages:
    """The application. `say` hands a text to a station, from any thread."""

    def __init__(
        self, stations: tuple[str, ...], facts: PageFacts, streams: Streams, drawing: Drawing, rack: PaperRack, say: Say
    ) -> None:
        self._stations = stations
        self._drawing = drawing
        self._streams = streams
        self._token = facts.token
        self._pictures = facts.pictures
        self._rack = rack
        self._say = say

    def app(self) -> Starlette:
        """With its addresses, and every fault as one clear sentence."""
        return Starlette(
            routes=[
                Route("/", self._first),
                Route("/static/{name}", self._static),
                Route("/live/{station}", self._live),
                Route("/picture/{plan}/{characteristic}", self._picture),
                Route("/shown/{station}/{sha256}", self._shown),
                Route("/paper/{station}/{sha256}", self._paper),
                Route("/{station}", self._page),
                Route("/{station}/say", self._said, methods=["POST"]),
            ],
            exception_handlers={HTTPException: _refused, ClientDisconnect: _hung_up},
        )

    async def _first(self, _: Request) -> Response:
        if len(self._stations) == 1:
            return RedirectResponse(f"/{urllib.parse.quote(self._stations[0])}")
        return HTMLResponse(self._drawing.stations(self._stations))

    async def _static(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in TYPES:
            raise HTTPException(404)
        return FileResponse(FOLDER / "static" / name, media_type=TYPES[name])

    async def _picture(self, request: Request) -> Response:
        path = picture_of(self._pictures, request.path_params["plan"], request.path_params["characteristic"])
        if path is None:
            raise HTTPException(404)
        return FileResponse(path, media_type=PICTURES[path.suffix])

    async def _shown(self, request: Request) -> Response:
        """By its digest, so it never changes."""
        station, sha256 = self._station(request), str(request.path_params["sha256"])
        found = await asyncio.to_thread(self._rack.picture, station, sha256)
        if found is None:
            raise HTTPException(404)
        return Response(found[0], media_type=found[1], headers={"cache-control": "private, max-age=604800"})

    async def _paper(self, request: Request) -> Response:
        station, sha256 = self._station(request), str(request.path_params["sha256"])
        found = await asyncio.to_thread(self._rack.text, station, sha256)
        if found is None:
            raise HTTPException(404, f"no document of that digest holds at {station}")
        return PlainTextResponse(found)

    async def _page(self, request: Request) -> Response:
        station = self._station(request)
        return HTMLResponse(self._drawing.page(station, *self._streams.newest(station)))

    async def _live(self, request: Request) -> Response:
        station = self._station(request)
        if self._streams.full:
            raise HTTPException(503, "as many screens look on as may; close one")
        return StreamingResponse(self._streams.events(station), media_type="text/event-stream")

    async def _said(self, request: Request) -> Response:
        station = self._station(request)
        try:
            text, by = self._understood(await request.body())
        except ValueError as error:
            raise HTTPException(400, str(error)) from error
        except PermissionError as error:
            raise HTTPException(403, str(error)) from error
        try:
            self._say(station, text, text.encode("utf-8", "replace") if by == "scan" else b"")
        except AgentStopping as error:
            raise HTTPException(503, str(error)) from error
        return Response(status_code=204)

    def _understood(self, body: bytes) -> tuple[str, str]:
        """Text and whose it is. Raises `ValueError`, or `PermissionError` for a page of another agent's life."""
        said = strict_json.parse_object(body)
        text, by, token = said.get("text"), said.get("by"), said.get("token")
        if not isinstance(token, str) or not hmac.compare_digest(token.encode(), self._token.encode()):
            raise PermissionError("this page is of before the agent's start: load it anew")
        if not isinstance(text, str) or not text or len(text) > MAX_TEXT:
            raise ValueError(f'"text" is what was said, at most {MAX_TEXT} characters')
        if by not in ("keys", "scan"):
            raise ValueError('"by" is keys or scan')
        return text, str(by)

    def _station(self, request: Request) -> str:
        station = str(request.path_params["station"])
        if station not in self._stations:
            known = ", ".join(self._stations)
            raise HTTPException(404, f"no station {visible(station[:60])!r} has a screen here; there is {known}")
        return station


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    reason = error.detail
    if reason == "Not Found":
        reason = f"there is nothing at {visible(request.url.path[:200])}"
    return JSONResponse({"error": reason}, error.status_code)


def _hung_up(_: Request, __: Exception) -> Response:
    """Nobody hears it; or there was more of a body than may be."""
    return JSONResponse({"error": f"what is said has at most {MAX_BODY} bytes"}, 413)

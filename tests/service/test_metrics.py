"""The application behind the metrics door, asked as the web server asks it."""

from __future__ import annotations

import asyncio
import json

from gaugetrail_contract.figures import Figure, ReadyPart
from gaugetrail_service.web.metrics import Metrics

PIECES: Figure[int] = Figure("pieces", "gauge", "how many there are", lambda told: (((), float(told)),))


def made() -> Metrics[int]:
    return Metrics("press", (PIECES,), lambda told: {"pieces": ReadyPart("ok" if told else "failed", "none left")})


def ask(app: Metrics[int], method: str, path: str) -> tuple[int, dict[bytes, bytes], bytes]:
    sent: list[dict] = []

    async def send(message) -> None:
        sent.append(message)

    async def receive() -> dict:
        return {"type": "http.request"}

    asyncio.run(app({"type": "http", "method": method, "path": path}, receive, send))
    head, body = sent
    return head["status"], dict(head["headers"]), body["body"]


def test_a_page_says_its_kind_and_length_and_is_kept_by_nobody() -> None:
    app = made()
    app.tell(12)
    code, headers, body = ask(app, "GET", "/metrics")
    assert (code, b"\npieces 12.0\n" in body) == (200, True)
    assert headers[b"content-length"] == str(len(body)).encode()
    assert headers[b"content-type"].startswith(b"text/plain")
    assert headers[b"cache-control"] == b"no-store"
    code, headers, body = ask(app, "HEAD", "/ready")
    assert (code, body, int(headers[b"content-length"]) > 2) == (200, b"", True)


def test_what_there_is_not_is_named_and_nothing_is_changed() -> None:
    app = made()
    for method, path, code in (("GET", "/", 404), ("GET", "/metrics/x", 404), ("POST", "/metrics", 405)):
        answer = ask(app, method, path)
        assert answer[0] == code
        assert "/metrics" in json.loads(answer[2])["error"]


def test_before_the_first_document_there_are_the_process_figures_and_a_reason() -> None:
    app = made()
    code, _, body = ask(app, "GET", "/metrics")
    assert (code, b"process_resident_memory_bytes" in body, b"pieces" in body) == (200, True, False)
    assert json.loads(ask(app, "GET", "/ready")[2]) == {"ready": False, "reason": "the press is starting"}
    app.tell(0)
    code, _, body = ask(app, "GET", "/ready")
    assert (code, json.loads(body)["parts"]) == (503, {"pieces": {"state": "failed", "reason": "none left"}})


def test_other_than_http_is_left_alone() -> None:
    async def never(*_: object) -> None:
        raise AssertionError("nothing is asked and nothing sent")

    asyncio.run(made()({"type": "lifespan"}, never, never))  # type: ignore[arg-type]

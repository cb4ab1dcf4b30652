"""A database that says it has written and hasn't: an HTTP relay in front of InfluxDB that swallows some writes."""

from __future__ import annotations

import http.client
import random
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}


class Liar:
    """Answers a share of the writes with 204 and forgets them, while `lying` is set. Use as a context manager."""

    def __init__(self, target: int, share: float, dice: random.Random) -> None:
        self.lying = threading.Event()
        self.told = 0
        liar = self

        class Relay(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def relay(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if "write" in self.path and liar.lying.is_set() and dice.random() < share:
                    liar.told += 1
                    self.send_response(204)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                there = http.client.HTTPConnection("127.0.0.1", target, timeout=20)
                kept = {key: value for key, value in self.headers.items() if key.lower() not in HOP}
                there.request(self.command, self.path, body, kept)
                answer = there.getresponse()
                said = answer.read()
                there.close()
                self.send_response(answer.status)
                for key, value in answer.getheaders():
                    if key.lower() not in HOP:
                        self.send_header(key, value)
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            do_GET = do_POST = do_HEAD = relay  # noqa: N815 - the names that http.server asks for

            def log_message(self, *_: object) -> None:
                """Nothing: the account says what counts."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Relay)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Liar:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

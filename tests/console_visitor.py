"""Somebody at the console, without a browser: asks for pages, logs on, keeps the cookie."""

from __future__ import annotations

import http.client
import re
import urllib.parse


class ConsoleVisitor:
    """Somebody at the console, with the cookie that he has."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookie = ""

    def ask(self, method: str, path: str, body: str = "") -> tuple[int, str]:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        own = {"Cookie": self.cookie, "Origin": f"http://127.0.0.1:{self.port}"}
        line.request(method, path, body, {**own, "Content-Type": "application/x-www-form-urlencoded"})
        answer = line.getresponse()
        text = answer.read().decode()
        if (cookie := answer.getheader("set-cookie")) is not None:
            self.cookie = cookie.partition(";")[0]
        line.close()
        return answer.status, text

    def log_on(self, name: str, password: str) -> bool:
        _, page = self.ask("GET", "/login")
        token = re.search(r'name="token" value="([^"]+)"', page)
        assert token, page
        form = urllib.parse.urlencode({"token": token[1], "name": name, "password": password})
        return self.ask("POST", "/login", form)[0] == 303

    def is_in(self) -> bool:
        return self.ask("GET", "/")[0] == 200

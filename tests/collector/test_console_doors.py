"""The console's doors under attack, over a real socket: bodies that lie about their length, password guesses by the
dozen, users that change, clients that hang up. What it costs is counted: memory, threads, lines of the log.
"""

from __future__ import annotations

import http.client
import logging
import resource
import socket
import threading
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest
from console_floor import Pages, inspection, quick_line, sealed
from floor import until

from gaugetrail_collector.console.app import make_app
from gaugetrail_service.web.console_users import UsersFile, line_of
from gaugetrail_service.web.guard import MAX_BODY
from gaugetrail_service.web.password_desk import MOST_WAITING
from gaugetrail_service.web.server import Web
from gaugetrail_service.web.sessions import FREE_FROM_ONE_PLACE, FREE_GUESSES, Sessions, source_of

PASSWORD = "correct horse: battery"


class Door:
    """A console with users, served for real."""

    def __init__(self, folder: Path) -> None:
        self.users = folder / "users"
        self.users.write_text(quick_line("ann", PASSWORD))
        self.pages = Pages(folder, sealed([inspection("SN1")]))
        self.sessions = Sessions(UsersFile(self.users).now)
        app = make_app(self.pages.facts, ("127.0.0.1",), self.sessions)
        self.web = Web("console", app, "127.0.0.1", 0, folder / "console.port", self.pages.facts.close)
        self.web.start()
        path = folder / "console.port"
        self.port = int(str(until(lambda: path.exists() and path.read_text(), "the port is told")))

    def close(self) -> None:
        self.web.stop()
        self.pages.close()

    def ask(self, method: str, path: str, body: str = "", **headers: str) -> tuple[int, dict[str, str], str]:
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        own = {"Host": f"127.0.0.1:{self.port}", "Content-Type": "application/x-www-form-urlencoded"}
        client.request(method, path, body.encode(), own | headers)
        answer = client.getresponse()
        text = answer.read().decode()
        client.close()
        return answer.status, {key.lower(): value for key, value in answer.getheaders()}, text

    def log_on(self, name: str = "ann", password: str = PASSWORD, **headers: str) -> tuple[int, dict[str, str], str]:
        form = {"token": self.pages.facts.token, "name": name, "password": password}
        return self.ask("POST", "/login", urllib.parse.urlencode(form), **headers)

    def cookie(self) -> str:
        status, headers, _ = self.log_on()
        assert status == 303
        return headers["set-cookie"].partition(";")[0]


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    made = Door(tmp_path)
    yield made
    made.close()


def said(caplog: pytest.LogCaptureFixture, event: str) -> list[str]:
    return [one.getMessage() for one in caplog.records if vars(one).get("event") == event]


# --- bodies


@pytest.mark.parametrize(
    "length",
    ["99999999990000000000", "00000000009999999999", "9" * 4000, "16385", "1e3", "+5", "-1", "0x10", "²", "5, 5"],
)
def test_a41_a_stated_length_that_is_too_long_or_no_number_gets_no_further(door: Door, length: str) -> None:
    """Nothing of the body is taken, and the next one is served."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with socket.create_connection(("127.0.0.1", door.port), 10) as one:
        head = f"POST /login HTTP/1.1\r\nHost: 127.0.0.1:{door.port}\r\nContent-Length: {length}\r\n\r\n"
        one.sendall(head.encode("latin-1"))
        sent = 0
        try:
            while sent < 64_000_000:
                sent += one.send(b"x" * 65_536)
        except OSError:
            pass
        else:
            pytest.fail("it took 64 MB")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000, "kilobytes"
    assert door.ask("GET", "/login")[0] == 200


def test_a41_more_bytes_than_stated_or_allowed_are_not_taken(door: Door) -> None:
    """Counted as they come, whatever the head says; the application hears that the client has hung up."""
    status, _, text = door.ask("POST", "/login", "x" * (MAX_BODY + 1))
    assert (status, f"at most {MAX_BODY} bytes" in text) == (413, True)
    assert door.ask("POST", "/login", "name=" + "x" * (MAX_BODY - 5))[0] == 403


def test_a_body_that_grows_past_its_bound_is_a_hang_up_for_the_application(door: Door) -> None:
    import asyncio

    from gaugetrail_service.web.guard import _counted

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"x" * 10_000, "more_body": True}

    async def kinds() -> list[object]:
        counted = _counted(receive)  # type: ignore[arg-type]
        return [(await counted())["type"] for _ in range(3)]

    assert asyncio.run(kinds()) == ["http.request", "http.disconnect", "http.disconnect"]


# --- passwords


def test_a35_guesses_wait_four_at_most_and_pages_stay_up(door: Door) -> None:
    """Thirty at once, each of another name: one is tried, four wait, the rest are told to come again."""
    door.users.write_text(line_of("ann", PASSWORD) + "\n")  # of the real cost, or none would have to wait
    of_other_consoles = set(threading.enumerate())  # a console that was closed keeps its thread until it is collected
    codes: list[int] = []
    guesses = [
        threading.Thread(target=lambda n=n: codes.append(door.log_on(f"user{n}", "a wrong guess")[0]))
        for n in range(30)
    ]
    for one in guesses:
        one.start()
    asked = [door.ask("GET", "/login")[0] for _ in range(5)]
    for one in guesses:
        one.join(60)
    assert asked == [200] * 5
    assert set(codes) == {403, 503}
    assert codes.count(503) >= 1
    assert codes.count(403) >= MOST_WAITING
    started = set(threading.enumerate()) - of_other_consoles
    assert sum(one.name.startswith("passwords") for one in started) == 1
    assert door.log_on()[0] == 303, "nobody is kept out by them"


def test_a35_an_address_that_sprays_names_waits_and_another_does_not(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    now = [1000.0]
    (tmp_path / "users").write_text(quick_line("ann", PASSWORD))
    sessions = Sessions(UsersFile(tmp_path / "users").now, lambda: now[0])
    caplog.set_level(logging.INFO)
    for number in range(FREE_FROM_ONE_PLACE):
        with pytest.raises(PermissionError, match="no such name"):
            sessions.log_on(f"name{number}", "a wrong guess", "192.0.2.7")
    with pytest.raises(PermissionError, match="wrong passwords from this address; wait 2 s"):
        sessions.log_on("ann", PASSWORD, "192.0.2.7")
    assert sessions.log_on("ann", PASSWORD, "192.0.2.8")
    now[0] += 3
    assert sessions.log_on("ann", PASSWORD, "192.0.2.7")
    assert len(said(caplog, "wrong_password")) == FREE_FROM_ONE_PLACE
    assert said(caplog, "wrong_password")[0] == "console: a wrong password for name0 from 192.0.2.7"


def test_a35_waits_grow_and_end(tmp_path: Path) -> None:
    now = [0.0]
    (tmp_path / "users").write_text(quick_line("ann", PASSWORD))
    sessions = Sessions(UsersFile(tmp_path / "users").now, lambda: now[0])
    waits = []
    for _ in range(FREE_GUESSES + 10):
        with pytest.raises(PermissionError, match="no such name"):
            sessions.log_on("ann", "a wrong guess", "192.0.2.7")
        start = now[0]
        while sessions.refuse("ann", "192.0.2.9") is not None:
            now[0] += 1.0
        waits.append(now[0] - start)
    assert waits[: FREE_GUESSES + 2] == [0, 0, 0, 0, 2, 4, 8]
    assert waits[-1] == 300
    assert sessions.log_on("ann", PASSWORD, "192.0.2.9")


@pytest.mark.parametrize(
    ("peer", "said_by", "source"),
    [
        ("192.0.2.7", "203.0.113.9", "192.0.2.7"),
        ("127.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "10.0.0.1, 203.0.113.9", "203.0.113.9"),
        ("::1", "2001:db8::7", "2001:db8::7"),
        ("127.0.0.1", "<script>", "127.0.0.1"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("", "203.0.113.9", ""),
    ],
)
def test_whose_address_it_is(peer: str, said_by: str, source: str) -> None:
    """A proxy on this machine is believed, and nobody else."""
    assert source_of(peer, {"x-forwarded-for": said_by}) == source


def test_a44_log_on_log_off_and_a_wrong_guess_leave_a_line_and_no_password(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    door.log_on("eve\x1b[2J\nforged", "a wrong: guess")
    mine = door.cookie()
    door.ask("POST", "/logout", urllib.parse.urlencode({"token": door.pages.facts.token}), Cookie=mine)
    assert said(caplog, "wrong_password") == ["console: a wrong password for eve\\x1b[2J\\nforged from 127.0.0.1"]
    assert said(caplog, "log_on") == ["console: ann has logged on from 127.0.0.1"]
    assert said(caplog, "log_off") == ["console: ann has logged off from 127.0.0.1"]
    assert PASSWORD not in caplog.text
    assert "a wrong: guess" not in caplog.text


# --- users that change


def test_a39_a_user_who_is_taken_out_of_the_file_is_out_at_the_next_request(door: Door) -> None:
    mine = door.cookie()
    assert door.ask("GET", "/", Cookie=mine)[0] == 200
    door.users.write_text(quick_line("bob", PASSWORD))
    assert door.ask("GET", "/", Cookie=mine)[0] == 303
    assert door.log_on()[0] == 403
    assert door.log_on("bob")[0] == 303


def test_a39_another_password_ends_the_session_and_a_line_more_ends_none(door: Door) -> None:
    mine = door.cookie()
    door.users.write_text(door.users.read_text() + quick_line("bob", PASSWORD))
    assert door.ask("GET", "/", Cookie=mine)[0] == 200
    door.users.write_text(quick_line("ann", "another password"))
    assert door.ask("GET", "/", Cookie=mine)[0] == 303


def test_a_file_of_users_that_broke_is_said_once_and_changes_nothing(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    mine = door.cookie()
    door.users.write_text("ann: oops\n")
    for _ in range(3):
        assert door.ask("GET", "/", Cookie=mine)[0] == 200
    door.users.unlink()
    assert door.ask("GET", "/", Cookie=mine)[0] == 200
    told = said(caplog, "console_users")
    assert len(told) == 2
    assert "users as they were before: " in told[0]
    assert f"{door.users}:1: " in told[0]


# --- clients that hang up


def test_a_client_that_hangs_up_leaves_no_traceback(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    """In the middle of a body, of the head, of a live page; and one that never reads."""
    mine = door.cookie()
    host = f"Host: 127.0.0.1:{door.port}\r\n"
    for request in (
        f"POST /login HTTP/1.1\r\n{host}Content-Length: 500\r\n\r\nname=ann",
        f"GET / HTTP/1.1\r\n{host}Cook",
        f"GET /live/line HTTP/1.1\r\n{host}Cookie: {mine}\r\n\r\n",
        f"GET /verify HTTP/1.1\r\n{host}Cookie: {mine}\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", door.port), 10) as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
            one.sendall(request.encode())
            if "live" in request:
                one.recv(100)
    until(lambda: door.ask("GET", "/login")[0] == 200, "the next one is served")
    until(lambda: door.web._server is not None and len(door.web._server.server_state.connections) <= 1, "they are gone")
    assert [one for one in caplog.records if one.exc_info] == []


def test_what_is_a_fault_of_ours_still_shows(caplog: pytest.LogCaptureFixture) -> None:
    from gaugetrail_service.web.server import _HUNG_UP

    def shown(error: BaseException) -> bool:
        info = (type(error), error, None)
        return _HUNG_UP.filter(logging.LogRecord("uvicorn.error", logging.ERROR, "", 0, "x", None, info))

    assert not shown(TimeoutError())
    assert not shown(ExceptionGroup("g", [ConnectionResetError(), TimeoutError()]))
    assert shown(ValueError())
    assert shown(ExceptionGroup("g", [ConnectionResetError(), ValueError()]))
    assert _HUNG_UP.filter(logging.LogRecord("uvicorn.error", logging.ERROR, "", 0, "x", None, None))

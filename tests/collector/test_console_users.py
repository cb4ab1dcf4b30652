"""Logging on: nothing is given to strangers, guesses get slow, and the file of users holds no password."""

from __future__ import annotations

import os
import pty
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from console_floor import HOST, Pages, inspection, quick_line, sealed
from floor import command
from typer.testing import CliRunner

from gaugetrail_collector.commands.console import app
from gaugetrail_collector.config import load
from gaugetrail_collector.console.app import make_app
from gaugetrail_contract.settings import ConfigError
from gaugetrail_service.web.console_users import UsersFile, read_users
from gaugetrail_service.web.sessions import FREE_GUESSES, SESSION_SECS, Sessions

PASSWORD = "correct horse: battery"


@pytest.fixture(scope="module")
def line() -> str:
    return quick_line("ann", PASSWORD).rstrip()


@pytest.fixture
def clock() -> list[float]:
    return [1000.0]


@pytest.fixture
def sessions(tmp_path: Path, line: str, clock: list[float]) -> Sessions:
    (tmp_path / "users").write_text(f"# quality\n{line}\n")
    return Sessions(UsersFile(tmp_path / "users").now, lambda: clock[0])


@pytest.fixture
def pages(tmp_path: Path, sessions: Sessions) -> Iterator[Pages]:
    made = Pages(tmp_path, sealed([inspection("SN1")]))
    made.app = make_app(made.facts, ("127.0.0.1",), sessions)
    yield made
    made.close()


def log_on(pages: Pages, name: str = "ann", password: str = PASSWORD, token: str | None = None) -> tuple[int, str]:
    form = {"token": token or pages.facts.token, "name": name, "password": password}
    answer = pages.ask("/login", method="POST", headers={"origin": f"http://{HOST}"}, form=form)
    return answer.status_code, answer.headers.get("set-cookie", "")


@pytest.mark.parametrize("path", ["/", "/search?q=SN1", "/history?id=SN1", "/set-aside", "/verify", "/nowhere"])
def test_a_stranger_is_led_to_the_log_on_page_and_sees_nothing(pages: Pages, path: str) -> None:
    answer = pages.ask(path)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert "SN1" not in answer.text
    assert pages.ask("/login").status_code == 200


@pytest.mark.parametrize("path", ["/api/line", "/api/trace?id=SN1", "/live/line", "/openapi.json"])
def test_a_program_that_is_a_stranger_is_told_so(pages: Pages, path: str) -> None:
    assert pages.ask(path).status_code == 401


def test_a_stranger_presses_no_button(pages: Pages) -> None:
    assert pages.press("/verify").headers["location"] == "/login"
    assert pages.facts.verifying.last is None


def test_a36_who_has_logged_on_is_let_in_until_the_day_is_over_or_he_logs_off(pages: Pages, clock: list[float]) -> None:
    code, cookie = log_on(pages)
    assert code == 303
    for word in ("HttpOnly", "SameSite=strict", "Path=/"):
        assert word in cookie
    mine = {"cookie": cookie.partition(";")[0]}
    assert "74.010" in pages.ask("/history", {"id": "SN1"}, headers=mine).text
    assert "Log off" in pages.ask("/", headers=mine).text
    clock[0] += SESSION_SECS + 1
    assert pages.ask("/", headers=mine).status_code == 303
    mine = {"cookie": log_on(pages)[1].partition(";")[0]}
    assert pages.ask("/", headers=mine).status_code == 200
    assert pages.press("/logout", **mine).status_code == 303
    assert pages.ask("/", headers=mine).status_code == 303


@pytest.mark.parametrize(
    ("name", "password"), [("ann", "wrong password"), ("bob", PASSWORD), ("", ""), ("ann", "\ud83d")]
)
def test_wrong_names_and_passwords_get_the_same_word(pages: Pages, name: str, password: str) -> None:
    code, cookie = log_on(pages, name, password.encode("utf-8", "replace").decode())
    assert (code, cookie) == (403, "")


def test_a_log_on_needs_the_pages_token(pages: Pages) -> None:
    """Or a foreign page could log a browser on as somebody else."""
    assert log_on(pages, token="wrong") == (403, "")


def test_guesses_get_slow(sessions: Sessions, clock: list[float]) -> None:
    for _ in range(FREE_GUESSES):
        with pytest.raises(PermissionError, match="no such name"):
            sessions.log_on("ann", "a wrong guess")
    with pytest.raises(PermissionError, match="wait"):
        sessions.log_on("ann", PASSWORD)
    clock[0] += 3
    assert sessions.who(f"x=1; gaugetrail={sessions.log_on('ann', PASSWORD)}") == "ann"


def test_the_command_makes_a_line_that_lets_in_and_holds_no_password(tmp_path: Path) -> None:
    words = (command("gaugetrail-collector"), "console", "password", "ann")
    done = subprocess.run(words, input=f"{PASSWORD}\n", capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert PASSWORD not in done.stdout
    (tmp_path / "users").write_text(done.stdout)
    assert read_users(tmp_path / "users").knows("ann", PASSWORD)


def test_the_command_reads_standard_input_where_it_is_told_to_even_on_a_terminal() -> None:
    """A script behind a terminal (ssh -t, a service's console) is not asked."""
    master, slave = pty.openpty()
    words = (command("gaugetrail-collector"), "console", "password", "ann", "--stdin")
    with subprocess.Popen(words, stdin=slave, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as asked:
        os.write(master, f"{PASSWORD}\n".encode())
        out, said = asked.communicate(timeout=60)
    os.close(master)
    os.close(slave)
    assert (asked.returncode, said) == (0, "")
    assert out.startswith("ann:$argon2id$")


@pytest.mark.parametrize(("name", "given", "word"), [("ann", "short", "10 to 200"), ("a:b", PASSWORD, "colon")])
def test_the_command_refuses_what_would_not_work(name: str, given: str, word: str) -> None:
    done = CliRunner().invoke(app, ["password", name], input=f"{given}\n")
    assert done.exit_code == 1
    assert word in done.stderr


@pytest.mark.parametrize(
    ("text", "word"),
    [("", "nobody is in it"), ("ann:secret\n", ":1: no $argon2id"), ("{line}\n{line}\n", ":2: ann is there already")],
)
def test_a_faulty_file_of_users_is_a_fault_of_the_settings(tmp_path: Path, line: str, text: str, word: str) -> None:
    (tmp_path / "users").write_text(text.replace("{line}", line))
    path = tmp_path / "collector.toml"
    path.write_text('id = "c"\ndata_dir = "d"\n[store]\nkind = "sqlite"\npath = "s.db"\n[console]\nusers = "users"\n')
    with pytest.raises(ConfigError) as caught:
        load(path, {})
    assert word in str(caught.value)
    (tmp_path / "users").unlink()
    with pytest.raises(ConfigError, match="users: No such file or directory"):
        load(path, {})

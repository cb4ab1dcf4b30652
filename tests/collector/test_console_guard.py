"""Who may ask the console what: foreign names, foreign pages and big bodies get nowhere, from any browser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from console_floor import HOST, Pages, inspection, sealed

from gaugetrail_service.web.guard import HEADERS, MAX_BODY

OWN = f"http://{HOST}"


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Pages]:
    with one_console(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """For those who are refused: nothing of it changes."""
    with one_console(tmp_path_factory.mktemp("untouched")) as made:
        yield made


@contextmanager
def one_console(folder: Path) -> Iterator[Pages]:
    (record,) = sealed([inspection("SN1")])
    made = Pages(folder)
    made.put_aside(record.sealed.line(), "the store was full")
    yield made
    made.close()


def test_a40_every_answer_carries_the_policy(untouched: Pages) -> None:
    for path in ("/", "/static/console.css", "/nowhere", "/openapi.json"):
        answer = untouched.ask(path)
        for name, value in HEADERS.items():
            assert answer.headers[name] == value
    policy = HEADERS["content-security-policy"]
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none';")


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8470", "127.0.0.1.evil.example", "", "[::2]:8470"])
def test_a37_a_foreign_name_for_this_address_is_refused(untouched: Pages, host: str) -> None:
    """DNS rebinding: a page of evil.example whose name suddenly points to this machine."""
    answer = untouched.ask("/", headers={"host": host})
    assert answer.status_code == 403
    assert "[console] hosts" in answer.json()["error"]


@pytest.mark.parametrize("host", ["127.0.0.1:1", "localhost:8470", "LOCALHOST", "[::1]:8470"])
def test_own_names_are_answered_on_any_port(untouched: Pages, host: str) -> None:
    """Behind a tunnel or a proxy the port is another."""
    assert untouched.ask("/", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": OWN, "sec-fetch-site": "cross-site"},
        {"origin": OWN, "sec-fetch-site": "same-site"},
    ],
)
@pytest.mark.parametrize("path", ["/set-aside/1/retry", "/verify", "/api/set-aside/1/retry", "/api/verify"])
def test_a37_a_foreign_page_presses_no_button(untouched: Pages, path: str, headers: dict[str, str]) -> None:
    """Not even with the right token, which it can't have."""
    assert untouched.press(path, **headers).status_code == 403
    assert untouched.count() == 0
    assert untouched.facts.verifying.last is None


@pytest.mark.parametrize("headers", [{"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}])
def test_a_foreign_page_hears_no_live_stream(untouched: Pages, headers: dict[str, str]) -> None:
    assert untouched.ask("/live/line", headers=headers).status_code == 403


@pytest.mark.parametrize("token", [None, "", "wrong", "é" * 10])
@pytest.mark.parametrize("path", ["/set-aside/1/retry", "/verify", "/api/set-aside/1/retry", "/api/verify"])
def test_without_the_pages_token_nothing_changes(untouched: Pages, path: str, token: str | None) -> None:
    form = {} if token is None else {"token": token}
    answer = untouched.ask(
        path, method="POST", headers={"origin": OWN, "content-length": "0"} if not form else {}, form=form
    )
    assert answer.status_code == 403
    assert "reload" in answer.text
    assert untouched.count() == 0


def test_with_it_an_entry_whose_cause_is_gone_goes_to_the_store_and_leaves_the_list(pages: Pages) -> None:
    page = pages.press("/set-aside/1/retry")
    assert page.status_code == 200
    assert "is in the store now" in page.text
    assert pages.count() == 1
    assert pages.set_aside.count() == 0
    assert pages.press("/set-aside/1/retry").status_code == 404


def test_programs_send_it_as_a_header_and_an_entry_that_can_not_be_stored_stays_with_the_reason(pages: Pages) -> None:
    pages.put_aside(b"bore=74", "?")
    headers = {"x-gaugetrail-token": pages.facts.token, "content-length": "0"}
    answer = pages.ask("/api/set-aside/2/retry", method="POST", headers=headers)
    assert answer.json()["said"].startswith("It stays: not a wire line")
    assert pages.set_aside.count() == 2


@pytest.mark.parametrize("length", [str(MAX_BODY + 1), "9" * 30, "-1", "x"])
def test_a_big_or_unclear_body_is_refused_before_it_is_read(untouched: Pages, length: str) -> None:
    answer = untouched.ask("/verify", method="POST", headers={"content-length": length})
    assert answer.status_code == 413


def test_a_body_without_a_length_is_refused(untouched: Pages) -> None:
    assert untouched.ask("/verify", method="POST", headers={"transfer-encoding": "chunked"}).status_code == 411


def test_a_long_question_is_refused(untouched: Pages) -> None:
    assert untouched.ask("/search", {"q": "x" * 5000}).status_code == 414

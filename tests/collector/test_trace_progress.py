"""A bar for people who wait at a terminal; nothing for programs, and nothing for quick answers."""

from __future__ import annotations

import io
import sys

import pytest

from gaugetrail_collector.commands import progress
from gaugetrail_collector.commands.progress import watched


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_nothing_is_shown_where_standard_error_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "SHOW_AFTER_SECS", 0.0)
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert list(watched(range(50), "records", lambda: 1 // 0)) == list(range(50))
    assert sys.stderr.getvalue() == ""


def test_a_quick_answer_shows_no_bar_and_nothing_is_counted_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "SHOW_AFTER_SECS", 1000.0)
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert list(watched(range(50), "records", lambda: 1 // 0)) == list(range(50))
    assert sys.stderr.getvalue() == ""


def test_a_long_answer_shows_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "SHOW_AFTER_SECS", 0.0)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert list(watched(range(50), "records proven", lambda: 50)) == list(range(50))
    shown = sys.stderr.getvalue()
    assert "records proven" in shown
    assert "50/50" in shown


def test_an_answer_that_is_printed_meanwhile_shows_by_itself_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "SHOW_AFTER_SECS", 0.0)
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setattr(sys, "stdout", Terminal())
    assert list(watched(range(5), "records", while_printing=True)) == list(range(5))
    assert sys.stderr.getvalue() == ""

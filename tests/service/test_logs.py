"""The log is for somebody at 3 a.m.: what is no fault is not called one."""

from __future__ import annotations

import io
import json
import logging
import os
from pathlib import Path
from typing import Literal

import pytest

from gaugetrail_service.logs.lines import is_journal, mqtt_logger, set_up_logging


def test_a_client_that_is_not_connected_yet_is_no_error_but_other_words_of_the_library_show() -> None:
    out = io.StringIO()
    set_up_logging(stream=out)
    log = mqtt_logger("test.mqtt")
    log.error("Client is not connected. Socket: None). Last known Connection State: MQTT_CS_CONNECTING")
    log.error("Caught exception in on_message: boom")
    log.info("Sending PINGREQ")
    logging.getLogger().handlers[0].flush()
    assert [line.split(" error ")[1] for line in out.getvalue().splitlines()] == [
        "Caught exception in on_message: boom"
    ]


def test_lines_for_the_journal_carry_their_priority_and_no_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`journalctl -p warning` then shows warnings and worse; a traceback stands under the priority of its line."""
    with (tmp_path / "journal").open("w+") as out:
        found = os.fstat(out.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{found.st_dev}:{found.st_ino}")
        set_up_logging("debug", stream=out)
        log = logging.getLogger("test.journal")
        for level in ("debug", "info", "warning", "error", "critical"):
            getattr(log, level)("bore: %s", level, extra={"event": "tried"})
        try:
            raise ValueError("x")
        except ValueError:
            log.exception("ours")
        logging.getLogger().handlers[0].flush()
        out.seek(0)
        lines = out.read().splitlines()
    assert lines[:5] == [
        f"<{rank}>{level} bore: {level}  event=tried"
        for rank, level in ((7, "debug"), (6, "info"), (4, "warning"), (3, "error"), (2, "critical"))
    ]
    assert all(line.startswith("<3>") for line in lines[5:])
    assert lines[-1] == "<3>    ValueError: x"


def test_what_leads_elsewhere_is_no_journal(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as out:
        assert not is_journal(out, {})
        assert not is_journal(out, {"JOURNAL_STREAM": "1:1"})
    assert not is_journal(io.StringIO(), {"JOURNAL_STREAM": "1:1"})


HOSTILE = "bore\x1b[2J\x9b31m\u202e\u2066\n2026-11-23T08:00:00Z info forged event=log_on\r" + "x" * 1_000_000


@pytest.mark.parametrize("form", ["plain", "json"])
def test_a45_nothing_in_a_message_a_field_or_an_exception_forges_a_line(form: Literal["plain", "json"]) -> None:
    """C0, C1 and bidirectional signs are escapes, what is too long is cut and says so; one record is one line, and the
    lines of its traceback can't be taken for others.
    """
    out = io.StringIO()
    set_up_logging(form=form, stream=out)
    log = logging.getLogger("test.hostile")
    log.warning("a code: %s", HOSTILE, extra={"event": "scanned", "code": HOSTILE})
    try:
        raise ValueError(HOSTILE)
    except ValueError:
        log.exception("ours")
    logging.getLogger().handlers[0].flush()
    text = out.getvalue()
    lines = text.splitlines()
    for sign in "\x1b\x9b\u202e\u2066\r":
        assert sign not in text
    assert len(text) < 30_000
    assert "more characters" in text
    if form == "json":
        first, second = (json.loads(line) for line in lines)
        assert first["message"].startswith("a code: bore\\x1b[2J\\x9b31m\\u202e\\u2066\\n2026")
        assert first["event"] == "scanned"
        assert "ValueError: bore\\x1b" in second["traceback"]
        assert not any(line.startswith("2026") for line in second["traceback"].split("\n"))
    else:
        assert sum(line.startswith("20") for line in lines) == 2
        assert all(line.startswith("    ") for line in lines[2:])
        assert any("ValueError: bore" in line for line in lines)


def test_letters_of_every_language_stay_letters() -> None:
    out = io.StringIO()
    set_up_logging(form="json", stream=out)
    logging.getLogger("test.letters").info("Prüfplan für 日本, 74.0 µm")
    logging.getLogger().handlers[0].flush()
    assert "Prüfplan für 日本, 74.0 µm" in out.getvalue()

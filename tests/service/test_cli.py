"""The frame of both commands: what goes to which stream, and the exit code that keeps systemd from restarting."""

from __future__ import annotations

import os

import pytest
import typer

from gaugetrail_contract.settings import ConfigError, Problem
from gaugetrail_service.cli import BAD_CONFIG, answer, fail, hex_bytes, run, say


def test_lines_and_answers_go_to_standard_output(capsys) -> None:
    say("bore\x1b[2J: 12.5 mm")
    answer({"unit": "µm"})
    assert capsys.readouterr() == ('bore\\x1b[2J: 12.5 mm\n{"unit": "µm"}\n', "")


def test_a_complaint_goes_to_standard_error_and_says_its_code(capsys) -> None:
    assert fail("no such device\nthere are: bore\x07").exit_code == 1
    assert fail("", 3).exit_code == 3
    assert capsys.readouterr() == ("", "no such device\nthere are: bore\\x07\n")


def test_hex_with_blanks_and_colons_is_bytes_and_all_else_a_usage_error() -> None:
    assert hex_bytes("30:31 41") == b"01A"
    with pytest.raises(typer.BadParameter, match="two digits a byte"):
        hex_bytes("3x")


def test_bad_settings_end_a_command_with_78_and_a_line_for_each_fault(capsys) -> None:
    def command() -> None:
        raise ConfigError(
            [Problem("agent.toml", "mqtt.port", "must be a number", line=3), Problem("b.toml", "", "bad")]
        )

    with pytest.raises(SystemExit) as ended:
        run(command)
    assert ended.value.code == BAD_CONFIG == 78
    told = capsys.readouterr().err.splitlines()
    assert [line.partition(":")[0] for line in told] == ["agent.toml", "b.toml"]


def test_what_a_command_writes_is_nobody_elses(tmp_path) -> None:
    before = os.umask(0o022)
    try:
        run(lambda: (tmp_path / "archive").write_text("records"))
        assert (tmp_path / "archive").stat().st_mode & 0o777 == 0o600
    finally:
        os.umask(before)

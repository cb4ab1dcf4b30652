"""`gaugetrail-agent scan` as a technician types it: one JSON object, or a sentence about the option."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from gaugetrail_agent.cli import app


def scan(text: str, *words: str) -> dict[str, object]:
    done = CliRunner().invoke(app, ["scan", "--hex", text.encode("latin-1").hex(), *words])
    assert done.exit_code == 0, done.output
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_label_is_one_object_with_everything_that_it_says() -> None:
    found = scan("[)>\x1e06\x1dP40217372\x1dQ10\x1dS00012345\x1e\x04")
    assert found["format"] == "iso15434-06"
    assert found["valid"] is True
    assert (found["part_number"], found["quantity"], found["serial"]) == ("40217372", "10", "00012345")
    assert (found["errors"], found["warnings"]) == ([], [])


def test_what_is_wrong_is_named_with_the_cure() -> None:
    found = scan("[)>06P40217372Q10")
    assert (found["valid"], found["errors"]) == (False, ["separators_missing"])
    assert "set it to send control characters" in str(found["advice"])


def test_identifier_means_here_what_the_option_says() -> None:
    """Some users put a lot into 4L, which MH10.8.2 has as the country of origin."""
    label = "[)>\x1e06\x1dP123\x1d4LMIL-LOT-42\x1e\x04"
    assert scan(label)["lot"] is None
    assert scan(label, "--role", "4L=lot")["lot"] == "MIL-LOT-42"


def test_code_39_with_its_check_character() -> None:
    assert scan("CODE39W", "--code39-check")["text"] == "CODE39"
    assert scan("CODE39X", "--code39-check")["errors"] == ["check_digit"]


def test_every_code_is_gs1_where_the_step_says_so() -> None:
    """Eight digits may be an EAN-8 or a date."""
    assert scan("17220200")["format"] == "ean"
    assert scan("17220200", "--gs1")["format"] == "gs1"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--profile", "ford"), "scan profile 'ford' is not known; known are gm, gtl3, hkmc, plain"),
        (("--profile", "plain", "--pattern", "("), "is no regular expression"),
        (("--role", "4L"), "write key=value"),
    ],
)
def test_usage_fault_is_a_sentence(words: tuple[str, ...], said: str) -> None:
    done = CliRunner().invoke(app, ["scan", "--hex", "41", *words])
    assert done.exit_code == 2
    assert said in " ".join(done.output.replace("│", " ").split())

"""A mistyped word is told the one that was meant, and no other."""

from __future__ import annotations

import pytest

from gaugetrail_contract.suggestions import did_you_mean

WORDS = ("digimatic-13", "mt-sics", "Europe/Berlin", "none", "even", "odd")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("digimatic", "digimatic-13"), ("mt-sisc", "mt-sics"), ("europe/berlin", "Europe/Berlin"), ("evn", "even")],
)
def test_a_slip_is_told_the_word(typed: str, meant: str) -> None:
    assert did_you_mean(typed, WORDS) == f"; did you mean {meant}?"


@pytest.mark.parametrize("typed", ["", "zebra", "x", "13"])
def test_what_is_like_nothing_gets_no_guess(typed: str) -> None:
    assert did_you_mean(typed, WORDS) == ""


def test_where_there_is_nothing_there_is_no_guess() -> None:
    assert did_you_mean("even", ()) == ""

"""One piece, two pieces."""

from __future__ import annotations

import pytest

from gaugetrail_contract.counts import counted


@pytest.mark.parametrize(
    ("number", "word", "said"),
    [
        *[(0, "record", "0 records"), (1, "record", "1 record"), (2, "record", "2 records"), (1, "entry", "1 entry")],
        *[(2, "entry", "2 entries"), (3, "day", "3 days"), (1000, "byte", "1000 bytes"), (2, "key", "2 keys")],
        *[(1.0, "second", "1 second"), (30.0, "second", "30 seconds"), (0.5, "second", "0.5 seconds")],
    ],
)
def test_a_number_and_its_word_agree(number: int, word: str, said: str) -> None:
    assert counted(number, word) == said


def test_a_word_with_a_plural_of_its_own() -> None:
    assert (counted(1, "axis", "axes"), counted(2, "axis", "axes")) == ("1 axis", "2 axes")

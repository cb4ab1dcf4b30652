"""Introductions: a signed list, whole, of nobody but who has signed it."""

from __future__ import annotations

import pytest

from gaugetrail_contract.introductions import (
    MAX_INTRODUCTIONS_BYTES,
    IntroducedCollector,
    Introductions,
    read_introductions,
    write_introductions,
)
from gaugetrail_contract.signing import Signer

KEY, OTHER = Signer.new(), Signer.new()
SAID = Introductions(number=3, introduced=(IntroducedCollector(collector="c2", key=OTHER.key),))
PAYLOAD = write_introductions(SAID, "c1", KEY)


def test_a_list_says_whose_it_is() -> None:
    word = read_introductions(PAYLOAD)
    assert (word.introducer, word.key, word.said) == ("c1", KEY.key, SAID)


@pytest.mark.parametrize(
    "payload",
    [
        PAYLOAD.split(b"\n")[0],
        PAYLOAD.replace(OTHER.key.encode(), KEY.key.encode(), 1),
        PAYLOAD.replace(b'"number":3', b'"number":4'),
        PAYLOAD.replace(b'"collector":"c1"', b'"collector":"c3"'),
        KEY.word("receipt", "+", "c1", SAID.model_dump_json().encode()),
        KEY.word("introductions", "pc1", "c1", SAID.model_dump_json().encode()),
        KEY.word("introductions", "+", "c1", b'{"number":3,"number":3,"introduced":[]}'),
        KEY.word("introductions", "+", "c1", b'{"number":0,"introduced":[]}'),
        KEY.word(
            "introductions", "+", "c1", b'{"number":1,"introduced":[{"collector":"a/b","key":"' + b"0" * 64 + b'"}]}'
        ),
        KEY.word("introductions", "+", "c1", b'{"number":1,"introduced":[{"collector":"c2","key":"0"}]}'),
        b"x" * (MAX_INTRODUCTIONS_BYTES + 1),
        b"",
        b"\n",
    ],
    ids=[
        "unsigned",
        "another key in it",
        "another number",
        "another introducer",
        "a receipt's signature",
        "for one agent",
        "a key twice",
        "no number",
        "no name",
        "no key",
        "too long",
        "empty",
        "a line end",
    ],
)
def test_anything_else_is_refused_with_a_reason(payload: bytes) -> None:
    with pytest.raises(ValueError, match=r"[a-z]+ [a-z]+"):
        read_introductions(payload)

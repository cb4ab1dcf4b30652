"""PINs: what can be one, what is kept instead of it, and a box that one PC alone opens."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gaugetrail_contract.pins import (
    BadPins,
    BoxKey,
    PinList,
    box_key_at,
    close_box,
    is_pin,
    open_pins,
    pin_hash,
    refuse_pin,
    write_pins,
)
from gaugetrail_contract.signing import Signer

PLANT = Signer.new()
KEPT = pin_hash("482913")


def pins(people: dict[str, str] | None = None, changed_us: int = 7, issue: int = 1) -> PinList:
    return PinList(changed_us=changed_us, issue=issue, people={"OP-1": KEPT} if people is None else people)


def own_key(folder: Path) -> BoxKey:
    return box_key_at(folder / "pin-key")


@pytest.mark.parametrize(
    ("pin", "why"),
    [
        ("482913", None),
        ("48291", "6 to 12 digits"),
        ("4829134829134", "6 to 12 digits"),
        ("48291a", "6 to 12 digits"),
        ("٤٨٢٩١٣", "6 to 12 digits"),
        ("482913\n", "6 to 12 digits"),
        ("777777", "everybody tries that one first"),
        ("123456", "everybody tries that one first"),
        ("890123", "everybody tries that one first"),
        ("654321", "everybody tries that one first"),
        ("004711", "it stands on the badge"),
    ],
)
def test_what_can_be_a_pin(pin: str, why: str | None) -> None:
    refused = refuse_pin(pin, "OP-004711")
    assert refused is None if why is None else why in str(refused)


def test_what_is_kept_instead_of_a_pin_knows_it_again_and_is_never_twice_the_same() -> None:
    assert is_pin("482913", KEPT)
    assert not is_pin("482914", KEPT)
    assert not is_pin("", KEPT)
    assert not is_pin("482913", "nothing")
    assert pin_hash("482913") != KEPT
    assert "482913" not in KEPT


def test_one_pc_opens_its_box_and_no_other_does(tmp_path: Path) -> None:
    """Neither with another key, nor under another name, nor altered in any byte; and no badge stands in it readably."""
    key, other = own_key(tmp_path), own_key(tmp_path / "other")
    word = write_pins(pins(), "pc1", key.public, PLANT, "c1")
    opened = open_pins(word, "pc1", key)
    assert (opened.pins, opened.key) == (pins(), PLANT.key)
    assert b"OP-1" not in word
    assert b"argon2" not in word
    with pytest.raises(BadPins, match="closed for another PC"):
        open_pins(word, "pc1", other)
    with pytest.raises(BadPins, match="doesn't hold"):
        open_pins(word, "pc2", key)
    # Somebody signs the box of one PC again for another that has its key: it is bound to the name within, too.
    with pytest.raises(BadPins, match="closed for another PC"):
        open_pins(PLANT.word("pins", "pc2", "c1", word.partition(b"\n")[0]), "pc2", key)


@given(st.integers(0, 10_000), st.integers(1, 255))
@settings(max_examples=50)
def test_a_word_altered_in_a_byte_is_none(at: int, by: int) -> None:
    word = bytearray(WORD)
    word[at % len(word)] ^= by
    with pytest.raises(BadPins):
        open_pins(bytes(word), "pc1", KEY)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_word_or_are_told(payload: bytes) -> None:
    with pytest.raises(BadPins):
        open_pins(payload, "pc1", KEY)


@pytest.mark.parametrize(
    ("box", "why"),
    [
        (b'{"box":"AA=="}', "closed for another PC"),
        (b'{"box":"%"}', "no base64"),
        (b'{"box":7}', "closed for another PC"),
        (b"{}", "closed for another PC"),
        (b"[]", "is no JSON object"),
    ],
)
def test_what_is_signed_and_no_box_is_told(box: bytes, why: str) -> None:
    with pytest.raises(BadPins):
        open_pins(PLANT.word("pins", "pc1", "c1", box), "pc1", KEY)


def test_a_list_that_could_keep_the_pc_busy_is_refused() -> None:
    """A hash of other costs than ours is none of ours."""
    costly = KEPT.replace("m=32768", "m=9999999")
    form = {"changed_us": 1, "issue": 1, "people": {"OP-1": costly}}
    box = close_box(json.dumps(form).encode(), KEY.public, "pc1")
    body = json.dumps({"box": base64.b64encode(box).decode()}).encode()
    with pytest.raises(BadPins, match="no list of PINs"):
        open_pins(PLANT.word("pins", "pc1", "c1", body), "pc1", KEY)


def test_the_later_of_two_lists_shows_and_what_they_say_is_named() -> None:
    assert pins(changed_us=8).order > pins(issue=9).order > pins().order
    assert pins(changed_us=8).digest == pins().digest
    assert pins({}).digest != pins().digest


def test_the_key_of_a_pc_is_made_once_and_anew_where_its_file_is_spoilt(tmp_path: Path) -> None:
    first = own_key(tmp_path).public
    assert own_key(tmp_path).public == first
    assert (tmp_path / "pin-key").stat().st_mode & 0o077 == 0
    (tmp_path / "pin-key").write_text("spoilt")
    assert own_key(tmp_path).public != first


def test_what_is_no_key_closes_nothing() -> None:
    with pytest.raises(BadPins, match="no key"):
        write_pins(pins(), "pc1", "0" * 64, PLANT, "c1")


KEY = BoxKey.new()
WORD = write_pins(pins(), "pc1", KEY.public, PLANT, "c1")

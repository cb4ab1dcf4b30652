"""A collector's status: who says it, which word is the later one, and that readers of before signatures still read."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from gaugetrail_contract.signed_status import CollectorWord, collector_offline, read_status, write_status
from gaugetrail_contract.signing import BadSignature, Signer
from gaugetrail_contract.status import CollectorStatus

KEY, OTHER = Signer.new(), Signer.new()
STARTED = "2026-11-25T08:00:00.000000Z"
STATUS = CollectorStatus(
    online=True, collector="c1", started=STARTED, store="down", store_detail='a "quoted", {odd} word', beat=7
)
SIGNED = write_status(STATUS, KEY)


def test_a_signed_status_says_whose_it_is() -> None:
    assert read_status(SIGNED) == CollectorWord(STATUS, KEY.key)


def test_a_status_without_a_signature_is_nobodys() -> None:
    """As collectors of before 0.2 send it, and those that don't sign."""
    assert read_status(write_status(STATUS, None)) == CollectorWord(STATUS, None)
    assert read_status(b'{"online":true,"collector":"c1"}').key is None


def test_it_stays_one_document_that_older_readers_read() -> None:
    assert json.loads(SIGNED)["signature"]["key"] == KEY.key
    assert CollectorStatus.model_validate_json(SIGNED) == STATUS


def signature_of(payload: bytes) -> bytes:
    return payload[payload.index(b',"signature"') :]


@pytest.mark.parametrize(
    "payload",
    [
        SIGNED.replace(b'"store":"down"', b'"store":"up"'),
        SIGNED.replace(b'"beat":7', b'"beat":8'),
        SIGNED.replace(b'"collector":"c1"', b'"collector":"c2"'),
        SIGNED.replace(KEY.key.encode(), OTHER.key.encode()),
        SIGNED[:-6] + b'00"}}',
        SIGNED[:-2] + b',"more":1}}',
        SIGNED + signature_of(SIGNED),
        write_status(STATUS, None)[:-1] + b',"signature":{"key":1}}',
        write_status(STATUS, None)[:-1] + signature_of(write_status(STATUS.model_copy(update={"beat": 8}), KEY)),
    ],
    ids=["store", "beat", "name", "key", "digits", "more in it", "twice", "no form", "another word's"],
)
def test_a5_a_forged_status_is_refused(payload: bytes) -> None:
    """Said by nobody who has the key."""
    with pytest.raises(BadSignature):
        read_status(payload)


def test_a_receipts_signature_serves_for_no_status() -> None:
    body = write_status(STATUS, None)
    line = KEY.word("receipt", "+", "c1", body).split(b"\n")[1]
    with pytest.raises(BadSignature):
        read_status(body[:-1] + b"," + line[1:])


def test_a_key_holder_signs_for_nobody_else() -> None:
    """Its own name stands under the signature; in the document it must be the same."""
    body = write_status(STATUS, None)
    line = KEY.word("status", "+", "c2", body).split(b"\n")[1]
    with pytest.raises(BadSignature, match="the status of 'c1' is signed by 'c2'"):
        read_status(body[:-1] + b"," + line[1:])


@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b'{"online":1}', b"\xff", b'{"online":true,"collector":"c1"'])
def test_what_is_no_document_is_no_word(payload: bytes) -> None:
    with pytest.raises(ValidationError):
        read_status(payload)


def test_a_last_will_comes_after_all_that_was_said_on_its_connection() -> None:
    """It is signed before any of that is said."""
    will = read_status(collector_offline("c1", STARTED, KEY, 2))
    said = [
        CollectorWord(STATUS.model_copy(update={"connection": c, "beat": b})) for c, b in ((1, 9), (2, 1), (2, 900))
    ]
    after = CollectorWord(STATUS.model_copy(update={"connection": 3, "beat": 1}))
    assert (will.key, will.status.online, will.status.started) == (KEY.key, False, STARTED)
    assert [one.order for one in (*said, will, after)] == sorted(one.order for one in (after, will, *said))

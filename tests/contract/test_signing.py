"""Signatures: they say just what was signed, by whom, and serve for nothing else."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from samples import amendment, chain, event, inspection

from gaugetrail_contract.commands import MAX_RANGES, Again, parse_command
from gaugetrail_contract.receipts import Receipt, parse_receipt
from gaugetrail_contract.seal import BadRecord, link_of, open_line, split_message
from gaugetrail_contract.signing import (
    FRONT,
    BadKeyFile,
    BadSignature,
    Signature,
    Signer,
    check,
    cut_signature,
    fingerprint,
    open_word,
    signer_at,
)

GOLDEN = Path(__file__).parent / "golden"
KEY = Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
"""A key for tests only; everybody knows it."""
RECORDS = chain([inspection(), event(), amendment()], schema="gaugetrail/1")
SEALS = [sealed.sha256 for sealed in RECORDS]
MESSAGE = b"\n".join([*(sealed.line() for sealed in RECORDS), KEY.records("line1-pc1", "abcdefgh", 3, SEALS)])
RECEIPT = Receipt(epoch="abcdefgh", stored=((1, 3, SEALS[2]),))
WORD = KEY.word("receipt", "line1-pc1", "collector-1", RECEIPT.to_bytes())


@pytest.mark.parametrize(("name", "payload"), [("signed-message", MESSAGE), ("signed-receipt", WORD)])
def test_golden_messages_are_written_byte_for_byte(name: str, payload: bytes) -> None:
    """What an agent or a collector of today signs is exactly what was agreed."""
    assert (GOLDEN / f"{name}.jsonl").read_bytes() == payload + b"\n"


def test_a_golden_message_is_read_and_its_signature_holds() -> None:
    lines, signature = cut_signature(split_message((GOLDEN / "signed-message.jsonl").read_bytes()))
    assert signature is not None
    signature.check("line1-pc1", [open_line(line).sealed.sha256 for line in lines])
    assert (signature.epoch, signature.seq, signature.sha256) == ("abcdefgh", 3, SEALS[2])
    assert fingerprint(signature.key) == fingerprint(KEY.key)


def test_a_golden_receipt_is_read_and_its_signature_holds() -> None:
    word = open_word("receipt", "line1-pc1", (GOLDEN / "signed-receipt.jsonl").read_bytes().rstrip(b"\n"))
    assert (word.collector, word.key) == ("collector-1", KEY.key)
    assert parse_receipt(word.body) == RECEIPT


def test_messages_without_a_signature_stay_readable() -> None:
    """Agents sent them so before there were keys."""
    lines = split_message((GOLDEN / "chain.jsonl").read_bytes())
    assert cut_signature(lines) == (lines, None)
    assert open_word("receipt", "line1-pc1", RECEIPT.to_bytes()).key is None


@pytest.mark.parametrize(
    ("agent", "seals"),
    [
        ("line1-pc2", SEALS),
        ("line1-pc1", SEALS[1:]),
        ("line1-pc1", [SEALS[1], SEALS[0], SEALS[2]]),
        ("line1-pc1", [*SEALS[:2], SEALS[0], SEALS[2]]),
        ("line1-pc1", SEALS[:2]),
        ("line1-pc1", []),
    ],
    ids=["another agent", "one left out", "order", "one put in", "the last left out", "all left out"],
)
def test_a_signature_holds_for_just_its_message(agent: str, seals: list[str]) -> None:
    _, signature = cut_signature(split_message(MESSAGE))
    assert signature is not None
    with pytest.raises(BadSignature):
        signature.check(agent, seals)


def test_a_signature_serves_for_nothing_else() -> None:
    """A receipt is no command and not another agent's, whatever its bytes are."""
    with pytest.raises(BadSignature):
        open_word("command", "line1-pc1", WORD)
    with pytest.raises(BadSignature):
        open_word("receipt", "line1-pc2", WORD)
    with pytest.raises(BadSignature):
        check(KEY.key, KEY.sign("anchor", "a", "b"), "anchor", "a", "c")
    check(KEY.key, KEY.sign("anchor", "a", "b"), "anchor", "a", "b")


@given(st.integers(0, len(MESSAGE) - 1), st.integers(1, 255))
def test_no_altered_byte_goes_unnoticed(at: int, mask: int) -> None:
    """Whatever byte changes on the way: a seal, the line or the signature says so."""
    damaged = bytearray(MESSAGE)
    damaged[at] ^= mask
    with pytest.raises((BadRecord, BadSignature)):
        believe(bytes(damaged))


HEX = "0123456789abcdef"
FORMS = st.builds(
    '{{"signature":{{"key":"{}","epoch":"{}","seq":{},"sha256":"{}","ed25519":"{}"}}}}'.format,
    st.text(HEX, min_size=63, max_size=64),
    st.text(HEX + "gz", min_size=8, max_size=32) | st.text(HEX + "_", min_size=7, max_size=33),
    st.one_of(st.integers(-1, 10**17), st.sampled_from(["0", "01", "1.0", "1e3", '"1"', str(2**53), str(2**53 + 1)])),
    st.text(HEX, min_size=64, max_size=64) | st.text(HEX + "A", min_size=64, max_size=64),
    st.text(HEX, min_size=128, max_size=128),
).map(str.encode)
GOOD_LINE = MESSAGE.split(b"\n")[-1]


def cut(line: bytes) -> Signature | None:
    """What the line says; null where it is no signature."""
    try:
        return cut_signature([line])[1]
    except BadSignature:
        return None


@given(st.one_of(FORMS, st.builds(lambda at, byte: GOOD_LINE[:at] + byte + GOOD_LINE[at + 1 :],
    st.integers(len(FRONT), len(GOOD_LINE)), st.binary(max_size=2))))  # fmt: skip
def test_a_line_to_the_letter_says_what_the_parser_reads(line: bytes) -> None:
    """Lines as we write them are read without the parser: with a blank put in, it reads just the same of any line."""
    assert cut(line) == cut(line[: len(FRONT)] + b" " + line[len(FRONT) :])


def test_a_signature_is_written_as_it_is_read() -> None:
    found = cut(GOOD_LINE)
    assert found is not None
    assert found.line() == GOOD_LINE


def believe(payload: bytes) -> None:
    """What a collector does with a message of an agent whose key it knows."""
    lines, signature = cut_signature(split_message(payload))
    if signature is None:
        raise BadSignature("not signed")
    signature.check("line1-pc1", [open_line(line).sealed.sha256 for line in lines])


@given(st.binary(max_size=300))
def test_any_bytes_give_a_word_or_a_reason(raw: bytes) -> None:
    for payload in (raw, b'x\n{"signature":{' + raw, b'x\n{"signature":' + raw + b"}"):
        try:
            word = open_word("receipt", "a", payload)
        except BadSignature:
            continue
        assert word.key is None
        try:
            parse_command(word.body)
        except ValueError:
            continue
        raise AssertionError("no random bytes are a command")


def test_a_command_reads_as_it_was_written() -> None:
    command = Again(command="again", epoch="abcdefgh", ranges=((1, 5), (7, 7)))
    assert command == parse_command(command.to_bytes())


@pytest.mark.parametrize(
    "body",
    [
        b'{"command":"again","epoch":"abcdefgh","ranges":[]}',
        b'{"command":"again","epoch":"abcdefgh","ranges":[[2,1]]}',
        b'{"command":"again","epoch":"abcdefgh","ranges":[[0,1]]}',
        b'{"command":"again","epoch":"AB","ranges":[[1,1]]}',
        b'{"command":"again","command":"again","epoch":"abcdefgh","ranges":[[1,1]]}',
        b'{"command":"forget","epoch":"abcdefgh","ranges":[[1,1]]}',
        b'{"command":"again","epoch":"abcdefgh","ranges":[' + b",".join([b"[1,1]"] * (MAX_RANGES + 1)) + b"]}",
    ],
)
def test_a32_what_is_no_command_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the sentence is free
        parse_command(body)


def test_a_record_tells_its_place_without_being_parsed() -> None:
    for number, sealed in enumerate(RECORDS, 1):
        assert (link_of(sealed.data).epoch, link_of(sealed.data).seq) == ("abcdefgh", number)
    tricky = chain([inspection()], agent='x","epoch":"zzzzzzzz","seq":9,"prev":"')[0]
    assert (link_of(tricky.data).epoch, link_of(tricky.data).seq) == ("abcdefgh", 1)


def test_a_key_is_made_once_and_is_nobody_elses(tmp_path: Path) -> None:
    path = tmp_path / "data" / "agent.key"
    made = signer_at(path)
    assert signer_at(path).key == made.key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [path] == list(path.parent.iterdir())


@pytest.mark.parametrize(
    "content", [b"", b"garbage", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
)
def test_a_damaged_key_is_said_and_never_replaced(tmp_path: Path, content: bytes) -> None:
    """A new key in its place would look like another agent to every collector."""
    path = tmp_path / "agent.key"
    path.write_bytes(content)
    with pytest.raises(BadKeyFile, match=r"agent\.key"):
        signer_at(path)
    assert path.read_bytes() == content

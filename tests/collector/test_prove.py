"""Signatures of a batch: as few are checked as prove them all, and none is believed that proves nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from signed_messages import FORGER, KEY, message, sealed_chain

from gaugetrail_collector.intake.decoding import Decoded, Message, decode, prove

CHAIN = sealed_chain(12)
OTHER = sealed_chain(12, mark="X")


def arrived(*payloads: bytes, agent: str = "pc1") -> list[Decoded]:
    topic = f"gaugetrail/v1/{agent}/records"
    return [decode(Message(topic, payload, number), defer=True) for number, payload in enumerate(payloads)]


def spoilt(payload: bytes) -> bytes:
    """The same message with another signature of the right form."""
    at = payload.index(b'"ed25519":"') + len(b'"ed25519":"')
    return payload[:at] + b"00" * 64 + payload[at + 128 :]


def doubted(batch: list[Decoded]) -> list[bool]:
    proven = prove(batch)
    assert not any(decoded.deferred for decoded in proven)
    assert [decoded.message for decoded in proven] == [decoded.message for decoded in batch]
    assert [decoded.signature is None for decoded in proven] == [decoded.doubt is not None for decoded in proven]
    return [decoded.doubt is not None for decoded in proven]


def test_one_good_signature_proves_the_chain_before_it() -> None:
    """The last message names, by its records, every record of the messages before; their signatures needn't be seen."""
    parts = [message(CHAIN[at : at + 3], KEY) for at in range(0, 12, 3)]
    assert doubted(arrived(*map(spoilt, parts[:-1]), parts[-1])) == [False] * 4


def test_without_a_good_one_behind_each_stands_for_itself() -> None:
    parts = [message(CHAIN[at : at + 3], KEY) for at in range(0, 12, 3)]
    assert doubted(arrived(parts[0], spoilt(parts[1]), parts[2], spoilt(parts[3]))) == [False, False, False, True]
    assert doubted(arrived(parts[0], parts[1], spoilt(parts[3]))) == [False, False, True]


@pytest.mark.parametrize(
    "before",
    [
        message(OTHER[:3], FORGER).replace(FORGER.key.encode(), KEY.key.encode()),
        spoilt(message(CHAIN[:2], KEY)),
        spoilt(message(CHAIN[3:6], KEY)),
        spoilt(message([CHAIN[0], OTHER[1], CHAIN[2]], KEY)),
    ],
    ids=["another chain", "a gap between", "the same again", "one exchanged within"],
)
def test_what_the_next_message_does_not_name_is_not_proven_by_it(before: bytes) -> None:
    """An exchanged record inside is not proven either, although the message ends with the right seal."""
    assert doubted(arrived(before, message(CHAIN[3:6], KEY))) == [True, False]


def test_a_message_of_another_key_is_proven_by_its_own_signature_only() -> None:
    """Records of the agent under a stranger's key: the good signature behind is of another key."""
    assert doubted(arrived(spoilt(message(CHAIN[:3], FORGER)), message(CHAIN[3:6], KEY))) == [True, False]
    assert doubted(arrived(message(CHAIN[:3], FORGER), message(CHAIN[3:6], KEY))) == [False, False]


def test_agents_prove_nothing_of_each_other() -> None:
    mine = arrived(spoilt(message(CHAIN[:3], KEY)))
    theirs = arrived(message(sealed_chain(3, "pc2"), KEY, "pc2"), agent="pc2")
    assert doubted([*mine, *theirs]) == [True, False]


def test_a_signature_that_names_another_last_record_is_looked_at() -> None:
    """The message behind links to it, but what it says of itself is not so."""
    cut = message(CHAIN[:3], KEY).split(b"\n")
    shorter = b"\n".join([*cut[:2], cut[3]])
    assert doubted(arrived(shorter, message(CHAIN[2:4], KEY))) == [True, False]


def test_unsigned_messages_and_bad_lines_pass_through_as_they_are() -> None:
    batch = arrived(message(CHAIN[:2]), b"garbage", message(CHAIN[2:4], KEY) + b"\ngarbage")
    assert prove(batch) == batch


@given(st.lists(st.integers(1, 4), min_size=1, max_size=5), st.data())
def test_good_messages_come_to_the_same_as_one_by_one(sizes: list[int], data: st.DataObject) -> None:
    """In order, out of order, twice: every message that would be believed alone is believed in the batch."""
    at, parts = 0, []
    for size in sizes:
        parts.append(message(sealed_chain(20)[at : at + size], KEY))
        at += size
    order = data.draw(st.lists(st.sampled_from(parts), min_size=1, max_size=8))
    alone = [decode(Message("gaugetrail/v1/pc1/records", part, number)) for number, part in enumerate(order)]
    assert prove(arrived(*order)) == alone

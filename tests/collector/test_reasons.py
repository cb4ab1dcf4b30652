"""Whatever is set aside, a person reads what happened and what to do, beside the exact reason."""

from __future__ import annotations

from pathlib import Path

import pytest
from made import chain, event
from signed_messages import FORGER, KEY, message, sealed_chain

from gaugetrail_collector.intake.aside.reasons import Why, in_words
from gaugetrail_collector.intake.aside.set_aside import SetAside
from gaugetrail_collector.intake.decoding import MOST_LINES, Message, decode
from gaugetrail_collector.intake.keys.agent_keys import Keys
from gaugetrail_collector.intake.storing import Storing
from gaugetrail_collector.stores import fork_reason
from gaugetrail_collector.stores.guard import TagGuard
from gaugetrail_collector.stores.sqlite.store import SqliteStore
from gaugetrail_contract.seal import seal_of

LINE = event(1).sealed.line()
RECORDS = "gaugetrail/v1/line1-pc1/records"


def sealed_anew(old: bytes, new: bytes) -> bytes:
    """The line of a record that was written so, with a seal that holds."""
    data = event(1).sealed.data
    assert old in data
    data = data.replace(old, new)
    return b'{"sha256":"%s","record":%s}' % (seal_of(data).encode(), data)


FOREIGN = "no Gaugetrail record"
LINES = {
    "noise": (b"bore=74.0?2 mm", FOREIGN),
    "another JSON": (b'{"temperature": 21.5}', FOREIGN),
    "cut off": (LINE[:-20], FOREIGN),
    "nothing": (b"", FOREIGN),
    "a changed byte": (LINE.replace(b"2026-", b"2025-"), "its seal doesn't fit"),
    "too long": (b'{"sha256":"' + b"a" * 70_000, "larger than a record"),
    "a newer schema": (sealed_anew(b"gaugetrail/2", b"gaugetrail/9"), "newer version"),
    "an unknown kind": (sealed_anew(b'"event"', b'"dream"'), "breaks a rule"),
    "another number": (sealed_anew(b'"seq":1', b'"seq":-1'), "breaks a rule"),
}


@pytest.mark.parametrize("name", LINES)
def test_a_line_that_is_no_record(name: str) -> None:
    raw, words = LINES[name]
    ((_, reason),) = decode(Message(RECORDS, raw, 1)).bad
    assert words in in_words(reason).what, reason
    assert in_words(reason).cure


def test_a_message_of_more_lines_than_any_line_pc_sends() -> None:
    ((_, reason),) = decode(Message(RECORDS, b"x\n" * (MOST_LINES + 5), 1)).bad
    assert "many more lines" in in_words(reason).what
    assert in_words(reason).cure


def test_a_record_on_anothers_topic_or_on_no_agents() -> None:
    ((_, reason),) = decode(Message("gaugetrail/v1/pc9/records", LINE, 1)).bad
    assert "another line PC's name" in in_words(reason).what
    ((_, reason),) = decode(Message("somewhere/else", LINE, 1)).bad
    assert FOREIGN in in_words(reason).what


@pytest.mark.parametrize("policy", ["first-use", "registered"])
def test_a_message_that_is_not_signed_as_it_must_be(tmp_path: Path, policy: str) -> None:
    keys = Keys(tmp_path / "keys.db", policy, lambda: 1)  # type: ignore[arg-type]
    keys.open()
    keys.add("pc1", KEY.key, "registered")
    for refused in (
        keys.refuse("pc1", None, None),
        keys.refuse("pc1", FORGER.key, None),
        keys.refuse("pc1", None, "the signature line is none"),
        keys.refuse("pc2", FORGER.key, None) if policy == "registered" else keys.refuse("pc1", None, None),
    ):
        assert refused is not None
        assert "isn't signed by the line PC" in in_words(refused).what
    keys.close()


def test_a_fork_a_bound_and_what_the_database_says() -> None:
    assert "another record under the same number" in in_words(fork_reason("a" * 64, "b" * 64)).what
    refused = TagGuard({"station": 0}).refuse(chain(1)[0])
    assert refused is not None
    assert "room for distinct names" in in_words(refused).what
    assert "doesn't take it" in in_words("InfluxDB refuses it: field type conflict: a field has …").what
    assert "older than the database keeps" in in_words("points beyond retention: of 2020").what


def test_a_reason_that_nobody_knows_is_shown_as_it_is() -> None:
    assert in_words("the moon was full") == Why("the moon was full", "")


def test_what_is_set_aside_keeps_its_exact_reason(tmp_path: Path) -> None:
    store, aside = SqliteStore(tmp_path / "store.db"), SetAside(tmp_path / "set-aside.db")
    keys = Keys(tmp_path / "keys.db", "first-use", lambda: 1)
    for part in (store, aside, keys):
        part.open()
    storing = Storing(store, aside, lambda: 1, keys)
    records = sealed_chain(2)
    for payload in (message(records[:1], KEY), message(records[1:], FORGER)):
        storing.store_all([decode(Message("gaugetrail/v1/pc1/records", payload, 1))])
    (entry,) = aside.entries()
    assert "is known by" in entry.reason
    for part in (store, aside, keys):
        part.close()

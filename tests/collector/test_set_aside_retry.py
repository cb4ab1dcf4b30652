"""What is set aside goes back through the door when its cause is mended; asking again alone makes nothing true."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from asking_commands import ask, settings_file
from made import event, opened, twin
from places import StubPlace
from signed_messages import FORGER, KEY, message, sealed_chain

from gaugetrail_collector.intake.account import Account
from gaugetrail_collector.intake.aside.retry import retry
from gaugetrail_collector.intake.aside.set_aside import Entry, SetAside
from gaugetrail_collector.intake.decoding import Message, decode
from gaugetrail_collector.intake.keys.agent_keys import Keys
from gaugetrail_collector.intake.storing import Storing
from gaugetrail_collector.stores import fork_reason
from gaugetrail_collector.stores.sqlite.store import SqliteStore
from gaugetrail_contract.seal import branch_name
from gaugetrail_contract.signing import Signer

CHAIN = sealed_chain(5)


class Room:
    """A collector's folder with everything that storing needs."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.store = SqliteStore(folder / "store.db")
        self.aside = SetAside(folder / "data" / "set-aside.db")
        self.keys = Keys(folder / "data" / "keys.db", "first-use", lambda: 1)
        for part in (self.store, self.aside, self.keys):
            part.open()
            stack.callback(part.close)
        self.storing = Storing(self.store, self.aside, lambda: 1, self.keys)
        self.account = Account(lambda: 1)

    def take(self, payload: bytes, agent: str = "pc1") -> None:
        stored = self.storing.store_all([decode(Message(f"gaugetrail/v1/{agent}/records", payload, 1))])
        self.account.confirm(stored)

    def again(self, *, vouch: bool = False) -> tuple[int, list[str]]:
        done = retry(self.store, self.aside, self.aside.entries(), None if vouch else self.keys)
        return len(done.settled), [reason for _, reason in done.left]


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    with ExitStack() as stack:
        yield Room(tmp_path, stack)


def test_what_the_store_refused_goes_in_once_the_store_is_mended(tmp_path: Path, stub_place: StubPlace) -> None:
    store = stub_place.store()
    stub_place.spoil()
    aside = SetAside(tmp_path / "set-aside.db")
    aside.open()
    storing = Storing(store, aside, lambda: 1)
    storing.store_all([decode(Message("gaugetrail/v1/line1-pc1/records", event(1).sealed.line(), 1))])
    assert aside.numbers("line1-pc1", "abcdefgh") == [1]
    first = retry(store, aside, aside.entries(), None)
    assert (first.settled, len(first.left)) == ([], 1)
    stub_place.mend()
    assert len(retry(store, aside, aside.entries(), None).settled) == 1
    assert aside.count() == 0
    assert store.count() == 1
    aside.close()


def test_an_unsigned_record_leaves_when_the_agent_has_sent_it_itself(room: Room) -> None:
    room.take(message(CHAIN[:1], KEY))
    room.take(message(CHAIN[1:3], FORGER))
    assert room.aside.count() == 2
    settled, reasons = room.again()
    assert settled == 0
    assert "not signed" in reasons[0]
    room.take(message(CHAIN[1:3], KEY))
    assert room.aside.count() == 0
    assert room.store.count() == 3


def test_a_signed_record_that_was_held_for_its_time_needs_nobody_to_vouch_for_its_line(room: Room) -> None:
    """Its message was proven, or it would not have come as far as to be held; an unsigned one stays."""
    first = opened(1, agent="pc1")
    second = opened(2, agent="pc1", prev=first.sealed.sha256, time_us=first.time_us - 1)
    room.take(message([first.sealed, second.sealed], KEY))
    room.take(message(CHAIN[2:3], FORGER))
    assert (room.store.count(), room.aside.count()) == (1, 2)
    settled, reasons = room.again()
    assert (settled, len(reasons), "not signed" in reasons[0]) == (1, 1, True)
    assert room.store.count() == 2


def test_a_person_may_vouch(room: Room) -> None:
    room.take(message(CHAIN[:1], KEY))
    room.take(message(CHAIN[1:2]))
    assert room.again()[0] == 0
    assert room.again(vouch=True) == (1, [])
    assert room.store.count() == 2


def test_an_unproven_record_is_not_accounted_for(room: Room) -> None:
    """Else a stranger could hide a missing number by sending something under it."""
    room.take(message(CHAIN[:1], KEY))
    room.take(message(CHAIN[1:2], FORGER))
    assert room.aside.numbers("pc1", "abcdefgh") == []


def test_a4_a_fork_is_kept_on_both_sides_and_never_confirmed(room: Room) -> None:
    """The same identity under two seals: the first stays in the store, the other on the list, again and again."""
    pair = twin(1)
    room.take(pair.first.sealed.line(), "line1-pc1")
    for _ in range(3):
        decoded = [decode(Message("gaugetrail/v1/line1-pc1/records", pair.other.sealed.line(), 1))]
        done = room.account.confirm(room.storing.store_all(decoded))
        assert [receipt for _, receipt in done.receipts if receipt.stored or receipt.set_aside] == []
    (entry,) = room.aside.entries()
    assert entry.reason.startswith("fork")
    assert pair.first.sealed.sha256 in entry.reason
    assert (entry.times, entry.told) == (3, False)
    settled, reasons = room.again()
    assert (settled, reasons[0][:4]) == (0, "fork")
    assert "set-aside retry --vouch" in reasons[0]
    assert [row.sha256 for row in room.store.rows("line1-pc1", "abcdefgh")] == [pair.first.sealed.sha256]
    assert room.account.figures.forks == 3


CLONE = sealed_chain(5, start=4, prev=CHAIN[2].sha256, mark="B")
BRANCH = branch_name(CLONE[0].sha256)


def histories(room: Room) -> list[tuple[str, int]]:
    return [(chain.branch, len(list(room.store.rows(*chain)))) for chain in room.store.chains()]


def told(room: Room, payload: bytes) -> list[tuple[str, str, tuple[tuple[int, int, str], ...]]]:
    """What the receipts say of a message."""
    done = room.account.confirm(room.storing.store_all([decode(Message("gaugetrail/v1/pc1/records", payload, 1))]))
    return [(agent, one.branch, one.stored) for agent, one in done.receipts]


def test_a_signed_fork_is_stored_as_a_second_history_and_its_receipt_names_it(room: Room) -> None:
    assert told(room, message(CHAIN, KEY)) == [("pc1", "", ((1, 5, CHAIN[4].sha256),))]
    assert told(room, message(CLONE[:2], KEY)) == [("pc1", BRANCH, ((4, 5, CLONE[1].sha256),))]
    assert told(room, message(CLONE[2:], KEY)) == [("pc1", BRANCH, ((6, 8, CLONE[4].sha256),))]
    assert told(room, message([CHAIN[2], *CLONE], KEY)) == [
        ("pc1", "", ((3, 3, CHAIN[2].sha256),)),
        ("pc1", BRANCH, ((4, 8, CLONE[4].sha256),)),
    ]
    assert (histories(room), room.aside.count()) == ([("", 5), (BRANCH, 5)], 0)
    assert room.account.parted == {("pc1", "abcdefgh", BRANCH): 4}
    assert room.account.second_histories(5) == ("pc1 epoch abcdefgh from 4 on",)
    assert room.account.figures.forks == 0


@pytest.mark.parametrize("signer", [None, FORGER], ids=["unsigned", "another's"])
def test_a_fork_that_is_not_signed_by_the_agents_key_stays_until_somebody_vouches(
    room: Room, signer: Signer | None
) -> None:
    room.take(message(CHAIN, KEY))
    room.take(message(CLONE, signer))
    assert (histories(room), room.aside.count()) == ([("", 5)], 5)
    assert room.again()[0] == 0
    assert room.again()[0] == 0, "nor for being asked again"
    assert histories(room) == [("", 5)]
    assert room.again(vouch=True) == (5, [])
    assert (histories(room), room.aside.count()) == ([("", 5), (BRANCH, 5)], 0)


def test_a_fork_of_an_agent_without_a_key_stays_until_somebody_vouches(room: Room) -> None:
    room.take(message(CHAIN))
    room.take(message(CLONE))
    assert room.again()[0] == 0
    assert "set-aside retry --vouch" in room.aside.entries()[0].reason
    assert told(room, message(CLONE[:2])) == []
    assert room.again(vouch=True) == (5, [])
    assert histories(room) == [("", 5), (BRANCH, 5)]
    assert told(room, message(CLONE)) == [("pc1", BRANCH, ((4, 8, CLONE[4].sha256),))]


def set_aside_before(room: Room) -> None:
    """Forks as they lie on the list of a collector that could not store them, in the order in which they came."""
    topic = "gaugetrail/v1/pc1/records"
    for at in (4, 0, 1, 3, 2):
        one = CLONE[at]
        reason = fork_reason(one.sha256, "ab" * 32)
        room.aside.put([Entry(topic, one.line(), reason, 5, "pc1", "abcdefgh", 4 + at, one.sha256)])


def test_what_was_set_aside_as_a_fork_before_is_taken_in(room: Room) -> None:
    """Nothing unsigned came so far, once the agent was known by a key."""
    room.take(message(CHAIN, KEY))
    set_aside_before(room)
    assert room.again() == (5, [])
    assert (histories(room), room.aside.count()) == ([("", 5), (BRANCH, 5)], 0)


def test_what_was_set_aside_as_a_fork_leaves_the_list_when_the_agent_sends_it_itself(room: Room) -> None:
    room.take(message(CHAIN, KEY))
    set_aside_before(room)
    room.take(message(CLONE, KEY))
    assert (histories(room), room.aside.count()) == ([("", 5), (BRANCH, 5)], 0)


def test_late_records_stand_at_their_own_time_and_are_counted(room: Room) -> None:
    late = opened(1)
    now = late.record.time_us + 3 * 86_400_000_000
    room.account.now_us = lambda: now
    room.take(late.sealed.line(), "line1-pc1")
    room.take(opened(2, time_us=now - 1_000_000).sealed.line(), "line1-pc1")
    assert room.account.figures.late == 1
    assert next(room.store.rows("line1-pc1", "abcdefgh")).time_us == late.record.time_us


def test_a_list_of_an_earlier_version_opens(tmp_path: Path) -> None:
    path = tmp_path / "set-aside.db"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(
            "CREATE TABLE entry(id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, topic TEXT NOT NULL,"
            " raw BLOB NOT NULL, reason TEXT NOT NULL, first_us INTEGER NOT NULL, times INTEGER NOT NULL DEFAULT 1,"
            " agent TEXT, epoch TEXT, seq INTEGER, sha256 TEXT)"
        )
        db.execute("INSERT INTO entry VALUES(1, 'd', 't', x'00', 'why', 1, 2, 'pc1', 'abcdefgh', 7, 's')")
    aside = SetAside(path)
    aside.open()
    aside.put([Entry("t", b"x", "bad", 1)])
    assert [(entry.id, entry.seq) for entry in aside.entries()] == [(1, 7), (2, None)]
    assert aside.numbers("pc1", "abcdefgh") == [7]
    aside.close()


def test_the_commands(tmp_path: Path) -> None:
    settings_file(tmp_path)
    with ExitStack() as stack:
        room = Room(tmp_path, stack)
        room.take(message(CHAIN[:1], KEY))
        room.take(message(CHAIN[1:3]))
        room.take(b"garbage \x00\xff", "pc9")

    code, _, _ = ask(tmp_path, "set-aside", "export", str(tmp_path / "out.jsonl"))
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert (code, len(lines)) == (0, 3)
    assert bytes.fromhex(lines[2]["raw_hex"]) == b"garbage \x00\xff"
    code, out, _ = ask(tmp_path, "set-aside", "retry", "--json")
    assert (code, json.loads(out)) == (1, {"stored": 0, "left": 3})
    code, out, _ = ask(tmp_path, "set-aside", "retry", "1", "--vouch")
    assert (code, out.splitlines()[-1]) == (0, "1 in the store now, 0 still set aside")
    code, out, _ = ask(tmp_path, "set-aside", "retry", "--vouch")
    assert code == 1
    assert "not a wire line" in out
    assert ask(tmp_path, "set-aside", "retry", "99")[0] == 1
    assert ask(tmp_path, "set-aside", "export", "/no/such/folder/x")[0] == 1

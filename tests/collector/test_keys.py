"""Whose records are taken: by the agents' keys, and what becomes of a message that proves nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from asking_commands import ask, settings_file
from hypothesis import given
from hypothesis import strategies as st
from signed_messages import FORGER, KEY, message, sealed_chain

from gaugetrail_collector.intake.account import Account
from gaugetrail_collector.intake.aside.set_aside import Entry, SetAside
from gaugetrail_collector.intake.decoding import Message, decode
from gaugetrail_collector.intake.keys.agent_keys import Keys, Policy
from gaugetrail_collector.intake.storing import Storing
from gaugetrail_collector.stores.sqlite.store import SqliteStore


class Bench:
    """Storing over a real SQLite store, list and key file."""

    def __init__(self, folder: Path, policy: Policy, stack: ExitStack) -> None:
        self.store = SqliteStore(folder / "store.db")
        self.aside = SetAside(folder / "set-aside.db")
        self.keys = Keys(folder / "keys.db", policy, lambda: 1)
        for part in (self.store, self.aside, self.keys):
            part.open()
            stack.callback(part.close)
        self.storing = Storing(self.store, self.aside, lambda: 1, self.keys)
        self.account = Account(lambda: 1)

    def take(self, *payloads: bytes, agent: str = "pc1") -> tuple[int, list[Entry]]:
        """Records receipted by these messages, which come as one batch, and what is set aside now."""
        batch = [
            decode(Message(f"gaugetrail/v1/{agent}/records", payload, token))
            for token, payload in enumerate(payloads, 1)
        ]
        done = self.account.confirm(self.storing.store_all(batch))
        receipted = sum(end - start + 1 for _, receipt in done.receipts for start, end, _ in receipt.stored)
        assert len(done.messages) == len(payloads), "whatever it was, the broker is told that it is finished"
        return receipted, self.aside.entries()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with ExitStack() as stack:
        yield Bench(tmp_path, "first-use", stack)


CHAIN = sealed_chain(6)


def test_the_first_key_is_kept_and_announced(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    assert bench.take(message(CHAIN[:2], KEY)) == (2, [])
    assert [(entry.agent, entry.key, entry.how) for entry in bench.keys.entries()] == [("pc1", KEY.key, "first-use")]
    assert "pc1 is known from now on by its key" in caplog.text
    assert bench.take(message(CHAIN[2:4], KEY)) == (2, [])


def test_an_unsigned_message_is_taken_until_the_agent_has_a_key(bench: Bench) -> None:
    """So agents may be brought up to date one after the other."""
    assert bench.take(message(CHAIN[:2])) == (2, [])
    assert bench.take(message(CHAIN[2:3], KEY)) == (1, [])
    receipted, aside = bench.take(message(CHAIN[3:5]))
    assert receipted == 0
    assert [entry.seq for entry in aside] == [4, 5]
    assert "not signed" in aside[0].reason
    assert bench.account.figures.unproven == 2


def test_a10_another_key_is_set_aside_without_a_receipt_and_stops_nobody(bench: Bench) -> None:
    bench.take(message(CHAIN[:1], KEY))
    receipted, aside = bench.take(message(CHAIN[1:3], FORGER))
    assert receipted == 0
    assert [entry.seq for entry in aside] == [2, 3]
    assert f"keys add pc1 {FORGER.key}" in aside[0].reason
    assert bench.take(message(CHAIN[1:3], KEY))[0] == 2
    assert bench.store.count() == 3


def test_a_signature_that_does_not_hold_is_never_a_first_key(bench: Bench) -> None:
    good = message(CHAIN[:2], KEY)
    altered = good[:-10] + (b"0" if good[-10:-9] != b"0" else b"1") + good[-9:]
    receipted, aside = bench.take(altered)
    assert receipted == 0
    assert len(aside) == 2
    assert bench.keys.entries() == []


@pytest.mark.parametrize("lines", [[1], [0], [1, 0], [0, 0, 1]], ids=["left out", "cut off", "order", "doubled"])
def test_a_message_whose_lines_were_changed_on_the_way_proves_nothing(bench: Bench, lines: list[int]) -> None:
    *records, signature = message(CHAIN[:2], KEY).split(b"\n")
    receipted, _ = bench.take(b"\n".join([*(records[number] for number in lines), signature]))
    assert receipted == 0
    assert bench.store.count() == 0


def test_a_damaged_record_costs_itself_and_not_its_message(bench: Bench) -> None:
    """A record whose bytes rotted in the spool: the others of its message are signed all the same, and taken."""
    records = [sealed.line() for sealed in CHAIN[:3]]
    signature = message(CHAIN[:3], KEY).split(b"\n")[-1]
    records[1] = records[1].replace(b"SN2", b"SN9")
    receipted, aside = bench.take(b"\n".join([*records, signature]))
    assert receipted == 2
    assert [entry.reason.partition(":")[0] for entry in aside] == ["the seal doesn't hold"]


def test_registered_takes_only_registered_keys(tmp_path: Path) -> None:
    with ExitStack() as stack:
        bench = Bench(tmp_path, "registered", stack)
        assert bench.take(message(CHAIN[:1], KEY))[0] == 0
        assert bench.take(message(CHAIN[:1]))[0] == 0
        assert f"keys add pc1 {KEY.key}" in bench.aside.entries()[0].reason
        bench.keys.add("pc1", KEY.key)
        assert bench.take(message(CHAIN[:1], KEY))[0] == 1
        bench.keys.add("pc1", FORGER.key)
        assert bench.take(message(CHAIN[1:2], FORGER))[0] == 1, "a second key counts beside the first"
        assert bench.take(message(CHAIN[2:3], FORGER), agent="pc2")[0] == 0


def test_off_looks_at_no_signature(tmp_path: Path) -> None:
    with ExitStack() as stack:
        bench = Bench(tmp_path, "off", stack)
        for payload in (message(CHAIN[:1], KEY), message(CHAIN[1:2], FORGER), message(CHAIN[2:3])):
            assert bench.take(payload)[0] == 1


def test_a_change_by_the_command_line_counts_at_once(bench: Bench) -> None:
    """`keys add` beside a running collector: the next message of the new key is taken."""
    bench.take(message(CHAIN[:1], KEY))
    assert bench.take(message(CHAIN[1:2], FORGER))[0] == 0
    other = Keys(bench.keys.path, "first-use", lambda: 2)
    other.open()
    other.add("pc1", FORGER.key)
    assert bench.take(message(CHAIN[1:2], FORGER))[0] == 1
    other.remove("pc1", FORGER.key)
    other.close()
    assert bench.take(message(CHAIN[2:3], FORGER))[0] == 0


def test_a_change_by_the_command_line_counts_from_the_next_batch_on(bench: Bench) -> None:
    """The file is looked at once for a batch; a key of ours, kept within it, counts within it."""
    other = Keys(bench.keys.path, "first-use", lambda: 2)
    other.open()
    both = bench.take(message(CHAIN[:1], KEY), message(CHAIN[1:2], FORGER))
    assert both[0] == 1, "the first key is kept, and is known within the batch"
    other.add("pc1", FORGER.key)
    assert bench.take(message(CHAIN[1:2], FORGER))[0] == 1
    other.remove("pc1", KEY.key)
    other.close()
    assert bench.take(message(CHAIN[2:3], KEY))[0] == 0


@given(st.binary(max_size=400))
def test_any_bytes_as_a_signature_give_a_reason_and_never_an_exception(raw: bytes) -> None:
    decoded = decode(Message("gaugetrail/v1/pc1/records", CHAIN[0].line() + b'\n{"signature":{' + raw, 1))
    assert decoded.signature is None
    assert decoded.doubt is not None or decoded.bad


def test_the_commands(tmp_path: Path) -> None:
    settings_file(tmp_path)
    assert ask(tmp_path, "keys", "add", "pc1", KEY.key)[0] == 0
    code, out, _ = ask(tmp_path, "keys", "ls", "--json")
    assert (code, json.loads(out)["key"], json.loads(out)["how"]) == (0, KEY.key, "registered")
    assert ask(tmp_path, "keys", "remove", "pc1", KEY.key)[0] == 0
    assert ask(tmp_path, "keys", "remove", "pc1", KEY.key)[0] == 1
    assert ask(tmp_path, "keys", "add", "pc1", "00")[0] == 2
    assert ask(tmp_path, "keys", "add", "a/b", KEY.key)[0] == 2
    code, out, _ = ask(tmp_path, "keys", "own", "--json")
    assert (code, len(json.loads(out)["key"])) == (0, 64)
    assert ask(tmp_path, "keys", "own", "--json")[1] == out

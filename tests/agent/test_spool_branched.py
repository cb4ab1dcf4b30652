"""A spool whose epoch has another history at the collector: it is told, drains, and begins a new epoch."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from spool_bodies import put, settle, spool

from gaugetrail_agent.health.report import COPIED, spool_alarm
from gaugetrail_agent.spool import Spool
from gaugetrail_contract.receipts import NotStored, Receipt
from gaugetrail_contract.record import FIRST_PREV, Event
from gaugetrail_contract.seal import branch_name, open_sealed


def seals(one: Spool) -> list[str]:
    return [entry.sealed.sha256 for entry in one.held(0, 100)]


def of_branch(epoch: str, branch: str, *stored: tuple[int, int, str]) -> Receipt:
    return Receipt(epoch=epoch, branch=branch, stored=stored)


def test_a_receipt_for_its_own_branch_drains_it_and_a_new_epoch_says_why(tmp_path: Path) -> None:
    with spool(tmp_path) as one:
        told, old = put(one, 6), one.epoch
        branch = branch_name(told[2].sha256)
        one.confirm(Receipt(epoch=old, stored=((1, 2, told[1].sha256),)))
        done = one.confirm(of_branch(old, branch, (3, 5, told[4].sha256)))
        settle(one)
        assert (done.ranges, done.ignored, one.epoch != old) == (((3, 5),), (), True)
        (sixth, event) = one.waiting(0, 10)
        assert sixth.sealed.sha256 == told[5].sha256
        record = open_sealed(event.sealed)
        assert isinstance(record, Event)
        assert (record.type, record.epoch, record.seq, record.prev) == ("spool.branched", one.epoch, 1, FIRST_PREV)
        assert record.payload == {
            "reason": record.payload["reason"],
            "old_epoch": old,
            "last_seq": 6,
            "last_seal": told[5].sha256,
            "branch": branch,
        }
        (seventh,) = put(one, 1, 7)
        assert (seventh.record_id, one.state().branched) == (f"pc1/{one.epoch}/2", 1)
        assert spool_alarm(one.state(), None) == COPIED
        one.confirm(of_branch(old, branch, (6, 6, told[5].sha256)))
        settle(one)
        assert (one.state().waiting, one.state().branched) == (2, 1)
        new = one.epoch
    with spool(tmp_path) as one:
        assert (one.epoch, one.is_branched(old), one.is_branched(new)) == (new, True, False)
        assert spool_alarm(one.state(), None) is None


def test_another_name_for_the_same_history_is_taken_too(tmp_path: Path) -> None:
    """Its beginning came to the collector after the rest; meanwhile the record that names it may have left."""
    with spool(tmp_path) as one:
        told, old = put(one, 6), one.epoch
        one.confirm(of_branch(old, branch_name(told[4].sha256), (5, 6, told[5].sha256)))
        one.confirm(of_branch(old, "0123456789ab", (2, 4, told[3].sha256)))
        settle(one)
        assert [open_sealed(entry.sealed).seq for entry in one.waiting(0, 10)] == [1, 1]


def test_a_record_of_its_branch_that_is_set_aside_tells_it_too(tmp_path: Path) -> None:
    with spool(tmp_path) as one:
        (told,), old = put(one, 1), one.epoch
        left_out = NotStored(seq=1, sha256=told.sha256, reason="too many tags")
        one.confirm(Receipt(epoch=old, branch=branch_name(told.sha256), set_aside=(left_out,)))
        settle(one)
        assert (one.epoch != old, one.state().set_aside, one.state().waiting) == (True, 1, 1)


def test_words_about_a_history_that_is_not_its_own_change_nothing(tmp_path: Path) -> None:
    """The original hears its copy's receipts: another seal, a number it hasn't sealed yet, a name it doesn't know."""
    with spool(tmp_path) as one:
        told, old = put(one, 3), one.epoch
        for stored in ((2, 3, "ab" * 32), (2, 9, "ab" * 32), (2, 3, told[2].sha256)):
            done = one.confirm(of_branch(old, "abababababab", stored))
            assert (done.ranges, len(done.ignored)) == ((), 1)
        settle(one)
        assert (one.epoch, one.state().waiting, one.state().branched) == (old, 3, 0)


def test_the_new_epoch_and_what_the_old_one_is_called_are_one_commit(tmp_path: Path) -> None:
    """A copy of the files at any moment afterwards has both or neither."""
    with spool(tmp_path) as one:
        (told,), old = put(one, 1), one.epoch
        one.confirm(of_branch(old, branch_name(told.sha256), (1, 1, told.sha256)))
        settle(one)
    with closing(sqlite3.connect(tmp_path / "spool.db")) as db:
        reasons = [reason for (reason,) in db.execute("SELECT reason FROM epoch ORDER BY start")]
        (called,) = db.execute("SELECT value FROM memory WHERE key = ?", (f"branch of {old}",)).fetchone()
    assert (reasons, called) == (["created", "spool.branched"], branch_name(told.sha256))
    with spool(tmp_path) as one:
        assert seals(one)[0] == told.sha256

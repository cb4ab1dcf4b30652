"""`gaugetrail-agent spool`: what a technician sees of the queue, and what he may do to it."""

from __future__ import annotations

import json
import shutil
import sqlite3
import threading
from pathlib import Path

import pytest
from spool_bodies import body, chained, events, put, receipt, settle
from typer.testing import CliRunner

from gaugetrail_agent import cli
from gaugetrail_agent.delivery.lanes import Delivery, Lane
from gaugetrail_agent.spool import Spool
from gaugetrail_contract.clock import FixedClock
from gaugetrail_contract.receipts import NotStored
from gaugetrail_contract.seal import open_line


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "agent.toml").write_text('[agent]\nid = "pc1"\nsite = "s"\nline = "l"\ndata_dir = "data"\n')
    return tmp_path / "agent.toml"


def opened(config: Path) -> Spool:
    one = Spool(config.parent / "data" / "spool.db", agent="pc1", clock=FixedClock())
    one.open()
    return one


def filled(config: Path) -> Spool:
    """Ten records: 1 to 3 confirmed, 4 set aside, the others waiting."""
    one = opened(config)
    told = put(one, 10)
    odd = NotStored(seq=4, sha256=told[3].sha256, reason="tag out of bounds")
    one.confirm(receipt(one, (1, 3, told[2].sha256), aside=(odd,)))
    settle(one)
    return one


def ask(config: Path, *words: str, code: int = 0) -> str:
    """A command's answer; what it says on standard error follows."""
    done = CliRunner().invoke(cli.app, ["spool", words[0], "--config", str(config), *words[1:]])
    assert done.exit_code == code, (done.output, done.exception)
    return done.output


def test_ls_lists_what_waits_and_what_was_set_aside_beside_a_running_agent(config: Path) -> None:
    one = filled(config)
    try:
        waiting = json.loads(ask(config, "ls", "--json"))
        assert [entry["seq"] for entry in waiting] == [5, 6, 7, 8, 9, 10]
        assert waiting[0]["serial"] == "SN5"
        (odd,) = json.loads(ask(config, "ls", "--state", "set-aside", "--json"))
        assert (odd["seq"], odd["reason"], odd["epoch"]) == (4, "tag out of bounds", one.epoch)
        text = ask(config, "ls", "--limit", "2")
        assert "SN6" in text
        assert "SN7" not in text
        assert "6 waiting, the oldest 2 shown" in text
    finally:
        one.close()


def test_show_gives_a_records_words_and_whether_its_seal_holds(config: Path) -> None:
    one = filled(config)
    try:
        shown = json.loads(ask(config, "show", "4", "--json"))
        assert (shown["state"], shown["reason"], shown["seal_holds"]) == ("set-aside", "tag out of bounds", True)
        assert shown["record"]["serial"] == "SN4"
        assert "SN4" in ask(config, "show", "4")
        assert "the epoch has come to 10" in ask(config, "show", "11", code=1)
        assert one.epoch in ask(config, "show", "1", "--epoch", "nosuch", code=1)
    finally:
        one.close()


def test_a_damaged_record_is_listed_and_shown_with_its_bytes(config: Path) -> None:
    filled(config).close()
    with sqlite3.connect(config.parent / "data" / "spool.db") as db:
        db.execute("UPDATE record SET data = x'ff00ff' WHERE place = 6")
    db.close()
    assert "DOES NOT HOLD" in ask(config, "show", "6")
    one = opened(config)
    one.waiting(0, 100)
    settle(one)
    one.close()
    (entry,) = json.loads(ask(config, "ls", "--state", "damaged", "--json"))
    assert (entry["seq"], entry["reason"]) == (6, "its seal doesn't hold")
    assert json.loads(ask(config, "show", "6", "--json"))["raw"] == "ff00ff"
    assert "spoilt" in ask(config, "retry", "6", code=1)


def test_export_writes_the_very_lines_that_would_be_sent(config: Path, tmp_path: Path) -> None:
    one = filled(config)
    try:
        told = json.loads(ask(config, "export", str(tmp_path / "all"), "--json"))
        assert told == {"written": 10, "left_out": 0}
        lines = (tmp_path / "all").read_bytes().splitlines()
        assert [open_line(line).record.seq for line in lines] == list(range(1, 11))
        assert [entry.sealed.line() for entry in one.waiting(0, 100)] == lines[4:]
        ask(config, "export", str(tmp_path / "waiting"), "--state", "waiting")
        assert (tmp_path / "waiting").read_bytes().splitlines() == lines[4:]
        assert "nothing is exported" in ask(config, "export", str(tmp_path / "no" / "folder"), code=1)
    finally:
        one.close()


def test_retry_goes_through_the_running_agent(config: Path) -> None:
    """The record waits again, and delivery is told of it, since it lies behind what was sent already."""
    one = filled(config)
    asked, heard = [], threading.Event()
    one.on_again = lambda places: (asked.extend(places), heard.set())
    try:
        assert json.loads(ask(config, "retry", "4", "--json"))["waits"] is True
        assert heard.wait(10)
        assert asked == [4]
        assert [entry.place for entry in one.waiting(0, 100)] == [4, 5, 6, 7, 8, 9, 10]
        state = one.state()
        assert (state.waiting, state.set_aside) == (7, 0)
        assert "the collector has confirmed it" in ask(config, "retry", "2", code=1)
        assert "it waits" in ask(config, "retry", "5", code=1)
    finally:
        one.close()


def test_retry_without_an_agent_is_carried_out_when_it_starts(config: Path) -> None:
    filled(config).close()
    assert "when it is started" in ask(config, "retry", "4")
    one = opened(config)
    try:
        settle(one)
        settle(one)
        assert one.waiting(0, 100)[0].place == 4
    finally:
        one.close()


def test_restore_puts_a_backup_back_and_the_new_epoch_says_that_it_was_meant(config: Path, tmp_path: Path) -> None:
    one = filled(config)
    epoch = one.epoch
    with sqlite3.connect(tmp_path / "data" / "spool.db") as source, sqlite3.connect(tmp_path / "backup.db") as target:
        source.backup(target)
    source.close()
    target.close()
    assert "in use by another agent" in ask(config, "restore", str(tmp_path / "backup.db"), code=1)
    put(one, 2, 11)
    one.close()
    assert "8 records wait in the present spool" in ask(config, "restore", str(tmp_path / "backup.db"), code=1)
    answer = json.loads(ask(config, "restore", str(tmp_path / "backup.db"), "--even-so", "--json"))
    assert answer["waiting"] == 6
    assert (Path(answer["kept"]) / "spool.db").exists()
    one = opened(config)
    try:
        (event,) = events(one)
        assert (event.type, event.seq, one.epoch != epoch) == ("spool.restored", 1, True)
        assert event.payload["reason"] == "restored on purpose from backup.db"
        assert (event.payload["old_epoch"], event.payload["last_seq"]) == (epoch, 10)
        assert chained(one, epoch) == [5, 6, 7, 8, 9, 10]
    finally:
        one.close()
    one = opened(config)
    assert one.append(body()).result(10).seq == 2
    one.close()


@pytest.mark.parametrize("content", [b"", b"no database" * 50])
def test_restore_refuses_what_is_no_spool_and_leaves_everything_as_it_is(
    config: Path, tmp_path: Path, content: bytes
) -> None:
    one = opened(config)
    one.close()
    before = (tmp_path / "data" / "spool.db").read_bytes()
    (tmp_path / "backup.db").write_bytes(content)
    assert "nothing is restored" in ask(config, "restore", str(tmp_path / "backup.db"), code=1)
    assert (tmp_path / "data" / "spool.db").read_bytes() == before


def test_restore_refuses_the_spool_of_another_agent(config: Path, tmp_path: Path) -> None:
    other = Spool(tmp_path / "other" / "spool.db", agent="pc2", clock=FixedClock())
    other.open()
    other.close()
    shutil.copy(tmp_path / "other" / "spool.db", tmp_path / "backup.db")
    assert "belongs to the agent 'pc2'" in ask(config, "restore", str(tmp_path / "backup.db"), code=1)


def test_without_a_spool_each_command_says_so(config: Path) -> None:
    for words in (("ls",), ("show", "1"), ("export", "x"), ("retry", "1")):
        assert "there is no spool yet" in ask(config, *words, code=1)


def test_a_record_asked_for_once_more_goes_out_although_it_lies_behind_what_was_sent() -> None:
    delivery = Delivery()
    live = delivery.order(10, 0.0)
    assert live is not None
    delivery.done(live, list(range(1, 11)), 0.0)
    delivery.receipted(range(1, 11), 0.1)
    delivery.once_more([4, 12])
    order = delivery.order(10, 1.0)
    assert order is not None
    assert (order.lane, order.first, order.last) == (Lane.BACKLOG, 4, 4)
    delivery.done(order, [4], 1.0)
    assert delivery.order(10, 1.0) is None

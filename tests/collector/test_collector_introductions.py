"""Whom a collector introduces: kept beside the agents' keys, said to every agent, changed at the command line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from asking_commands import ask, settings_file

from gaugetrail_collector.intake.keys import collector_introductions
from gaugetrail_collector.intake.keys.agent_keys import KeysBroken
from gaugetrail_collector.intake.keys.collector_introductions import CollectorIntroductions, TooManyIntroduced
from gaugetrail_collector.intake.keys.introducing import AGAIN_SECS, Introducing
from gaugetrail_contract.introductions import Introductions, read_introductions
from gaugetrail_contract.signing import Signer

ONE, OTHER = "a" * 64, "b" * 64


@pytest.fixture
def known(tmp_path: Path) -> Iterator[CollectorIntroductions]:
    them = CollectorIntroductions(tmp_path / "keys.db", lambda: 1000)
    them.open()
    yield them
    them.close()


def said(known: CollectorIntroductions) -> tuple[int, dict[str, str]]:
    now = known.said() or Introductions(number=1)
    return now.number, {one.collector: one.key for one in now.introduced}


def test_a_list_is_whole_and_its_number_rises_with_each_change(known: CollectorIntroductions) -> None:
    assert known.said() is None, "nobody was ever introduced, so nothing is said"
    assert known.introduce("c2", ONE)
    assert said(known) == (1000, {"c2": ONE})
    assert not known.introduce("c2", ONE)
    assert said(known) == (1000, {"c2": ONE})
    assert known.introduce("c2", OTHER)
    assert known.introduce("c3", ONE)
    assert said(known) == (1002, {"c2": OTHER, "c3": ONE})
    assert known.withdraw("c2")
    assert known.withdraw("c3")
    assert not known.withdraw("c3")
    assert said(known) == (1004, {}), "that nobody is introduced any more is said too"


def test_a_file_of_before_put_back_says_no_older_number(known: CollectorIntroductions, tmp_path: Path) -> None:
    known.introduce("c2", ONE)
    later = CollectorIntroductions(tmp_path / "keys.db", lambda: 2_000_000)
    later.open()
    later.introduce("c3", ONE)
    later.close()
    assert said(known) == (2_000_000, {"c2": ONE, "c3": ONE}), "and a running collector sees what a command has done"


def test_it_knows_a_collector_by_its_name_and_its_key(known: CollectorIntroductions) -> None:
    known.introduce("c2", ONE)
    assert [known.knows(*one) for one in (("c2", ONE), ("c2", OTHER), ("c3", ONE), ("c2", None))] == [True] + [
        False
    ] * 3


def test_as_many_as_a_list_may_hold(known: CollectorIntroductions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collector_introductions, "MOST_INTRODUCED", 2)
    known.introduce("c2", ONE)
    known.introduce("c3", ONE)
    with pytest.raises(TooManyIntroduced, match="keys withdraw those that are gone"):
        known.introduce("c4", ONE)
    assert known.introduce("c3", OTHER), "a new key of one that is there is no more of them"


def test_a_file_that_is_none_is_said(tmp_path: Path) -> None:
    broken = CollectorIntroductions(tmp_path / "keys.db", lambda: 1)
    with pytest.raises(KeysBroken, match="closed"):
        broken.said()


class Broker:
    """What is said, while there is a connection."""

    def __init__(self) -> None:
        self.connected = True
        self.came: list[bytes] = []

    def publish(self, payload: bytes) -> bool:
        if self.connected:
            self.came.append(payload)
        return self.connected


def test_the_list_is_said_at_once_when_it_changes_and_each_minute(known: CollectorIntroductions) -> None:
    broker, signer = Broker(), Signer.new()
    introducing = Introducing("c1", signer, known.said, broker.publish)
    introducing.look(0)
    assert broker.came == []
    known.introduce("c2", ONE)
    broker.connected = False
    introducing.look(1)
    broker.connected = True
    for now in (2, 3, 2 + AGAIN_SECS - 0.1):
        introducing.look(now)
    assert len(broker.came) == 1
    word = read_introductions(broker.came[0])
    assert (word.introducer, word.key, word.said) == ("c1", signer.key, known.said())
    introducing.look(2 + AGAIN_SECS)
    assert broker.came == [broker.came[0]] * 2
    known.withdraw("c2")
    introducing.look(3 + AGAIN_SECS)
    assert read_introductions(broker.came[2]).said.introduced == ()


def test_who_does_not_sign_introduces_nobody_and_broken_keys_stop_nothing(
    known: CollectorIntroductions, caplog: pytest.LogCaptureFixture
) -> None:
    broker = Broker()
    known.introduce("c2", ONE)
    Introducing("c1", None, known.said, broker.publish).look(0)
    known.close()
    Introducing("c1", Signer.new(), known.said, broker.publish).look(0)
    assert broker.came == []
    assert "nobody is introduced: " in caplog.text


def test_the_commands_introduce_list_and_withdraw(tmp_path: Path) -> None:
    settings_file(tmp_path)
    own = json.loads(ask(tmp_path, "keys", "own", "--json")[1])["collector"]
    code, out, _ = ask(tmp_path, "keys", "introduce", "c2", ONE)
    assert code == 0
    assert "introduced; the running collector says so to every agent that knows it" in out
    assert f"at c2: gaugetrail-collector keys introduce {own} KEY" in out
    assert "is introduced already" in ask(tmp_path, "keys", "introduce", "c2", ONE)[1]
    listed = json.loads(ask(tmp_path, "keys", "ls", "--json")[1])
    assert (listed["collector"], listed["key"], listed["how"]) == ("c2", ONE, "introduced")
    assert re.match(f"collector c2 {ONE}  fingerprint .*, introduced", ask(tmp_path, "keys", "ls")[1])
    assert ask(tmp_path, "keys", "withdraw", "c2")[:2] == (0, "c2: introduced no more\n")
    code, _, err = ask(tmp_path, "keys", "withdraw", "c2")
    assert (code, "keys ls lists who is" in err) == (1, True)
    code, _, err = ask(tmp_path, "keys", "introduce", own, ONE)
    assert (code, "is this collector itself" in err) == (1, True)


@pytest.mark.parametrize("words", [("a/b", ONE), ("c2", "abc"), ("c2", ONE.upper())])
def test_what_is_no_id_or_no_key_is_refused(tmp_path: Path, words: tuple[str, str]) -> None:
    settings_file(tmp_path)
    assert ask(tmp_path, "keys", "introduce", *words)[0] == 2
    assert ask(tmp_path, "keys", "ls")[1] == ""


def test_a_collector_that_does_not_sign_can_introduce_nobody(tmp_path: Path) -> None:
    path = settings_file(tmp_path)
    path.write_text(path.read_text() + "[evidence]\nsign = false\n")
    code, _, err = ask(tmp_path, "keys", "introduce", "c2", ONE)
    assert (code, "this collector signs nothing, so it can introduce nobody" in err) == (1, True)

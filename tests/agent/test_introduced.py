"""Who is known because a known collector has introduced it: for as long as that one is known and says so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gaugetrail_agent.delivery.collector_keys import CollectorKeys, EvidenceSettings
from gaugetrail_agent.delivery.introduced import MOST_STRANGERS, IntroducedCollectors
from gaugetrail_contract.introductions import IntroducedCollector, Introductions, write_introductions
from gaugetrail_contract.receipts import Receipt
from gaugetrail_contract.signing import BadSignature, Signer

C1, C2, C3, EVIL = (Signer.new() for _ in range(4))
KEYS = {"c1": C1, "c2": C2, "c3": C3, "evil": EVIL}
BODY = Receipt(epoch="abcdefgh", stored=((1, 1, "0" * 64),)).to_bytes()


def said(introducer: str, number: int, *others: str, signer: Signer | None = None) -> bytes:
    """A list of these, signed by the introducer's own key or another one."""
    them = tuple(IntroducedCollector(collector=name, key=KEYS[name].key) for name in others)
    return write_introductions(Introductions(number=number, introduced=them), introducer, signer or KEYS[introducer])


def agent(folder: Path, **settings: object) -> CollectorKeys:
    return CollectorKeys(folder / "collectors.json", EvidenceSettings.model_validate(settings))


@pytest.fixture
def known(tmp_path: Path) -> CollectorKeys:
    """An agent that knows c1 by first use."""
    (tmp_path / "collectors.json").write_text(json.dumps({"c1": C1.key}))
    return agent(tmp_path)


def who(known: CollectorKeys) -> set[str]:
    return {name for name, signer in KEYS.items() if known.believes(name, signer.key)}


def test_whom_a_known_collector_introduces_is_known_also_after_a_restart(known: CollectorKeys, tmp_path: Path) -> None:
    assert not known.open("receipt", "pc1", C2.word("receipt", "pc1", "c2", BODY)).known
    assert known.hear_introductions("c1", said("c1", 1, "c2"))
    assert known.open("receipt", "pc1", C2.word("receipt", "pc1", "c2", BODY)).known
    assert known.strange() is None, "it is a stranger no more"
    assert who(known) == who(agent(tmp_path)) == {"c1", "c2"}
    assert dict(known.known()) == {"c1": C1.key, "c2": C2.key}
    assert json.loads((tmp_path / "collectors.json").read_text()) == {"c1": C1.key}


def test_an_introduction_counts_for_its_name_and_its_key(known: CollectorKeys) -> None:
    known.hear_introductions("c1", said("c1", 1, "c2"))
    assert not known.believes("c3", C2.key)
    with pytest.raises(BadSignature, match="was known by"):
        known.open("receipt", "pc1", EVIL.word("receipt", "pc1", "c2", BODY))


def test_a5_a_stranger_introduces_nobody(known: CollectorKeys) -> None:
    assert not known.hear_introductions("evil", said("evil", 9, "c3"))
    for forged in (said("evil", 9, "c3"), said("c1", 9, "c3", signer=EVIL)):
        with pytest.raises(ValueError, match="introductions of 'c1'"):
            known.hear_introductions("c1", said("c1", 1)) or known.hear_introductions("c1", forged)
    assert who(known) == {"c1"}


def test_an_older_list_said_again_changes_nothing(known: CollectorKeys) -> None:
    old = said("c1", 1, "c2")
    known.hear_introductions("c1", old)
    assert known.hear_introductions("c1", said("c1", 2, "c3"))
    assert who(known) == {"c1", "c3"}, "the list is whole: who isn't in it any more is introduced no more"
    assert not known.hear_introductions("c1", old)
    assert who(known) == {"c1", "c3"}


def test_two_that_introduce_each_other_go_with_the_key_that_is_kept(known: CollectorKeys, tmp_path: Path) -> None:
    known.hear_introductions("c1", said("c1", 1, "c2"))
    assert not known.hear_introductions("c2", said("c2", 1, "c1"))
    assert known.hear_introductions("c2", said("c2", 2, "c1", "c3"))
    assert who(known) == {"c1", "c2", "c3"}
    (tmp_path / "changed").write_text(json.dumps({"c9": EVIL.key}))
    (tmp_path / "changed").replace(tmp_path / "collectors.json")
    assert who(known) == set(), "nobody is left who is known by himself"


def test_a_list_that_came_before_its_introducer_was_known_counts_then(tmp_path: Path) -> None:
    """It is retained, and the first receipt comes later."""
    fresh = agent(tmp_path)
    assert not fresh.hear_introductions("c1", said("c1", 1, "c2"))
    assert who(fresh) == set()
    fresh.fits(fresh.open("receipt", "pc1", C1.word("receipt", "pc1", "c1", BODY)))
    assert who(fresh) == {"c1", "c2"}


def test_a_listed_collector_introduces_too_and_taking_it_off_the_list_takes_all(tmp_path: Path) -> None:
    listing = agent(tmp_path, collector_keys=[C1.key])
    listing.hear_introductions("c1", said("c1", 1, "c2"))
    assert {"c1", "c2"} <= who(listing)
    assert who(agent(tmp_path, collector_keys=[C3.key])) == {"c3"}


def test_nobody_gives_himself_another_key(known: CollectorKeys) -> None:
    himself = Introductions(number=1, introduced=(IntroducedCollector(collector="c1", key=EVIL.key),))
    known.hear_introductions("c1", write_introductions(himself, "c1", C1))
    assert not known.believes("c1", EVIL.key)


def test_a_host_set_up_anew_is_known_again_when_another_collector_introduces_its_new_key(known: CollectorKeys) -> None:
    known.hear_introductions("c1", said("c1", 1, "c2"))
    anew = Introductions(number=2, introduced=(IntroducedCollector(collector="c2", key=C3.key),))
    known.show("c2", C3.key)
    assert "the collector 'c2' signs with" in (known.changed() or "")
    known.hear_introductions("c1", write_introductions(anew, "c1", C1))
    assert known.changed() is None
    assert (known.believes("c2", C3.key), known.believes("c2", C2.key)) == (True, False)


def test_lists_of_strangers_are_bounded_and_not_kept_on_disk(known: CollectorKeys, tmp_path: Path) -> None:
    known.hear_introductions("c1", said("c1", 1, "c2"))
    for number in range(3 * MOST_STRANGERS):
        known.hear_introductions(f"x{number}", said(f"x{number}", 1, "c3", signer=EVIL))
    lists = known._introduced._lists
    assert len(lists) == MOST_STRANGERS + 1
    assert "c1" in lists
    assert len(json.loads((tmp_path / "introductions.json").read_text())) == 1
    oldest = next(name for name in lists if name != "c1")
    known.hear_introductions(oldest, said(oldest, 2, "c3", signer=EVIL))
    known.hear_introductions("new", said("new", 1, "c3", signer=EVIL))
    assert oldest in lists, "it has spoken since"


@pytest.mark.parametrize(
    "text", ["", "{", "[1]", '["x"]', json.dumps([said("c1", 1, "c2").decode()[:-9] + '00000"}}'])]
)
def test_a_file_that_can_not_be_read_counts_for_nothing_and_is_said(
    tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The list comes again within a minute."""
    (tmp_path / "introductions.json").write_text(text)
    assert dict(IntroducedCollectors(tmp_path / "introductions.json").known) == {}
    assert "can't be read" in caplog.text

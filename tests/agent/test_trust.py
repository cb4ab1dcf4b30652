"""Whose receipts an agent believes: the listed, or the first key that each collector shows."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gaugetrail_agent.cli import app
from gaugetrail_agent.delivery.collector_keys import CollectorKeys, EvidenceSettings, own_signer
from gaugetrail_agent.delivery.collector_troubles import MOST_STRANGERS
from gaugetrail_contract.receipts import Receipt
from gaugetrail_contract.settings import ConfigError
from gaugetrail_contract.signing import BadSignature, Signer

ONE, OTHER = Signer.new(), Signer.new()
BODY = Receipt(epoch="abcdefgh", stored=((1, 1, "0" * 64),)).to_bytes()


def word(signer: Signer, collector: str = "c1") -> bytes:
    return signer.word("receipt", "pc1", collector, BODY)


def opened(known: CollectorKeys, payload: bytes, *, fits: bool = True) -> tuple[bytes, bool]:
    """What a receipt says, and whether it counts; as a rule it names records that were sent."""
    got = known.open("receipt", "pc1", payload)
    if fits and got.known:
        known.fits(got)
    return got.body, got.known


COUNTS, SEEN = (BODY, True), (BODY, False)


@pytest.fixture
def keys(tmp_path: Path) -> Callable[..., CollectorKeys]:
    def make(**settings: object) -> CollectorKeys:
        return CollectorKeys(tmp_path / "collectors.json", EvidenceSettings.model_validate(settings))

    return make


def test_the_first_key_of_each_collector_is_kept_over_a_restart(keys: Callable[..., CollectorKeys]) -> None:
    assert opened(keys(), word(ONE)) == COUNTS
    again = keys()
    assert opened(again, word(ONE)) == COUNTS
    with pytest.raises(BadSignature, match="was known by"):
        again.open("receipt", "pc1", word(OTHER))
    assert "is not believed" in (again.alarm() or "")
    assert dict(again.pins) == {"c1": ONE.key}


def test_a_changed_key_is_an_alarm_until_the_collector_has_its_own_again(keys: Callable[..., CollectorKeys]) -> None:
    """However long that takes, and whether or not receipts come."""
    known = keys()
    known.show("c1", OTHER.key)
    assert known.changed() is None, "nobody knows it yet"
    opened(known, word(ONE))
    said = known.changed() or ""
    assert "the collector 'c1' signs with" in said
    assert "keys restore" in said
    with pytest.raises(BadSignature, match="was set up anew without its key"):
        known.open("receipt", "pc1", word(OTHER))
    assert (known.changed(), known.alarm() is None) == (said, False)
    known.show("c1", None)
    assert known.changed() == said, "one that says no key says nothing"
    known.show("c1", ONE.key)
    assert (known.changed(), known.alarm()) == (None, None)


def test_a_receipt_by_another_key_stays_an_alarm_while_the_collector_shows_its_own(
    keys: Callable[..., CollectorKeys],
) -> None:
    """Somebody imitates it: what it says of itself, before and after, takes nothing back."""
    known = keys()
    opened(known, word(ONE))
    known.show("c1", ONE.key)
    with pytest.raises(BadSignature):
        known.open("receipt", "pc1", word(OTHER))
    known.show("c1", ONE.key)
    opened(known, word(ONE))
    assert known.changed() is None
    assert "is not believed" in (known.alarm() or "")


def test_where_keys_are_listed_or_none_is_looked_at_a_changed_one_is_no_alarm(
    keys: Callable[..., CollectorKeys],
) -> None:
    for settings in ({"collector_keys": [ONE.key]}, {"receipts": "any"}):
        known = keys(**settings)
        opened(known, word(ONE))
        known.show("c1", OTHER.key)
        assert known.changed() is None


def test_a_second_collector_is_seen_and_named_with_the_cure(keys: Callable[..., CollectorKeys]) -> None:
    """Whoever it is: what it says takes nothing out of the spool."""
    known = keys()
    opened(known, word(ONE))
    assert known.strange() is None
    assert opened(known, word(OTHER, "c2")) == SEEN
    said = known.strange() or ""
    assert "the collector 'c2' answers with the key" in said
    assert f"gaugetrail-collector keys introduce c2 {OTHER.key} where a known one runs" in said
    assert (dict(known.pins), known.alarm()) == ({"c1": ONE.key}, None)
    assert not known.believes("c2", OTHER.key)
    assert opened(known, word(ONE)) == COUNTS
    assert not known.open("command", "pc1", OTHER.word("command", "pc1", "c2", BODY)).known


def test_a5_a_receipt_that_fits_nothing_makes_nobody_known(keys: Callable[..., CollectorKeys], tmp_path: Path) -> None:
    """A stranger who is first, and has never seen a record."""
    known = keys()
    assert opened(known, word(OTHER, "evil"), fits=False) == COUNTS, "nobody is known yet: the spool looks at it"
    assert not (tmp_path / "collectors.json").exists()
    assert opened(known, word(ONE)) == COUNTS
    assert dict(known.pins) == {"c1": ONE.key}


def test_an_agent_of_before_that_knows_two_collectors_knows_both(
    keys: Callable[..., CollectorKeys], tmp_path: Path
) -> None:
    """Until 0.2 every collector was kept at its first receipt."""
    (tmp_path / "collectors.json").write_text(json.dumps({"c1": ONE.key, "c2": OTHER.key}))
    known = keys()
    assert opened(known, word(OTHER, "c2")) == opened(known, word(ONE)) == COUNTS
    assert opened(known, word(Signer.new(), "c3")) == SEEN


def test_unsigned_counts_only_as_long_as_no_collector_is_known(keys: Callable[..., CollectorKeys]) -> None:
    known = keys()
    assert opened(known, BODY) == COUNTS
    opened(known, word(ONE))
    with pytest.raises(BadSignature, match="no signature"):
        known.open("receipt", "pc1", BODY)


def test_only_the_listed_count_where_there_is_a_list(keys: Callable[..., CollectorKeys]) -> None:
    known = keys(collector_keys=[ONE.key])
    assert opened(known, word(ONE, "any-name")) == COUNTS
    assert opened(known, word(OTHER)) == SEEN
    with pytest.raises(BadSignature):
        known.open("receipt", "pc1", BODY)
    assert dict(known.pins) == {}


def test_any_looks_at_nothing_but_still_finds_the_receipt(keys: Callable[..., CollectorKeys]) -> None:
    known = keys(receipts="any")
    for payload in (word(ONE), word(OTHER), BODY, word(ONE)[:-8] + b'0000"}}'):
        assert opened(known, payload) == COUNTS


def test_a_wrong_signature_never_counts(keys: Callable[..., CollectorKeys]) -> None:
    known = keys()
    for payload in (word(ONE).replace(b'"stored":[[1', b'"stored":[[2'), word(ONE)[:-8] + b'0000"}}'):
        with pytest.raises(BadSignature):
            known.open("receipt", "pc1", payload)
    with pytest.raises(BadSignature):
        known.open("receipt", "pc2", word(ONE))
    with pytest.raises(BadSignature):
        known.open("command", "pc1", word(ONE))
    assert dict(known.pins) == {}


def test_a_line_taken_out_of_the_file_counts_at_once(keys: Callable[..., CollectorKeys], tmp_path: Path) -> None:
    known = keys()
    opened(known, word(ONE))
    path = tmp_path / "collectors.json"
    kept = json.loads(path.read_text())
    del kept["c1"]
    changed = tmp_path / "changed"
    changed.write_text(json.dumps(kept))
    changed.replace(path)
    assert opened(known, word(OTHER)) == COUNTS


def test_strangers_are_remembered_a_hundred_at_a_time(keys: Callable[..., CollectorKeys]) -> None:
    known = keys()
    opened(known, word(ONE))
    for number in range(3 * MOST_STRANGERS):
        assert opened(known, word(OTHER, f"x{number}")) == SEEN
    assert len(known.troubles._strangers) == MOST_STRANGERS
    assert dict(known.pins) == {"c1": ONE.key}


def test_a_damaged_key_of_our_own_is_an_alarm_and_no_stop(tmp_path: Path) -> None:
    (tmp_path / "agent.key").write_text("garbage")
    signer, alarm = own_signer(tmp_path, EvidenceSettings())
    assert signer is None
    assert "agent.key" in (alarm or "")
    assert own_signer(tmp_path, EvidenceSettings(sign=False)) == (None, None)


def test_the_key_command_prints_what_a_collector_is_to_register(tmp_path: Path) -> None:
    config = tmp_path / "agent.toml"
    config.write_text('[agent]\nid = "pc1"\nsite = "s"\nline = "l"\ndata_dir = "data"\n')
    done = CliRunner().invoke(app, ["key", "--config", str(config), "--json"])
    shown = json.loads(done.stdout)
    signer, _ = own_signer(tmp_path / "data", EvidenceSettings())
    assert signer is not None
    assert (done.exit_code, shown["agent"], shown["key"]) == (0, "pc1", signer.key)
    assert signer.key in CliRunner().invoke(app, ["key", "--config", str(config)]).stdout
    (tmp_path / "data" / "agent.key").write_text("garbage")
    assert CliRunner().invoke(app, ["key", "--config", str(config)]).exit_code == 1


def test_the_key_command_is_kept_by_no_fault_elsewhere_in_the_settings(tmp_path: Path) -> None:
    """A gauge that isn't set up yet is no reason not to register the key; who the agent is has to be right."""
    config = tmp_path / "agent.toml"
    listed = own_signer(tmp_path / "other", EvidenceSettings())[0]
    assert listed is not None
    config.write_text(
        '[agent]\nid = "pc1"\ndata_dir = "data"\n[[device]]\nname = "bore"\ndriver = "no-such"\n'
        f'[evidence]\ncollector_keys = ["{listed.key}"]\n'
    )
    done = CliRunner().invoke(app, ["key", "--config", str(config)], env={"GAUGETRAIL_AGENT_AGENT__ID": "pc2"})
    assert done.exit_code == 0
    assert done.stdout.startswith("pc2 ")
    assert f"a collector with the listed key {listed.key}" in done.stdout
    config.write_text('[agent]\nid = "a/b"\ndata_dir = "data"\n[evidence]\nsigns = true\n')
    done = CliRunner().invoke(app, ["key", "--config", str(config)])
    assert isinstance(done.exception, ConfigError)
    assert sorted(problem.key for problem in done.exception.problems) == ["agent.id", "evidence.signs"]

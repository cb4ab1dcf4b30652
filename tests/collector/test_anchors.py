"""Anchors: whoever rewrites a chain whole, with every seal right, is found out by what was noted before."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from asking_commands import ask, settings_file
from made import AGENT, EPOCH, opened
from made import chain as chain_of
from places import Place, SqlitePlace
from samples import T0, head

from gaugetrail_collector.config import EvidenceTable, ReadbackTable
from gaugetrail_collector.documents.desk import Desk, NewEdition
from gaugetrail_collector.evidence.anchors import Anchors, heads_of, stored_anchors
from gaugetrail_collector.evidence.own_chain import own_chains
from gaugetrail_collector.evidence.readback import Reconciler
from gaugetrail_collector.evidence.readback_rounds import Rounds
from gaugetrail_collector.evidence.verify import verify
from gaugetrail_collector.intake.spans import spans_of
from gaugetrail_collector.statuses import Neighbours
from gaugetrail_collector.stores import Doubt, Store, StoreDown
from gaugetrail_collector.stores.sqlite.store import SqliteStore
from gaugetrail_contract.clock import DAY_US, ClockTrust, FixedClock, utc_text
from gaugetrail_contract.documents.editions import DocumentKind
from gaugetrail_contract.events.anchors import HeadsAnchored
from gaugetrail_contract.record import FIRST_PREV, EventBody, Subject
from gaugetrail_contract.seal import ChainName, Opened, branch_name, open_line
from gaugetrail_contract.seal import seal as sealed_record
from gaugetrail_contract.signing import Signer, signer_at

KEY = Signer.new()


class Hand:
    """An anchors' maker over a store; what is kept goes through both."""

    def __init__(self, store: Store, folder: Path, signer: Signer | None = KEY) -> None:
        self.store = store
        self.clock = FixedClock()
        self.anchors = Anchors("c1", folder / "anchors.json", signer, self.clock)

    def keep(self, records: Sequence[Opened]) -> None:
        self.store.write(records)
        self.anchors.there(spans_of(records))

    def seal(self) -> int:
        self.clock.advance(3600)
        return self.anchors.seal_heads(self.store)

    def exported(self) -> list[bytes]:
        return list(stored_anchors(self.store))


def test_documents_are_anchored_too_though_they_go_past_the_collecting(tmp_path: Path) -> None:
    """A forger who may write into the store seals the whole chain of steps anew, with another approver."""
    place = SqlitePlace(tmp_path)
    hand = Hand(place.store(), tmp_path)
    desk = Desk(place.store(), "c2", tmp_path / "documents.lock", hand.clock, master=True)
    desk.begin("ida", "")
    assert hand.seal() == 1
    assert hand.seal() == 0
    desk.new(NewEdition(DocumentKind.FORM, "F-1", b"x"), "eva")
    assert hand.seal() == 2
    assert hand.seal() == 0
    names = own_chains(hand.store, "documents")
    heads, faults = heads_of(hand.exported(), [KEY.key])
    assert (faults, set(heads[names[0]])) == ([], {1, 2})
    assert verify(hand.store, heads).ok
    with closing(sqlite3.connect(place.path)) as db, db:
        db.execute("DELETE FROM record WHERE epoch LIKE 'documents%'")
    forger = Desk(place.store(), "c2", tmp_path / "documents.lock", hand.clock, master=True)
    forger.begin("mallory", "")
    assert not verify(hand.store, heads).ok


def rewritten(count: int, start: int) -> list[Opened]:
    """The same chain with another operator from `start` on, every seal made anew by the rules."""
    made: list[Opened] = []
    for seq in range(1, count + 1):
        prev = made[-1].sealed.sha256 if made else FIRST_PREV
        made.append(opened(seq, prev=prev, **({"operator": "OP-99"} if seq >= start else {})))
    return made


def replace_chain(path: Path, records: Sequence[Opened]) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        for one in records:
            db.execute(
                "UPDATE record SET sha256 = ?, data = ? WHERE agent = ? AND epoch = ? AND seq = ?",
                (one.sealed.sha256, one.sealed.data, one.record.agent, one.record.epoch, one.record.seq),
            )


def test_a12_a_chain_rewritten_whole_is_found_by_exported_anchors_and_not_without(tmp_path: Path) -> None:
    """The forger has the store and makes every seal anew, so the chain itself is beyond reproach."""
    place = SqlitePlace(tmp_path)
    hand = Hand(place.store(), tmp_path)
    records = chain_of(30)
    for start in (0, 10, 20):
        hand.keep(records[start : start + 10])
        hand.seal()
    exported = hand.exported()
    place.close()
    replace_chain(place.path, rewritten(30, start=15))

    store = place.store()
    assert verify(store).ok, "plain verify sees a chain in which each seal holds"
    heads, faults = heads_of(exported, [KEY.key])
    assert faults == []
    proof = verify(store, heads)
    assert not proof.ok
    (chain,) = [chain for chain in proof.chains if chain.agent == AGENT]
    assert [fault["seq"] for fault in chain.broken] == [20, 30]
    assert "noted under the seal" in str(chain.broken[0]["reason"])


def test_a_forger_who_also_rewrites_the_anchors_in_the_store_lacks_the_key(tmp_path: Path) -> None:
    place = SqlitePlace(tmp_path)
    hand = Hand(place.store(), tmp_path)
    hand.keep(chain_of(5))
    hand.seal()
    forged = Hand(SqlitePlace(tmp_path / "elsewhere").store(), tmp_path / "elsewhere", Signer.new())
    (tmp_path / "elsewhere").mkdir(exist_ok=True)
    forged.keep(rewritten(5, start=2))
    forged.seal()
    heads, faults = heads_of(forged.exported(), [KEY.key])
    assert heads == {}
    assert "not among those given" in faults[0]
    assert heads_of(hand.exported(), [KEY.key])[1] == []


def test_an_altered_anchor_says_nothing(tmp_path: Path) -> None:
    hand = Hand(SqlitePlace(tmp_path).store(), tmp_path)
    hand.keep(chain_of(5))
    hand.seal()
    (line,) = hand.exported()
    seal = chain_of(5)[-1].sealed.sha256.encode()
    for changed in (line.replace(seal, b"0" * 64), line[:-3] + b"}}", b"garbage", chain_of(1)[0].sealed.line()):
        heads, faults = heads_of([changed], [KEY.key])
        assert heads == {}
        assert len(faults) == 1
    unsigned = Hand(SqlitePlace(tmp_path / "u").store(), tmp_path / "u", None)
    unsigned.keep(chain_of(5))
    unsigned.seal()
    assert "is not signed" in heads_of(unsigned.exported(), [KEY.key])[1][0]


def test_the_head_of_a_second_history_is_compared_with_that_history(tmp_path: Path) -> None:
    store = SqlitePlace(tmp_path).store()
    records, other = chain_of(3), opened(3, "SN-OTHER", prev=chain_of(2)[-1].sealed.sha256)
    branch = other.branch = branch_name(other.sealed.sha256)
    store.write([*records, other])
    seal = records[-1].sealed.sha256
    payload = HeadsAnchored(heads=((AGENT, EPOCH, 3, seal), (AGENT, EPOCH, 3, other.sealed.sha256, branch)))
    signed = KEY.sign(payload.TYPE, "collector:c1", utc_text(T0 + 1000), *payload.signed_parts)
    payload = payload.model_copy(update={"key": KEY.key, "ed25519": signed})
    body = EventBody(
        site="collectors",
        line="c1",
        station="anchors",
        type=payload.TYPE,
        subject=Subject(kind="agent", id="collector:c1"),
        payload=payload.written(),
    )
    line = sealed_record(head(body, agent="collector:c1"), body).line()
    heads, faults = heads_of([line], [KEY.key])
    second = ChainName(AGENT, EPOCH, branch)
    assert (heads.pop(ChainName("collector:c1", EPOCH)), faults) == ({1: open_line(line).sealed.sha256}, [])
    assert heads == {ChainName(AGENT, EPOCH): {3: seal}, second: {3: other.sealed.sha256}}
    assert verify(store, heads).ok
    heads[second] = {3: "ab" * 32}
    (before, after) = verify(store, heads).chains
    assert (before.ok, after.broken[0]["record"]) == (True, f"{AGENT}/{EPOCH}/{branch}/3")


def test_anchors_stand_in_every_store_as_a_chain_of_their_own(place: Place, tmp_path: Path) -> None:
    hand = Hand(place.store(), tmp_path)
    hand.keep([*chain_of(3), *chain_of(2, agent="pc2")])
    assert hand.seal() == 2
    assert hand.seal() == 0, "nothing has grown, nothing to say"
    hand.keep(chain_of(4)[3:])
    assert hand.seal() == 1
    proof = verify(hand.store)
    assert proof.ok, proof.lines()
    assert [chain.agent for chain in proof.chains if chain.agent.startswith("collector:")] == ["collector:c1"]
    heads, faults = heads_of(hand.exported(), [KEY.key])
    assert faults == []
    assert set(heads[ChainName(AGENT, EPOCH)]) == {3, 4}
    assert verify(hand.store, heads).ok


def test_many_chains_make_several_anchors(tmp_path: Path) -> None:
    hand = Hand(SqlitePlace(tmp_path).store(), tmp_path)
    hand.keep([opened(1, agent=f"agent-{number:04}-{'x' * 100}") for number in range(450)])
    assert hand.seal() == 450
    assert len(hand.exported()) == 3
    assert verify(hand.store).ok


class Failing:
    """A store that takes the write, or not, and then says that it is down."""

    def __init__(self, store: Store, *, writes: bool) -> None:
        self._store, self._writes = store, writes

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    def write(self, batch: Sequence[Opened], *, vouched: bool = False, doubt: Doubt | None = None) -> list[object]:
        if self._writes:
            self._store.write(batch, vouched=vouched, doubt=doubt)
        raise StoreDown("gone")


@pytest.mark.parametrize("writes", [True, False])
def test_a_kill_between_state_and_store_leaves_one_chain(tmp_path: Path, writes: bool) -> None:
    """The record on its way is in the state file first, so it goes in with the same bytes, again or at last."""
    store = SqlitePlace(tmp_path).store()
    hand = Hand(store, tmp_path)
    hand.keep(chain_of(2))
    hand.seal()
    hand.keep(chain_of(3)[2:])
    hand.clock.advance(60)
    with pytest.raises(StoreDown):
        hand.anchors.seal_heads(Failing(store, writes=writes))  # type: ignore[arg-type]
    again = Hand(store, tmp_path)
    again.keep(chain_of(4)[3:])
    again.clock.us = hand.clock.us - 10_000_000
    assert again.anchors.seal_heads(store) == 1
    proof = verify(store)
    assert proof.ok, proof.lines()
    (own,) = [chain for chain in proof.chains if chain.agent == "collector:c1"]
    assert own.records == 3


@pytest.mark.parametrize("damage", [None, "", "garbage", "older"])
def test_a_lost_or_old_state_begins_a_new_chain(tmp_path: Path, damage: str | None) -> None:
    store = SqlitePlace(tmp_path).store()
    path = tmp_path / "anchors.json"
    hand = Hand(store, tmp_path)
    hand.keep(chain_of(1))
    hand.seal()
    old = path.read_text()
    hand.keep(chain_of(2)[1:])
    hand.seal()
    if damage is None:
        path.unlink()
    else:
        path.write_text(old if damage == "older" else damage)
    again = Hand(store, tmp_path)
    again.clock.us = hand.clock.us
    again.keep(chain_of(3)[2:])
    again.seal()
    again.keep(chain_of(4)[3:])
    again.seal()
    proof = verify(store)
    assert proof.ok, proof.lines()
    assert len([chain for chain in proof.chains if chain.agent == "collector:c1"]) == 2


def test_an_anchor_names_what_was_proven_and_not_what_the_store_says_now(tmp_path: Path) -> None:
    """A record that is altered in the store between its receipt and the anchor is contradicted by the anchor."""
    place = SqlitePlace(tmp_path)
    hand = Hand(place.store(), tmp_path)
    hand.keep(chain_of(6))
    replace_chain(place.path, rewritten(6, start=4))
    hand.seal()
    heads, _ = heads_of(hand.exported(), [KEY.key])
    assert heads[ChainName(AGENT, EPOCH)] == {6: chain_of(6)[-1].sealed.sha256}
    assert not verify(hand.store, heads).ok


def test_the_payload_holds_the_signature(tmp_path: Path) -> None:
    hand = Hand(SqlitePlace(tmp_path).store(), tmp_path)
    hand.keep(chain_of(1))
    hand.seal()
    payload = json.loads(hand.exported()[0])["record"]["payload"]
    assert payload["key"] == KEY.key
    assert payload["heads"] == [[AGENT, EPOCH, 1, chain_of(1)[0].sealed.sha256]]


def test_the_commands(tmp_path: Path) -> None:
    """`anchors check` names the first anchored number that differs; `verify` alone is content."""
    settings_file(tmp_path)
    hand = Hand(SqliteStore(tmp_path / "store.db"), tmp_path / "data", signer_at(tmp_path / "data" / "collector.key"))
    hand.store.open()
    for start in (0, 10):
        hand.keep(chain_of(20)[start : start + 10])
        hand.seal()
    hand.store.close()
    exported = tmp_path / "anchors.jsonl"
    assert ask(tmp_path, "anchors", "export", str(exported))[0] == 0
    assert len(ask(tmp_path, "anchors", "ls")[1].splitlines()) == 4
    assert ask(tmp_path, "anchors", "check")[0] == 0
    replace_chain(tmp_path / "store.db", rewritten(20, start=5))
    assert ask(tmp_path, "verify")[0] == 0
    code, out, _ = ask(tmp_path, "anchors", "check", str(exported), "--json")
    (chain,) = [chain for chain in json.loads(out)["agents"] if chain["agent"] == AGENT]
    assert (code, chain["broken"][0]["seq"]) == (1, 10)
    assert ask(tmp_path, "anchors", "check")[0] == 1, "the anchors in the store say it too"
    assert ask(tmp_path, "anchors", "check", str(exported), "--key", "00" * 32)[0] == 1
    assert ask(tmp_path, "anchors", "check", str(tmp_path / "none"))[0] == 1


@pytest.mark.parametrize(("trust", "epochs"), [(ClockTrust.SYNCED, 2), (ClockTrust.UNSYNCED, 1)])
def test_an_anchor_of_2040_holds_none_up_that_comes_after_it(place: Place, tmp_path: Path, trust, epochs: int) -> None:
    """A new chain of anchors, once the clock is known to be right; both are whole, and prove what they name."""
    hand = Hand(place.store(), tmp_path)
    right, records = hand.clock.us, chain_of(9)
    hand.clock.state = trust
    for start, years in ((0, 0), (3, 14), (6, 0)):
        hand.clock.us = right + start * 3_600_000_000 + years * 365 * DAY_US
        hand.keep(records[start : start + 3])
        hand.seal()
    times = [json.loads(line)["record"]["time"][:4] for line in hand.exported()]
    assert sorted(times) == (["2026", "2026", "2040"] if epochs == 2 else ["2026", "2040", "2040"])
    assert verify(hand.store).ok
    assert len([one for one in hand.store.chains() if one[0] == "collector:c1"]) == epochs


def kept(folder: Path) -> Hand:
    """A collector's hand over the store that its commands ask."""
    settings_file(folder)
    hand = Hand(SqliteStore(folder / "store.db"), folder / "data", signer_at(folder / "data" / "collector.key"))
    hand.store.open()
    return hand


def test_a12_nothing_to_compare_is_no_success(tmp_path: Path) -> None:
    """A check that held nothing against anything must not read as one that found everything in order."""
    hand = kept(tmp_path)
    hand.keep(chain_of(3))
    code, out, _ = ask(tmp_path, "anchors", "check")
    assert code == 1
    assert "nothing to compare: the store holds no anchor yet" in out
    hand.seal()
    hand.store.close()
    assert ask(tmp_path, "anchors", "check")[0] == 0
    (tmp_path / "empty.jsonl").write_bytes(b"")
    code, out, _ = ask(tmp_path, "anchors", "check", str(tmp_path / "empty.jsonl"), "--json")
    said = json.loads(out)
    assert (code, said["ok"], said["anchored"]) == (1, False, 0)
    assert said["faulty_anchors"] == [
        f"nothing to compare: {tmp_path / 'empty.jsonl'} holds no anchor that these keys have signed"
    ]


def test_a12_anchors_that_were_all_taken_out_are_missed(tmp_path: Path) -> None:
    """The collector's folder remembers that there were some, and the newest one's seal."""
    hand = kept(tmp_path)
    for start in (0, 10):
        hand.keep(chain_of(20)[start : start + 10])
        hand.seal()
    hand.store.close()
    take_out(tmp_path / "store.db", "agent = 'collector:c1'")
    replace_chain(tmp_path / "store.db", rewritten(20, start=5))
    assert ask(tmp_path, "verify")[0] == 0, "the chain by itself is beyond reproach"
    code, out, _ = ask(tmp_path, "anchors", "check")
    assert code == 1
    assert "missing: 1 to 2" in out
    assert "they were taken out, or the store is another" in out


def test_the_newest_anchor_alone_taken_out_is_missed(tmp_path: Path) -> None:
    """What is left is a whole chain of good anchors; only the folder knows of one more."""
    hand = kept(tmp_path)
    for start in (0, 10):
        hand.keep(chain_of(20)[start : start + 10])
        hand.seal()
    hand.store.close()
    take_out(tmp_path / "store.db", "agent = 'collector:c1' AND seq = 2")
    code, out, _ = ask(tmp_path, "anchors", "check")
    assert code == 1
    assert "missing: 2 to 2" in out
    assert "nothing to compare" not in out


def test_a_note_of_anchors_that_cannot_be_read_is_a_sentence(tmp_path: Path) -> None:
    hand = kept(tmp_path)
    hand.keep(chain_of(3))
    hand.seal()
    hand.store.close()
    (tmp_path / "data" / "anchors.json").write_text("garbage")
    code, _, err = ask(tmp_path, "anchors", "check")
    assert code == 1
    assert "whether anchors were taken out can't be told" in err


def take_out(path: Path, where: str) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        assert db.execute(f"DELETE FROM record WHERE {where}").rowcount


def test_records_are_counted_until_they_are_anchored(tmp_path: Path) -> None:
    """So that a busy hour is anchored more often than once; the anchors themselves don't count."""
    hand = Hand(SqlitePlace(tmp_path).store(), tmp_path)
    assert hand.anchors.unanchored == 0
    hand.keep(chain_of(7))
    hand.keep(chain_of(5, agent="pc2"))
    assert hand.anchors.unanchored == 12
    hand.seal()
    assert hand.anchors.unanchored == 0
    hand.anchors.there(spans_of([open_line(line) for line in hand.exported()]))
    assert hand.anchors.unanchored == 0
    hand.keep(chain_of(9)[7:])
    with pytest.raises(StoreDown):
        hand.anchors.seal_heads(Failing(hand.store, writes=False))  # type: ignore[arg-type]
    assert hand.anchors.unanchored == 2, "what could not be anchored still waits for it"


@pytest.mark.parametrize(("records", "anchors"), [(9, 0), (10, 1), (25, 1)])
def test_an_anchor_comes_after_so_many_records_too(tmp_path: Path, records: int, anchors: int) -> None:
    place = SqlitePlace(tmp_path)
    store = place.store()
    making = Anchors("c1", tmp_path / "anchors.json", KEY, FixedClock())
    reconciler = Reconciler(lambda *_: None, lambda *_: (), 30)
    evidence = EvidenceTable(anchor_secs=3600, anchor_records=10)
    rounds = Rounds(place.store, reconciler, making, Neighbours(lambda: 0), ReadbackTable(), evidence)
    store.write(chain_of(records))
    rounds.there(spans_of(chain_of(records)))
    rounds.round()
    rounds.round()
    assert len(list(stored_anchors(store))) == anchors
    rounds.end(anchor=False)

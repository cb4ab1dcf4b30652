"""Documents in the store: any collector reads what one wrote, and what goes wrong on the way leaves no half of it."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from made import chain as chain_of
from places import InfluxPlace, Place, SqlitePlace

from gaugetrail_collector.documents.desk import Declined, Desk, NewEdition, StepDone
from gaugetrail_collector.documents.folding import DocumentRegister, fold, read_register
from gaugetrail_collector.documents.texts import TextMissing, stored_parts, stored_text
from gaugetrail_collector.documents.written import part_bodies
from gaugetrail_collector.evidence.anchors import Anchors
from gaugetrail_collector.evidence.archive import write_archive
from gaugetrail_collector.evidence.archive_restore import prove, restore_archive
from gaugetrail_collector.evidence.own_chain import NeverStored, Overtaken, OwnChain, own_chains
from gaugetrail_collector.evidence.verify import verify
from gaugetrail_collector.intake.spans import spans_of
from gaugetrail_collector.stores import Fate, Outcome, Store, StoreDown
from gaugetrail_collector.stores.question import ALL_TIME
from gaugetrail_collector.tracing.copying import copy
from gaugetrail_contract.clock import DAY_US, ClockTrust, FixedClock
from gaugetrail_contract.documents.editions import DocumentKind, EditionState, StepKind
from gaugetrail_contract.events.documents import PART_BYTES
from gaugetrail_contract.record import MAX_RECORD_BYTES, Event, EventBody, Subject
from gaugetrail_contract.seal import Opened, Sealed, open_sealed

CLOCK = FixedClock()
LATER = FixedClock(us=CLOCK.us + 60_000_000)
TEXT = b'id = "CP-1"\nrevision = "C"\n'
LARGE = b"".join(b"%08d \xff\n" % number for number in range(10_000))
"""110,000 bytes that are no text: three parts."""


def desk(store: Store, folder: Path, name: str = "c1", clock: FixedClock = CLOCK, *, master: bool = True) -> Desk:
    return Desk(store, name, folder / "documents.lock", clock, master=master)


def plan(content: bytes = TEXT, revision: str = "C", **more: object) -> NewEdition:
    return NewEdition(DocumentKind.PLAN, "CP-1", content, revision, "Bores", **more)


@pytest.fixture
def begun(place: Place, tmp_path: Path) -> Desk:
    made = desk(place.store(), tmp_path)
    made.begin("ida", "")
    return made


def approve(at: Desk, wanted: NewEdition) -> StepDone:
    at.new(wanted, "eva")
    at.step(StepKind.SUBMIT, wanted.id, "eva")
    return at.step(StepKind.APPROVE, wanted.id, "ida", "read")


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_any_collector_reads_every_edition_with_its_text_and_steps(place: Place, tmp_path: Path, begun: Desk) -> None:
    approve(begun, plan(LARGE))
    approve(begun, plan(revision="D"))
    store = place.store()
    register = read_register(store)
    life = register.lives["CP-1"]
    first, second = life.editions
    assert (stored_text(store, first.draft.sha256), stored_text(store, second.draft.sha256)) == (LARGE, TEXT)
    now = CLOCK.now_us() + 10 * len(life.steps)
    assert [life.state(one, now) for one in life.editions] == [EditionState.SUPERSEDED, EditionState.EFFECTIVE]
    assert [(one.what, one.by) for one in second.steps] == [("new", "eva"), ("submit", "eva"), ("approve", "ida")]
    assert (life.title, second.steps[-1].comment, register.faults) == ("Bores", "read", ())


def test_the_proof_covers_documents_as_any_chain(place: Place, begun: Desk) -> None:
    approve(begun, plan(LARGE))
    proof = verify(place.store())
    assert proof.ok
    assert {("collector:c1", 4), ("collector:c1", 3)} == {(one.name.agent, one.records) for one in proof.chains}
    assert sorted((one.name.epoch[:-6] for one in proof.chains), reverse=True) == ["documents0001", "doctexts0001"]


def test_an_archive_and_a_copy_hold_every_document(tmp_path: Path, place: Place, begun: Desk) -> None:
    approve(begun, plan(LARGE))
    source, copied, restored = place.store(), SqlitePlace(tmp_path), SqlitePlace(tmp_path)
    copy(source, copied.store())
    write_archive(source, ALL_TIME, tmp_path / "archive.zip")
    restore_archive(prove(tmp_path / "archive.zip"), tmp_path / "archive.zip", restored.store())
    for other in (copied, restored):
        assert read_register(other.store()) == read_register(source)
        assert (stored_text(other.store(), sha(LARGE)), verify(other.store()).ok) == (LARGE, True)
        other.close()


def test_a_record_leads_to_the_text_by_its_digest_alone(place: Place, begun: Desk) -> None:
    approve(begun, plan(LARGE))
    found = {open_sealed(Sealed(row.sha256, row.data)).type for row in place.store().find(sha(LARGE), "document")}  # type: ignore[union-attr]
    assert {"document.part", "document.step"} == found
    assert stored_text(place.store(), sha(LARGE)) == LARGE


def test_every_record_fits(place: Place, tmp_path: Path, begun: Desk) -> None:
    """Also under the longest names that a collector can have."""
    store = place.store()
    taker = desk(store, tmp_path, "Ü" * 190)
    taker.begin("ß" * 200, "x" * 2000, take_over=True)
    content = b"\xff" * PART_BYTES * 2
    taker.new(NewEdition(DocumentKind.FORM, "é" * 200, content, "v" * 200, "t" * 2000), "ß" * 200, "c" * 2000)
    sizes = [len(row.data) for chain in own_chains(store, "doc") for row in store.rows(*chain)]
    assert max(sizes) <= MAX_RECORD_BYTES
    assert stored_text(place.store(), sha(content)) == content


@pytest.mark.parametrize("size", [0, 1, PART_BYTES, PART_BYTES + 1, 45 * PART_BYTES])
def test_texts_of_every_size_come_back(tmp_path: Path, size: int) -> None:
    """The last is written in several batches."""
    place = SqlitePlace(tmp_path)
    at = desk(place.store(), tmp_path)
    at.begin("ida", "")
    content = (b"0123456789" * (size // 10 + 1))[:size]
    at.new(NewEdition(DocumentKind.FORM, "F-1", content), "eva")
    assert stored_text(place.store(), sha(content)) == content
    place.close()


class Failing:
    """A store that stops answering at its n-th write: before the commit, or between the commit and the answer."""

    def __init__(self, store: Store, at: int, *, committed: bool) -> None:
        self._store, self._left, self._committed = store, at, committed

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    def write(self, batch: Sequence[Opened]) -> list[Outcome]:
        self._left -= 1
        if self._left == 0 and not self._committed:
            raise StoreDown("gone before")
        outcomes = self._store.write(batch)
        if self._left == 0:
            raise StoreDown("gone before the answer")
        return outcomes


@pytest.mark.parametrize("committed", [False, True])
@pytest.mark.parametrize("write", [1, 2])
def test_a_crash_on_the_way_leaves_nothing_half_and_doing_it_again_is_safe(
    place: Place, tmp_path: Path, begun: Desk, write: int, committed: bool
) -> None:
    """The first write is the text's, the second the step's; again means another process, which knows nothing."""
    failing = Failing(place.store(), write, committed=committed)
    with pytest.raises(StoreDown):
        desk(failing, tmp_path).new(plan(LARGE), "eva")  # type: ignore[arg-type]
    happened = write == 2 and committed
    assert happened == ("CP-1" in read_register(place.store()).lives)
    again = desk(place.store(), tmp_path)
    if happened:
        with pytest.raises(Declined, match="edition 1 has this text already, by eva"):
            again.new(plan(LARGE), "eva")
    else:
        again.new(plan(LARGE), "eva")
    store = place.store()
    parts = [row for chain in own_chains(store, "doctexts") for row in store.rows(*chain)]
    assert (len(parts), len(read_register(store).lives["CP-1"].steps), verify(store).ok) == (3, 1, True)
    assert stored_text(store, sha(LARGE)) == LARGE


def test_only_what_is_missing_of_a_text_is_written_again(place: Place, tmp_path: Path, begun: Desk) -> None:
    chain = OwnChain(place.store(), "c1", "doctexts", LATER)
    first = own_chain_bodies(chain, LARGE)[1:2]
    chain.append(first)
    assert {2} == set(stored_parts(place.store(), sha(LARGE)).parts)
    with pytest.raises(TextMissing, match="lacks part 1, 3 of 3"):
        stored_text(place.store(), sha(LARGE))
    desk(place.store(), tmp_path).new(plan(LARGE), "eva")
    store = place.store()
    rows = [row for name in own_chains(store, "doctexts") for row in store.rows(*name)]
    assert (len(rows), stored_text(store, sha(LARGE)), verify(store).ok) == (3, LARGE, True)


def own_chain_bodies(chain: OwnChain, content: bytes) -> list[EventBody]:
    return part_bodies(chain, sha(content), content, {})


def test_a_part_that_is_not_what_it_was_is_told(place: Place, begun: Desk) -> None:
    chain = OwnChain(place.store(), "c1", "doctexts", LATER)
    bodies = own_chain_bodies(chain, TEXT)
    other = own_chain_bodies(chain, TEXT + b"#")[0]
    chain.append([msgspec.structs.replace(other, subject=bodies[0].subject)])
    with pytest.raises(TextMissing, match="are not those that were approved"):
        stored_text(place.store(), sha(TEXT))
    with pytest.raises(TextMissing, match="the store holds no text of the digest 00"):
        stored_text(place.store(), "0" * 64)


def test_a_moment_that_another_chain_of_this_collector_has_is_not_taken(place: Place, tmp_path: Path) -> None:
    """A store takes no two records of one agent and moment; the clock stands, and anchors are written meanwhile."""
    anchoring = Anchors("c1", tmp_path / "anchors.json", None, CLOCK)
    store = place.store()
    records = chain_of(3)
    store.write(records)
    anchoring.there(spans_of(records))
    assert anchoring.seal_heads(store) == 1
    with pytest.raises(Declined, match=r"it could not be written, and nothing was done: .* whose place it would take"):
        desk(place.store(), tmp_path).begin("ida", "")
    at = desk(place.store(), tmp_path, clock=LATER)
    at.begin("ida", "")
    approve(at, plan(LARGE))
    assert verify(place.store()).ok


# --- two at once


def test_the_slower_of_two_writers_is_told_and_its_step_judged_anew(place: Place, tmp_path: Path, begun: Desk) -> None:
    """Both have read the same head. The second one's number is taken when it writes, so it writes nothing."""
    store = place.store()
    one, other = (OwnChain(place.store(), "c1", "documents", CLOCK) for _ in range(2))
    other._head = other._read_head(None)
    one.append([note("from one")])
    with pytest.raises(Overtaken, match="fork"):
        other.append([note("from the other")])
    other.append([note("from the other")])
    assert [one.reason for one in events(store)[1:]] == ["from one", "from the other"]
    assert verify(place.store()).ok


def test_two_desks_at_once_take_turns(tmp_path: Path) -> None:
    """Eight people on one machine hand in a document each, and two approve one: once each, in one chain."""
    place = SqlitePlace(tmp_path)
    desk(place.store(), tmp_path).begin("ida", "")
    failed: list[str] = []

    def work(number: int) -> None:
        try:
            desk(place.store(), tmp_path).new(
                NewEdition(DocumentKind.FORM, f"F-{number % 8}", b"%d" % (number % 8)), "eva"
            )
        except Declined as error:
            failed.append(str(error))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    store = place.store()
    assert (len(read_register(store).lives), len(failed)) == (8, 8)
    assert (verify(store).ok, read_register(store).faults) == (True, ())
    place.close()


def note(text: str) -> EventBody:
    place = {"site": "collectors", "line": "c1", "station": "documents"}
    return EventBody(**place, type="note", subject=Subject(kind="document", id="N"), reason=text)


def events(store: Store) -> list[Event]:
    found = [
        open_sealed(Sealed(row.sha256, row.data))
        for name in own_chains(store, "documents")
        for row in store.rows(*name)
    ]
    return [one for one in found if isinstance(one, Event)]


def test_two_that_stand_under_one_number_are_told(
    tmp_path: Path, influx: InfluxPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """InfluxDB doesn't compare while it writes: the other's record comes between our look and our write."""
    desk(influx.store(), tmp_path).begin("ida", "")
    store = influx.store()
    one = OwnChain(influx.store(), "c1", "documents", FixedClock(us=CLOCK.us + 5_000_000))
    seals = store._chains.seals

    def look(records: Iterable[Opened]) -> dict[tuple[str, str, int], str]:
        found = seals(records)
        one.append([note("from one")])
        return found

    monkeypatch.setattr(store._chains, "seals", look)
    with pytest.raises(Overtaken, match="two wrote in the same moment"):
        OwnChain(store, "c1", "documents", CLOCK).append([note("from the other")])
    assert not verify(influx.store()).ok


# --- the epochs


def test_a_new_epoch_begins_behind_a_wrong_year_and_its_steps_go_on(tmp_path: Path) -> None:
    place = SqlitePlace(tmp_path)
    clock = FixedClock(us=CLOCK.us + 5000 * DAY_US)
    at = desk(place.store(), tmp_path, clock=clock)
    at.begin("ida", "")
    at.new(plan(), "eva")
    clock.us = CLOCK.us
    clock.state = ClockTrust.UNSYNCED
    at.step(StepKind.SUBMIT, "CP-1", "eva")
    assert len(own_chains(place.store(), "documents")) == 1
    clock.state = ClockTrust.SYNCED
    at.step(StepKind.APPROVE, "CP-1", "ida")
    names = own_chains(place.store(), "documents")
    assert [one.epoch[:-6] for one in names] == ["documents0001", "documents0002"]
    life = read_register(place.store()).lives["CP-1"]
    assert [one.what for one in life.steps] == ["new", "submit", "approve"]
    assert verify(place.store()).ok
    place.close()


def test_a_chain_is_gone_on_with_wherever_its_last_record_lies(place: Place) -> None:
    """Whoever knows a moment says it, so that not all is read; where nothing came since, the last record counts."""
    for number, since_us in enumerate((None, LATER.us, LATER.us + 1, 0)):
        clock = FixedClock(us=LATER.us + number * 1_000_000)
        (made,) = OwnChain(place.store(), "c1", "documents", clock).append([note("x")], since_us)
        assert made.seq == number + 1
    (far,) = OwnChain(place.store(), "c1", "documents", clock).append([note("x")], LATER.us + 10 * DAY_US)
    assert (far.seq, len(own_chains(place.store(), "documents"))) == (5, 1)
    assert verify(place.store()).ok


def test_a_head_that_cannot_be_believed_begins_a_new_epoch(tmp_path: Path) -> None:
    place = SqlitePlace(tmp_path)
    at = desk(place.store(), tmp_path)
    at.begin("ida", "")
    at.new(plan(), "eva")
    with closing(sqlite3.connect(place.path)) as db, db:
        db.execute("UPDATE record SET data = replace(data, 'eva', 'eve') WHERE epoch LIKE 'documents%' AND seq = 2")
    later = desk(place.store(), tmp_path, clock=LATER)
    later.new(NewEdition(DocumentKind.FORM, "F-1", b"x"), "eva")
    assert len(own_chains(place.store(), "documents")) == 2
    assert {"F-1"} == set(read_register(place.store()).lives)
    assert not verify(place.store()).ok
    place.close()


# --- who writes


def test_another_collector_reads_and_says_who_writes(place: Place, tmp_path: Path, begun: Desk) -> None:
    for master in (False, True):
        other = desk(place.store(), tmp_path, "c2", master=master)
        with pytest.raises(Declined, match=r"c1.*c2|c2.*c1"):
            other.new(plan(), "eva")
    with pytest.raises(Declined, match="documents are written by c1, not by c2; do it there"):
        desk(place.store(), tmp_path, "c2", master=False).begin("ida", "")
    with pytest.raises(Declined, match=r"begun already.*administrator: ida"):
        begun.begin("eva", "")


def test_a_collector_takes_over_from_one_that_is_gone(place: Place, tmp_path: Path, begun: Desk) -> None:
    approve(begun, plan())
    other = desk(place.store(), tmp_path, "c2")
    with pytest.raises(Declined, match="--take-over"):
        other.begin("uwe", "")
    with pytest.raises(Declined, match="say why"):
        other.begin("uwe", "", take_over=True)
    other.begin("uwe", "the disk of c1 broke", take_over=True)
    approve(other, plan(TEXT + b"#", "D"))
    life = read_register(place.store()).lives["CP-1"]
    assert (len(life.editions), len(life.steps)) == (2, 6)
    with pytest.raises(Declined, match="two collectors say that they write documents: c2 was the last to begin"):
        begun.new(plan(TEXT + b"##", "E"), "eva")


def test_without_a_beginning_nothing_is_taken(tmp_path: Path) -> None:
    place = SqlitePlace(tmp_path)
    with pytest.raises(Declined, match="documents are not begun yet: run document init"):
        desk(place.store(), tmp_path).new(plan(), "eva")
    with pytest.raises(Declined, match=r"no collector writes documents yet: set \[documents\] master"):
        desk(place.store(), tmp_path, master=False).new(plan(), "eva")
    place.close()


# --- the fold


def test_steps_that_are_missing_twice_or_impossible_are_told_and_change_nothing_else(tmp_path: Path) -> None:
    place = SqlitePlace(tmp_path)
    at = desk(place.store(), tmp_path)
    at.begin("ida", "")
    approve(at, plan())
    at.new(NewEdition(DocumentKind.FORM, "F-1", b"x"), "eva")
    all_of_them = events(place.store())
    whole = fold(all_of_them)
    assert whole == fold(reversed(all_of_them))
    assert {"CP-1", "F-1"} == set(whole.lives)
    without_submit = fold([one for one in all_of_them if one.payload.get("step") != "submit"])
    assert len(without_submit.faults) == 2
    assert "step 3 (approve by ida" in without_submit.faults[0]
    assert "comes behind a gap: 1 before it missing" in without_submit.faults[0]
    assert "can't have been taken" in without_submit.faults[1]
    twice = fold([*all_of_them, all_of_them[-1]])
    assert (1, whole.lives) == (len(twice.faults), twice.lives)
    assert "stands beside another one of that number" in twice.faults[0]
    place.close()


def test_what_a_newer_version_writes_is_told_and_not_guessed(tmp_path: Path) -> None:
    place = SqlitePlace(tmp_path)
    at = desk(place.store(), tmp_path)
    at.begin("ida", "")
    at.new(plan(), "eva")
    (begin, new) = events(place.store())
    for key, value in (("step", "frame"), ("kind", "poem"), ("approver", "nobody")):
        strange = msgspec.structs.replace(new, payload=new.payload | {key: value})
        register = fold([begin, strange])
        assert (register.lives, len(register.faults)) == ({}, 1)
        assert "a form that this version doesn't know" in register.faults[0]
    further = msgspec.structs.replace(new, payload=new.payload | {"number": 2, "step": "frame"})
    register = fold([begin, new, further])
    assert (len(register.lives["CP-1"].steps), len(register.faults)) == (1, 1)
    assert fold([]) == DocumentRegister()
    place.close()


def test_what_the_store_never_takes_is_declined(tmp_path: Path) -> None:
    class Refusing(Failing):
        def write(self, batch: Sequence[Opened]) -> list[Outcome]:
            return [Outcome(Fate.REJECTED, "too old")] * len(batch)

    place = SqlitePlace(tmp_path)
    refusing = Refusing(place.store(), 9, committed=False)
    with pytest.raises(Declined, match=r"the store can't take it: .*: too old"):
        desk(refusing, tmp_path).begin("ida", "")  # type: ignore[arg-type]
    with pytest.raises(NeverStored):
        OwnChain(refusing, "c1", "documents", CLOCK).append([note("x")])  # type: ignore[arg-type]
    place.close()


def test_a_text_beyond_all_bounds_is_declined(tmp_path: Path) -> None:
    place = SqlitePlace(tmp_path)
    at = desk(place.store(), tmp_path)
    at.begin("ida", "")
    with pytest.raises(Declined, match="a document has 16,800,000 at most"):
        at.new(plan(bytes(16_800_001)), "eva")
    place.close()

"""The spool's promises: durable once told, gapless, in order, refused loudly, marked only by a receipt that fits."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import textwrap
from concurrent.futures import Future, wait
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spool_bodies import body, lay, lying_there, put, receipt, settle, spool

from gaugetrail_agent.spool import Appended, Spool, SpoolBroken, SpoolFull, statistics
from gaugetrail_contract.clock import FixedClock
from gaugetrail_contract.receipts import NotStored, Receipt
from gaugetrail_contract.record import FIRST_PREV, Inspection
from gaugetrail_contract.seal import BadRecord, RecordTooLarge, open_sealed


def test_records_are_gapless_chained_and_strictly_later(tmp_path: Path) -> None:
    with spool(tmp_path) as one:
        put(one, 50)
        waiting = one.waiting(0, 100)
    prev, last_time = FIRST_PREV, ""
    for number, entry in enumerate(waiting, 1):
        record = open_sealed(entry.sealed)
        assert (record.seq, record.prev, record.agent) == (number, prev, "pc1")
        assert record.time > last_time
        prev, last_time = entry.sealed.sha256, record.time
    assert len(waiting) == 50


def test_the_chain_goes_on_after_a_restart_even_with_the_clock_set_back(tmp_path: Path) -> None:
    """A clock at 2000-01-01 neither reorders nor overwrites anything."""
    clock = FixedClock()
    with spool(tmp_path, clock) as one:
        third = put(one, 3)[2].sha256
        epoch = one.epoch
    clock.us = 946_684_800_000_000
    with spool(tmp_path, clock) as one:
        put(one, 1, 4)
        records = [open_sealed(entry.sealed) for entry in one.waiting(0, 10)]
        assert one.epoch == epoch
    assert [record.seq for record in records] == [1, 2, 3, 4]
    assert records[3].prev == third
    assert sorted(record.time for record in records) == [record.time for record in records]


def test_measurement_times_stay_before_the_records_time(tmp_path: Path) -> None:
    with spool(tmp_path) as one:
        moments = [one.ticker.next() for _ in range(5)]
        (appended,) = put(one, 1)
    assert appended.time_us > max(moments)


def test_two_agents_on_one_spool_are_refused(tmp_path: Path) -> None:
    with spool(tmp_path), pytest.raises(SpoolBroken, match="in use by another agent"), spool(tmp_path):
        pass
    other = Spool(tmp_path / "spool.db", agent="pc2", clock=FixedClock())
    with pytest.raises(SpoolBroken, match="belongs to the agent 'pc1'"):
        other.open()
    with spool(tmp_path):
        pass


def test_a_file_of_a_newer_version_is_refused_untouched(tmp_path: Path) -> None:
    with spool(tmp_path) as one:
        put(one, 1)
    with sqlite3.connect(tmp_path / "spool.db") as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(SpoolBroken, match="newer Gaugetrail"), spool(tmp_path):
        pass


def test_a_receipt_that_fits_marks_exactly_its_range(tmp_path: Path) -> None:
    with spool(tmp_path) as one:
        appended = put(one, 10)
        done = one.confirm(receipt(one, (1, 4, appended[3].sha256), (7, 7, appended[6].sha256)))
        settle(one)
        assert done.ranges == ((1, 4), (7, 7))
        assert [entry.place for entry in one.waiting(0, 20)] == [5, 6, 8, 9, 10]
        assert one.state().waiting == 5


def test_figures_stay_right_when_ranges_overlap_and_come_twice(tmp_path: Path) -> None:
    """Counts and bytes follow the rows, whatever order receipts come in."""
    with spool(tmp_path) as one:
        appended = put(one, 10)
        for start, end in ((3, 5), (1, 4), (3, 5), (1, 8)):
            one.confirm(receipt(one, (start, end, appended[end - 1].sha256)))
        settle(one)
        assert (one.state().waiting, [entry.place for entry in one.waiting(0, 20)]) == (2, [9, 10])
        weight = one.state().bytes
    with sqlite3.connect(tmp_path / "spool.db") as db:
        assert db.execute("SELECT sum(length(data)) FROM record").fetchone() == (weight,)
    db.close()


def test_a_range_whose_last_record_is_gone_confirms_nothing(tmp_path: Path) -> None:
    """Its seal can't be compared any more, so it proves nothing of what still waits in it."""
    with spool(tmp_path, keep_bytes=1) as one:
        appended = put(one, 5)
        one.confirm(receipt(one, (3, 4, appended[3].sha256)))
        settle(one)
        settle(one)
        done = one.confirm(receipt(one, (1, 4, appended[3].sha256)))
        assert done.ranges == ()
        assert "4 is no longer here" in done.ignored[0]


def test_a_collector_can_ask_for_confirmed_records_again_and_hears_what_is_gone(tmp_path: Path) -> None:
    with spool(tmp_path, keep_bytes=2000) as one:
        appended = put(one, 12)
        one.confirm(receipt(one, (1, 8, appended[7].sha256)))
        settle(one)
        settle(one)
        again = one.again(one.epoch, 1, 20)
        held = [entry.place for entry in again.records]
        assert held[-4:] == [9, 10, 11, 12]
        assert again.gone == ((1, held[0] - 1), (13, 20))
        assert all(entry.sealed.sha256 == appended[entry.place - 1].sha256 for entry in again.records)
        assert held[0] > 1
        assert [entry.place for entry in one.again(one.epoch, 9, 12, limit=2).records] == [9, 10]
        assert one.again(one.epoch, 9, 12, limit=2).gone == ()
        assert one.again("otherepoch", 3, 4).gone == ((3, 4),)


def test_a5_a_receipt_that_does_not_fit_is_ignored_and_said(tmp_path: Path) -> None:
    """Another epoch, another history of it, another seal, a number never sealed: nothing is confirmed by it."""
    with spool(tmp_path) as one:
        appended = put(one, 3)
        for bad in (
            Receipt(epoch="otherepoch", stored=((1, 3, appended[2].sha256),)),
            Receipt(epoch=one.epoch, branch="0123456789ab", stored=((1, 3, appended[2].sha256),)),
            receipt(one, (1, 3, "0" * 64)),
            receipt(one, (1, 9, appended[2].sha256)),
            receipt(one, aside=(NotStored(seq=2, sha256="0" * 64, reason="x"),)),
        ):
            done = one.confirm(bad)
            assert (done.ranges, done.set_aside) == ((), ())
            assert len(done.ignored) == 1
        settle(one)
        assert one.state().waiting == 3


def test_a_record_that_the_collector_does_not_take_yet_waits_as_before(tmp_path: Path) -> None:
    """It is named by its place, with the reason; one under another seal, or confirmed by now, is not."""
    with spool(tmp_path) as one:
        seals = [sealed.sha256 for sealed in put(one, 3)]
        one.confirm(receipt(one, (1, 1, seals[0])))
        settle(one)
        held = tuple(
            NotStored(seq=seq, sha256=sha256, reason="tag bound: part")
            for seq, sha256 in ((1, seals[0]), (2, seals[1]), (3, seals[0]), (9, seals[2]))
        )
        done = one.confirm(Receipt(epoch=one.epoch, held=held))
        assert dict(done.held) == {2: "tag bound: part"}
        assert len(done.ignored) == 2
        assert (done.ranges, done.set_aside, one.state().waiting) == ((), (), 2)


def test_a_record_set_aside_by_the_collector_is_kept_with_its_reason(tmp_path: Path) -> None:
    with spool(tmp_path) as one:
        appended = put(one, 2)
        one.confirm(receipt(one, aside=(NotStored(seq=1, sha256=appended[0].sha256, reason="tag out of bounds"),)))
        settle(one)
        assert [entry.place for entry in one.waiting(0, 10)] == [2]
        assert one.state().set_aside == 1
    with sqlite3.connect(tmp_path / "spool.db") as db:
        assert db.execute("SELECT reason FROM record WHERE place = 1").fetchone() == ("tag out of bounds",)
    db.close()


def test_unsent_records_are_never_deleted_for_room_and_confirmed_ones_go_oldest_first(tmp_path: Path) -> None:
    with spool(tmp_path, keep_bytes=3000) as one:
        appended = put(one, 40)
        one.confirm(receipt(one, (1, 20, appended[19].sha256)))
        settle(one)
        settle(one)
        assert list(range(21, 41)) == [entry.place for entry in one.waiting(0, 100)]
        again = one.confirm(receipt(one, (1, 20, appended[19].sha256)))
        assert again.ranges == ()
    with sqlite3.connect(tmp_path / "spool.db") as db:
        (kept,) = db.execute("SELECT sum(length(data)) FROM record WHERE state = 1").fetchone()
    db.close()
    assert (kept or 0) <= 3000
    with spool(tmp_path) as one:
        assert put(one, 1, 41)[0].seq == 41


def test_a_spool_that_is_full_refuses_and_takes_again_when_there_is_room(tmp_path: Path) -> None:
    """Nothing that is in is touched, and nobody has to restart anything."""
    with spool(tmp_path, max_bytes=5000) as one:
        accepted: list[Appended] = []
        while (future := one.append(body(f"SN{len(accepted)}"))).exception(10) is None:
            accepted.append(future.result())
        with pytest.raises(SpoolFull, match="limit"):
            future.result()
        assert one.state().full
        assert len(accepted) == one.state().waiting > 0
        one.confirm(receipt(one, (1, len(accepted), accepted[-1].sha256)))
        settle(one)
        assert put(one, 1)[0].seq == len(accepted) + 1
        assert not one.state().full


def test_a_full_disk_refuses_loudly_and_recovers_alone(tmp_path: Path) -> None:
    """The file system refuses (a limit on file size, as a full disk does); lifted, the same process goes on."""
    code = textwrap.dedent(
        """
        import resource, signal, sys
        sys.path.insert(0, sys.argv[2])
        from pathlib import Path
        from spool_bodies import body, lay, lying_there, put, receipt, settle, spool
        from gaugetrail_agent.spool import Spool, SpoolFull
        from gaugetrail_contract.clock import FixedClock
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        one = Spool(Path(sys.argv[1]) / "spool.db", agent="pc1", clock=FixedClock())
        one.open()
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
        told = 0
        try:
            while True:
                one.append(body(f"SN{told}")).result(10)
                told += 1
        except SpoolFull as error:
            print("refused", error)
        assert one.state().full
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert one.append(body("after")).result(10).seq == told + 1
        assert not one.state().full
        one.close()
        print("told", told)
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path), str(Path(__file__).parent)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    told = int(done.stdout.split()[-1])
    assert "refused the spool's disk refuses" in done.stdout
    with spool(tmp_path) as one:
        assert one.state().waiting == told + 1
        assert [entry.place for entry in one.waiting(0, 10_000)] == list(range(1, told + 2))


KILLED = """
import sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from spool_bodies import body, lay, lying_there, put, receipt, settle, spool
from gaugetrail_agent.spool import Spool
from gaugetrail_contract.clock import WallClock
one = Spool(Path(sys.argv[1]) / "spool.db", agent="pc1", clock=WallClock())
one.open()
number = one.state().last_seq
while True:
    futures = [one.append(body(f"SN{number + n}")) for n in range(number % 7 + 1)]
    for future in futures:
        done = future.result(10)
        sys.stdout.write(f"{done.seq} {done.sha256}\\n")
        sys.stdout.flush()
        number = done.seq
"""


def test_what_was_told_survives_sigkill_again_and_again(tmp_path: Path) -> None:
    """Killed at ten arbitrary moments: every acknowledged record is there under its seal, in one gapless chain."""
    told: dict[int, str] = {}
    for round_ in range(10):
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(tmp_path), str(Path(__file__).parent)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        for line, _ in zip(process.stdout, range(20 + 13 * round_), strict=False):
            seq, sha256 = line.split()
            told[int(seq)] = sha256
        process.send_signal(signal.SIGKILL)
        for line in process.stdout:
            if line.endswith("\n"):
                seq, sha256 = line.split()
                told[int(seq)] = sha256
        process.stdout.close()
        process.wait(10)
    with spool(tmp_path) as one:
        there = {entry.place: entry.sealed for entry in one.waiting(0, 1_000_000)}
        assert one.state().waiting == len(there)
    assert all(there[seq].sha256 == sha256 for seq, sha256 in told.items())
    assert list(there) == list(range(1, len(there) + 1))
    prev = FIRST_PREV
    for sealed in there.values():
        assert open_sealed(sealed).prev == prev
        prev = sealed.sha256


def test_many_appends_share_a_commit_and_a_lone_one_waits_for_nobody(tmp_path: Path) -> None:
    with spool(tmp_path) as one:
        commits = 0

        def count() -> None:
            nonlocal commits
            commits += 1

        one.on_commit = count
        put(one, 1)
        assert commits == 1
        futures: list[Future[Appended]] = [one.append(body(f"SN{n}")) for n in range(2000)]
        wait(futures, 30)
        assert one.state().waiting == 2001
        assert commits < 400


def test_a_body_that_is_too_large_is_refused_alone(tmp_path: Path) -> None:
    large = msgspec.structs.replace(body("SN2"), components=tuple("c" * 190 + str(n) for n in range(400)))
    with spool(tmp_path) as one:
        futures = [one.append(body("SN1")), one.append(large), one.append(body("SN3"))]
        with pytest.raises(RecordTooLarge):
            futures[1].result(10)
        assert [futures[0].result(10).seq, futures[2].result(10).seq] == [1, 2]


@pytest.mark.parametrize("serial", ["SN\n2", "SN\x7f2", "", "S" * 201, "e\u0301"])
def test_a_body_that_makes_no_record_is_refused_alone(tmp_path: Path, serial: str) -> None:
    """Making a body checks nothing; what no reader would take is found when it is sealed, and enters no chain."""
    with spool(tmp_path) as one:
        futures = [one.append(body(each)) for each in ("SN1", serial, "SN3")]
        with pytest.raises(BadRecord):
            futures[1].result(10)
        assert [futures[0].result(10).seq, futures[2].result(10).seq] == [1, 2]


def test_a_units_last_attempt_is_remembered_across_restarts(tmp_path: Path) -> None:
    with spool(tmp_path) as one:
        assert one.last_attempt("OP10", "P", "SN1") is None
        (appended,) = put(one, 1)
    with spool(tmp_path) as one:
        assert one.last_attempt("OP10", "P", "SN1") == (1, appended.record_id)
        assert one.last_attempt("OP99", "P", "SN1") is None


def test_what_is_remembered_with_a_record_is_there_with_it(tmp_path: Path) -> None:
    with spool(tmp_path) as one:
        one.append(body(), remember={"press.seq": "17"}).result(10)
    with spool(tmp_path) as one:
        assert one.recall("press.seq") == "17"
        assert one.recall("other") is None


def test_statistics_can_be_read_beside_a_running_agent(tmp_path: Path) -> None:
    clock = FixedClock()
    with spool(tmp_path, clock) as one:
        appended = put(one, 4)
        clock.advance(0.25)
        one.confirm(receipt(one, (1, 3, appended[2].sha256)))
        settle(one)
        figures = statistics(tmp_path / "spool.db")
    assert (figures["sealed"], figures["confirmed"], figures["waiting"]) == (4, 3, 1)
    assert figures["latency_ms"] == {"p50": 250.0, "p99": 250.0}


acts = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.integers(1, 8)),
        st.tuples(st.just("confirm"), st.integers(1, 30), st.integers(0, 10)),
        st.tuples(st.just("restart")),
        st.tuples(st.just("crash")),
        st.tuples(st.just("clock"), st.integers(-10_000_000, 10_000_000)),
    ),
    max_size=14,
)


@settings(max_examples=40, deadline=None)
@given(acts)
def test_the_spool_behaves_like_a_list_through_restarts_and_crashes(
    tmp_path_factory: pytest.TempPathFactory, acts: list[tuple]
) -> None:
    """Against a model: a dict of what was told; a crash is the files as they lie at that moment."""
    folder = tmp_path_factory.mktemp("spool")
    clock = FixedClock()
    model: dict[int, str] = {}
    waiting: set[int] = set()
    one = Spool(folder / "spool.db", agent="pc1", clock=clock, keep_bytes=10_000)
    one.open()
    for act in acts:
        if act[0] == "append":
            for appended in put(one, act[1]):
                assert appended.seq == len(model) + 1
                model[appended.seq] = appended.sha256
                waiting.add(appended.seq)
        elif act[0] == "confirm" and act[1] + act[2] in model:
            start, end = act[1], act[1] + act[2]
            one.confirm(receipt(one, (start, end, model[end])))
            settle(one)
            waiting -= set(range(start, end + 1))
        elif act[0] == "clock":
            clock.us = max(0, clock.us + act[1])
        elif act[0] in ("restart", "crash"):
            files = lying_there(folder)
            one.close()
            if act[0] == "crash":
                lay(folder, files)
            one = Spool(folder / "spool.db", agent="pc1", clock=clock, keep_bytes=10_000)
            one.open()
        there = one.waiting(0, 1000)
        assert sorted(waiting) == [entry.place for entry in there]
        assert all(model[entry.place] == entry.sealed.sha256 for entry in there)
        assert one.state().waiting == len(waiting)
    records = [open_sealed(entry.sealed) for entry in one.waiting(0, 1000)]
    assert all(isinstance(record, Inspection) for record in records)
    assert sorted(record.time for record in records) == [record.time for record in records]
    one.close()

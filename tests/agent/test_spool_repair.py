"""A damaged spool never stops the agent: what proves itself is sent, what does not is kept and said."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from spool_bodies import body, chained, events, lay, lying_there, put, receipt, records, settle, spool

from gaugetrail_agent.spool import Spool, SpoolBroken, repair
from gaugetrail_contract.clock import FixedClock
from gaugetrail_contract.record import Event


def filled(folder: Path, count: int = 300) -> tuple[dict[str, bytes], dict[int, str]]:
    """A spool of that many records in the file itself (half) and in its log (half), as a power cut leaves it."""
    with spool(folder) as one:
        told = {done.seq: done.sha256 for done in put(one, count // 2)}
    with spool(folder) as one:
        told |= {done.seq: done.sha256 for done in put(one, count // 2, count // 2 + 1)}
        return lying_there(folder), told


def leaf_of(files: dict[str, bytes]) -> int:
    """Where the file's last page that holds rows begins."""
    raw = files["spool.db"]
    return max(at for at in range(0, len(raw), 4096) if raw[at] == 0x0D)


def kept_whole(folder: Path) -> list[Path]:
    return sorted(folder.glob("spool-damaged-*"))


def found(one: Spool, epoch: str) -> dict[int, str]:
    """Number -> seal of all that waits of an epoch; every seal is proven on the way."""
    records(one)
    start = one.again(epoch, 1, 10_000_000, limit=10_000_000).records
    return {entry.place: entry.sealed.sha256 for entry in start}


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda files: files | {"spool.db": b"no database at all" * 100}, id="another file"),
        pytest.param(lambda files: files | {"spool.db": b"\0" * len(files["spool.db"])}, id="zeros"),
        pytest.param(lambda files: files | {"spool.db": b""}, id="emptied"),
        pytest.param(lambda files: files | {"spool.db": b"\xff" * 100 + files["spool.db"][100:]}, id="head"),
        pytest.param(lambda files: files | {"spool.db": files["spool.db"][:-30_000]}, id="truncated"),
        pytest.param(
            lambda files: files | {"spool.db": files["spool.db"][: len(files["spool.db"]) // 2 + 77]}, id="half"
        ),
        pytest.param(lambda files: files | {"spool.db-wal": b"\0" * len(files["spool.db-wal"])}, id="log zeroed"),
        pytest.param(lambda files: files | {"spool.db-wal": files["spool.db-wal"][:-20_000]}, id="log cut"),
        pytest.param(
            lambda files: {k: v.replace(b"CREATE TABLE unit", b"CREATE\xa0TABLE unit") for k, v in files.items()},
            id="a statement of its schema",
        ),
        pytest.param(lambda files: files | {"spool.db": files["spool.db"][:17]}, id="cut within its head"),
        pytest.param(
            lambda files: files | {"spool.db": files["spool.db"][: leaf_of(files) + 2]}, id="cut within a page's head"
        ),
        pytest.param(
            lambda files: files | {"spool.db-wal": b"\0" + files["spool.db-wal"][1:56]}, id="log of two spoilt heads"
        ),
        pytest.param(lambda files: {k: v for k, v in files.items() if k != "spool.db-wal"}, id="log gone"),
        pytest.param(lambda files: {k: v for k, v in files.items() if k != "spool.db"}, id="file gone"),
    ],
)
def test_the_agent_starts_and_goes_on_whatever_has_happened_to_the_file(tmp_path: Path, damage) -> None:
    """It seals in an epoch of its own, whose first record says what was found; nothing without a seal is sent."""
    files, told = filled(tmp_path)
    lay(tmp_path, damage(files))
    with spool(tmp_path) as one:
        one.waiting(0, 1000)
        settle(one)
        put(one, 3, 1000)
        old = {record.epoch for record in records(one)} - {one.epoch}
        assert len(old) <= 1
        for epoch in old:
            assert set(chained(one, epoch)) <= set(told)
        assert chained(one, one.epoch) == [1, 2, 3, 4]
        first = next(record for record in records(one) if record.epoch == one.epoch)
        assert isinstance(first, Event)
        assert first.type in ("spool.repaired", "spool.restored")
        assert first.payload["reason"]
        assert first.payload["old_epoch"] in old or not old
    with spool(tmp_path) as one:
        assert chained(one, one.epoch) == [1, 2, 3, 4]


def test_what_was_damaged_is_kept_whole_under_a_name_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "spool.db").write_bytes(b"no database at all" * 100)
    with spool(tmp_path) as one:
        (event,) = events(one)
        (folder,) = kept_whole(tmp_path)
        assert event.payload["kept"] == folder.name
        assert (folder / "spool.db").read_bytes() == b"no database at all" * 100


def test_every_record_of_a_file_without_a_head_is_carried_over(tmp_path: Path) -> None:
    """No page of the file's tree can be reached any more; the records are read page by page."""
    files, told = filled(tmp_path)
    lay(tmp_path, files | {"spool.db": b"\0" * 8192 + files["spool.db"][8192:]})
    with spool(tmp_path) as one:
        (event,) = events(one)
        assert found(one, str(event.payload["old_epoch"])) == told
        assert (event.payload["last_seq"], event.payload["last_seal"]) == (300, told[300])
        assert (event.payload["carried"], event.payload["damaged"], event.payload["absent"]) == (300, 0, [])
        assert one.state().waiting == 301


def test_a_log_spoilt_in_the_middle_costs_only_what_is_spoilt(tmp_path: Path) -> None:
    """SQLite would take the log up to the spoilt place and pass over all that was committed behind it."""
    with spool(tmp_path) as one:
        told: dict[int, str] = {}
        for number in range(40):  # forty commits, one behind the other
            told |= {done.seq: done.sha256 for done in put(one, 1, number)}
        files = lying_there(tmp_path)
    log = bytearray(files["spool.db-wal"])
    log[len(log) // 2] ^= 0xFF
    lay(tmp_path, files | {"spool.db-wal": bytes(log)})
    with spool(tmp_path) as one:
        (event,) = events(one)
        assert event.payload["reason"] == "its log (spool.db-wal) is spoilt in the middle"
        carried = found(one, str(event.payload["old_epoch"]))
        assert len(carried) >= 39
        assert carried.items() <= told.items()
        assert 40 in carried


def test_attempts_and_memory_survive_where_they_can_be_read(tmp_path: Path) -> None:
    with spool(tmp_path) as one:
        one.append(body("SN1"), remember={"press.seq": "17"}).result(10)
        put(one, 50, 2)
    with sqlite3.connect(tmp_path / "spool.db") as db:
        db.execute("UPDATE meta SET value = 'nonsense' WHERE key = 'figures'")
    db.close()
    with spool(tmp_path) as one:
        assert one.recall("press.seq") == "17"
        assert one.last_attempt("OP10", "P", "SN1") is not None
        assert [event.type for event in events(one)] == ["spool.repaired"]


def test_attempts_are_told_by_the_records_themselves_where_their_table_is_gone(tmp_path: Path) -> None:
    """A unit that is measured again after the repair is attempt 3 of it, not another first one."""
    with spool(tmp_path) as one:
        put(one, 20)
        again = msgspec.structs.replace(body("SN7"), attempt=2, supersedes="pc1/x/7")
        second = one.append(again).result(10)
    with sqlite3.connect(tmp_path / "spool.db") as db:
        db.execute("DELETE FROM unit")
    db.close()
    spoil_figures(tmp_path)
    with spool(tmp_path) as one:
        assert one.last_attempt("OP10", "P", "SN7") == (2, second.record_id)
        assert one.last_attempt("OP10", "P", "SN8") is not None


def test_what_is_gone_at_either_end_of_an_older_epoch_is_named_too(tmp_path: Path) -> None:
    """Two epochs in a file; the end of the first and the start of the second are spoilt, then the file's head."""
    with spool(tmp_path) as one:
        put(one, 60)
        first = one.epoch
    spoil_figures(tmp_path)
    with spool(tmp_path) as one:
        put(one, 60, 100)
        second = one.epoch
    with sqlite3.connect(tmp_path / "spool.db") as db:
        db.execute("DELETE FROM record WHERE place BETWEEN 50 AND 70 OR place <= 3")
    db.close()
    spoil_figures(tmp_path)
    with spool(tmp_path) as one:
        said = events(one)[-1].payload
        assert said["absent"] == [[first, 50, 60], [second, 1, 10]]
        assert said["absent_count"] == 21
        assert (said["first_epoch"], said["first_seq"]) == (first, 4)


@pytest.mark.parametrize("epoch", [0, 1], ids=["an older one", "the current one"])
@pytest.mark.parametrize("spoilt", ["name = 'c3f59p7bdbfe'", "start = start + 4"])
def test_an_epoch_whose_name_or_place_is_spoilt_costs_no_record(tmp_path: Path, epoch: int, spoilt: str) -> None:
    """Every record says itself where it belongs; one bit in a list is no reason to set all of them aside."""
    with spool(tmp_path) as one:
        put(one, 8)
    spoil_figures(tmp_path)
    with spool(tmp_path) as one:
        put(one, 8, 9)
        told = {entry.sealed.data for entry in one.waiting(0, 100)}
        epochs = [record.epoch for record in records(one)]
    with sqlite3.connect(tmp_path / "spool.db") as db:
        db.execute(f"UPDATE epoch SET {spoilt} WHERE name = ?", (sorted(set(epochs), key=epochs.index)[epoch],))
    db.close()
    with spool(tmp_path) as one:
        assert told <= {entry.sealed.data for entry in one.waiting(0, 100)}
        said = events(one)[-1]
        assert (said.type, said.payload["reason"]) == (
            "spool.repaired",
            "its epochs are not those that its records name",
        )
        assert (one.state().damaged, said.payload["absent"]) == (0, [])


def spoil_figures(folder: Path) -> None:
    """What the file says of itself is nonsense, so that it is repaired at the next start."""
    with sqlite3.connect(folder / "spool.db") as db:
        db.execute("UPDATE meta SET value = 'nonsense' WHERE key = 'figures'")
    db.close()


def spoil(path: Path, seq: int, column: str, value: object) -> None:
    with sqlite3.connect(path) as db:
        db.execute(f"UPDATE record SET {column} = ? WHERE place = ?", (value, seq))
    db.close()


def flipped(path: Path, seq: int) -> bytes:
    with sqlite3.connect(path) as db:
        (data,) = db.execute("SELECT data FROM record WHERE place = ?", (seq,)).fetchone()
    db.close()
    return bytes(data[:200]) + bytes([data[200] ^ 4]) + bytes(data[201:])


def test_a_flipped_bit_in_a_record_is_found_when_it_is_read_and_its_loss_is_a_record(tmp_path: Path) -> None:
    """SQLite sees nothing wrong; the record is set aside here, all others go out, and the chain goes on."""
    with spool(tmp_path) as one:
        put(one, 10)
        epoch = one.epoch
    raw = flipped(tmp_path / "spool.db", 4)
    spoil(tmp_path / "spool.db", 4, "data", raw)
    with spool(tmp_path) as one:
        assert [entry.place for entry in one.waiting(0, 5)] == [1, 2, 3, 5, 6]
        settle(one)
        (event,) = events(one)
        assert one.epoch == epoch
        assert (event.seq, event.type, event.payload["from"], event.payload["count"]) == (11, "records.damaged", 4, 1)
        assert chained(one, epoch) == [1, 2, 3, 5, 6, 7, 8, 9, 10, 11]
        assert (one.state().damaged, one.state().waiting) == (1, 10)
        assert one.again(epoch, 3, 5).gone == ((4, 4),)
    with sqlite3.connect(tmp_path / "spool.db") as db:
        assert db.execute("SELECT epoch, seq, raw FROM damaged").fetchall() == [(epoch, 4, raw)]
    db.close()


def test_a_flipped_bit_in_a_seal_beside_right_bytes_is_made_right_by_the_next_record(tmp_path: Path) -> None:
    with spool(tmp_path) as one:
        told = put(one, 5)
    spoil(tmp_path / "spool.db", 3, "sha256", "0" * 64)
    with spool(tmp_path) as one:
        one.waiting(0, 10)
        settle(one)
        assert [done.sha256 for done in told] == [entry.sealed.sha256 for entry in one.waiting(0, 10)]
        assert one.state().damaged == 0


@pytest.mark.parametrize("column", ["data", "sha256"])
def test_when_the_newest_record_is_spoilt_its_epoch_ends(tmp_path: Path, column: str) -> None:
    """Whether another came behind it can't be known, and a number is never sealed twice."""
    with spool(tmp_path) as one:
        told = put(one, 5)
        epoch = one.epoch
    spoil(tmp_path / "spool.db", 5, column, "0" * 64 if column == "sha256" else flipped(tmp_path / "spool.db", 5))
    with spool(tmp_path) as one:
        assert one.epoch != epoch
        assert chained(one, epoch) == [1, 2, 3, 4]
        (event,) = events(one)
        assert (event.seq, event.type) == (1, "spool.repaired")
        assert event.payload["old_epoch"] == epoch
        assert (event.payload["last_seq"], event.payload["last_seal"]) == (4, told[3].sha256)
        assert one.state().damaged == 1


def test_damage_met_while_running_is_repaired_while_running(tmp_path: Path) -> None:
    """A reader meets a spoilt page: the writer repairs the file, and the same process goes on."""
    with spool(tmp_path) as one:
        told = {done.seq: done.sha256 for done in put(one, 400)}
    with spool(tmp_path) as one:
        epoch = one.epoch
        raw = bytearray((tmp_path / "spool.db").read_bytes())
        for page in range(3, len(raw) // 4096, 7):
            raw[page * 4096 : page * 4096 + 60] = b"\xa5" * 60
        (tmp_path / "spool.db").write_bytes(bytes(raw))
        one.waiting(0, 1000)
        settle(one)
        assert put(one, 1, 999)[0].seq == 2
        assert one.epoch != epoch
        carried = found(one, epoch)
        assert carried.items() <= told.items()
        assert len(carried) > 350
        assert events(one)[0].type == "spool.repaired"


def test_receipts_for_records_of_an_older_epoch_still_count(tmp_path: Path) -> None:
    files, told = filled(tmp_path)
    lay(tmp_path, files | {"spool.db": b"\xff" * 100 + files["spool.db"][100:]})
    with spool(tmp_path) as one:
        old = str(events(one)[0].payload["old_epoch"])
        done = one.confirm(receipt(one, (1, 300, told[300])).model_copy(update={"epoch": old}))
        assert done.ranges == ((1, 300),)
        assert one.confirm(receipt(one, (1, 301, told[300])).model_copy(update={"epoch": old})).ignored
        settle(one)
        assert [entry.place for entry in one.waiting(0, 10)] == [301]


def test_a_repair_cut_short_is_finished_at_the_next_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed at any of its steps: the spoilt file is still whole somewhere, and all it holds arrives."""
    files, told = filled(tmp_path, 60)
    spoilt = files | {"spool.db": b"\xff" * 100 + files["spool.db"][100:]}
    moves = 0

    class Killed(BaseException):
        pass

    real_rename, real_replace, real_unlink = Path.rename, Path.replace, Path.unlink

    def dying(real):
        def step(self: Path, *more, **words):
            nonlocal moves
            moves -= 1
            if moves == 0:
                raise Killed
            return real(self, *more, **words)

        return step

    for steps in range(1, 8):
        folder = tmp_path / f"cut{steps}"
        folder.mkdir()
        lay(folder, spoilt)
        moves = steps
        with monkeypatch.context() as patch:
            for name, real in (("rename", real_rename), ("replace", real_replace), ("unlink", real_unlink)):
                patch.setattr(Path, name, dying(real))
            one = Spool(folder / "spool.db", agent="pc1", clock=FixedClock())
            try:
                one.open()
                one.close()
            except Killed:
                one._let_go()
        with spool(folder) as one:
            epochs = {record.epoch for record in records(one)} - {one.epoch}
            carried = [found(one, epoch) for epoch in epochs]
            assert told in carried
        assert any((kept / "spool.db").read_bytes() == spoilt["spool.db"] for kept in kept_whole(folder))


damages = st.lists(
    st.tuples(st.sampled_from(["spool.db", "spool.db-wal"]), st.sampled_from(["bit", "block"]), st.floats(0, 1)),
    min_size=1,
    max_size=4,
)


@settings(max_examples=25, deadline=None)
@given(damages)
@example([("spool.db", "block", 0.03125), ("spool.db-wal", "bit", 1.0)])
@example([("spool.db-wal", "bit", 0.03125), ("spool.db-wal", "bit", 1.0)])
@example([("spool.db", "bit", 0.914231197257535)])
def test_any_damage_costs_no_more_than_the_records_it_touches(
    tmp_path_factory: pytest.TempPathFactory, damages: list[tuple[str, str, float]]
) -> None:
    """Flipped bits and zeroed sectors anywhere: all that proves itself is sent once, and nothing else is."""
    folder = tmp_path_factory.mktemp("spool")
    files, told = filled(folder, 100)
    touched = 0
    for name, kind, at in damages:
        raw = bytearray(files[name])
        place = min(len(raw) - 1, int(at * len(raw)))
        if kind == "bit":
            raw[place] ^= 1 << (place % 8)
            touched += 1
        else:
            place -= place % 512
            raw[place : place + 512] = bytes(len(raw[place : place + 512]))
            touched += 8  # a sector holds parts of at most three records, or a page's list of all its records
        files[name] = bytes(raw)
    lay(folder, files)
    with spool(folder) as one:
        one.waiting(0, 1000)
        settle(one)
        sent = [(record.epoch, record.seq) for record in records(one)]
        assert len(sent) == len(set(sent))
        there = {entry.sealed.sha256 for entry in one.waiting(0, 1000)}
        assert len(set(told.values()) - there) <= touched
        put(one, 2, 500)
        assert chained(one, one.epoch)[-1] >= 2


def test_damage_that_many_meet_at_once_is_repaired_once(tmp_path: Path) -> None:
    """Every thread that asks gets its answer from the repaired file."""
    with spool(tmp_path) as one:
        put(one, 400)
    with spool(tmp_path) as one:
        raw = bytearray((tmp_path / "spool.db").read_bytes())
        for page in range(3, len(raw) // 4096, 3):
            raw[page * 4096 : page * 4096 + 60] = b"\xa5" * 60
        (tmp_path / "spool.db").write_bytes(bytes(raw))
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: len(one.waiting(0, 1000)), range(16)))
        assert min(answers) > 300
        assert len(kept_whole(tmp_path)) == 1
        assert len(events(one)) == 1


def test_a_repair_without_room_is_refused_and_goes_on_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The spoilt files are only renamed, so that nothing is lost meanwhile."""
    files, told = filled(tmp_path, 60)
    lay(tmp_path, files | {"spool.db": b"\xff" * 100 + files["spool.db"][100:]})
    with monkeypatch.context() as patch:

        def full(*_: object) -> None:
            raise sqlite3.OperationalError("database or disk is full")

        patch.setattr(repair, "_conclude", full)
        with pytest.raises(SpoolBroken, match="disk is full"), spool(tmp_path):
            pass
    with spool(tmp_path) as one:
        assert found(one, str(events(one)[0].payload["old_epoch"])) == told


def test_a_note_that_cannot_be_read_keeps_nobody_from_starting(tmp_path: Path) -> None:
    with spool(tmp_path) as one:
        put(one, 3)
    (tmp_path / "spool.repair").write_bytes(b"\0\0")
    with spool(tmp_path) as one:
        assert put(one, 1)[0].seq == 4

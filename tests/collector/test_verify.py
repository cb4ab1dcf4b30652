"""The proof: whatever is done to a stored record is found, and the right record is named."""

from __future__ import annotations

import random
import sqlite3
import tracemalloc
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from floor import Floor
from mutations import MUTATIONS, Mutated, forged, put
from samples import T0
from small_plant import SECOND, chained, correction, fill, happening, units
from typer.testing import CliRunner

from gaugetrail_collector import cli
from gaugetrail_collector.evidence.chain import OUT_OF_PLACE, Chain, in_order
from gaugetrail_collector.evidence.verify import Proof, verify
from gaugetrail_collector.stores import Row
from gaugetrail_collector.stores.influx.http import InfluxAddress
from gaugetrail_collector.stores.influx.store import InfluxStore
from gaugetrail_collector.stores.lines import line, own_head
from gaugetrail_collector.stores.sqlite.store import SqliteStore
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.record import FIRST_PREV
from gaugetrail_contract.seal import ChainName, Opened, parse_record, seal_of

CHAINS = 1000
INFLUX_CHAINS = 130
"""Fewer, because InfluxDB 1.6 takes 20 ms for each point that is deleted."""
LENGTH = 9


def chain_of(number: int) -> list[Opened]:
    """Nine records of one epoch, an event and an amendment among them."""
    start = T0 + number * 100_000_000
    bodies = units(LENGTH, number, start)
    bodies[4] = happening("gauge.checked", "gauge", "G-9")
    made = chained(bodies, f"pc{number // 10}", f"epoch{number:05}", start)
    bodies[6] = correction(made[1])
    return chained(bodies, f"pc{number // 10}", f"epoch{number:05}", start)


def rows_of(chain: Sequence[Opened]) -> list[Row]:
    return [
        Row(one.record.agent, one.record.epoch, one.record.seq, one.sealed.sha256, one.sealed.data, one.record.time_us)
        for one in chain
    ]


def mutated(chains: Sequence[Sequence[Opened]]) -> dict[tuple[str, str], tuple[list[Row], Mutated]]:
    """Each chain's rows with what is done to them: one mutation each, from a seed."""
    dice = random.Random(4711)
    done = {}
    for number, chain in enumerate(chains):
        rows = rows_of(chain)
        mutate = MUTATIONS[number % len(MUTATIONS)]
        done[rows[0].agent, rows[0].epoch] = (rows, mutate(rows, dice))
    return done


def tamper_sqlite(path: Path, changes: dict[tuple[str, str], tuple[list[Row], Mutated]]) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        for (agent, epoch), (_, after) in changes.items():
            db.execute("DELETE FROM record WHERE agent = ? AND epoch = ?", (agent, epoch))
            for row in after.rows:
                values = (row.agent, row.epoch, "", row.seq, row.sha256, row.time_us, "inspection", row.data)
                db.execute("INSERT INTO record VALUES(?, ?, ?, ?, ?, ?, ?, ?)", values)


def tamper_influx(store: InfluxStore, changes: dict[tuple[str, str], tuple[list[Row], Mutated]]) -> None:
    """Points whose time is left free are deleted; the others are written over, or written anew."""
    lines, deletions = [], []
    for (agent, _), (before, after) in changes.items():
        kept = {row.time_us for row in after.rows}
        gone = [row.time_us * 1000 for row in before if row.time_us not in kept]
        if gone:
            where = f"WHERE agent = '{agent}' AND time >= {min(gone)} AND time < {max(gone) + 1000}"
            deletions.append(f"DELETE FROM /^(inspection|event)$/ {where}")
        heads = {row.time_us: own_head(parse_record(row.data))[0] for row in before}
        for row in after.rows:
            if row not in before:
                head = heads.get(row.time_us, heads[before[0].time_us])
                pairs = [("seq", row.seq), ("epoch", row.epoch), ("sha256", row.sha256)]
                text = row.data.decode("utf-8", "replace")
                lines.append(line(head, [*pairs, ("record", text)], row.time_us * 1000 + 7))
    for deletion in deletions:
        # Each by itself: each waits for the disk, and fifty of them for longer than an answer may take.
        store._http.query(deletion, post=True)
    assert store._http.write("\n".join(lines).encode()).status == 204


def judge(proof: Proof, changes: dict[tuple[str, str], tuple[list[Row], Mutated]]) -> list[str]:
    """What was not found, or found where nothing was done."""
    wrong = []
    for chain in proof.chains:
        _, after = changes[chain.agent, chain.epoch]
        named = {int(str(fault["seq"])) for fault in chain.broken}
        if not after.broken <= named <= after.broken | after.also or chain.gaps != after.missing or chain.ok:
            wrong.append(f"{chain.epoch}: expected {after.broken} {after.missing}, named {chain.broken} {chain.gaps}")
    return wrong


@pytest.fixture(scope="module")
def chains() -> list[list[Opened]]:
    return [chain_of(number) for number in range(CHAINS)]


def heads_of(changes: dict[tuple[str, str], tuple[list[Row], Mutated]]) -> dict[ChainName, dict[int, str]]:
    return {
        ChainName(*key): {before[-1].seq: before[-1].sha256}
        for key, (before, after) in changes.items()
        if after.witnessed
    }


def test_a12_a_thousand_mutations_in_sqlite_are_found_and_the_right_record_is_named(
    tmp_path: Path, chains: list[list[Opened]]
) -> None:
    store = SqliteStore(tmp_path / "store.db")
    store.open()
    fill(store, [record for chain in chains for record in chain])
    assert verify(store).ok
    changes = mutated(chains)
    tamper_sqlite(store.path, changes)
    proof = verify(store, heads_of(changes))
    store.close()
    assert len(proof.chains) == CHAINS
    assert judge(proof, changes) == []


@pytest.fixture
def influx(tmp_path: Path) -> Iterator[InfluxStore]:
    with Floor(tmp_path) as floor:
        floor.influxd()
        store = InfluxStore(InfluxAddress(f"http://127.0.0.1:{floor.influx_port}", "1", "gaugetrail"))
        store.open()
        yield store
        store.close()


@pytest.mark.influxdb
def test_mutations_in_influxdb_are_found_and_the_right_record_is_named(
    influx: InfluxStore, chains: list[list[Opened]]
) -> None:
    chains = chains[:INFLUX_CHAINS]
    fill(influx, [record for chain in chains for record in chain])
    changes = mutated(chains)
    tamper_influx(influx, changes)
    proof = verify(influx, heads_of(changes))
    assert len(proof.chains) == INFLUX_CHAINS
    assert judge(proof, changes) == []


# --- one chain at a time


def walked(rows: Sequence[Row], witnessed: dict[int, str] | None = None) -> Chain:
    chain = Chain(rows[0].agent, rows[0].epoch, witnessed or {})
    for row in in_order(rows):
        chain.take(row)
    chain.finish()
    return chain


def named(chain: Chain) -> list[object]:
    return [fault["seq"] for fault in chain.broken]


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return rows_of(chain_of(1))


def test_a_record_that_stands_twice_is_counted_and_named(rows: list[Row]) -> None:
    """The same points at another time, as someone leaves them who moves a record in InfluxDB."""
    again = replace(rows[4], time_us=rows[4].time_us + 1500)
    chain = walked([*rows[:6], again, *rows[6:]])
    assert (chain.duplicates, named(chain), chain.missing) == (1, [5], 0)


def test_a_row_with_no_number_or_from_before_the_first_is_named(rows: list[Row]) -> None:
    chain = walked([replace(rows[3], seq=0), *rows])
    assert named(chain) == [0]
    assert chain.missing == 0


def test_a_record_that_comes_far_too_late_fills_its_gap_and_is_named() -> None:
    """Further out of place than rows are held back for: still found, still the right one."""
    many = rows_of(chained(units(OUT_OF_PLACE + 50)))
    chain = walked([*many[:9], *many[10:], many[9]])
    assert (named(chain), chain.gaps, chain.missing) == ([10], [], 0)


def test_two_faults_apart_from_each_other_are_both_named(rows: list[Row]) -> None:
    dice = random.Random(1)
    both = put(rows, forged(rows[1], dice), replace(rows[6], sha256="0" * 64))
    assert named(walked(both)) == [2, 7]


def test_a_noted_head_vouches_for_every_record_before_it(rows: list[Row]) -> None:
    whole = walked(rows, {rows[-1].seq: rows[-1].sha256})
    assert whole.ok
    short = walked(rows[:5], {rows[-1].seq: rows[-1].sha256})
    assert short.gaps == [(6, 9)]


def test_a_chain_that_is_gone_altogether_is_missed_by_its_noted_head(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.db")
    store.open()
    proof = verify(store, {ChainName("pc1", "abcdefgh"): {12: "ab" * 32}})
    store.close()
    assert not proof.ok
    assert [(chain.agent, chain.records, chain.gaps) for chain in proof.chains] == [("pc1", 0, [(1, 12)])]


def raw_chain(path: Path, count: int) -> SqliteStore:
    """A store of many records, put there without taking the way through the models."""
    store = SqliteStore(path)
    store.open()
    whole = rows_of(chain_of(1))[0].data.decode()
    rest = whole[whole.index('"utc_offset_min"') :]
    prev = FIRST_PREV
    with closing(sqlite3.connect(path)) as db, db:
        for seq in range(1, count + 1):
            head = f'"agent":"pc1","epoch":"abcdefgh","seq":{seq},"prev":"{prev}","time":"{utc_text(T0 + seq)}"'
            data = f'{{"schema":"gaugetrail/1","kind":"inspection",{head},{rest}'.encode()
            prev = seal_of(data)
            values = ("pc1", "abcdefgh", "", seq, prev, T0 + seq, "inspection", data)
            db.execute("INSERT INTO record VALUES(?, ?, ?, ?, ?, ?, ?, ?)", values)
    return store


def test_ten_times_the_records_take_no_more_memory(tmp_path: Path) -> None:
    peaks = []
    for count in (2_000, 20_000):
        store = raw_chain(tmp_path / f"{count}.db", count)
        tracemalloc.start()
        proof = verify(store)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        store.close()
        assert proof.ok
        assert proof.chains[0].records == count
    assert peaks[1] < peaks[0] * 1.2 + 200_000


def test_damage_of_every_type_in_the_file_is_named_and_stops_nothing(tmp_path: Path) -> None:
    """SQLite keeps what it is given: text where bytes belong, a broken letter, a number that is none."""
    store = raw_chain(tmp_path / "store.db", 12)
    with closing(sqlite3.connect(store.path)) as db, db:
        db.execute("UPDATE record SET data = replace(data, 'SN1', 'SN2') WHERE seq = 3")
        db.execute("UPDATE record SET data = CAST(x'ff00' AS TEXT) WHERE seq = 5")
        db.execute("UPDATE record SET sha256 = x'ffee' WHERE seq = 7")
        db.execute("UPDATE record SET time_us = 'noon' WHERE seq = 9")
        db.execute("UPDATE record SET seq = 10.5 WHERE seq = 11")
    (chain,) = verify(store).chains
    store.close()
    assert sorted(named(chain)) == [0, 3, 5, 7, 9]
    assert chain.gaps == [(11, 11)]


# --- the command


def settings(folder: Path, store: SqliteStore) -> str:
    path = folder / "collector.toml"
    path.write_text(f'id = "c1"\ndata_dir = "data"\n[store]\nkind = "sqlite"\npath = "{store.path}"\n')
    return str(path)


def test_the_command_holds_the_store_against_the_heads_of_an_earlier_proof(tmp_path: Path) -> None:
    """What an auditor kept last month finds out who rewrote the whole chain since."""
    store = raw_chain(tmp_path / "store.db", 12)
    store.close()
    config = settings(tmp_path, store)
    before = CliRunner().invoke(cli.app, ["verify", "-c", config, "--json"])
    assert before.exit_code == 0
    (tmp_path / "noted.json").write_text(before.stdout)
    words = ["verify", "-c", config, "--heads", str(tmp_path / "noted.json")]
    assert CliRunner().invoke(cli.app, words).exit_code == 0
    with closing(sqlite3.connect(store.path)) as db, db:
        db.execute("DELETE FROM record WHERE seq > 10")
    assert CliRunner().invoke(cli.app, ["verify", "-c", config]).exit_code == 0
    after = CliRunner().invoke(cli.app, words)
    assert after.exit_code == 1
    assert "missing: 11 to 12" in after.stdout


BRANCHED = '{"agents": [{"agent": "pc1", "epoch": "e", "branch": "0123456789a", "last": 1, "head": "00"}]}'
"""What names a history by eleven digits."""


@pytest.mark.parametrize("text", ["", "[]", '{"agents": [{"agent": 1}]}', BRANCHED, None])
def test_a_file_that_is_no_earlier_proof_is_refused_in_one_sentence(tmp_path: Path, text: str | None) -> None:
    store = raw_chain(tmp_path / "store.db", 1)
    store.close()
    noted = tmp_path / "noted.json"
    if text is not None:
        noted.write_text(text)
    done = CliRunner().invoke(cli.app, ["verify", "-c", settings(tmp_path, store), "--heads", str(noted)])
    assert done.exit_code == 1
    assert len(done.stderr.splitlines()) == 1
    assert "can't be read" in done.stderr


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("spool.lost", {"old_epoch": "before000000", "last_seq": 12, "last_seal": "a" * 64}),
        ("spool.restored", {"known_epoch": "before000000", "known_seq": 12, "last_seq": 0, "last_seal": "0" * 64}),
    ],
)
@pytest.mark.parametrize("stored", [0, 9], ids=["nothing of it", "nine of it"])
def test_what_went_with_a_lost_spool_is_missing(
    tmp_path: Path, kind: str, told: dict[str, object], stored: int
) -> None:
    """Only the record that the next epoch begins with knows how far the one before had come."""
    store = SqliteStore(tmp_path / "store.db")
    store.open()
    fill(store, chained(units(stored), "pc1", "before000000"))
    told = {"reason": "gone", "old_epoch": "before000000", "last_seq": 12, "last_seal": "a" * 64}
    fill(
        store,
        chained([happening("spool.lost", "agent", "pc1", **told)], "pc1", "after0000000", start_us=T0 + 3600 * SECOND),
    )
    chains = {chain.epoch: chain for chain in verify(store).chains}
    assert (chains["before000000"].gaps, chains["before000000"].missing) == ([(stored + 1, 12)], 12 - stored)
    assert chains["after0000000"].ok
    store.close()

"""Archives made to be read by us: what they declare is settled before anything is unpacked (A55, A58)."""

from __future__ import annotations

import hashlib
import json
import random
import struct
import time
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import pytest
from made import chain
from places import SqlitePlace
from typer.testing import CliRunner

from gaugetrail_collector.cli import app
from gaugetrail_collector.evidence import archive_bounds
from gaugetrail_collector.evidence.archive import NotWhole, write_archive
from gaugetrail_collector.evidence.archive_proof import MOST_FAULTS, NoArchive, verify_archive
from gaugetrail_collector.stores.question import ALL_TIME
from gaugetrail_contract.seal import Opened

RECORDS = chain(40)


@pytest.fixture
def honest(tmp_path: Path) -> Path:
    store = SqlitePlace(tmp_path).store()
    store.write(RECORDS)
    path = tmp_path / "honest.zip"
    write_archive(store, ALL_TIME, path)
    return path


def manifest_of(path: Path) -> dict[str, object]:
    with zipfile.ZipFile(path) as packed:
        return dict(json.loads(packed.read("manifest.json")))


def lines_of(records: list[Opened]) -> bytes:
    return b"".join(one.sealed.line() + b"\n" for one in records)


def forged(path: Path, chain_file: bytes, records: int, **changes: object) -> Path:
    """An archive whose one chain is this file, declared with so many records and its right digest."""
    manifest = manifest_of(path)
    (first,) = manifest["chains"]  # type: ignore[misc]
    first |= {"sha256": hashlib.sha256(chain_file).hexdigest(), "records": records} | changes
    return packed_as(
        path, {"manifest.json": json.dumps(manifest | {"records": records}).encode(), first["file"]: chain_file}
    )


def packed_as(path: Path, files: Mapping[str, bytes]) -> Path:
    target = path.with_name("forged.zip")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in files.items():
            packed.writestr(name, data)
    return target


def refused(path: Path) -> str:
    """The one sentence that it gets, within seconds."""
    began = time.process_time()
    with pytest.raises(NoArchive) as caught:
        verify_archive(path)
    assert time.process_time() - began < 2
    return str(caught.value)


def test_a58_a_bomb_of_zeros_is_refused_before_it_is_unpacked(honest: Path) -> None:
    assert "too many for its records" in refused(forged(honest, bytes(300_000_000), records=40))


def test_a58_a_bomb_of_genuine_lines_is_refused_before_it_is_unpacked(honest: Path) -> None:
    """One record a million times: every line of it holds."""
    line = RECORDS[0].sealed.line() + b"\n"
    bomb = line * 200_000
    assert "more tightly than records with seals" in refused(forged(honest, bomb, records=200_000))
    proof = verify_archive(forged(honest, line * 1000, records=40))
    assert any("more than the 40 that the manifest names" in fault for fault in proof.faults)


def test_a58_a_member_that_stands_twice_is_refused(honest: Path) -> None:
    """What one reader shows of such a file is not what another unpacks."""
    with zipfile.ZipFile(honest, "a") as packed, pytest.warns(UserWarning, match="Duplicate"):
        packed.writestr("manifest.json", b"{}")
    assert "stands in it twice" in refused(honest)


def test_a58_members_that_lie_over_each_other_are_refused(tmp_path: Path) -> None:
    """Many names for one packed stream, as the bombs that need no nesting have."""
    data = random.Random(1).randbytes(20_000)
    stream = zlib.compress(data, 9)[2:-4]
    head = struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, 0, 8, 0, 0, zlib.crc32(data), len(stream), len(data), 1, 0)
    local = head + b"a" + stream
    central = b"".join(
        struct.pack(
            "<4s6H3I5H2I",
            *(b"PK\x01\x02", 20, 20, 0, 8, 0, 0, zlib.crc32(data), len(stream), len(data)),
            *(6, 0, 0, 0, 0, 0, 0),
        )
        + f"{number:06}".encode()
        for number in range(200)
    )
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 200, 200, len(central), len(local), 0)
    path = tmp_path / "quoted.zip"
    path.write_bytes(local + central + end)
    assert "lie over each other" in refused(path)


def test_a58_a_list_of_members_without_end_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "many.zip"
    size = archive_bounds.MOST_DIRECTORY_BYTES + 1
    path.write_bytes(bytes(100) + struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 9, 9, size, 0, 0))
    assert "more members than an archive of ours has" in refused(path)


def test_a58_a_manifest_of_gaps_without_end_is_refused(honest: Path) -> None:
    manifest = manifest_of(honest)
    manifest["chains"][0]["missing"] = [[1, 2]] * 300_000  # type: ignore[index]
    said = refused(packed_as(honest, {"manifest.json": json.dumps(manifest).encode()}))
    assert "chains and gaps" in said


def test_a58_two_chains_in_one_file_are_refused(honest: Path) -> None:
    manifest = manifest_of(honest)
    manifest["chains"] = [*manifest["chains"], *manifest["chains"]]  # type: ignore[misc]
    assert "two chains lie in one file" in refused(packed_as(honest, {"manifest.json": json.dumps(manifest).encode()}))


def test_a58_nothing_is_written_outside_whatever_members_are_called(honest: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(honest) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    evil = {"../outside": b"1", "/tmp/gaugetrail-outside": b"2", "C:\\outside": b"3", "chains/../../outside": b"4"}
    there = set(tmp_path.rglob("*"))
    proof = verify_archive(packed_as(honest, files | evil))
    assert len(proof.faults) == len(evil)
    assert set(tmp_path.rglob("*")) - there == {tmp_path / "forged.zip"}
    assert not Path("/tmp/gaugetrail-outside").exists()


def test_after_a_thousand_faults_it_is_enough(honest: Path) -> None:
    with zipfile.ZipFile(honest) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    proof = verify_archive(packed_as(honest, files | {f"stranger-{number}": b"" for number in range(3000)}))
    assert len(proof.faults) == MOST_FAULTS + 1
    assert "more than 1000 faults" in proof.faults[-1]


def test_gaps_are_told_as_ranges_and_the_first_of_them_alone(honest: Path) -> None:
    proof = verify_archive(forged(honest, lines_of(RECORDS[:5] + RECORDS[9:10] + RECORDS[20:]), records=26))
    (gaps,) = [fault for fault in proof.faults if "missing are" in fault]
    assert gaps.endswith("missing are 6 to 9, 11 to 20; declared were none")
    proof = verify_archive(forged(honest, lines_of(RECORDS[:1] + RECORDS[1::2]), records=21))
    (few,) = [fault for fault in proof.faults if "missing are" in fault]
    assert few.endswith(
        "missing are 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31, 33, 35, 37, 39; declared were none"
    )


def test_an_honest_archive_is_as_good_as_before(honest: Path) -> None:
    assert verify_archive(honest).faults == []
    done = CliRunner().invoke(app, ["archive", "verify", str(honest)])
    assert done.exit_code == 0


def test_a_period_that_nobody_could_prove_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = SqlitePlace(tmp_path).store()
    store.write(RECORDS)
    monkeypatch.setattr(archive_bounds, "MOST_LISTS", 2)
    with pytest.raises(NotWhole, match="too long for one archive"):
        write_archive(store, ALL_TIME, tmp_path / "long.zip")
    assert list(tmp_path.glob("*.zip")) == []

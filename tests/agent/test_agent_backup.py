"""The agent in one file and back: made beside the running agent, with counts and digests, put back somewhere else."""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
import zipfile
from pathlib import Path

import pytest
from floor import Floor, Operator, until
from spool_bodies import chained, events, put, receipt, settle
from typer.testing import CliRunner

from gaugetrail_agent import cli
from gaugetrail_agent.spool import Spool
from gaugetrail_contract.clock import FixedClock
from gaugetrail_contract.seal import open_line
from gaugetrail_service.backup.bundle import NoBackup, proven

SETTINGS = (
    '[agent]\nid = "pc1"\nsite = "s"\nline = "l"\ndata_dir = "data"\ngauges = "lists/gauges.csv"\npeople = "{people}"\n'
    '[mqtt]\nusername = "pc1"\npassword_file = "mqtt-password"\n'
)
GAUGES = "id,calibration_due,status\nG-1,2027-01-31,active\n"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Settings with a list in a folder below, a password, and a list that lies elsewhere."""
    folder = tmp_path / "here"
    (folder / "lists").mkdir(parents=True)
    (folder / "lists" / "gauges.csv").write_text(GAUGES)
    (folder / "mqtt-password").write_text("secret\n")
    (tmp_path / "people.csv").write_text("id,name,qualification\nOP-1,A,\n")
    (folder / "agent.toml").write_text(SETTINGS.format(people=tmp_path / "people.csv"))
    return folder / "agent.toml"


def opened(config: Path) -> Spool:
    one = Spool(config.parent / "data" / "spool.db", agent="pc1", clock=FixedClock())
    one.open()
    return one


def ask(*words: str, code: int = 0) -> str:
    done = CliRunner().invoke(cli.app, [*words])
    assert done.exit_code == code, (done.output, done.exception)
    return done.output


def backup(config: Path, name: str = "pc1.zip") -> Path:
    file = config.parent.parent / name
    ask("backup", str(file), "--config", str(config))
    return file


def restored(file: Path, config: Path, *more: str) -> dict[str, object]:
    return dict(json.loads(ask("restore", str(file), "--config", str(config), "--json", *more)))


def test_a_backup_beside_the_running_agent_holds_all_that_was_told_by_then(config: Path, tmp_path: Path) -> None:
    """Counts and digests: what is in it is what the manifest says, and every record of it holds."""
    one = opened(config)
    try:
        told = put(one, 20)
        one.confirm(receipt(one, (1, 5, told[4].sha256)))
        settle(one)
        busy, writer = threading.Event(), threading.Thread(target=lambda: [put(one, 1, n) for n in range(100, 160)])
        writer.start()
        file = backup(config)
        writer.join()
        busy.set()
    finally:
        one.close()
    with proven(file, "agent") as (packed, contents):
        assert contents.counts["confirmed"] == 5
        assert 20 <= contents.counts["sealed"] == contents.counts["waiting"] + 5
        assert [hashlib.sha256(packed.read(kept.name)).hexdigest() for kept in contents.files] == [
            kept.sha256 for kept in contents.files
        ]
        assert {"settings/agent.toml", "settings/lists/gauges.csv", "settings/mqtt-password", "data/spool.db"} <= {
            kept.name for kept in contents.files
        }
        assert contents.elsewhere == {"elsewhere/1-people.csv": str(tmp_path / "people.csv")}
    assert file.stat().st_mode & 0o777 == 0o600


def test_on_another_pc_everything_stands_and_the_spool_goes_on_in_a_new_epoch(config: Path, tmp_path: Path) -> None:
    ask("key", "--config", str(config))
    with_key = (config.parent / "data" / "agent.key").read_bytes()
    seen = config.parent / "data" / "plans" / "0123456789abcdef.toml"
    seen.parent.mkdir()
    seen.write_text("a plan as it was first seen")
    one = opened(config)
    told, epoch = put(one, 7), one.epoch
    one.close()
    file = backup(config)
    there = tmp_path / "there" / "agent.toml"
    there.parent.mkdir()
    done = restored(file, there)
    assert (done["waiting"], done["kept"]) == (7, [])
    assert done["left_out"] == [f"elsewhere/1-people.csv: it lay in {tmp_path / 'people.csv'}"]
    assert there.read_text() == config.read_text()
    assert ((there.parent / "lists/gauges.csv").read_text(), (there.parent / "mqtt-password").read_text()) == (
        GAUGES,
        "secret\n",
    )
    assert (there.parent / "data" / "agent.key").read_bytes() == with_key
    assert (there.parent / "data" / "plans" / seen.name).read_text() == seen.read_text()
    two = opened(there)
    try:
        assert two.epoch != epoch
        assert [entry.sealed.sha256 for entry in two.waiting(0, 7)] == [each.sha256 for each in told]
        (event,) = events(two)
        assert (event.type, event.payload["old_epoch"], event.payload["last_seq"]) == ("spool.restored", epoch, 7)
        assert chained(two, epoch) == [1, 2, 3, 4, 5, 6, 7]
    finally:
        two.close()


def test_what_stands_in_the_way_is_kept(config: Path) -> None:
    """Put back over a later state: the later settings, key and spool are beside it."""
    ask("key", "--config", str(config))
    first = config.read_text()
    opened(config).close()
    file = backup(config)
    config.write_text(first + "# later\n")
    (config.parent / "data" / "agent.key").write_text("another")
    done = restored(file, config)
    kept = [Path(path) for path in done["kept"]]  # type: ignore[attr-defined]
    assert config.read_text() == first
    assert sorted(path.name for path in kept if path.is_file()) == ["agent.key", "agent.toml"]
    assert {path.read_text() for path in kept if path.is_file()} == {"another", first + "# later\n"}
    assert any((path / "spool.db").exists() for path in kept if path.is_dir())


def test_a_running_agent_is_not_overwritten(config: Path) -> None:
    one = opened(config)
    try:
        put(one, 1)
        file = backup(config)
        config.write_text(config.read_text() + "# later\n")
        assert "in use by another agent" in ask("restore", str(file), "--config", str(config), code=1)
        assert config.read_text().endswith("# later\n"), "nothing is changed before the spool is in its place"
    finally:
        one.close()


def test_records_that_wait_are_not_passed_over_in_silence(config: Path) -> None:
    one = opened(config)
    file = backup(config)
    put(one, 3)
    one.close()
    assert "3 records wait" in ask("restore", str(file), "--config", str(config), code=1)
    done = restored(file, config, "--even-so")
    assert done["waiting"] == 0
    assert done["kept"]


def tampered(file: Path, name: str, data: bytes | None, *, more: str | None = None) -> Path:
    bad = file.with_name("bad.zip")
    with zipfile.ZipFile(file) as good, zipfile.ZipFile(bad, "w") as out:
        for entry in good.namelist():
            content = data if entry == name else good.read(entry)
            if content is not None:
                out.writestr(entry, content)
        if more is not None:
            out.writestr(more, b"x")
    return bad


@pytest.mark.parametrize(
    ("name", "data", "more", "said"),
    [
        ("data/spool.db", b"not it", None, "is not the file that was backed up"),
        ("settings/agent.toml", b"[agent]\n", None, "is not the file that was backed up"),
        ("data/spool.db", None, None, "holds other files than its manifest names"),
        ("none", None, "data/evil", "holds other files than its manifest names"),
        ("manifest.json", b"{}", None, "can't be understood"),
        ("manifest.json", None, None, "it is no backup of ours"),
    ],
)
def test_nothing_is_put_back_from_a_backup_that_does_not_hold(
    config: Path, tmp_path: Path, name: str, data: bytes | None, more: str | None, said: str
) -> None:
    opened(config).close()
    bad = tampered(backup(config), name, data, more=more)
    there = tmp_path / "there" / "agent.toml"
    assert said in ask("restore", str(bad), "--config", str(there), code=1)
    assert not there.parent.exists()


@pytest.mark.parametrize(
    "name", ["data/../../etc/passwd", "settings//x", "../x", "/etc/passwd", "data/a\\b", "data/C:x"]
)
def test_no_name_in_a_manifest_leads_out_of_its_folder(config: Path, name: str) -> None:
    file = backup(config)
    with zipfile.ZipFile(file) as packed:
        manifest = json.loads(packed.read("manifest.json"))
    manifest["files"][0]["name"] = name
    bad = tampered(file, "manifest.json", json.dumps(manifest).encode())
    with pytest.raises(NoBackup, match="can't be understood"), proven(bad, "agent"):
        raise AssertionError("it was opened")


def test_a_file_that_is_no_backup_and_one_of_a_collector_are_named(config: Path) -> None:
    assert "can't be read as a backup" in ask("restore", str(config), "--config", str(config), code=1)
    file = backup(config)
    with zipfile.ZipFile(file) as packed:
        manifest = json.loads(packed.read("manifest.json")) | {"part": "collector"}
    bad = tampered(file, "manifest.json", json.dumps(manifest).encode())
    said = ask("restore", str(bad), "--config", str(config), code=1)
    assert "is a backup of a collector: gaugetrail-collector restore takes it" in said


def test_a_backup_is_never_written_over(config: Path) -> None:
    file = backup(config)
    before = file.read_bytes()
    assert "never written over" in ask("backup", str(file), "--config", str(config), code=1)
    assert file.read_bytes() == before


def test_a_spool_that_cannot_be_copied_is_named_and_no_half_backup_is_left(config: Path) -> None:
    opened(config).close()
    (config.parent / "data" / "spool.db").write_bytes(b"x" * 8192)
    file = config.parent.parent / "pc1.zip"
    assert "can't be copied" in ask("backup", str(file), "--config", str(config), code=1)
    assert [path.name for path in file.parent.iterdir() if "pc1" in path.name or "backup" in path.name] == []


@pytest.mark.processes
@pytest.mark.mosquitto
def test_a_line_pc_that_burned_down_is_put_back_and_loses_nothing(floor: Floor) -> None:
    """Real processes: inspected, backed up while running, all of its files gone, put back: every record of the backup
    reaches the store once, beside those that went before the fire.
    """
    floor.broker()
    floor.write_agent()
    floor.write_collector()
    floor.agent()
    operator = Operator(floor)
    operator.log_on()
    for number in range(5):
        operator.inspect(f"SN{number}")
    code, _, err = floor.ask("gaugetrail-agent", "backup", "pc1.zip", "--config", "agent.toml")
    assert code == 0, err
    operator.inspect("SN9")
    operator.close()
    floor.kill("agent")
    shutil.rmtree(floor.folder / "agent-data")
    for name in ("agent.toml", "plan.toml"):
        (floor.folder / name).unlink()
    code, out, err = floor.ask("gaugetrail-agent", "restore", "pc1.zip", "--config", "agent.toml", "--json")
    assert (code, json.loads(out)["waiting"]) == (0, 6), err
    floor.collector()
    floor.agent()
    operator = Operator(floor)
    operator.log_on()
    operator.inspect("SN10")
    operator.close()
    until(lambda: floor.waiting() == 0, "every record has its receipt")
    _, out, _ = floor.ask_here("gaugetrail-collector", "export", "--config", "collector.toml")
    stored = [open_line(line.encode()).record for line in out.splitlines()]
    serials = sorted(record.serial for record in stored if record.kind == "inspection")
    assert serials == ["SN0", "SN1", "SN10", "SN2", "SN3", "SN4"], "what came after the backup burned with the disk"
    assert floor.verify()["ok"] is True

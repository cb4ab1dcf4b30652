"""`stats KIND --record`: a study in the collector's own chain, found by gauge, characteristic and people."""

from __future__ import annotations

import hashlib
import json
from contextlib import closing
from pathlib import Path

import pytest
from console_floor import quick_line
from typer.testing import CliRunner

from gaugetrail_collector.cli import app
from gaugetrail_collector.statistics.study_record import PURPOSE, StudyAbout, seal_study, study_body
from gaugetrail_collector.stores.sqlite.store import SqliteStore
from gaugetrail_contract.clock import FixedClock
from gaugetrail_contract.events.registry import payload_of
from gaugetrail_contract.events.studies import MOST_ROWS_BYTES, StudyMade
from gaugetrail_contract.record import Event
from gaugetrail_contract.seal import Sealed, open_sealed
from gaugetrail_statistics.refusing import Refused

DATA = Path(__file__).parents[1] / "statistics" / "data"
PASSWORD = "the words of eva"
GRR = ["grr", "--data", str(DATA / "aiag_grr.csv"), "--value", "value", "--part", "part", "--appraiser", "appraiser"]
ABOUT = ["--record", "--gauge", "MIC-7", "--for", "bore_diameter", "--by", "eva", "--comment", "before release"]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A collector with one user, whose password costs little to try."""
    (tmp_path / "users").write_text(quick_line("eva", PASSWORD))
    path = tmp_path / "c1.toml"
    store = f'[store]\nkind = "sqlite"\npath = "{tmp_path}/store.db"\n[console]\nusers = "users"\n'
    path.write_text(f'id = "c1"\ndata_dir = "c1"\n{store}')
    return path


def stats(config: Path, *words: str, password: str = PASSWORD) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["stats", *words, "--config", str(config), "--stdin"], input=f"{password}\n")
    return done.exit_code, done.stdout, done.stderr


def events(config: Path) -> list[Event]:
    with closing(SqliteStore(config.parent / "store.db")) as store:
        store.open()
        rows = [row for chain in store.chains() for row in store.rows(*chain)]
        return [open_sealed(Sealed(row.sha256, row.data)) for row in rows]


def test_a_sealed_study_is_found_by_gauge_characteristic_and_people(config: Path) -> None:
    code, out, err = stats(config, *GRR, *ABOUT, "--json")
    assert (code, err) == (0, "")
    answer = json.loads(out)
    [event] = events(config)
    assert [event.id, event.agent, event.by, event.reason] == [
        answer["record"],
        "collector:c1",
        "eva",
        "before release",
    ]
    assert event.epoch.startswith(PURPOSE)
    said = payload_of(event.type, event.subject.kind, event.payload)
    assert isinstance(said, StudyMade)
    assert [said.study, said.method, said.n] == ["grr", "anova", 90]
    assert json.loads(said.answer) == {name: value for name, value in answer.items() if name != "record"}
    assert said.rows.splitlines()[:2] == ["part,appraiser,value", "1,A,0.29"]
    assert said.rows_sha256 == hashlib.sha256(said.rows.encode()).hexdigest()
    for name in ("MIC-7", "bore_diameter", "A", "C"):
        found = CliRunner().invoke(app, ["trace", name, "--json", "--config", str(config)])
        assert [one["id"] for one in json.loads(found.stdout)["events"]] == [event.id], name
    verified = CliRunner().invoke(app, ["verify", "--config", str(config)])
    assert verified.exit_code == 0, verified.output


def test_a_second_study_stands_behind_the_first(config: Path) -> None:
    lines = [
        "type1",
        "--data",
        str(DATA / "aiag_linearity.csv"),
        "--value",
        "value",
        "--reference",
        "6",
        "--where",
        "piece=3",
        "--tolerance",
        "8",
    ]
    assert stats(config, *lines, *ABOUT)[0] == 0
    assert stats(config, *GRR, *ABOUT)[0] == 0
    first, second = events(config)
    assert [(one.epoch, one.seq) for one in (first, second)] == [(first.epoch, 1), (first.epoch, 2)]
    assert first.subjects[0].id == "bore_diameter"


@pytest.mark.parametrize(
    ("words", "password", "said"),
    [
        (ABOUT[:1], PASSWORD, "--gauge, --for, --by is missing"),
        ([*ABOUT[:3], *ABOUT[5:]], PASSWORD, "--for is missing"),
        (ABOUT, "wrong", "that is not the password of eva"),
        ([*ABOUT, "--comment", "a\nb"], PASSWORD, "--comment is one line"),
        ([*ABOUT, "--gauge", "a\tb"], PASSWORD, "--gauge can't stand in a record"),
    ],
)
def test_nothing_is_sealed_without_gauge_characteristic_and_a_proven_name(config, words, password, said) -> None:
    code, out, err = stats(config, *GRR, *words, password=password)
    assert (code, out) == (1, "")
    assert said in err
    assert not (config.parent / "store.db").exists() or events(config) == []


def test_a_refused_study_is_not_sealed(config: Path) -> None:
    assert stats(config, *GRR, "--where", "part=1", *ABOUT)[0] == 1
    assert not (config.parent / "store.db").exists()


def test_a_summary_has_nothing_to_seal(config: Path) -> None:
    code, _, err = stats(config, "bias", "--mean", "6", "--sd", "1", "--n", "5", "--reference", "6", *ABOUT)
    assert code == 1
    assert "a summary has no rows to seal" in err


def answer_of(**more: object) -> dict[str, object]:
    return {"kind": "type1", "n": 50, "method": "t test", "formulas": {}, "warnings": []} | more


def test_too_many_rows_stand_by_their_digest_alone_and_too_large_an_answer_is_refused() -> None:
    about, rows = StudyAbout("MIC-7", "bore", "eva"), "value\n" + "1.0\n" * MOST_ROWS_BYTES
    body = study_body(answer_of(), rows, about, "c1")
    assert "rows" not in body.payload
    assert body.payload["rows_sha256"] == hashlib.sha256(rows.encode()).hexdigest()
    assert "rows" in study_body(answer_of(), "v" * MOST_ROWS_BYTES, about, "c1").payload
    with pytest.raises(Refused, match="too large for a record"):
        study_body(answer_of(more="x" * MOST_ROWS_BYTES), rows, about, "c1")
    with pytest.raises(Refused, match="appraiser a\tb can't stand in a record"):
        study_body(answer_of(appraisers=["a\tb"]), rows, about, "c1")


def test_who_was_overtaken_tries_again_and_what_nobody_can_store_is_told(tmp_path: Path) -> None:
    body = study_body(answer_of(), "v\n1\n", StudyAbout("MIC-7", "bore", "eva"), "c1")
    with closing(SqliteStore(tmp_path / "store.db")) as store:
        store.open()
        lock = tmp_path / "taken"
        lock.mkdir()
        with pytest.raises(Refused, match="can't be used"):
            seal_study(store, "c1", lock, FixedClock(), body)
        first = seal_study(store, "c1", tmp_path / "lock", FixedClock(), body)
        assert first != seal_study(store, "c1", tmp_path / "lock", FixedClock(), body)

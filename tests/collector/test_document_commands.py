"""How a plan gets approved, by the commands that a quality engineer types."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from contextlib import closing
from pathlib import Path

import pytest
from console_floor import quick_line
from made import opened
from samples import measurement
from typer.testing import CliRunner

from gaugetrail_collector.app import Collector
from gaugetrail_collector.checkup import documents_kept, store_limits
from gaugetrail_collector.cli import app
from gaugetrail_collector.config import load
from gaugetrail_collector.console.shown import payload_text
from gaugetrail_collector.stores.sqlite.store import SqliteStore
from gaugetrail_contract.record import Measurement, PlanRef

PASSWORDS = {one: f"the words of {one}" for one in ("eva", "ida", "uwe", "olaf")}
PLAN = """id = "CP-1001"
revision = "C"
title = "Bores"
part = "4711-A"
approved_by = "ida"
approved_on = "2026-11-01"
[[characteristic]]
name = "bore_diameter"
unit = "mm"
lsl = "73.950"
usl = "74.050"
capture = "typed"
"""


UNDER = PlanRef(id="CP-1001", revision="C", sha256="ab" * 32)


@pytest.fixture(scope="module")
def users() -> str:
    return "".join(quick_line(*one) for one in PASSWORDS.items())


class Office:
    """Two people at the collector's host, and another collector of the same store."""

    def __init__(self, folder: Path, users: str) -> None:
        self.folder = folder
        (folder / "users").write_text(users)
        (folder / "plan.toml").write_text(PLAN)
        for name, more in (("c1", "[documents]\nmaster = true\n"), ("c2", "")):
            store = f'[store]\nkind = "sqlite"\npath = "{folder}/store.db"\n[console]\nusers = "users"\n'
            (folder / f"{name}.toml").write_text(f'id = "{name}"\ndata_dir = "{name}"\n{store}{more}')

    def ask(self, *words: str, by: str = "", password: str | None = None, at: str = "c1") -> tuple[int, str, str]:
        """Exit code, standard output, standard error."""
        more = ["--by", by, "--stdin"] if by else []
        settings = [] if words[0] == "check" else ["--config", str(self.folder / f"{at}.toml")]
        given = PASSWORDS.get(by, "") if password is None else password
        done = CliRunner().invoke(app, ["document", *words, *more, *settings], input=f"{given}\n")
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.stdout, done.stderr

    def ask_without_settings(self, *words: str) -> tuple[int, str, str]:
        done = CliRunner().invoke(app, ["document", *words])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.stdout, done.stderr

    def trace(self, *words: str) -> str:
        settings = ["--config", str(self.folder / "c2.toml")]
        done = CliRunner().invoke(app, ["trace", *words, "--documents", *settings])
        assert done.exit_code == 0, done.stderr
        return done.stdout

    def check(self) -> str:
        done = CliRunner().invoke(app, ["check", "--config", str(self.folder / "c1.toml")])
        assert done.exit_code == 0, done.stderr
        return done.stdout

    def bad_listing(self, *words: str) -> str:
        code, out, _ = self.ask(*words)
        assert code == 1
        return out

    def good(self, *words: str, by: str = "", at: str = "c1") -> str:
        code, out, err = self.ask(*words, by=by, at=at)
        assert code == 0, err
        return out

    def bad(self, *words: str, by: str = "", password: str | None = None, at: str = "c1", code: int = 1) -> str:
        found, out, err = self.ask(*words, by=by, password=password, at=at)
        assert (found, out) == (code, "")
        return err

    def plan(self, text: str = PLAN) -> str:
        (self.folder / "plan.toml").write_text(text)
        return str(self.folder / "plan.toml")


def keys(folder: Path, *words: str, at: str = "c1") -> str:
    done = CliRunner().invoke(app, ["keys", *words, "--config", str(folder / f"{at}.toml")])
    assert done.exit_code == 0, done.stderr
    return done.stdout


def test_init_makes_the_plants_document_key_and_a_backup_of_keys_takes_it_along(office: Office) -> None:
    """Apart from the collector's own, as private, and put back on a host that was set up anew."""
    said = office.good("init", by="ida")
    data = office.folder / "c1"
    documents = json.loads(keys(office.folder, "own", "--json"))["documents"]
    assert f"know its documents by the key {documents}" in said
    assert (data / "documents.key").stat().st_mode & 0o777 == 0o600
    assert (data / "documents.key").read_bytes() != (data / "collector.key").read_bytes()
    keys(office.folder, "backup", str(office.folder / "keys.zip"))
    shutil.rmtree(data)
    keys(office.folder, "restore", str(office.folder / "keys.zip"))
    assert documents in keys(office.folder, "own")


def test_who_does_not_write_documents_makes_no_key(office: Office) -> None:
    office.bad("init", by="ida", at="c2")
    assert not (office.folder / "c2" / "documents.key").exists()


@pytest.fixture
def office(tmp_path: Path, users: str) -> Office:
    return Office(tmp_path, users)


def states(office: Office, *words: str, at: str = "c1") -> list[tuple[str, str, str]]:
    lines = [json.loads(line) for line in office.good("ls", "--json", *words, at=at).splitlines()]
    return [(one["id"], one["revision"], one["state"]) for one in lines]


def test_a_plan_is_approved_by_five_commands_and_read_at_any_collector(office: Office) -> None:
    assert office.good("init", by="ida").startswith("this collector writes documents; ida is administrator (record ")
    assert "edition 1: draft since" in office.good("new", "plan", office.plan(), by="eva")
    assert "waits for one approval; next: document approve CP-1001, by another person" in office.good(
        "submit", "CP-1001", by="eva"
    )
    code, out, err = office.ask("approve", "CP-1001", "--comment", "limits held against the drawing", by="ida")
    assert code == 0
    assert "CP-1001 C, edition 1: effective since" in out
    assert "ida says by this of CP-1001 C: I have read this edition, it is right, and it may be worked by." in err
    assert states(office, at="c2") == [("CP-1001", "C", "effective")]
    assert office.good("show", "CP-1001", "--text", at="c2") == PLAN
    assert [line.partition("  ")[2] for line in office.good("history", "CP-1001", at="c2").splitlines()] == [
        "eva wrote CP-1001 C, edition 1",
        "eva submitted CP-1001 C, edition 1",
        "ida approved CP-1001 C, edition 1: limits held against the drawing",
    ]
    shown = office.good("show", "CP-1001", at="c2")
    assert "plan CP-1001 C, edition 1: Bores\nstate: effective since" in shown
    assert "author: eva, 20" in shown
    assert ": limits held against the drawing" in shown


def test_a_revision_for_later_waits_beside_the_one_that_holds(office: Office) -> None:
    office.good("init", by="ida")
    tighter = PLAN.replace('"C"', '"D"').replace("74.050", "74.040")
    for text, *more in ((PLAN,), (tighter, "--effective", "2099-01-01")):
        office.good("new", "plan", office.plan(text), *more, by="eva")
        office.good("submit", "CP-1001", by="eva")
        office.good("approve", "CP-1001", by="ida")
    assert states(office) == [("CP-1001", "C", "effective"), ("CP-1001", "D", "approved")]
    assert "state: superseded" in office.good("show", "CP-1001", "--edition", "1", "--at", "2099-01-02")
    assert states(office, "--at", "2099-01-02") == [("CP-1001", "D", "effective")]
    assert "74.050" in office.good("show", "CP-1001", "--text")
    assert "74.040" in office.good("show", "CP-1001", "--text", "--at", "2099-01-02")
    office.good("withdraw", "CP-1001", "--comment", "the drawing was recalled", by="ida")
    assert states(office) == [("CP-1001", "D", "approved")]
    assert "in force: no edition" in office.good("show", "CP-1001")


def test_a_diff_says_the_tighter_limit_first_and_what_it_would_have_meant(office: Office) -> None:
    """Of 20 bores from 74.031 to 74.050, ten lie above 74.040."""
    office.good("init", by="ida")
    office.good("new", "plan", office.plan(), by="eva")
    office.good("submit", "CP-1001", by="eva")
    office.good("approve", "CP-1001", by="ida")
    with closing(SqliteStore(office.folder / "store.db")) as store:
        store.open()
        store.write([opened(seq, measurements=(bore(f"74.{30 + seq:03}"),), plan=UNDER) for seq in range(1, 21)])
    tighter = PLAN.replace('"C"', '"D"').replace("74.050", "74.040").replace("Bores", "All bores")
    office.good("new", "plan", office.plan(tighter), by="eva")
    assert office.good("diff", "CP-1001", at="c2").splitlines() == [
        "CP-1001 C, edition 1 → CP-1001 D, edition 2",
        "bore_diameter upper limit 74.050 → 74.040: tighter; 10 of the last 20 would fail",
        "revision C → D",
        "title Bores → All bores",
    ]
    first = json.loads(office.good("diff", "CP-1001", "--from", "1", "--to", "2", "--json").splitlines()[0])
    assert (first["about"], first["would_fail"], first["of_last"]) == ("bore_diameter", 10, 20)
    assert office.good("diff", "CP-1001", "--file", office.plan()).splitlines()[1:] == ["nothing changed"]
    assert "has no edition 9; there are 2" in office.bad("diff", "CP-1001", "--to", "9")
    assert "can't be read" in office.bad("diff", "CP-1001", "--file", str(office.folder / "nowhere"))


def test_a_record_leads_to_the_exact_text_that_held(office: Office) -> None:
    """Also behind two revisions, and from any collector; a plan that was a file at the line PC is told as such."""
    office.good("init", by="ida")
    for revision in ("C", "D"):
        office.good("new", "plan", office.plan(PLAN.replace('"C"', f'"{revision}"')), by="eva")
        office.good("submit", "CP-1001", by="eva")
        office.good("approve", "CP-1001", by="ida")
    held = PlanRef(id="CP-1001", revision="C", sha256=hashlib.sha256(PLAN.encode()).hexdigest())
    with closing(SqliteStore(office.folder / "store.db")) as store:
        store.open()
        store.write([opened(1, plan=held), opened(2, plan=UNDER), opened(3, plan=held)])
    told = office.trace("SN000001")
    assert f"document CP-1001 C, sha256 {held.sha256}: plan CP-1001, edition 1, by eva, approved by ida" in told
    assert "".join(f"    {line}\n" for line in PLAN.splitlines()) in told
    assert f"the store holds no text of the digest {UNDER.sha256}: it was a file at the line PC" in office.trace(
        "SN000002"
    )
    shown = json.loads(office.trace("--plan", "CP-1001", "--json"))["documents"]
    assert [(one["sha256"], one["text"], one.get("edition")) for one in shown] == [
        (held.sha256, PLAN, 1),
        (UNDER.sha256, None, None),
    ]


def test_an_attachment_stands_under_its_digest_in_both_folders_and_what_is_lost_shows(office: Office) -> None:
    settings = office.folder / "c1.toml"
    assert "attachments_backup" in office.check()
    settings.write_text(settings.read_text() + 'attachments_backup = "second"\n')
    assert "attachments_backup" not in office.check()
    office.good("init", by="ida")
    drawing = office.folder / "drawing.png"
    drawing.write_bytes(bytes(range(256)) * 9000)
    digest = hashlib.sha256(drawing.read_bytes()).hexdigest()
    office.good("new", "plan", office.plan(), "--attach", str(drawing), by="eva")
    assert f"attached: drawing.png (2,304,000 bytes), sha256 {digest}" in office.good("show", "CP-1001", at="c2")
    places = [office.folder / one / digest[:2] / digest for one in ("c1/attachments", "second")]
    assert [one.read_bytes() for one in places] == [drawing.read_bytes()] * 2
    assert office.good("attachments").count("there in ") == 2
    places[0].write_bytes(b"altered")
    assert "altered in " in office.bad_listing("attachments")
    office.good("fetch", digest, str(office.folder / "back.png"))
    assert (office.folder / "back.png").read_bytes() == drawing.read_bytes()
    places[1].unlink()
    assert "missing in " in office.bad_listing("attachments")
    assert "it is whole in none of" in office.bad("fetch", digest, str(office.folder / "again.png"))
    assert "a digest is 64" in office.bad("fetch", "../../etc/passwd", str(office.folder / "x"), code=2)
    other = PLAN.replace("Bores", "All bores")
    assert "is not attached, and nothing was taken in" in office.bad(
        "new", "plan", office.plan(other), "--attach", str(office.folder / "nowhere"), by="eva"
    )
    office.good("new", "plan", office.plan(), "--attach", str(drawing), "--attach", office.plan(), by="eva")
    assert [one.read_bytes() for one in places] == [drawing.read_bytes()] * 2


def test_a_running_collector_says_whether_it_writes_documents(office: Office) -> None:
    said = [Collector(load(office.folder / f"{name}.toml")).status().documents for name in ("c1", "c2")]
    assert said == ["writes", "reads"]


@pytest.mark.influxdb
def test_a_database_that_drops_what_is_old_is_told(office: Office, influx_url: str) -> None:
    """By init, which begins all the same, and by what doctor asks the store; SQLite keeps for ever."""
    assert list(documents_kept(SqliteStore(office.folder / "store.db"))) == []
    settings = office.folder / "c1.toml"
    table = f'[store]\nkind = "influxdb"\nurl = "{influx_url}"\nversion = "1"\ndatabase = "dropping"\n'
    before, _, after = settings.read_text().partition("[store]")
    settings.write_text(before + table + after[after.index("[console]") :])
    done = CliRunner().invoke(app, ["store", "init", "--keep-days", "30", "--config", str(settings)])
    assert done.exit_code == 0, done.stderr
    told = "documents: the database drops records after 30 days, documents among them"
    assert told in office.good("init", by="ida")
    assert told in [f"{one.about}: {one.what}" for one in store_limits(load(settings))]


def test_an_external_document_names_its_file_and_until_when_it_holds(office: Office) -> None:
    """The wrong drawing attached to the right text is refused."""
    office.good("init", by="ida")
    drawing, other = office.folder / "drawing.pdf", office.folder / "other.pdf"
    drawing.write_bytes(b"%PDF drawing")
    other.write_bytes(b"%PDF another")
    digest = hashlib.sha256(b"%PDF drawing").hexdigest()
    text = office.folder / "drw.toml"
    text.write_text(
        f'id = "DRW-1"\nrevision = "D"\nissuer = "Contoso"\nvalid_until = "2026-01-31"\nsha256 = "{digest}"\n'
    )
    told = office.bad("new", "external", str(text), "--attach", str(other), by="eva")
    assert f"the text is about the file with the sha256 {digest}, and none that is attached has it" in told
    assert not (office.folder / "c1" / "attachments").exists()
    office.good("new", "external", str(text), "--attach", str(drawing), by="eva")
    shown = office.good("show", "DRW-1")
    assert "external DRW-1 D, edition 1: (Contoso)" in shown
    assert "to be looked at again by: 2026-01-31 (over)" in shown
    text.write_text('id = "DRW-1"\nrevision = "E"\n')
    assert "issuer: is required" in office.bad("check", "external", str(text))


PEOPLE = """id = "PL-1"
revision = "1"
[[person]]
badge = "uwe"
roles = ["quality engineer"]
[[person]]
badge = "eva"
roles = ["approver", "inspector"]
[[person]]
badge = "olaf"
"""


def test_once_a_people_document_holds_roles_decide(office: Office) -> None:
    office.good("init", by="ida")
    (office.folder / "people.toml").write_text(PEOPLE)
    office.good("new", "people", str(office.folder / "people.toml"), by="eva")
    office.good("submit", "PL-1", by="olaf")
    office.good("approve", "PL-1", by="ida")
    told = office.bad("new", "plan", office.plan(), by="olaf")
    assert "olaf may not write it" in told
    assert "takes the role administrator, approver, quality engineer; the people document gives olaf operator" in told
    office.good("new", "plan", office.plan(), by="uwe")
    office.good("submit", "CP-1001", by="uwe")
    assert "uwe may not approve it: that takes the role administrator, approver" in office.bad(
        "approve", "CP-1001", by="uwe"
    )
    office.good("approve", "CP-1001", by="eva")
    (office.folder / "gauges.csv").write_text("id,calibration_due,status\nG-1,2027-01-31,active\n")
    gauges = str(office.folder / "gauges.csv")
    office.good("new", "gauges", gauges, "--id", "GR-1", by="eva")
    assert office.good("ls", "--kind", "gauges").endswith("by eva: 1 gauge\n")
    office.good("withdraw", "CP-1001", "--comment", "administrators still may", by="ida")


def test_a_people_list_without_roles_decides_nothing(office: Office) -> None:
    office.good("init", by="ida")
    (office.folder / "people.csv").write_text("id,name,qualification\neva,Eva,final\n")
    office.good("new", "people", str(office.folder / "people.csv"), "--id", "PL-1", by="eva")
    office.good("submit", "PL-1", by="eva")
    office.good("approve", "PL-1", by="ida")
    office.good("new", "plan", office.plan(), by="olaf")


def test_a_record_leads_to_the_rows_of_gauge_and_person_that_held_then(office: Office) -> None:
    """The register of that moment, not that of now."""
    office.good("init", by="ida")
    for revision, due in (("1", "2026-12-31"), ("2", "2027-12-31")):
        gauges = f'id = "GR-1"\nrevision = "{revision}"\n[[gauge]]\nid = "G-0017"\ncalibration_due = "{due}"\n'
        (office.folder / "gauges.toml").write_text(gauges)
        office.good("new", "gauges", str(office.folder / "gauges.toml"), by="eva")
        office.good("submit", "GR-1", by="eva")
        office.good("approve", "GR-1", by="ida")
        if revision == "1":
            between = time.time_ns() // 1000
    (office.folder / "people.csv").write_text("id,name,qualification\nOP-12,Olga,final 2026\n")
    office.good("new", "people", str(office.folder / "people.csv"), "--id", "PL-1", by="eva")
    office.good("submit", "PL-1", by="eva")
    office.good("approve", "PL-1", by="ida")
    with closing(SqliteStore(office.folder / "store.db")) as store:
        store.open()
        store.write([opened(1, time_us=between), opened(2, time_us=time.time_ns() // 1000)])
    told = office.trace("SN000001")
    assert "then: gauge G-0017 in GR-1 1, edition 1: calibration due 2026-12-31" in told
    assert "2027-12-31" not in told
    assert "PL-1" not in told
    told = office.trace("SN000002")
    assert "then: gauge G-0017 in GR-1 2, edition 2: calibration due 2027-12-31" in told
    assert "then: person OP-12 in PL-1 1, edition 1: name Olga, qualification final 2026" in told
    rows = json.loads(office.trace("--station", "OP20", "--json"))["rows"]
    assert [(one["id"], one["revision"]) for one in rows] == [("G-0017", "1"), ("G-0017", "2"), ("OP-12", "1")]


def bore(value: str) -> Measurement:
    return measurement(1, characteristic="bore_diameter", value=value)


def test_a_rejected_plan_is_written_anew(office: Office) -> None:
    office.good("init", by="ida")
    office.good("new", "plan", office.plan(), by="eva")
    office.good("submit", "CP-1001", by="eva")
    assert [one for one, _, _ in states(office, "--waiting")] == ["CP-1001"]
    assert "draft since" in office.good("reject", "CP-1001", "--comment", "the unit is wrong", by="ida")
    assert "edition 2: draft" in office.good("new", "plan", office.plan(PLAN.replace('"mm"', '"in"')), by="eva")
    assert "rejected CP-1001 C, edition 1: the unit is wrong" in office.good("history", "CP-1001")


def test_nobody_is_told_what_they_say_by_a_step_that_is_refused(office: Office) -> None:
    """Nor asked for a password; who is asked has read the meaning first."""
    office.good("init", by="ida")
    office.good("new", "plan", office.plan(), by="eva")
    assert "submit it first" in office.bad("approve", "CP-1001", by="ida")
    office.good("submit", "CP-1001", by="eva")
    for who, why in (("eva", "eva may not approve it"), ("olaf", "olaf may not approve it")):
        said = office.bad("approve", "CP-1001", by=who, password="")
        assert why in said
        assert "says by this" not in said
        assert "password" not in said
    said = office.bad("approve", "CP-1001", by="ida", password="wrong")
    assert said.index("ida says by this") < said.index("not the password of ida")


def test_what_is_refused_says_what_to_do_and_writes_nothing(office: Office) -> None:
    plan = office.plan()
    (office.folder / "people.csv").write_text("id,name,qualification\nOP-1,Eva,all\n")
    people = str(office.folder / "people.csv")
    assert "documents are not begun yet: run document init" in office.bad("new", "plan", plan, by="eva")
    assert "no collector writes documents yet" in office.bad("init", by="ida", at="c2")
    office.good("init", by="ida")
    assert "begun already" in office.bad("init", by="eva")
    assert "that is not the password of eva" in office.bad("new", "plan", plan, by="eva", password="guessed")
    assert "or mallory is no user of the console; nothing was done" in office.bad("new", "plan", plan, by="mallory")
    assert "documents are written by c1, not by c2" in office.bad("new", "plan", plan, by="eva", at="c2")
    assert "--id is required" in office.bad("new", "people", people, by="eva", code=2)
    assert "the text says that its id is CP-1001" in office.bad("new", "plan", plan, "--id", "CP-2", by="eva")
    assert "no day of the calendar" in office.bad("new", "plan", plan, "--review-by", "2026-02-31", by="eva", code=2)
    assert "is no time; write" in office.bad("new", "plan", plan, "--effective", "soon", by="eva", code=2)
    assert "the comment: it is one line" in office.bad("new", "plan", plan, "--comment", "a\nb", by="eva")
    assert "the revision" in office.bad("new", "people", people, "--id", "F", "--revision", "a\tb", by="eva")
    assert states(office) == []
    office.good("new", "plan", plan, by="eva")
    assert "there is no document CP-1002; did you mean CP-1001" in office.bad("submit", "CP-1002", by="eva")
    assert "submit it first" in office.bad("approve", "CP-1001", by="ida")
    office.good("submit", "CP-1001", by="eva")
    assert "eva may not approve it: no people document holds yet, so only ida may" in office.bad(
        "approve", "CP-1001", by="eva"
    )
    assert "say why, in the comment" in office.bad("reject", "CP-1001", "--comment", "", by="ida")
    assert "there is no edition 7; there are 1" in office.bad("approve", "CP-1001", "--edition", "7", by="ida")
    office.good("new", "people", people, "--id", "P-1", by="ida")
    office.good("submit", "P-1", by="ida")
    assert "ida wrote it, so somebody else approves it" in office.bad("approve", "P-1", by="ida")
    (office.folder / "order.toml").write_text('id = "P-1"\npart = "PR-74"\nquantity = 5\n')
    assert "is a document of kind people" in office.bad("new", "order", str(office.folder / "order.toml"), by="ida")


def test_a_text_at_fault_is_told_with_its_line_and_nothing_is_taken(office: Office) -> None:
    office.good("init", by="ida")
    broken = office.plan(PLAN.replace('"73.950"', '"75.000"'))
    for words in (("check", "plan", broken), ("new", "plan", broken)):
        told = office.bad(*words, by="eva" if words[0] == "new" else "")
        assert "plan.toml:" in told
        assert "not in order" in told
    assert "can't be read" in office.bad("check", "plan", str(office.folder / "nowhere.toml"))
    assert office.good("check", "plan", office.plan()).endswith("plan.toml: good. CP-1001 C Bores\n")
    assert states(office) == []


def test_without_users_nobody_writes(office: Office) -> None:
    path = office.folder / "c1.toml"
    path.write_text(path.read_text().replace('[console]\nusers = "users"\n', ""))
    assert "nobody has a password here" in office.bad("init", by="ida")


def test_anyone_approves_where_the_settings_say_so_and_the_edition_remembers(office: Office) -> None:
    path = office.folder / "c1.toml"
    path.write_text(path.read_text() + 'approver = "anyone"\n')
    office.good("init", by="ida")
    office.good("new", "plan", office.plan(), by="ida")
    office.good("submit", "CP-1001", by="ida")
    path.write_text(path.read_text().replace('"anyone"', '"another"'))
    office.good("approve", "CP-1001", by="ida")
    assert states(office) == [("CP-1001", "C", "effective")]


def test_orders_hold_at_once_and_the_text_comes_back_byte_for_byte(office: Office) -> None:
    """In several parts, with whatever line ends and signs it has."""
    office.good("init", by="ida")
    head = b'\xef\xbb\xbfid = "O-1"\r\npart = "PR-74"\r\nquantity = 5  # \xc3\xbc\r\n'
    content = head + b"".join(b"# %06d \t\xe2\x82\xac\r\n" % number for number in range(10_000))
    (office.folder / "order").write_bytes(content)
    office.good("new", "order", str(office.folder / "order"), by="eva")
    assert states(office) == [("O-1", "1", "effective")]
    settings = ["--config", str(office.folder / "c2.toml")]
    done = CliRunner().invoke(app, ["document", "show", "O-1", "--text", *settings])
    assert done.stdout_bytes == content
    assert "worked by" not in office.ask("submit", "O-1", by="eva")[2]


def test_the_trail_of_a_document_stands_in_trace_and_proof(office: Office) -> None:
    office.good("init", by="ida")
    office.good("new", "plan", office.plan(), "--comment", "first one", by="eva")
    settings = ["--config", str(office.folder / "c2.toml")]
    traced = CliRunner().invoke(app, ["trace", "--kind", "document", "CP-1001", *settings])
    assert "document.step document CP-1001" in traced.stdout
    assert "by eva" in traced.stdout
    assert CliRunner().invoke(app, ["verify", *settings]).exit_code == 0
    assert CliRunner().invoke(app, ["anchors", "ls", *settings]).exit_code == 0


def test_a_page_shows_a_part_by_its_size_and_a_sentence_whole() -> None:
    shown = payload_text({"number": 1, "base64": "A" * 56_000, "reason": "ü" * 500})
    assert json.loads(shown) == {"number": 1, "base64": "… 56,000 characters", "reason": "ü" * 500}

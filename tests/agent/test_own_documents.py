"""Documents of one PC, without a collector: the journal proves itself, the life is that of the contract, and what the
running agent would hear of it.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from running_agent import AGENT, PLAN, asked
from spool_bodies import events, spool

from gaugetrail_agent.config import load
from gaugetrail_agent.documents.cabinet import DocumentCabinet
from gaugetrail_agent.documents.journal import (
    JournalAltered,
    NoJournal,
    SaidStep,
    append,
    key_path,
    prove,
    read_journal,
)
from gaugetrail_agent.documents.own_desk import OwnDesk, OwnEdition, StepNotTaken
from gaugetrail_agent.documents.own_folder import OwnFolder, own_trouble
from gaugetrail_agent.documents.own_sealing import StepSealing
from gaugetrail_agent.documents.receiving import DocumentReceiver
from gaugetrail_agent.documents.settings import DocumentsSettings
from gaugetrail_agent.spool import Origin
from gaugetrail_contract.clock import FixedClock
from gaugetrail_contract.documents.editions import DocumentKind, StepKind
from gaugetrail_contract.settings import ConfigError
from gaugetrail_service.web.console_users import line_of

TYPED = PLAN + 'capture = "typed"\n'
PEOPLE = """id = "PEOPLE"
revision = "1"
[[person]]
badge = "uwe"
name = "Uwe"
roles = ["approver"]
[[person]]
badge = "eva"
name = "Eva"
roles = ["quality engineer"]
"""


def lived(folder: Path) -> OwnDesk:
    """A desk with a plan that holds and a people list that waits."""
    desk = OwnDesk(folder, FixedClock())
    desk.begin("ida", "first")
    desk.new(OwnEdition(DocumentKind.PLAN, "CP-1", TYPED.encode(), "C"), "eva", "")
    desk.step(StepKind.SUBMIT, "CP-1", "eva", "", None)
    desk.step(StepKind.APPROVE, "CP-1", "ida", "held against the drawing", None)
    desk.new(OwnEdition(DocumentKind.PEOPLE, "PEOPLE", PEOPLE.encode(), "1"), "eva", "")
    return desk


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes, str]:
    """A journal with its head, and the key that signed it."""
    folder = lived(tmp_path_factory.mktemp("own")).folder
    journal, signer = read_journal(folder)
    assert journal.number == 5
    return (folder / "journal").read_bytes(), (folder / "head").read_bytes(), signer.key


@given(at=st.floats(0, 1, exclude_max=True), byte=st.integers(0, 255), do=st.sampled_from(["change", "out", "in"]))
def test_a_journal_of_which_any_byte_was_changed_is_refused(
    written: tuple[bytes, bytes, str], at: float, byte: int, do: str
) -> None:
    content, head, key = written
    place = int(at * len(content))
    behind = content[place:] if do == "in" else content[place + 1 :]
    other = content[:place] + (b"" if do == "out" else bytes([byte])) + behind
    if other == content:
        assert prove(other, head, key).number == 5
        return
    with pytest.raises(ValueError, match=r"line|step|head"):
        prove(other, head, key)


@given(order=st.lists(st.integers(0, 4), max_size=7))
def test_lines_that_are_missing_come_twice_or_stand_elsewhere_are_refused(
    written: tuple[bytes, bytes, str], order: list[int]
) -> None:
    content, head, key = written
    lines = content.splitlines(keepends=True)
    if order == [0, 1, 2, 3, 4]:
        return
    with pytest.raises(ValueError, match=r"line|ends"):
        prove(b"".join(lines[one] for one in order), head, key)


@given(at=st.floats(0, 1, exclude_max=True), byte=st.integers(0, 255))
def test_a_head_that_was_changed_is_refused(written: tuple[bytes, bytes, str], at: float, byte: int) -> None:
    content, head, key = written
    place = int(at * len(head))
    other = head[:place] + bytes([byte]) + head[place + 1 :]
    if other != head:
        with pytest.raises(ValueError, match=r"head|there were"):
            prove(content, other, key)
    with pytest.raises(ValueError, match="head beside it is gone"):
        prove(content, None, key)


def test_a_step_whose_head_a_power_cut_has_kept_from_the_disk_is_there(tmp_path: Path) -> None:
    desk = lived(tmp_path / "own")
    head = (desk.folder / "head").read_bytes()
    desk.step(StepKind.SUBMIT, "PEOPLE", "eva", "", None)
    (desk.folder / "head").write_bytes(head)
    assert read_journal(desk.folder)[0].number == 6
    desk.step(StepKind.APPROVE, "PEOPLE", "ida", "", None)
    (desk.folder / "head").write_bytes(head)
    with pytest.raises(JournalAltered, match="names another step 5"):
        read_journal(desk.folder)


def test_what_is_gone_is_told_and_a_folder_that_is_not_begun_too(tmp_path: Path) -> None:
    with pytest.raises(NoJournal, match="document init"):
        read_journal(tmp_path / "own")
    desk = lived(tmp_path / "own")
    with pytest.raises(StepNotTaken, match="begun already; administrator: ida"):
        desk.begin("eva", "")
    for gone in (desk.folder / "journal", key_path(desk.folder)):
        kept = gone.read_bytes()
        gone.unlink()
        with pytest.raises(JournalAltered, match=f"{gone.name} is gone"):
            desk.new(OwnEdition(DocumentKind.PLAN, "CP-2", b"", "A"), "eva", "")
        gone.write_bytes(kept)
    assert read_journal(desk.folder)[0].number == 5


def test_what_cant_stand_in_a_step_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    desk = OwnDesk(tmp_path / "own", FixedClock())
    with pytest.raises(StepNotTaken, match="the administrator"):
        desk.begin("ida\n", "")
    with pytest.raises(StepNotTaken, match="the comment: it is one line of at most 2,000"):
        desk.begin("ida", "x" * 2001)
    assert not (tmp_path / "own" / "journal").exists()
    desk = lived(tmp_path / "own")
    for wanted, why in (
        (OwnEdition(DocumentKind.GAUGES, "CP-1", b"", "D"), "CP-1 is a document of kind plan"),
        (OwnEdition(DocumentKind.PLAN, "CP\t2", b"", "A"), "the id"),
        (OwnEdition(DocumentKind.PLAN, "CP-2", b"", "A\n"), "the revision"),
        (OwnEdition(DocumentKind.PLAN, "CP-2", b"", "A", "two\nlines"), "the title"),
    ):
        with pytest.raises(StepNotTaken, match=why):
            desk.new(wanted, "eva", "")
    with pytest.raises(StepNotTaken, match="the name"):
        desk.step(StepKind.SUBMIT, "PEOPLE", "eva\n", "", None)
    with pytest.raises(StepNotTaken, match="did you mean CP-1"):
        desk.step(StepKind.SUBMIT, "CP-2", "eva", "", None)
    assert read_journal(desk.folder)[0].number == 5


def test_an_author_approves_where_the_settings_let_anyone(tmp_path: Path) -> None:
    desk = OwnDesk(tmp_path / "own", FixedClock(), "anyone")
    desk.begin("ida", "")
    desk.new(OwnEdition(DocumentKind.PLAN, "CP-1", TYPED.encode(), "C"), "ida", "")
    desk.step(StepKind.SUBMIT, "CP-1", "ida", "", None)
    life, edition = desk.step(StepKind.APPROVE, "CP-1", "ida", "", None)
    assert life.holding(FixedClock().us + 1_000_000) is edition


def test_only_the_owner_reads_the_key(tmp_path: Path) -> None:
    assert key_path(lived(tmp_path / "own").folder).stat().st_mode & 0o077 == 0


def test_a_step_by_the_rules_of_nobody_is_refused_although_the_key_signs_it(tmp_path: Path) -> None:
    """Whoever wrote it had the key and not the desk."""
    journal, signer = read_journal(lived(tmp_path / "own").folder)
    approved = {"what": "approve", "id": "PEOPLE", "edition": 1, "by": "eva", "role": "author"}
    said = SaidStep.model_validate(
        {"number": journal.number + 1, "before": journal.digest, "time": "2026-11-29T08:00:00.000000Z", **approved}
    )
    with pytest.raises(ValueError, match="line 6: PEOPLE 1: edition 1 is draft"):
        append(tmp_path / "own", journal, said, signer)
    assert read_journal(tmp_path / "own")[0].number == 5


class Listening:
    """A receiver that hears a folder, as in a running agent; `look` is what it does each second."""

    def __init__(self, folder: Path, data: Path) -> None:
        self.receiver = DocumentReceiver(DocumentCabinet(data, 10), DocumentsSettings(), "l", FixedClock())
        self.receiver.open()
        self.own = OwnFolder(folder, self.receiver, "pc1", FixedClock())
        self.own.look()

    def how(self, document: str) -> tuple[str, int]:
        standing = self.receiver.shelf().here.standing(document)
        return standing.how, 0 if standing.edition is None else standing.edition.edition


def test_a_step_reaches_the_shelf_as_from_a_collector(tmp_path: Path) -> None:
    desk = lived(tmp_path / "own")
    agent = Listening(desk.folder, tmp_path / "data")
    assert (agent.how("CP-1"), agent.how("PEOPLE")) == (("holds", 1), ("unknown", 0))
    assert agent.receiver.state().lacking == agent.receiver.state().refused == 0
    (held,) = agent.receiver.shelf().here.entries or ()
    assert agent.receiver.text(held) == TYPED.encode()
    desk.step(StepKind.WITHDRAW, "CP-1", "ida", "drawing recalled", None)
    agent.own.look()
    assert agent.how("CP-1") == ("withdrawn", 1)


def test_an_altered_journal_is_told_and_what_is_held_stays_also_after_a_restart(tmp_path: Path) -> None:
    desk = lived(tmp_path / "own")
    agent = Listening(desk.folder, tmp_path / "data")
    journal = desk.folder / "journal"
    kept = journal.read_bytes()
    journal.write_bytes(kept.replace(b"held against", b"held for all"))
    agent.own.look()
    assert "line 4: it was changed" in str(agent.receiver.alarm())
    again = Listening(desk.folder, tmp_path / "data")
    assert (agent.how("CP-1"), again.how("CP-1")) == (("holds", 1),) * 2
    assert again.receiver.refused_words(the_rest=True)[0].cause == "altered_here"
    assert "line 4" in str(own_trouble(desk.folder, DocumentCabinet(tmp_path / "data", 1)))
    journal.write_bytes(kept)
    assert own_trouble(desk.folder, DocumentCabinet(tmp_path / "data", 1)) is None


def test_a_folder_that_goes_back_or_is_anothers_is_refused(tmp_path: Path) -> None:
    desk = lived(tmp_path / "own")
    kept = {name: (desk.folder / name).read_bytes() for name in ("journal", "head")}
    desk.step(StepKind.WITHDRAW, "CP-1", "ida", "drawing recalled", None)
    data = tmp_path / "data"
    agent = Listening(desk.folder, data)
    for name, content in kept.items():
        (desk.folder / name).write_bytes(content)
    agent.own.look()
    assert ("goes back" in str(agent.receiver.alarm()), agent.how("CP-1")) == (True, ("withdrawn", 1))
    assert "goes back behind" in str(own_trouble(desk.folder, DocumentCabinet(data, 1)))
    other = lived(tmp_path / "other")
    agent = Listening(other.folder, data)
    assert ("signed with the key" in str(agent.receiver.alarm()), agent.how("CP-1")) == (True, ("withdrawn", 1))
    assert "this PC believes the documents of the key" in str(own_trouble(other.folder, DocumentCabinet(data, 1)))


def test_a_text_that_was_altered_is_told_and_reaches_no_station(tmp_path: Path) -> None:
    desk = lived(tmp_path / "own")
    (desk.folder / "texts" / hashlib.sha256(TYPED.encode()).hexdigest()).write_text(TYPED.replace("2.0", "9.0"))
    agent = Listening(desk.folder, tmp_path / "data")
    assert agent.how("CP-1") == ("not_here", 1)
    assert "gone or was altered" in str(agent.receiver.alarm())


def test_each_step_is_sealed_once_and_what_the_spool_did_not_take_is_tried_again(tmp_path: Path) -> None:
    desk = lived(tmp_path / "own")
    with spool(tmp_path) as one:
        for steps in (4, 4, 5):
            if steps == 5:
                desk.step(StepKind.SUBMIT, "PEOPLE", "eva", "please", None)
            agent = Listening(desk.folder, tmp_path / "data")
            agent.own.seal = StepSealing(one, Origin("pc1", "s", "l")).seal
            agent.own._seen = None
            agent.own.look()
            assert agent.own._well
            assert len(events(one)) == steps
        sealed = events(one)
    said = [(each.subject.id, each.payload["step"], each.payload["number"], each.by, each.role) for each in sealed]
    assert said == [
        ("CP-1", "new", 1, "eva", "author"),
        ("CP-1", "submit", 2, "eva", "author"),
        ("CP-1", "approve", 3, "ida", "administrator"),
        ("PEOPLE", "new", 1, "eva", "author"),
        ("PEOPLE", "submit", 2, "eva", "author"),
    ]
    assert (sealed[2].reason, sealed[4].reason) == ("held against the drawing", "please")
    assert sealed[2].payload["sha256"] == hashlib.sha256(TYPED.encode()).hexdigest()
    desk.step(StepKind.APPROVE, "PEOPLE", "ida", "", None)
    agent.own.look()  # the spool is closed
    assert (agent.own._well, agent.how("PEOPLE")) == (False, ("holds", 1))
    with spool(tmp_path) as one:
        agent.own.seal = StepSealing(one, Origin("pc1", "s", "l")).seal
        agent.own._seen = None
        agent.own.look()
        assert (agent.own._well, [each.payload["step"] for each in events(one)][5:]) == (True, ["approve"])


# --- by commands


class Pc:
    """Settings with a folder of documents, and its commands."""

    def __init__(self, folder: Path, more: str = "") -> None:
        self.folder = folder
        self.config = folder / "agent.toml"
        self.config.write_text(f'{AGENT}[documents]\nfolder = "own"\n{more}')

    def do(self, *words: str) -> str:
        code, out, err = asked("document", *words, "--config", str(self.config))
        assert code == 0, err
        return out

    def refused(self, *words: str) -> str:
        code, out, err = asked("document", *words, "--config", str(self.config))
        assert (code, out) == (1, "")
        return err

    def plan(self, text: str = TYPED) -> str:
        (self.folder / "plan.toml").write_text(text)
        return str(self.folder / "plan.toml")


def test_the_life_of_a_plan_by_commands(tmp_path: Path) -> None:
    pc = Pc(tmp_path)
    assert "document init --by NAME" in pc.refused("new", "plan", pc.plan(), "--by", "eva")
    assert "ida is administrator" in pc.do("init", "--by", "ida")
    assert pc.do("new", "plan", pc.plan(), "--by", "ida").startswith("CP-1 C, edition 1: draft since")
    assert "there is nothing to approve; submit it first" in pc.refused("approve", "CP-1", "--by", "ida")
    assert "waits for one approval" in pc.do("submit", "CP-1", "--by", "ida")
    assert "ida wrote it, so somebody else approves it" in pc.refused("approve", "CP-1", "--by", "ida")
    assert "no people document holds yet, so only ida may" in pc.refused("approve", "CP-1", "--by", "eva")
    assert "draft" in pc.do("reject", "CP-1", "--by", "ida", "--comment", "eva writes it")
    pc.do("new", "plan", pc.plan(TYPED + "# by eva\n"), "--by", "eva")
    pc.do("submit", "CP-1", "--by", "eva")
    code, out, err = asked("document", "approve", "CP-1", "--by", "ida", "--config", str(pc.config))
    assert (code, "effective since" in out) == (0, True)
    assert "I have read this edition" in err
    assert "nobody has proved that it is ida" in err
    assert "nothing is new" in pc.refused("new", "plan", pc.plan(TYPED + "# by eva\n"), "--by", "eva")
    assert re.match(
        r"plan CP-1 C, edition 1: draft .*\nplan CP-1 C, edition 2: effective since .* \(ida\)\n", pc.do("ls")
    )
    assert pc.do("show", "CP-1", "--text") == TYPED + "# by eva\n"
    assert [line.split()[3] for line in pc.do("history", "CP-1").splitlines()] == [
        "wrote", "submitted", "rejected", "wrote", "submitted", "approved",
    ]  # fmt: skip
    assert "withdrawn since" in pc.do("withdraw", "CP-1", "--by", "ida", "--comment", "recalled")


def test_the_people_document_decides_once_it_holds(tmp_path: Path) -> None:
    desk = lived(tmp_path / "own")
    desk.step(StepKind.SUBMIT, "PEOPLE", "eva", "", None)
    desk.step(StepKind.APPROVE, "PEOPLE", "ida", "", None)
    pc = Pc(tmp_path)
    pc.do("new", "plan", pc.plan(TYPED.replace('"C"', '"D"')), "--by", "eva")
    pc.do("submit", "CP-1", "--by", "eva")
    assert "gives eva quality engineer" in pc.refused("approve", "CP-1", "--by", "eva")
    assert "may not write it" in pc.refused("new", "plan", pc.plan(TYPED.replace('"C"', '"E"')), "--by", "joe")
    assert "effective since" in pc.do("approve", "CP-1", "--by", "uwe")


def test_a_password_is_asked_for_where_there_are_any(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "users").write_text(line_of("ida", "correct horse battery") + "\n")
    pc = Pc(tmp_path, 'users = "users"\n')
    assert "that is not the password of ida" in pc.refused("init", "--by", "ida", "--stdin")
    monkeypatch.setattr("gaugetrail_agent.commands.document.typed_password", lambda _, stdin: "correct horse battery")
    assert "ida is administrator" in pc.do("init", "--by", "ida")
    assert "nobody is called so" in pc.refused("new", "plan", pc.plan(), "--by", "eva")


def test_bad_settings_and_texts_are_told(tmp_path: Path) -> None:
    pc = Pc(tmp_path, f'key = ["{"a" * 64}"]\n')
    with pytest.raises(ConfigError, match="leave one of them out"):
        load(pc.config, {})
    pc.config.write_text(f'{AGENT}[documents]\nusers = "users"\n')
    with pytest.raises(ConfigError, match="belong to a folder of this PC"):
        load(pc.config, {})
    pc.config.write_text(f'{AGENT}[documents]\nfolder = "data/documents/own"\n')
    with pytest.raises(ConfigError, match="name another folder"):
        load(pc.config, {})
    pc.config.write_text(AGENT)
    assert "names no folder of documents" in pc.refused("ls")
    pc = Pc(tmp_path)
    assert "lsl" in pc.refused("new", "plan", pc.plan(TYPED.replace('lsl = "1.0"', 'lsl = "low"')), "--by", "eva")
    assert [str(one) for one in load(pc.config, {}).document_remarks if "document init" in str(one)] != []
    (tmp_path / "own").mkdir()
    assert (
        asked("document", "approve", "CP-1", "--by", "ida", "--effective", "soon", "--config", str(pc.config))[0] == 2
    )


def test_check_and_the_start_work_by_the_folder_before_any_agent_ran(tmp_path: Path) -> None:
    lived(tmp_path / "own")
    pc = Pc(tmp_path, '[[station]]\nname = "OP10"\nplan = {document = "CP-1"}\nunit_pattern = "SN[0-9]+"\n')
    here = load(pc.config, {}).here["OP10"]
    assert (here.refuses, [plan.ref.revision for plan in here.plans]) == (None, ["C"])

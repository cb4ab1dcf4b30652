"""The list of what is held at a line PC, and questions to the store: proved, kept, and never believed from anybody."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from spool_bodies import body
from state_words import ENGINEER, hold, release

from gaugetrail_agent.line_state.asker import HistoryAsker, Unknown
from gaugetrail_agent.line_state.hold_folder import HoldFolder
from gaugetrail_agent.line_state.hold_list import PASS_US, HoldList
from gaugetrail_contract import topics
from gaugetrail_contract.clock import FixedClock, utc_text
from gaugetrail_contract.distribution.pages import pages_of
from gaugetrail_contract.distribution.root import root_of, write_root
from gaugetrail_contract.holds.line_list import hold_pages, hold_root, write_hold_root
from gaugetrail_contract.holds.listing import ListedState
from gaugetrail_contract.questions.answered import (
    KIND,
    CannotSay,
    LotAnswer,
    LotVisit,
    LotVoid,
    StationAnswer,
    UnitAnswer,
    UnitsAnswer,
    write_answer,
)
from gaugetrail_contract.questions.asked import AskLot, AskUnit, AskUnitsSince, StationQuestion, open_question
from gaugetrail_contract.questions.history import LotFound, UnitHistory, UnitsFound
from gaugetrail_contract.record import Verdict
from gaugetrail_contract.record.parts import PastOperation
from gaugetrail_contract.signing import Signer

NOW = FixedClock().now_us()
KEY = Signer.new()
ROOT, PAGE = topics.line_holds("line1"), topics.line_hold_page("line1", 0)


def entry(serial: str, state: str = "hold", at: int = 0) -> ListedState:
    return ListedState(kind="unit", id=serial, state=state, since=utc_text(NOW + at), record=f"a/e1/{at}")


class Pc:
    """A line PC, as far as it holds the list; started again as often as you like."""

    def __init__(self, folder: Path, *, documents: tuple[str, ...] = (KEY.key,), known: tuple[str, ...] = ()) -> None:
        self.list = HoldList(HoldFolder(folder), "line1", FixedClock(), lambda: documents, lambda _, key: key in known)
        self.list.open()

    def told(
        self, *entries: ListedState, words: int = 1, at: int = 0, signer: Signer = KEY, line: str = "line1"
    ) -> None:
        pages = hold_pages(entries)
        assert pages is not None
        self.list.hear(ROOT, write_hold_root(hold_root(pages, words, NOW + at), signer, "c1", line))
        for number, page in enumerate(pages):
            self.list.hear(topics.line_hold_page("line1", number), page)

    @property
    def held(self) -> list[str]:
        return sorted(one.id for one in self.list.now.entries.values() if one.state == "hold")

    def refused(self) -> list[str]:
        return [one.cause for one in self.list.refused_words(the_rest=True)]

    @property
    def states(self) -> dict[str, str]:
        return {one.id: one.state for one in self.list.now.entries.values()}

    def measured(self, serial: str, at: int, **more: object) -> None:
        measured = msgspec.structs.replace(body(serial), **more)
        self.list.measured(measured, (NOW + at, "a", "e1", at), f"a/e1/{at}")

    def said(self, body: object, at: int) -> None:
        self.list.said(body, (NOW + at, "a", "e1", at), f"a/e1/{at}")  # type: ignore[arg-type]


# --- the list


def test_a_pass_here_ends_a_rework_at_once_and_after_a_restart_until_the_list_knows_better(tmp_path: Path) -> None:
    pc = Pc(tmp_path)
    pc.told(entry("SN1", "rework", 1), entry("SN2", "rework", 1), entry("SN3"), words=3)
    failed_before = PastOperation(operation="OP5", verdict=Verdict.FAIL)
    for serial, more in (("SN1", {}), ("SN2", {"route": (failed_before,)}), ("SN3", {}), ("SN4", {})):
        pc.measured(serial, 5, **more)
    assert pc.states == {"SN1": "pass", "SN2": "rework", "SN3": "hold"}
    pc = Pc(tmp_path)
    assert pc.states["SN1"] == "pass"
    pc.told(entry("SN1", "rework", 1), words=4, at=2 * PASS_US)
    assert pc.states == {"SN1": "rework"}, "another operation fails it still"


def test_a_fail_ends_no_rework_here(tmp_path: Path) -> None:
    """Where it failed it may be measured again, which the list can't say."""
    pc = Pc(tmp_path)
    pc.told(entry("SN1", "rework", 1))
    pc.measured("SN1", 5, verdict=Verdict.FAIL)
    assert pc.states == {"SN1": "rework"}


def test_a_list_counts_once_every_page_is_here_and_is_there_after_a_restart(tmp_path: Path) -> None:
    pc = Pc(tmp_path)
    assert pc.list.now.said_us is None
    pages = hold_pages([entry("SN1")])
    assert pages is not None
    pc.list.hear(ROOT, write_hold_root(hold_root(pages, 1, NOW), KEY, "c1", "line1"))
    assert pc.held == []
    pc.list.hear(PAGE, pages[0])
    assert (pc.held, pc.list.now.said_us) == (["SN1"], NOW)
    assert Pc(tmp_path).held == ["SN1"]
    pc.told(entry("SN2"), words=2)
    assert (pc.held, Pc(tmp_path).held) == (["SN2"], ["SN2"])
    assert pc.list.alarm() is None
    assert pc.refused() == []


def test_an_answer_of_the_office_comes_with_the_list_and_is_there_after_a_restart(tmp_path: Path) -> None:
    said = {
        "kind": "answer",
        "id": "pc1/e1/4",
        "state": "answered",
        "since": utc_text(NOW),
        "record": "collector:c1/d/7",
    }
    answer = ListedState.model_validate({**said, "station": "OP20", "to": "OP-12", "why": "more light", "text": "done"})
    pc = Pc(tmp_path)
    pc.told(entry("SN1"), answer)
    assert pc.list.now.answers == Pc(tmp_path).list.now.answers == (answer,)
    pc.said(hold("SN2", line="line1"), 5)
    assert (pc.held, pc.list.now.answers) == (["SN1", "SN2"], (answer,))
    pc.told(entry("SN1"), words=3)
    assert pc.list.now.answers == Pc(tmp_path).list.now.answers == ()


def test_a_page_may_come_before_its_root_and_the_same_list_again_says_nothing_new(tmp_path: Path) -> None:
    pc, pages = Pc(tmp_path), hold_pages([entry("SN1")])
    assert pages is not None
    pc.list.hear(PAGE, pages[0])
    pc.list.hear(ROOT, write_hold_root(hold_root(pages, 1, NOW), KEY, "c1", "line1"))
    assert pc.held == ["SN1"]
    pc.told(entry("SN1"), at=5)
    assert pc.list.now.said_us == NOW + 5


def _documents_root(pc: Pc) -> None:
    pc.list.hear(ROOT, write_root(root_of(pages_of([]), 9, NOW + 9), KEY, "c1"))


ATTACKS: dict[str, tuple[Callable[[Pc], None], str]] = {
    "a forged list": (lambda pc: pc.told(words=9, at=9, signer=Signer.new()), "other_key"),
    "another line's list": (lambda pc: pc.told(words=9, at=9, line="line2"), "forged_list"),
    "an older list": (lambda pc: pc.told(words=1, at=9), "older_list"),
    "the same number, said earlier": (lambda pc: pc.told(words=2, at=-9), "older_list"),
    "a list of documents": (_documents_root, "forged_list"),
    "a cleared one": (lambda pc: pc.list.hear(ROOT, b""), "cleared_list"),
    "nonsense": (lambda pc: pc.list.hear(ROOT, b"{}"), "forged_list"),
    "a huge page": (lambda pc: pc.list.hear(PAGE, b" " * 70_000), "large_page"),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a65_what_somebody_else_says_is_refused_and_told_and_the_hold_stays(tmp_path: Path, attack: str) -> None:
    pc = Pc(tmp_path)
    pc.told(entry("SN1"), words=2)
    do, cause = ATTACKS[attack]
    do(pc)
    assert pc.held == ["SN1"]
    assert pc.refused() == [cause]
    assert pc.list.alarm()
    assert Pc(tmp_path).held == ["SN1"]


def test_a66_a_list_with_a_page_left_out_or_put_twice_does_not_count_and_the_hold_stays(tmp_path: Path) -> None:
    """The one before holds until every page that the root names is here, each in its place."""
    pc = Pc(tmp_path)
    pc.told(entry("SN1"), words=2)
    many = [entry(f"SN{number:05}", "released", 9) for number in range(3000)]
    pages = hold_pages(many)
    assert pages is not None
    assert len(pages) > 2
    pc.list.hear(ROOT, write_hold_root(hold_root(pages, 9, NOW + 9), KEY, "c1", "line1"))
    for number in range(len(pages)):
        pc.list.hear(topics.line_hold_page("line1", number), pages[0])
    assert pc.held == ["SN1"], "the first page in the place of all others"
    for number, page in list(enumerate(pages))[:-1]:
        pc.list.hear(topics.line_hold_page("line1", number), page)
    assert (pc.held, Pc(tmp_path).held) == (["SN1"], ["SN1"]), "the last page is left out"
    pc.list.hear(topics.line_hold_page("line1", len(pages) - 1), pages[-1])
    assert pc.held == []


def test_a66_a_page_that_no_root_names_changes_nothing(tmp_path: Path) -> None:
    pc, forged = Pc(tmp_path), hold_pages([entry("SN1", "released", 9)])
    assert forged is not None
    pc.told(entry("SN1"), words=2)
    pc.list.hear(PAGE, forged[0])
    assert pc.held == ["SN1"]


def test_without_documents_a_known_collector_is_believed_and_no_other(tmp_path: Path) -> None:
    stranger = Signer.new()
    pc = Pc(tmp_path, documents=(), known=(KEY.key,))
    pc.told(entry("SN1"))
    pc.told(words=5, at=5, signer=stranger)
    assert (pc.held, pc.refused()) == (["SN1"], ["other_key"])
    nobody = Pc(tmp_path / "other", documents=())
    nobody.told(entry("SN1"))
    assert nobody.held == []


@pytest.mark.parametrize("name", ["root", "pages"])
def test_a65_what_was_altered_on_disk_counts_no_more_and_comes_again(tmp_path: Path, name: str) -> None:
    pc = Pc(tmp_path)
    pc.told(entry("SN1"), words=2)
    path = tmp_path / "holds" / name
    path = path if path.is_file() else next(path.iterdir())
    path.write_bytes(path.read_bytes().replace(b"hold", b"pass").replace(b'issue":2', b'issue":1'))
    again = Pc(tmp_path)
    assert (again.held, again.refused()) == ([], ["altered_here"])
    again.told(entry("SN1"), words=2)
    assert again.held == ["SN1"]


# --- what is said here


def test_a_hold_said_here_counts_at_once_and_after_a_restart_until_the_list_has_it(tmp_path: Path) -> None:
    pc = Pc(tmp_path)
    pc.said(hold("SN1"), 1)
    assert (pc.held, Pc(tmp_path).held) == (["SN1"], ["SN1"])
    pc.told(words=1, at=2)
    assert pc.held == ["SN1"], "the list doesn't have it yet"
    pc.told(entry("SN1", "released", 3), words=3, at=3)
    assert (pc.held, Pc(tmp_path).held) == ([], [])
    assert (tmp_path / "holds" / "own").read_bytes() == b"[]"


def test_a69_a_release_here_without_the_role_changes_nothing(tmp_path: Path) -> None:
    pc = Pc(tmp_path)
    pc.told(entry("SN1"))
    pc.said(release("SN1", "operator"), 1)
    assert pc.held == ["SN1"]
    pc.said(release("SN1", ENGINEER), 2)
    assert pc.held == []


def test_what_was_said_here_and_altered_on_disk_is_told(tmp_path: Path) -> None:
    Pc(tmp_path).said(hold("SN1"), 1)
    (tmp_path / "holds" / "own").write_bytes(b'[{"kind":"unit"}]')
    pc = Pc(tmp_path)
    assert (pc.held, pc.refused()) == ([], ["altered_here"])


@given(st.binary(max_size=300))
def test_any_bytes_on_the_topics_change_nothing(payload: bytes) -> None:
    class Nowhere(HoldFolder):
        def put(self, root: bytes, pages: object) -> None:  # pragma: no cover - it would be a fault
            raise AssertionError("nothing of this may be kept")

        def page(self, digest: str) -> bytes | None:
            return None

    held = HoldList(Nowhere(Path("nowhere")), "line1", FixedClock(), lambda: (KEY.key,), lambda _, __: True)
    for topic in (ROOT, PAGE, topics.line_holds("line2")):
        held.hear(topic, payload)
    assert dict(held.now.entries) == {}


# --- asking


class Store:
    """Collectors at the other end: what they answer to each question, on another thread, as the broker does."""

    def __init__(self, *replies: Callable[[StationQuestion], bytes | None]) -> None:
        self.replies = replies
        self.asked: list[StationQuestion] = []
        self.asker = HistoryAsker("pc1", self.publish, lambda _, key: key == KEY.key, deadline_secs=5.0)

    def publish(self, payload: bytes) -> bool:
        question = open_question(payload)
        self.asked.append(question)
        answers = [answer for reply in self.replies if (answer := reply(question)) is not None]
        threading.Thread(target=lambda: [self.asker.hear(one) for one in answers]).start()
        return True

    def history(self, serial: str = "SN1") -> UnitHistory | Unknown:
        return asyncio.run(self.asker.ask_history(serial))


def signed(answer: StationAnswer, signer: Signer = KEY, agent: str = "pc1", kind: str = KIND) -> bytes:
    return signer.word(kind, agent, "c1", write_answer(answer))


def right(question: StationQuestion) -> bytes:
    assert isinstance(question, AskUnit)
    return signed(UnitAnswer(question=question.question, serial=question.serial, unit=entry("SN1")))


def test_an_answer_is_the_units_past() -> None:
    store = Store(right, right)
    found = store.history()
    assert isinstance(found, UnitHistory)
    assert found.unit == entry("SN1")
    assert (store.asker.figures.answered, store.asker.figures.not_believed) == (1, 0)


FORGED: dict[str, Callable[[StationQuestion], bytes]] = {
    "by a stranger": lambda q: signed(UnitAnswer(question=q.question, serial="SN1"), Signer.new()),
    "to another agent": lambda q: signed(UnitAnswer(question=q.question, serial="SN1"), agent="pc2"),
    "of another unit": lambda q: signed(UnitAnswer(question=q.question, serial="SN2")),
    "to another kind of question": lambda q: signed(UnitsAnswer(question=q.question, gauge="SN1")),
    "a receipt": lambda q: signed(UnitAnswer(question=q.question, serial="SN1"), kind="receipt"),
    "unsigned": lambda q: write_answer(UnitAnswer(question=q.question, serial="SN1")),
    "nonsense": lambda _: b"{}",
}


@pytest.mark.parametrize("how", FORGED)
def test_a67_a_forged_answer_is_let_go_of_and_the_right_one_still_counts(how: str) -> None:
    store = Store(FORGED[how], right)
    found = store.history()
    assert isinstance(found, UnitHistory)
    assert found.unit is not None, "the forged one says nothing of a hold"
    assert store.asker.figures.not_believed == 1


def test_a67_an_answer_to_another_question_is_nobodys() -> None:
    store = Store(lambda _: signed(UnitAnswer(question="0" * 16, serial="SN1")), right)
    assert isinstance(store.history(), UnitHistory)


def test_nobody_waits_longer_than_the_deadline_and_is_told_why() -> None:
    silent = HistoryAsker("pc1", lambda _: True, lambda _, __: True, deadline_secs=0.01)
    assert asyncio.run(silent.ask_history("SN1")) == Unknown("no collector has answered within 10 ms", "no_answer")
    away = HistoryAsker("pc1", lambda _: False, lambda _, __: True)
    assert asyncio.run(away.ask_history("SN1")) == Unknown("there is no connection to the broker", "no_connection")
    assert not silent._open


def test_a_collector_whose_store_is_down_leaves_the_word_to_another() -> None:
    down = Store(lambda q: signed(CannotSay(question=q.question, why="the store is down")), right)
    assert isinstance(down.history(), UnitHistory)
    alone = Store(lambda q: signed(CannotSay(question=q.question, why="the store is down")))
    alone.asker._deadline_secs = 0.2
    assert alone.history() == Unknown("the store is down")


def test_units_since_a_check_are_put_together_page_by_page() -> None:
    pages = {None: (("SN1", "SN2"), "1:a/e1/2"), "1:a/e1/2": (("SN2", "SN3"), None)}

    def reply(question: StationQuestion) -> bytes:
        assert isinstance(question, AskUnitsSince)
        serials, after = pages[question.after]
        return signed(UnitsAnswer(question=question.question, gauge="G-1", serials=serials, next=after))

    asked = Store(reply).asker.ask_units_since("G-1", "bore", NOW)
    assert asyncio.run(asked) == UnitsFound(("SN1", "SN2", "SN3"))


def test_what_nobody_could_name_is_said() -> None:
    def reply(question: StationQuestion) -> bytes | None:
        assert isinstance(question, AskUnitsSince)
        return signed(UnitsAnswer(question=question.question, gauge="G-1", serials=("SN1",), lots=("L7",), unnamed=4))

    found = asyncio.run(Store(reply).asker.ask_units_since("G-1", None, NOW))
    assert found.open == "4 inspections of the lots L7 have no serial, so their units can't be named"
    silent = HistoryAsker("pc1", lambda _: True, lambda _, __: True, deadline_secs=0.01)
    nobody = asyncio.run(silent.ask_units_since("G-1", None, NOW))
    assert nobody == UnitsFound(open="no collector has answered within 10 ms", answered=False)


def test_a_lot_is_put_together_page_by_page_and_what_is_voided_is_no_part_of_it() -> None:
    visit = {"place": "OP10", "plan": "CP-1", "verdict": "pass", "time": utc_text(NOW)}
    first = LotVisit(serial="SN1", record="a/e1/1", **visit)
    second = LotVisit(serial="SN2", record="a/e1/2", **visit)
    pages = {
        None: ((first,), (), "1:a/e1/2"),
        "1:a/e1/2": ((second,), (LotVoid(record="c/e/1", target="a/e1/1"),), None),
    }

    def reply(question: StationQuestion) -> bytes:
        assert isinstance(question, AskLot)
        visits, voids, after = pages[question.after]
        return signed(LotAnswer(question=question.question, lot="L7", visits=visits, voids=voids, next=after))

    assert asyncio.run(Store(reply).asker.ask_lot("L7")) == LotFound((second,))
    of_another = Store(lambda q: signed(LotAnswer(question=q.question, lot="L8", visits=(first,))))
    of_another.asker._deadline_secs = 0.05
    assert asyncio.run(of_another.asker.ask_lot("L7")).open == "no collector has answered within 50 ms"

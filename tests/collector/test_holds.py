"""What is held, told to the lines, and what stations ask of the store: over every store."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from floor import until
from hypothesis import given
from hypothesis import strategies as st
from made import opened
from places import Place
from samples import T0, measurement
from small_plant import correction
from state_words import gauge_is, hold, release, said_event

from gaugetrail_collector.evidence.own_chain import PREFIX
from gaugetrail_collector.holds import following
from gaugetrail_collector.holds.answering import MOST_WAITING, AnswerDesk
from gaugetrail_collector.holds.answers_found import answer_of
from gaugetrail_collector.holds.following import FollowedWords
from gaugetrail_collector.holds.sending import HoldsSender
from gaugetrail_collector.holds.waiting_questions import WaitingQuestion, WaitingQuestions
from gaugetrail_collector.holds.words_known import LET_GO_US, WordsKnown
from gaugetrail_collector.statuses import Heard
from gaugetrail_collector.stores import Store, StoreDown
from gaugetrail_collector.stores.question import Asked
from gaugetrail_collector.stores.sqlite.store import SqliteStore
from gaugetrail_contract import topics
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.events.nonconformity import UnitStateSaid
from gaugetrail_contract.holds.line_list import open_hold_page, open_hold_root
from gaugetrail_contract.questions.answered import (
    CannotSay,
    LotAnswer,
    LotVisit,
    LotVoid,
    StationAnswer,
    UnitAnswer,
    UnitsAnswer,
    open_answer,
)
from gaugetrail_contract.questions.asked import AskLot, AskUnit, AskUnitsSince, write_question
from gaugetrail_contract.questions.history import LotFound
from gaugetrail_contract.record import AmendmentBody, Subject
from gaugetrail_contract.seal import Opened
from gaugetrail_contract.signing import Signer, signer_at
from gaugetrail_contract.status import AgentStatus

NUMBER = "0123456789abcdef"
NOW = T0 + 10_000_000


def office(seq: int, serial: str) -> Opened:
    return opened(seq, body=release(serial), agent=f"{PREFIX}c1")


# --- the words


def known(*records: Opened) -> WordsKnown:
    found = WordsKnown()
    for one in records:
        found.add(one.record)
    return found


def listed(words: WordsKnown, line: str = "line1", now_us: int = NOW) -> dict[str, str]:
    return {one.id: one.state for one in words.listed(line, now_us)}


def test_a_line_is_told_of_its_own_units_and_of_every_lot_and_gauge() -> None:
    lot = said_event(UnitStateSaid(state="hold", why="w"), "L7", "lot", line="line2")
    words = known(
        opened(1, body=hold("SN1")),
        opened(2, body=hold("SN2", line="line2")),
        opened(3, body=lot),
        opened(4, body=gauge_is("blocked", line="line2")),
        opened(5, "SN9", verdict="fail"),
    )
    assert listed(words) == {"SN1": "hold", "L7": "hold", "G-0017": "blocked"}
    assert listed(words, "line2") == {"SN2": "hold", "L7": "hold", "G-0017": "blocked"}
    assert words.lines() == {"line1", "line2"}


def test_what_the_office_says_every_line_is_told_and_a_word_counts_once() -> None:
    words = known(opened(1, body=hold("SN1")), opened(1, body=hold("SN1")), office(2, "SN1"))
    assert listed(words) == listed(words, "line2") == {"SN1": "released"}
    assert words.count == 2


def test_what_was_let_go_is_told_for_thirty_days_and_a_hold_for_ever() -> None:
    words = known(
        opened(1, body=hold("SN1")),
        office(2, "SN1"),
        opened(3, body=hold("SN2")),
        opened(4, body=gauge_is("blocked")),
        opened(5, body=gauge_is("fit", check="a/e1/7")),
    )
    assert listed(words, now_us=T0 + LET_GO_US) == {"SN1": "released", "SN2": "hold", "G-0017": "fit"}
    assert listed(words, now_us=T0 + LET_GO_US + 10_000_000) == {"SN2": "hold"}


# --- out of the store


@pytest.fixture
def store(place: Place) -> Store:
    return place.store()


def test_events_are_found_by_their_type(store: Store) -> None:
    store.write([opened(1), opened(2, body=hold("SN1")), opened(3, body=gauge_is("blocked"))])
    assert [row.seq for row in store.search(Asked("type", "unit.state"))] == [2]
    assert [row.seq for row in store.search(Asked("type", "gauge.state"))] == [3]
    assert list(store.search(Asked("type", "unit"))) == []


def test_words_come_from_the_store_at_the_start_and_from_others_within_a_second(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "LOOK_SECS", 0.0)
    store.write([opened(1, body=hold("SN1"))])
    followed = FollowedWords()
    words, fresh = followed.now(store)
    assert (listed(words), fresh) == ({"SN1": "hold"}, True)
    assert followed.now(store)[1] is False
    store.write([opened(2, body=hold("SN2"))])  # as another collector stores it
    assert listed(followed.now(store)[0]) == {"SN1": "hold", "SN2": "hold"}


def test_a_word_that_came_late_is_heard_from_intake_at_once_and_found_by_the_look_at_all(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    followed = FollowedWords()
    followed.now(store)
    late = opened(1, body=hold("SN1"), time_us=T0 - 900_000_000)
    followed.heard([late.record])
    assert listed(followed.now(store)[0]) == {"SN1": "hold"}
    store.write([opened(5, body=hold("SN5"), agent="other", time_us=T0 - 800_000_000), late])
    monkeypatch.setattr(following, "WHOLE_SECS", 0.0)
    assert listed(followed.now(store)[0]) == {"SN1": "hold", "SN5": "hold"}


def test_route_history_and_state_of_a_unit_are_answered(store: Store) -> None:
    store.write(
        [
            opened(1, "SN1", operation="OP10", station="S1", verdict="fail"),
            opened(2, "SN1", operation="OP10", station="S1", attempt=2),
            opened(3, "SN1", operation="OP20", station="S2"),
            opened(4, body=hold("SN1", "a burr")),
            opened(5, "SN2"),
        ]
    )
    found = answer_of(store, AskUnit(question=NUMBER, serial="SN1"), NOW)
    assert isinstance(found, UnitAnswer)
    assert [(one.operation, one.verdict, one.attempt) for one in found.visits] == [
        ("OP10", "fail", 1),
        ("OP10", "pass", 2),
        ("OP20", "pass", 1),
    ]
    assert found.unit is not None
    assert (found.unit.state, found.unit.why) == ("hold", "a burr")
    nobody = answer_of(store, AskUnit(question=NUMBER, serial="SN-NONE"), NOW)
    assert nobody == UnitAnswer(question=NUMBER, serial="SN-NONE")


def test_a_fail_that_counts_is_named_with_its_operation(store: Store) -> None:
    store.write([opened(1, "SN1", operation="OP10", verdict="fail"), opened(2, "SN1", operation="OP20")])
    found = answer_of(store, AskUnit(question=NUMBER, serial="SN1"), NOW)
    assert isinstance(found, UnitAnswer)
    assert found.unit is not None
    assert (found.unit.state, found.failed_at) == ("fail", ("OP10",))


def test_an_inspection_that_was_voided_counts_for_nothing_until_that_is_taken_back(store: Store) -> None:
    unit = (Subject(kind="unit", id="SN1"),)
    fail = opened(1, "SN1", verdict="fail")
    void = opened(2, body=correction(fail, action="void", field=None, old=None, new=None, subjects=unit))
    back = opened(3, body=correction(void, action="void", field=None, old=None, new=None, subjects=unit))
    for record, state in ((fail, "fail"), (void, None), (back, "fail")):
        store.write([record])
        found = answer_of(store, AskUnit(question=NUMBER, serial="SN1"), NOW)
        assert isinstance(found, UnitAnswer)
        assert (found.unit and found.unit.state, len(found.visits)) == (state, 1 if state else 0)


def by_gauge(seq: int, serial: str | None, gauge: str, characteristic: str = "bore_0", **more: object) -> Opened:
    taken = measurement(0, gauge=gauge, characteristic=characteristic, time=utc_text(T0 + seq * 1000))
    return opened(seq, serial, measurements=(taken,), **more) if serial else _of_lot(seq, taken, **more)


def _of_lot(seq: int, taken: object, **more: object) -> Opened:
    from samples import inspection

    return opened(seq, body=inspection(None, measurements=(taken,), **more))


def test_units_since_a_good_check_are_answered_page_by_page(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from gaugetrail_collector.holds import answers_found

    records = [by_gauge(seq, f"SN{seq}", "G-1") for seq in range(1, 9)]
    records += [by_gauge(9, "SN8", "G-1"), by_gauge(10, "SN10", "G-2"), by_gauge(11, "SN11", "G-1", "depth")]
    records += [by_gauge(12, None, "G-1", lot="L7")]
    store.write(records)
    monkeypatch.setattr(answers_found, "MOST_SERIALS", 3)
    after, serials, lots, unnamed, pages = None, dict[str, None](), list[str](), 0, 0
    while True:
        question = AskUnitsSince(
            question=NUMBER, gauge="G-1", characteristic="bore_0", since=utc_text(records[2].time_us), after=after
        )
        found = answer_of(store, question, NOW)
        assert isinstance(found, UnitsAnswer)
        serials |= dict.fromkeys(found.serials)
        lots, unnamed, pages, after = [*lots, *found.lots], unnamed + found.unnamed, pages + 1, found.next
        if after is None:
            break
    assert [*serials] == ["SN3", "SN4", "SN5", "SN6", "SN7", "SN8"]
    assert (lots, unnamed) == (["L7"], 1)
    assert pages > 1


def test_units_are_answered_up_to_the_moment_that_is_asked_for(store: Store) -> None:
    records = [by_gauge(seq, f"SN{seq}", "G-1") for seq in range(1, 6)]
    store.write(records)
    since, until = utc_text(records[1].time_us), utc_text(records[3].time_us)
    question = AskUnitsSince(question=NUMBER, gauge="G-1", characteristic="bore_0", since=since, until=until)
    found = answer_of(store, question, NOW)
    assert isinstance(found, UnitsAnswer)
    assert found.serials == ("SN2", "SN3")


def test_a_lot_is_answered_page_by_page_with_what_voids_any_of_it(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gaugetrail_collector.holds import answers_found

    records = [opened(seq, f"SN{seq}", lot="L7", station=f"OP{seq}") for seq in range(1, 6)]
    records.append(opened(6, "SN6", lot="L8"))
    records.append(opened(7, body=voiding(records[1], "L7")))
    store.write(records)
    monkeypatch.setattr(answers_found, "MOST_SERIALS", 2)
    after, visits, voids, pages = None, list[LotVisit](), list[LotVoid](), 0
    while True:
        found = answer_of(store, AskLot(question=NUMBER, lot="L7", after=after), NOW)
        assert isinstance(found, LotAnswer)
        visits, voids, pages, after = [*visits, *found.visits], [*voids, *found.voids], pages + 1, found.next
        if after is None:
            break
    assert pages > 1
    assert [(one.serial, one.place, one.verdict) for one in visits] == [
        (f"SN{seq}", f"OP{seq}", "pass") for seq in range(1, 6)
    ]
    assert visits[0].passed == ("bore_0", "bore_1")
    assert [one.serial for one in LotFound.of(visits, voids).visits] == ["SN1", "SN3", "SN4", "SN5"]


def voiding(one: Opened, lot: str) -> AmendmentBody:
    """An amendment as the office writes it: found under the lot, too."""
    return AmendmentBody(
        site="plant1",
        line="office",
        station="office",
        target=one.record.id,
        target_sha256=one.sealed.sha256,
        action="void",
        reason="another part was measured",
        requested_by="QE-1",
        approved_by="QE-2",
        subjects=(Subject(kind="lot", id=lot),),
    )


# --- said to the lines


class Line:
    """A broker's end: what was retained last on each topic, and answers."""

    def __init__(self) -> None:
        self.connection = 1
        self.retained: dict[str, bytes] = {}
        self.said = 0
        self.answers: list[tuple[str, StationAnswer]] = []
        self.came = threading.Event()

    def publish_document(self, topic: str, payload: bytes) -> bool:
        if self.connection:
            self.retained[topic] = payload
            self.said += 1
        return bool(self.connection)

    def publish_answer(self, agent: str, body: bytes) -> None:
        self.answers.append((agent, open_answer(body)))
        self.came.set()

    def held(self, line: str, key: str | None = None) -> dict[str, str]:
        """What a line PC would make of it."""
        signed = open_hold_root(self.retained[topics.line_holds(line)], line)
        assert key in (None, signed.key)
        pages = [self.retained[topics.line_hold_page(line, number)] for number in range(len(signed.root.pages))]
        return {one.id: one.state for page in pages for one in open_hold_page(page)}


def sender(folder: Path, line: Line, fallback: Signer | None, clock: Callable[[], int] = lambda: NOW) -> HoldsSender:
    pc2 = Heard(AgentStatus(online=True, agent="pc2", line="line2"), NOW)
    return HoldsSender(
        lambda: SqliteStore(folder / "store.db"),
        "c1",
        key=folder / "documents.key",
        fallback=fallback,
        line=line,
        agents=lambda: {"pc2": pc2},
        now_us=clock,
        renew_secs=300,
    )


def test_each_line_is_told_what_it_must_know_and_nothing_twice(tmp_path: Path) -> None:
    with closing(SqliteStore(tmp_path / "store.db")) as store:
        store.open()
        store.write([opened(1, body=hold("SN1"))])
        key, line = signer_at(tmp_path / "documents.key").key, Line()
        with closing(sender(tmp_path, line, None)) as one:
            one.round()
            assert line.held("line1", key) == {"SN1": "hold"}
            assert line.held("line2", key) == {}, "it is told that nothing is held"
            said = line.said
            one.round()
            assert line.said == said
            came = opened(2, body=hold("SN2"))
            store.write([came])
            one.heard([came.record])
            one.round()
            assert line.held("line1") == {"SN1": "hold", "SN2": "hold"}
            assert line.said == said + 2, "its root and page alone"
            first = open_hold_root(line.retained[topics.line_holds("line1")], "line1").root
        with closing(sender(tmp_path, line, None, lambda: NOW + 1)) as again:  # after a restart
            again.round()
            after = open_hold_root(line.retained[topics.line_holds("line1")], "line1").root
            assert (after.digest, after.order > first.order) == (first.digest, True)
            line.connection = 2
            line.retained.clear()
            again.round()
            assert line.held("line1") == {"SN1": "hold", "SN2": "hold"}


def test_without_documents_the_collectors_own_key_signs_and_without_any_it_is_told(tmp_path: Path) -> None:
    line, signer = Line(), Signer.new()
    with closing(sender(tmp_path, line, signer)) as one:
        one.round()
        assert line.held("line2", signer.key) == {}
        assert one.alarms() == ()
    with closing(sender(tmp_path, Line(), None)) as unsigned:
        unsigned.round()
        assert [what.split(":")[0] for what in unsigned.alarms()] == ["stations aren't told what is held"]


def test_a_store_that_is_down_is_told_later_and_holds_nothing_up(tmp_path: Path) -> None:
    (tmp_path / "store.db").mkdir()
    line = Line()
    with closing(sender(tmp_path, line, Signer.new())) as one:
        one.round()
    assert line.retained == {}


# --- answering


def ask(desk: AnswerDesk, serial: str = "SN1", agent: str = "pc1") -> None:
    desk.ask(topics.questions(agent), write_question(AskUnit(question=NUMBER, serial=serial)))


@pytest.fixture
def answering(tmp_path: Path) -> Iterator[tuple[AnswerDesk, Line]]:
    with closing(SqliteStore(tmp_path / "store.db")) as store:
        store.open()
        store.write([opened(1, "SN1")])
    line = Line()
    desk = AnswerDesk(lambda: SqliteStore(tmp_path / "store.db"), line, lambda: NOW)
    desk.start()
    yield desk, line
    desk.stop()


def test_a_question_is_answered_to_whom_asked_and_nonsense_to_nobody(answering: tuple[AnswerDesk, Line]) -> None:
    desk, line = answering
    desk.ask(topics.questions("pc1"), b"{}")
    desk.ask(topics.questions("pc1"), b" " * 5000)
    desk.ask("gaugetrail/v1/lines/questions", b"{}")
    ask(desk)
    assert line.came.wait(20)
    ((agent, answer),) = line.answers
    assert agent == "pc1"
    assert isinstance(answer, UnitAnswer)
    assert [one.verdict for one in answer.visits] == ["pass"]
    assert (desk.figures.answered, desk.figures.refused) == (1, 3)


def test_a_store_that_is_down_is_said_and_not_asked_again_at_once(tmp_path: Path) -> None:
    tries: list[int] = []

    def down() -> Store:
        tries.append(1)
        raise StoreDown("it burns")

    line = Line()
    desk = AnswerDesk(down, line, lambda: NOW)
    ask(desk)
    ask(desk)
    desk.start()
    until(lambda: len(line.answers) == 2, "both are answered")
    desk.stop()
    assert all(isinstance(answer, CannotSay) for _, answer in line.answers)
    assert tries == [1]


def test_a68_a_flood_lets_go_of_the_oldest() -> None:
    desk = AnswerDesk(lambda: SqliteStore(Path("nowhere")), Line(), lambda: NOW)
    for _ in range(MOST_WAITING + 7):
        ask(desk)
    assert desk.figures.let_go == 7


def question_of(agent: str, number: int) -> WaitingQuestion:
    return WaitingQuestion(agent, str(number).encode(), float(number))


def test_a68_a_line_pc_that_asks_without_end_holds_up_no_other() -> None:
    waiting = WaitingQuestions(5)
    let_go = [waiting.put(question_of("pc9", number)) for number in range(8)]
    assert let_go == [False] * 5 + [True] * 3
    assert waiting.put(question_of("pc1", 1)) is True, "one of the flood makes room"
    assert waiting.put(question_of("pc2", 1)) is True
    taken = [waiting.take() for _ in range(6)]
    assert [one and (one.agent, one.payload) for one in taken] == [
        ("pc9", b"5"),
        ("pc1", b"1"),
        ("pc2", b"1"),
        ("pc9", b"6"),
        ("pc9", b"7"),
        None,
    ]


@given(st.lists(st.tuples(st.sampled_from(["pc1", "pc2", "pc9"]), st.booleans()), max_size=60))
def test_questions_come_in_the_order_of_whoever_asked_and_never_more_than_may(acts: list[tuple[str, bool]]) -> None:
    waiting, taken, let_go = WaitingQuestions(4), list[WaitingQuestion](), 0
    for number, (agent, takes) in enumerate(acts):
        let_go += waiting.put(question_of(agent, number))
        found = waiting.take() if takes else None
        taken += [found] if found is not None else []
    rest = list(iter(waiting.take, None))
    assert len(rest) <= 4
    assert len(taken) + len(rest) + let_go == len(acts)
    for agent in ("pc1", "pc2", "pc9"):
        came = [one.since for one in (*taken, *rest) if one.agent == agent]
        assert came == sorted(came)

"""Questions of stations and their answers: a small grammar, bounded, each answer to its own question alone."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import T0

from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.holds.listing import ListedState
from gaugetrail_contract.questions.answered import (
    BadAnswer,
    CannotSay,
    StationAnswer,
    UnitAnswer,
    UnitsAnswer,
    UnitVisit,
    answers,
    open_answer,
    write_answer,
)
from gaugetrail_contract.questions.asked import (
    MOST_QUESTION_BYTES,
    AskUnit,
    AskUnitsSince,
    BadQuestion,
    StationQuestion,
    new_number,
    open_question,
    write_question,
)
from gaugetrail_contract.questions.history import UnitHistory, missing_operations
from gaugetrail_contract.record.parts import PastOperation, Verdict

NUMBER = "0123456789abcdef"


def visit(
    operation: str | None, verdict: str = "pass", at: int = 0, station: str = "S1", attempt: int = 1
) -> UnitVisit:
    return UnitVisit(
        station=station,
        operation=operation,
        verdict=verdict,
        reason="running",
        time=utc_text(T0 + at),
        attempt=attempt,
        record=f"a/e1/{at + 1}",
    )


def state(word: str) -> ListedState:
    return ListedState(kind="unit", id="SN1", state=word, since=utc_text(T0), record="a/e1/1")


QUESTIONS: list[StationQuestion] = [
    AskUnit(question=NUMBER, serial="SN1"),
    AskUnitsSince(question=NUMBER, gauge="G-1", characteristic="bore", since=utc_text(T0), after="1:a/e1/2"),
]
ANSWERS: list[StationAnswer] = [
    UnitAnswer(question=NUMBER, serial="SN1", visits=(visit("OP10"),), unit=state("pass")),
    UnitsAnswer(question=NUMBER, gauge="G-1", serials=("SN1",), next="1:a/e1/2"),
    CannotSay(question=NUMBER, why="the store is down"),
]


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_is_read_as_it_was_written(question: StationQuestion) -> None:
    assert open_question(write_question(question)) == question


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_is_read_as_it_was_written(answer: StationAnswer) -> None:
    assert open_answer(write_answer(answer)) == answer


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]",
        b"{}",
        b'{"ask":"unit","question":"0123456789abcdef"}',
        b'{"ask":"unit","question":"0123456789abcdef","serial":"SN1","more":1}',
        b'{"ask":"drop","question":"0123456789abcdef","serial":"SN1"}',
        b'{"ask":"unit","question":"x","serial":"SN1"}',
        b'{"ask":"unit","question":"0123456789abcdef","serial":"S\\n"}',
        b'{"ask":"unit","question":"0123456789abcdef","serial":"SN1","serial":"SN2"}',
        b'{"ask":"unit","question":"0123456789abcdef","serial":"' + b"S" * MOST_QUESTION_BYTES + b'"}',
    ],
)
def test_what_is_no_question_is_answered_by_nobody(payload: bytes) -> None:
    with pytest.raises(BadQuestion):
        open_question(payload)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_a_question_or_told(payload: bytes) -> None:
    for open_it, bad in ((open_question, BadQuestion), (open_answer, BadAnswer)):
        with pytest.raises(bad):
            open_it(payload)


def test_an_answer_serves_for_its_own_question_alone() -> None:
    unit, since = QUESTIONS
    of_unit, of_gauge, none = ANSWERS
    assert answers(unit, of_unit)
    assert answers(since, of_gauge)
    assert answers(unit, none)
    assert not answers(unit, of_gauge)
    assert not answers(since, of_unit)
    assert not answers(AskUnit(question=NUMBER, serial="SN2"), of_unit)
    assert not answers(AskUnit(question=new_number(), serial="SN1"), of_unit)


def test_an_answer_of_a_newer_collector_is_read() -> None:
    written = json.loads(write_answer(ANSWERS[0])) | {"more": 1}
    assert open_answer(json.dumps(written).encode()) == ANSWERS[0]


# --- history


def test_a_route_has_the_last_verdict_of_each_operation_but_this_one() -> None:
    past = UnitHistory((visit("OP10", "fail", 1), visit("OP20", at=2), visit(None, at=3), visit("OP10", at=4)))
    assert [(one.operation, one.verdict, one.record) for one in past.route("OP20")] == [
        ("S1", Verdict.PASS, "a/e1/4"),
        ("OP10", Verdict.PASS, "a/e1/5"),
    ]


@pytest.mark.parametrize(
    ("word", "failed_at", "barred"),
    [
        ("pass", (), False),
        ("hold", (), True),
        ("scrap", (), True),
        ("rework", ("OP10",), False),
        ("concession", (), False),
        ("fail", ("OP10",), True),
        ("fail", ("OP20",), False),
        ("fail", ("OP20", "OP10"), True),
    ],
)
def test_what_failed_elsewhere_or_is_held_is_barred_and_what_failed_here_may_be_measured_again(
    word: str, failed_at: tuple[str, ...], *, barred: bool
) -> None:
    past = UnitHistory(unit=state(word), failed_at=failed_at)
    assert (past.barred("OP20") is not None) == barred
    assert UnitHistory().barred("OP20") is None


def test_operations_that_must_have_passed_before_are_named() -> None:
    route = [
        PastOperation(operation="OP10", verdict=Verdict.PASS),
        PastOperation(operation="OP15", verdict=Verdict.FAIL),
    ]
    assert missing_operations(route, ["OP15", "OP10", "OP5"]) == ("OP15", "OP5")

"""Who may do what on which day, and if not, why."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from gaugetrail_contract.documents.people import (
    NotQualified,
    PeopleList,
    Person,
    Qualification,
    matrix,
    qualification_for,
    why_not_at,
    why_not_measure,
)

TODAY = "2026-11-28"


def for_operation(operation: str = "OP20", issued: str = "2026-01-01", expires: str | None = None) -> dict[str, Any]:
    return {"operation": operation, "issued": issued, "expires": expires}


def people(*qualified: dict[str, Any], roles: tuple[str, ...] = ("operator",), **more: Any) -> PeopleList:
    person = {"badge": "OP-12", "name": "Ada", "roles": roles, "qualified": qualified}
    return PeopleList.model_validate({"person": (person,), **more})


@pytest.mark.parametrize(
    ("listed", "why"),
    [
        (people(for_operation()), None),
        (people(for_operation(issued=TODAY)), None),
        (people(for_operation(issued="2026-11-29")), NotQualified("not yet", "OP20", "2026-11-29")),
        (people(for_operation(expires=TODAY)), None),
        (people(for_operation(expires="2026-11-27")), NotQualified("expired", "OP20", "2026-11-27")),
        (people(for_operation(expires="2026-11-20"), for_operation(issued="2026-11-21")), None),
        (
            people(for_operation(expires="2026-11-20"), for_operation(expires="2026-11-27")),
            NotQualified("expired", "OP20", "2026-11-27"),
        ),
        (
            people(for_operation(expires="2026-11-20"), for_operation(issued="2026-12-24")),
            NotQualified("expired", "OP20", "2026-11-20"),
        ),
        (people(for_operation("OP30")), NotQualified("none", "OP20")),
        (people(), NotQualified("none", "OP20")),
        (people(qualifications="not_kept"), None),
        (people(for_operation(), roles=("auditor",)), NotQualified("role", "OP20")),
        (people(for_operation(), roles=("approver", "administrator")), NotQualified("role", "OP20")),
        (people(for_operation(), roles=("auditor", "inspector")), None),
        (people(for_operation(), roles=()), NotQualified("role", "OP20")),
        (people(roles=("auditor",), qualifications="not_kept"), NotQualified("role", "OP20")),
    ],
)
def test_whoever_is_qualified_for_the_operation_on_that_day_works_at_it(
    listed: PeopleList, why: NotQualified | None
) -> None:
    assert why_not_at(listed, "OP-12", "OP20", ("bore",), TODAY) == why
    assert why_not_measure(listed, "OP-12", "OP20", "bore", TODAY) == (
        why and NotQualified(why.why, "bore" if why.why == "role" else why.subject, why.day)
    )


def test_a_badge_that_is_not_listed_is_unknown_whatever_the_list_keeps() -> None:
    for kept in ("required", "not_kept"):
        listed = people(for_operation(), qualifications=kept)
        assert why_not_at(listed, "OP-99", "OP20", (), TODAY) == NotQualified("unknown", "OP20")
        assert why_not_measure(listed, "OP-99", "OP20", "bore", TODAY) == NotQualified("unknown", "bore")
    assert listed.get(None) is None


def test_a_qualification_for_a_characteristic_lets_measure_it_alone() -> None:
    bore = {"characteristic": "bore", "issued": "2026-01-01"}
    listed = people(bore)
    assert why_not_at(listed, "OP-12", "OP20", ("weight", "bore"), TODAY) is None
    assert why_not_at(listed, "OP-12", "OP20", ("weight",), TODAY) == NotQualified("none", "OP20")
    assert why_not_measure(listed, "OP-12", "OP20", "bore", TODAY) is None
    assert why_not_measure(listed, "OP-12", "OP20", "weight", TODAY) == NotQualified("none", "OP20")


def test_a_qualification_that_names_the_characteristic_counts_before_the_operations() -> None:
    """The visual test of the eyes has run out: the operation's training doesn't stand for it."""
    gone = {"characteristic": "weld", "issued": "2025-01-01", "expires": "2026-01-01"}
    listed = people(for_operation(), gone)
    assert why_not_measure(listed, "OP-12", "OP20", "weld", TODAY) == NotQualified("expired", "weld", "2026-01-01")
    assert why_not_measure(listed, "OP-12", "OP20", "bore", TODAY) is None


def test_a_characteristic_that_needs_its_own_qualification_is_not_covered_by_the_operation() -> None:
    listed = people(for_operation(), own_qualification=("weld",))
    assert why_not_measure(listed, "OP-12", "OP20", "weld", TODAY) == NotQualified("none", "weld")
    assert why_not_measure(listed, "OP-12", "OP20", "bore", TODAY) is None
    assert why_not_at(listed, "OP-12", "OP20", ("weld", "bore"), TODAY) is None


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"issued": "2026-01-01"}, "for an operation or for a characteristic"),
        ({"operation": "OP20", "characteristic": "bore", "issued": "2026-01-01"}, "name one of the two"),
        (for_operation(issued="2026-02-01", expires="2026-01-01"), "expires on 2026-01-01, before it was issued"),
        (for_operation(issued="2026-02-30"), "'2026-02-30' is no day of the calendar"),
    ],
)
def test_a_qualification_that_makes_no_sense_is_refused(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Qualification.model_validate(wrong)
    assert Qualification.model_validate(for_operation(issued="2026-01-01", expires="2026-01-01")).expires


def test_a_badge_stands_once_and_a_role_is_one_that_there_is() -> None:
    with pytest.raises(ValidationError, match="the badge OP-12 stands twice"):
        PeopleList.model_validate({"person": [{"badge": "OP-12"}, {"badge": "OP-12"}]})
    with pytest.raises(ValidationError, match="quality engineer"):
        Person.model_validate({"badge": "OP-12", "roles": ["boss"]})


def test_the_record_has_the_words_of_the_list_or_the_qualification_that_held() -> None:
    shown = {**for_operation(expires="2027-01-31"), "evidence": "TR-42"}
    (one,) = people(shown, for_operation("OP30")).person
    assert qualification_for(one, "OP20", TODAY) == "OP20 until 2027-01-31 (TR-42)"
    assert qualification_for(one, "OP30", TODAY) == "OP30"
    assert qualification_for(one, "OP40", TODAY) is None
    assert qualification_for(one, "OP20", "2027-02-01") is None
    old = Person(badge="OP-12", qualification="final inspection 2026")
    assert qualification_for(old, "OP20", TODAY) == "final inspection 2026"
    (long,) = people({**shown, "evidence": "x" * 300}).person
    assert len(qualification_for(long, "OP20", TODAY) or "") == 200


def test_the_matrix_says_of_any_day_who_was_qualified_for_what() -> None:
    listed = PeopleList.model_validate(
        {
            "person": [
                {"badge": "OP-2", "name": "Bob", "qualified": [for_operation(expires="2026-06-30")]},
                {
                    "badge": "OP-1",
                    "name": "Ada",
                    "qualified": [
                        for_operation("OP30", issued="2026-07-01"),
                        for_operation("OP20", issued="2025-01-01", expires="2025-12-31"),
                        for_operation("OP20", issued="2026-01-01", expires="2026-12-31"),
                        {"characteristic": "weld", "issued": "2026-01-01", "evidence": "eyes"},
                    ],
                },
                {"badge": "OP-3"},
            ]
        }
    )

    def told(day: str) -> list[tuple[str, ...]]:
        return [(one.badge, one.kind, one.subject, one.validity, one.expires or "-") for one in matrix(listed, day)]

    assert told("2026-06-30") == [
        ("OP-1", "characteristic", "weld", "valid", "-"),
        ("OP-1", "operation", "OP20", "valid", "2026-12-31"),
        ("OP-1", "operation", "OP30", "not yet", "-"),
        ("OP-2", "operation", "OP20", "valid", "2026-06-30"),
    ]
    assert [one[3] for one in told("2025-12-31")] == ["not yet", "valid", "not yet", "not yet"]
    assert [one[3] for one in told("2027-01-01")] == ["valid", "expired", "valid", "expired"]
    first = next(matrix(listed, TODAY))
    assert (first.name, first.issued, first.evidence) == ("Ada", "2026-01-01", "eyes")


DAYS = st.dates().map(lambda day: day.isoformat())


@given(
    qualified=st.lists(
        st.tuples(st.sampled_from(["OP20", "OP30"]), DAYS, st.one_of(st.none(), DAYS)).filter(
            lambda one: one[2] is None or one[2] >= one[1]
        ),
        max_size=5,
    ),
    day=DAYS,
)
def test_one_that_holds_is_enough_and_without_one_nobody_works(
    qualified: list[tuple[str, str, str | None]], day: str
) -> None:
    listed = people(*(for_operation(*one) for one in qualified))
    holds = any(name == "OP20" and start <= day <= (end or "9999-99-99") for name, start, end in qualified)
    assert (why_not_at(listed, "OP-12", "OP20", ("bore",), day) is None) == holds
    cells = {one.subject: one.validity for one in matrix(listed, day)}
    assert (cells.get("OP20") == "valid") == holds

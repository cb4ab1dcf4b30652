"""The life of a document: whatever people try in whatever order, what holds was approved by enough of them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaugetrail_contract.documents.editions import (
    NEEDED,
    Approval,
    DocumentKind,
    Draft,
    EditionState,
    Life,
    LifeStep,
    StepKind,
    StepRefused,
    take,
)

EMPTY = Life(DocumentKind.PLAN, "CP-1001")
NEEDS = [Approval(0), Approval(1, "anyone"), Approval(1), Approval(2)]


def draft(revision: str = "C", text: str = "a", needs: Approval = NEEDED[DocumentKind.PLAN], **more: object) -> Draft:
    return Draft(revision, text * 64, 100, needs, **more)


def lived(*steps: LifeStep, life: Life = EMPTY) -> Life:
    for step in steps:
        after = take(life, step)
        assert isinstance(after, Life), after
        life = after
    return life


def held(life: Life, *moments: int) -> list[int | None]:
    """The number of the edition that holds, at each moment."""
    return [None if (one := life.holding(at)) is None else one.number for at in moments]


def refused(life: Life, step: LifeStep) -> str:
    after = take(life, step)
    assert isinstance(after, StepRefused)
    return after.sentence


def new(at: int = 1, edition: int = 1, by: str = "eva", **more: object) -> LifeStep:
    return LifeStep(StepKind.NEW, edition, by, at, draft=draft(**more))


def step(
    what: StepKind, at: int, edition: int = 1, by: str = "ida", comment: str = "looked at", **more: int
) -> LifeStep:
    return LifeStep(what, edition, by, at, comment, **more)


APPROVED = lived(new(1), step(StepKind.SUBMIT, 2), step(StepKind.APPROVE, 3))


def test_a_plan_goes_from_draft_to_effective_by_two_people() -> None:
    assert [APPROVED.state(APPROVED.editions[0], at) for at in (1, 2, 3)] == [
        EditionState.DRAFT,
        EditionState.IN_REVIEW,
        EditionState.EFFECTIVE,
    ]
    assert (None, APPROVED.editions[0]) == (APPROVED.holding(2), APPROVED.holding(3))


def test_a_plan_for_later_is_approved_until_its_moment_and_the_old_one_holds() -> None:
    life = lived(
        new(10, 2, revision="D", text="b", effective_us=100),
        *(step(what, at, 2) for what, at in ((StepKind.SUBMIT, 11), (StepKind.APPROVE, 12))),
        life=APPROVED,
    )
    first, second = life.editions
    assert [life.state(second, at) for at in (12, 99, 100)] == [
        EditionState.APPROVED,
        EditionState.APPROVED,
        EditionState.EFFECTIVE,
    ]
    assert [life.state(first, at) for at in (99, 100)] == [EditionState.EFFECTIVE, EditionState.SUPERSEDED]
    assert (first, second) == (life.holding(99), life.holding(100))


def test_an_approval_changes_nothing_in_the_past() -> None:
    life = lived(new(10, effective_us=5), step(StepKind.SUBMIT, 11), step(StepKind.APPROVE, 12, effective_us=6))
    assert (life.holding(11), life.editions[0].holds_us) == (None, 12)


def test_who_approves_may_set_another_moment() -> None:
    life = lived(new(1, effective_us=500), step(StepKind.SUBMIT, 2), step(StepKind.APPROVE, 3, effective_us=50))
    assert (None, life.editions[0]) == (life.holding(49), life.holding(50))


def test_a_withdrawn_plan_holds_no_more_and_none_comes_back_in_its_place() -> None:
    life = lived(
        new(10, 2, revision="D", text="b"),
        *(step(what, at, 2) for at, what in enumerate((StepKind.SUBMIT, StepKind.APPROVE, StepKind.WITHDRAW), 11)),
        life=APPROVED,
    )
    assert held(life, 11, 12, 13) == [1, 2, None]
    assert EditionState.SUPERSEDED is life.state(life.editions[0], 13)


def test_one_that_is_withdrawn_before_its_moment_never_held() -> None:
    life = lived(
        new(10, 2, revision="D", text="b", effective_us=100),
        *(step(what, at, 2) for at, what in enumerate((StepKind.SUBMIT, StepKind.APPROVE, StepKind.WITHDRAW), 11)),
        life=APPROVED,
    )
    assert held(life, 200) == [1]
    assert EditionState.EFFECTIVE is life.state(life.editions[0], 200)


def test_a_later_edition_that_holds_sooner_is_not_superseded_by_an_earlier_one() -> None:
    life = lived(
        new(1, effective_us=100),
        new(2, 2, revision="D", text="b", effective_us=50),
        *(step(what, at, edition) for at, what, edition in (
            (3, StepKind.SUBMIT, 1), (4, StepKind.APPROVE, 1), (5, StepKind.SUBMIT, 2), (6, StepKind.APPROVE, 2)
        )),
    )  # fmt: skip
    assert held(life, 49, 50, 100) == [None, 2, 2]
    assert EditionState.SUPERSEDED is life.state(life.editions[0], 100)


def test_the_author_does_not_approve_unless_anyone_may() -> None:
    life = lived(new(), step(StepKind.SUBMIT, 2))
    assert refused(life, step(StepKind.APPROVE, 3, by="eva")) == "CP-1001 C: eva wrote it, so somebody else approves it"
    alone = lived(new(needs=Approval(1, "anyone")), step(StepKind.SUBMIT, 2), step(StepKind.APPROVE, 3, by="eva"))
    assert alone.holding(3) is alone.editions[0]


def test_two_approvals_are_of_two_people_and_begin_anew_after_a_rejection() -> None:
    once = lived(new(needs=Approval(2)), step(StepKind.SUBMIT, 2), step(StepKind.APPROVE, 3))
    assert EditionState.IN_REVIEW is once.state(once.editions[0], 3)
    assert "waits for another person" in refused(once, step(StepKind.APPROVE, 4))
    again = lived(step(StepKind.REJECT, 4), step(StepKind.SUBMIT, 5), step(StepKind.APPROVE, 6), life=once)
    assert (len(again.editions[0].approvals), again.holding(9)) == (1, None)
    assert lived(step(StepKind.APPROVE, 7, by="uwe"), life=again).holding(7) is not None


def test_each_kind_needs_whom_iso_9001_would_ask() -> None:
    """Author and one more, one person, or nobody."""
    assert {kind: (needs.people, needs.approver) for kind, needs in NEEDED.items()} == {
        **dict.fromkeys(("plan", "people", "instruction", "reaction", "limits", "form"), (1, "another")),
        **dict.fromkeys(("gauges", "external"), (1, "anyone")),
        **dict.fromkeys(("order", "calendar"), (0, "another")),
    }


def test_an_edition_that_could_never_hold_is_not_approved() -> None:
    """Nobody should think that it holds from now on."""
    life = lived(
        new(1),
        step(StepKind.SUBMIT, 2),
        new(3, 2, revision="D", text="b"),
        step(StepKind.SUBMIT, 4, 2),
        step(StepKind.APPROVE, 5, 2),
    )
    told = refused(life, step(StepKind.APPROVE, 6, 1))
    assert told == "CP-1001 C: edition 2 holds already and is newer, so this one never could; withdraw it"
    assert lived(step(StepKind.WITHDRAW, 7, 1), life=life).holding(8) is life.editions[1]


def test_orders_hold_at_once() -> None:
    life = lived(new(5, needs=NEEDED[DocumentKind.ORDER]), life=Life(DocumentKind.ORDER, "O-1"))
    assert life.holding(5) is life.editions[0]


@pytest.mark.parametrize(
    ("life", "tried", "told"),
    [
        (EMPTY, step(StepKind.SUBMIT, 1), "CP-1001: there is no edition 1; there are 0"),
        (EMPTY, new(1, 2), "CP-1001 C: the next edition is 1"),
        (lived(new()), new(2, 2), "CP-1001 C: edition 1 has this text already, by eva; nothing is new"),
        (lived(new()), step(StepKind.APPROVE, 2), "is draft since 1970-01-01T00:00Z, by eva"),
        (lived(new()), step(StepKind.APPROVE, 2), "nothing to approve; submit it first"),
        (lived(new()), step(StepKind.REJECT, 2), "nothing to reject; submit it first"),
        (lived(new()), step(StepKind.WITHDRAW, 2, comment=""), "say why, in the comment"),
        (lived(new(), step(StepKind.SUBMIT, 2)), step(StepKind.REJECT, 3, comment=""), "say why, in the comment"),
        (lived(new(), step(StepKind.SUBMIT, 2)), step(StepKind.SUBMIT, 3), "nothing to submit; approve or reject it"),
        (lived(new(), step(StepKind.SUBMIT, 2)), new(3, 2, text="b"), "edition 1 of this revision is in review"),
        (APPROVED, new(4, 2, text="b"), "edition 1 of this revision was approved; give the changed text a revision"),
        (APPROVED, step(StepKind.APPROVE, 4, by="uwe"), "nothing to approve; a change is a new edition"),
        (lived(new(), step(StepKind.WITHDRAW, 2)), step(StepKind.SUBMIT, 3), "make a new edition"),
        (
            lived(new(4, 2, revision="D", text="b", needs=Approval(0)), life=APPROVED),
            step(StepKind.WITHDRAW, 5),
            "edition 1 is superseded already",
        ),
    ],
)  # fmt: skip
def test_what_is_not_taken_says_what_to_do(life: Life, tried: LifeStep, told: str) -> None:
    assert told in refused(life, tried)


def test_a_draft_that_nobody_approved_is_written_anew_under_its_revision() -> None:
    life = lived(new(), step(StepKind.SUBMIT, 2), step(StepKind.REJECT, 3), new(4, 2, text="b"))
    assert [one.draft.revision for one in life.editions] == ["C", "C"]
    withdrawn = lived(new(), step(StepKind.WITHDRAW, 2), new(3, 2))
    assert [one.number for one in withdrawn.editions] == [1, 2]


PEOPLE = st.sampled_from(["eva", "ida", "uwe"])
tries = st.builds(
    lambda what, edition, by, later, needs, text, comment: (what, edition, by, later, needs, text, comment),
    st.sampled_from(StepKind),
    st.integers(1, 3),
    PEOPLE,
    st.integers(0, 20),
    st.sampled_from(NEEDS),
    st.sampled_from("abc"),
    st.sampled_from(["", "why"]),
)


def play(tried: list[tuple[StepKind, int, str, int, Approval, str, str]]) -> Life:
    life = EMPTY
    for at, (what, edition, by, later, needs, text, comment) in enumerate(tried, 1):
        made = draft(text, text, needs, effective_us=at + later) if what is StepKind.NEW else None
        number = len(life.editions) + 1 if what is StepKind.NEW else edition
        after = take(life, LifeStep(what, number, by, at, comment, made))
        life = after if isinstance(after, Life) else life
    return life


@given(st.lists(tries, max_size=25))
def test_what_holds_was_approved_by_enough_people_whatever_was_tried(tried: list) -> None:  # type: ignore[type-arg]
    life = play(tried)
    assert [one.number for one in life.editions] == list(range(1, len(life.editions) + 1))
    for at in range(len(tried) + 25):
        holding = life.holding(at)
        states = [life.state(one, at) for one in life.editions]
        effective = [one for one, state in zip(life.editions, states, strict=True) if state is EditionState.EFFECTIVE]
        assert effective == ([] if holding is None else [holding])
        if holding is None:
            continue
        people = {one.by for one in holding.approvals}
        needs = holding.draft.needs
        assert len(people) == needs.people
        assert needs.approver == "anyone" or holding.author not in people
        assert all(one.at_us <= at for one in holding.approvals)


@given(st.lists(tries, max_size=25))
def test_the_number_of_what_holds_only_rises(tried: list) -> None:  # type: ignore[type-arg]
    life = play(tried)
    numbers = [one for one in held(life, *range(60)) if one is not None]
    assert all(before <= after for before, after in pairwise(numbers))


@given(st.lists(tries, max_size=15), st.integers(0, 16))
def test_a_moment_of_the_past_is_as_it_was_then(tried: list, at: int) -> None:  # type: ignore[type-arg]
    """What is done later changes no answer about then."""
    then, life = play(tried[:at]), play(tried)
    assert then == life.until(at)
    assert [then.state(one, at) for one in then.editions] == [life.state(one, at) for one in life.editions][
        : len(then.editions)
    ]
    assert held(then, at) == held(life, at)


def test_a_clock_that_went_back_leaves_an_answer() -> None:
    life = lived(new(100), step(StepKind.SUBMIT, 50), step(StepKind.APPROVE, 51))
    assert life.until(60) == EMPTY
    assert life.holding(100) is life.editions[0]

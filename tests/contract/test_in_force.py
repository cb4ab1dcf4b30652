"""How a document stands at a moment: exactly one edition holds, with its text, or there is one reason why none does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.distribution.in_force import DocumentsAtHand
from gaugetrail_contract.distribution.listing import ListedEdition

NOON = 1_795_867_200_000_000
HOUR = 3_600_000_000
OLD = "0" * 63 + "1"


def listed(edition: int = 1, state: str = "effective", document: str = "CP-1", **more: object) -> ListedEdition:
    said = {"kind": "plan", "revision": chr(64 + edition), "effective": utc_text(NOON), "size": 100}
    named = {"id": document, "edition": edition, "state": state, "sha256": f"{edition:064x}"}
    return ListedEdition.model_validate(said | named | more)


LATER = utc_text(NOON + HOUR)


def here(*entries: ListedEdition, **more: object) -> DocumentsAtHand:
    return replace(DocumentsAtHand(entries, {one.sha256 for one in entries}, NOON, NOON), **more)


@pytest.mark.parametrize(
    ("entries", "how", "edition"),
    [
        ((listed(),), "holds", 1),
        ((listed(), listed(2, "approved", effective=LATER)), "holds", 1),
        ((listed(), listed(2, "approved")), "holds", 2),
        ((listed(1, "approved", effective=LATER),), "not_yet", 1),
        ((listed(1, "withdrawn"),), "withdrawn", 1),
        ((listed(1, "withdrawn"), listed(2, "approved", effective=LATER)), "not_yet", 2),
        ((), "unknown", None),
        ((listed(document="CP-2"),), "unknown", None),
    ],
)
def test_one_edition_holds_or_one_reason(entries: tuple[ListedEdition, ...], how: str, edition: int | None) -> None:
    """What was withdrawn brings no older one back; what comes later says from when."""
    found = here(*entries).standing("CP-1")
    assert (found.how, found.document) == (how, "CP-1")
    assert (None if found.edition is None else found.edition.edition) == edition


def test_an_edition_without_its_text_holds_and_cant_be_worked_by() -> None:
    """Nor does the one before come back for it."""
    found = here(listed(), listed(2, "approved"), texts={OLD}).standing("CP-1")
    assert (found.how, found.edition) == ("not_here", listed(2, "approved"))


def test_without_a_list_nothing_is_known() -> None:
    assert replace(here(), entries=None).standing("CP-1").how == "no_list"
    assert replace(here(), entries=None).of_kind("plan") == ()


@pytest.mark.parametrize(("hours", "how"), [(None, "holds"), (2, "holds"), (1, "too_old"), (0.5, "too_old")])
def test_a_list_that_nobody_confirms_counts_for_so_long(hours: float | None, how: str) -> None:
    old = here(listed(), said_us=NOON - HOUR, refuse_hours=hours)
    assert old.standing("CP-1").how == how
    assert [one.how for one in old.of_kind("plan")] == [how]


def test_documents_of_a_kind_stand_in_the_order_of_their_ids() -> None:
    people = listed(document="PEOPLE", kind="people")
    found = here(listed(document="CP-2"), people, listed(), listed(2, "approved")).of_kind("plan")
    assert [(one.document, one.edition and one.edition.edition) for one in found] == [("CP-1", 2), ("CP-2", 1)]


def test_the_mark_changes_with_whatever_changes_how_something_stands() -> None:
    """A moment that comes, a text that comes, another list, a list that grows too old; and nothing else."""
    now = here(listed(), listed(2, "approved", effective=LATER), refuse_hours=3)
    marks = {
        now.mark("a"),
        replace(now, now_us=NOON + HOUR).mark("a"),
        replace(now, now_us=NOON + 3 * HOUR).mark("a"),
        replace(now, texts={OLD}).mark("a"),
        now.mark("b"),
    }
    assert len(marks) == 5
    assert replace(now, now_us=NOON + HOUR - 1, said_us=NOON + 5).mark("a") == now.mark("a")

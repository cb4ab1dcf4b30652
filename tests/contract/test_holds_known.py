"""The list of a line and what is said here: one lookup, in which the later word counts; pages and roots of a line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import T0
from state_words import ENGINEER, gauge_is, hold, release

from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.distribution.root import BadRoot, open_root
from gaugetrail_contract.distribution.spreading import MOST_PAGE_BYTES, BadPage
from gaugetrail_contract.holds.known import HeldNow
from gaugetrail_contract.holds.line_list import hold_pages, hold_root, open_hold_page, open_hold_root, write_hold_root
from gaugetrail_contract.holds.listing import MOST_WHY, ListedState, listed_unit
from gaugetrail_contract.record import EventBody
from gaugetrail_contract.record.parts import UnitState
from gaugetrail_contract.signing import Signer
from gaugetrail_contract.unit_states.folding import StateNow
from gaugetrail_contract.unit_states.said import StateWordSaid, gauge_of_event, states_of_event


def entry(serial: str, state: str = "hold", at: int = 0, kind: str = "unit", **more: object) -> ListedState:
    facts = {"kind": kind, "id": serial, "state": state, "since": utc_text(T0 + at), "record": f"a/e1/{at}"}
    return ListedState.model_validate(facts | more)


def with_event(held: HeldNow, body: EventBody, at: int) -> HeldNow:
    order = (T0 + at, "a", "e1", at)
    for about, word in states_of_event(body, order, f"a/e1/{at}"):
        held = held.with_state(about, word)
    gauge = gauge_of_event(body, order, f"a/e1/{at}")
    return held if gauge is None else held.with_gauge(*gauge)


# --- looking up


def test_what_is_held_or_scrapped_bars_and_what_was_let_go_does_not() -> None:
    held = HeldNow.of([entry("SN1"), entry("SN2", "scrap"), entry("SN3", "rework"), entry("SN4", "concession")], T0)
    found = {serial: held.barred(serial, None, T0) for serial in ("SN1", "SN2", "SN3", "SN4", "SN5")}
    assert [serial for serial, one in found.items() if one is not None] == ["SN1", "SN2"]


def test_a_unit_of_a_held_lot_is_barred_unless_it_was_let_go_itself_later() -> None:
    held = HeldNow.of([entry("L7", kind="lot", at=5), entry("SN1", "released", at=9), entry("SN2", "released")], T0)
    found = held.barred("SN3", "L7", T0)
    assert found is not None
    assert found.id == "L7"
    assert held.barred("SN1", "L7", T0) is None
    assert held.barred("SN2", "L7", T0) is not None
    assert held.barred("SN3", "L8", T0) is None


def test_a_concession_that_has_ended_bars() -> None:
    held = HeldNow.of([entry("SN1", "concession", until=utc_text(T0 + 5))], T0)
    assert held.barred("SN1", None, T0 + 4) is None
    found = held.barred("SN1", None, T0 + 5)
    assert found is not None
    assert (found.state, found.why) == ("hold", "its concession has ended: ")


def test_states_of_a_newer_collector_are_passed_over() -> None:
    held = HeldNow.of([entry("SN1", "quarantine"), entry("X", "hold", kind="pallet")], T0)
    assert held.of_unit("SN1", T0) is None
    assert held.barred("X", None, T0) is None


def test_a_blocked_gauge_is_found_and_one_that_is_fit_is_not() -> None:
    held = with_event(HeldNow(), gauge_is("blocked"), 1)
    found = held.blocked("G-0017")
    assert found is not None
    assert found.why == "master off by 0.012"
    assert with_event(held, gauge_is("fit"), 2).blocked("G-0017") == found, "nobody has checked it"
    assert with_event(held, gauge_is("fit", check="a/e1/7"), 2).blocked("G-0017") is None


# --- words of one's own


def test_a_hold_said_here_counts_without_any_list_and_is_lifted_by_the_list() -> None:
    own = with_event(HeldNow(), hold("SN1"), 5)
    assert own.barred("SN1", None, T0) is not None
    lifted = HeldNow.of([entry("SN1", "released", at=6)], T0)
    assert with_event(lifted, hold("SN1"), 5).barred("SN1", None, T0) is None
    assert with_event(lifted, hold("SN1"), 7).barred("SN1", None, T0) is not None


def test_a_release_here_takes_the_role() -> None:
    own = with_event(HeldNow(), hold("SN1"), 5)
    assert with_event(own, release("SN1", "operator"), 6) is own
    assert with_event(own, release("SN1", ENGINEER), 6).barred("SN1", None, T0) is None


entries = st.lists(
    st.builds(
        entry,
        st.sampled_from(["SN1", "SN2", "ü/+"]),
        st.sampled_from([*UnitState]).map(str),
        st.integers(0, 9),
        st.sampled_from(["unit", "lot"]),
    ),
    max_size=12,
)


@given(entries, entries)
def test_the_later_word_counts_whichever_way_it_came(listed: list[ListedState], own: list[ListedState]) -> None:
    listed = list({one.key: one for one in listed}.values())
    held = HeldNow.of(listed, T0)
    for one in own:
        held = held.with_entry(one)
    for key in {one.key for one in [*listed, *own]}:
        latest = max(one.since for one in [*listed, *own] if one.key == key)
        assert held.entries[key].since == latest


# --- pages and roots


@given(st.integers(0, 300))
def test_pages_hold_every_entry_once_and_fit(count: int) -> None:
    listed = [entry(f"SN{number:06}", why="w" * MOST_WHY) for number in range(count)]
    pages = hold_pages(reversed(listed))
    assert pages is not None
    assert pages == hold_pages(listed)
    assert all(len(page) <= MOST_PAGE_BYTES for page in pages)
    assert sorted((one for page in pages for one in open_hold_page(page)), key=lambda one: one.id) == listed


def test_more_than_the_pages_take_is_no_list() -> None:
    assert hold_pages(entry("S" * 190 + f"{number:07}", why="w" * MOST_WHY) for number in range(7500)) is None


@pytest.mark.parametrize("page", [b"", b"[]", b'{"held":[{}]}', b'{"documents":[]}', b" " * 60_001])
def test_what_is_no_page_is_told(page: bytes) -> None:
    with pytest.raises(BadPage):
        open_hold_page(page)


def test_a_root_is_one_lines_and_no_list_of_documents() -> None:
    signer, pages = Signer.new(), hold_pages([entry("SN1")])
    assert pages is not None
    root = hold_root(pages, 3, T0)
    payload = write_hold_root(root, signer, "c1", "line1")
    assert open_hold_root(payload, "line1").root == root
    for other in ("line2", "+"):
        with pytest.raises(BadRoot, match="doesn't hold"):
            open_hold_root(payload, other)
    with pytest.raises(BadRoot, match="doesn't hold"):
        open_root(payload)


def test_a_long_reason_is_cut_and_nothing_said_is_nothing() -> None:
    word = StateWordSaid(UnitState.HOLD, (T0, "a", "e1", 1), "a/e1/1", "OP10", why="w" * 999)
    listed = listed_unit("unit", "SN1", StateNow(UnitState.HOLD, word))
    assert listed is not None
    assert (len(listed.why), listed.why[-1]) == (MOST_WHY, "…")
    assert listed_unit("unit", "SN1", StateNow(UnitState.NOT_INSPECTED)) is None

"""What is asked in several parts stands whole on one page, and each tile is a word that the station takes."""

from __future__ import annotations

import html
from dataclasses import replace

import msgspec
import pytest
from station_floor import Floor
from station_lives import inspected
from test_before_unit import CHECKS, floor_at
from test_order_choice import OrderFloor, made_to_order
from test_reactions import BAD, CODES, PEOPLE, floor_with, reacting

from gaugetrail_agent.languages.sentences import ENGLISH
from gaugetrail_agent.screen.drawing import Drawing, PageFacts
from gaugetrail_agent.seen.forms.change_over import ChangeOverForm
from gaugetrail_agent.seen.forms.order_list import OrdersForm
from gaugetrail_agent.seen.forms.reaction import ReactionForm
from gaugetrail_agent.seen.made import Made, ShiftCount
from gaugetrail_agent.seen.snapshot import ShownMoment, Snapshot, snapshot
from gaugetrail_agent.station.display import display
from gaugetrail_agent.station.given.orders_here import OrderCount
from gaugetrail_agent.station.words.effect import CountOrders, TellEvent
from gaugetrail_agent.station.words.happening import OrdersCounted


def seen(floor: Floor) -> Snapshot:
    shown = display(floor.setup, floor.state)
    return snapshot(ShownMoment(floor.setup, shown, Made(ShiftCount("06:00"))))


def page(now: Snapshot) -> str:
    return html.unescape(Drawing(PageFacts("pc1", "1", "token")).parts(now, 1))


def tiles(now: Snapshot) -> list[str]:
    """What the form lets be answered now."""
    form = now.form
    if isinstance(form, ChangeOverForm):
        return [tile.code for one in form.checks for tile in one.tiles]
    if isinstance(form, ReactionForm):
        return [tile.code for one in form.answers if one.now for tile in one.tiles]
    assert isinstance(form, OrdersForm)
    return [one.code for one in form.orders]


def nav(now: Snapshot) -> list[str]:
    return [one.sends for one in now.buttons if one.says is not None]


# --- the change-over


def test_a_change_over_shows_old_and_new_and_every_check_with_what_was_answered() -> None:
    """One check at a time has tiles; an answer that isn't well stays beside it; all of it by the tiles' words."""
    floor = floor_at(change_over=CHECKS)
    known = {"part": "PR-70", "machine": "M-3", "tool": "T-9"}
    changes = msgspec.structs.replace(floor.state.memory.changes, known=known)
    floor.state = replace(floor.state, memory=msgspec.structs.replace(floor.state.memory, changes=changes))
    floor.scan("SN000001")
    form = seen(floor).form
    assert isinstance(form, ChangeOverForm)
    assert (form.changed, form.before, form.to) == ("part", "PR-70", "PR-74")
    assert form.in_use == (("machine", "M-3"), ("tool", "T-9"))
    asked = [one["text"] for one in CHECKS if "part" in one.get("on", ["part"])]
    assert [one.text for one in form.checks] == asked
    assert [one.now for one in form.checks] == [True, *[False] * (len(asked) - 1)]
    assert tiles(seen(floor)) == ["%OK", "%NOK"]
    assert nav(seen(floor)) == []  # they stand in the form
    floor.scan("%NOK")
    floor.scan("%OK")
    form = seen(floor).form
    assert isinstance(form, ChangeOverForm)
    assert (form.checks[0].answers, form.checks[0].done) == (("%NOK", "%OK"), True)
    assert form.checks[1].now
    shown = page(seen(floor))
    assert "PR-70" in shown
    assert 'data-form="change_over"' in shown


# --- the reaction to a bad part


def test_a_reaction_shows_its_steps_and_ends_by_tiles_and_a_badge() -> None:
    """Cause and action as tiles, what comes after is to be read before; each answer stays to be seen."""
    actions = CODES + '[[action]]\ncode = "SWAP"\nwhat = { en = "tool changed" }\n'
    floor = floor_with(reacting(actions.replace("in_row = 3", "in_row = 2"), people=PEOPLE))
    inspected(floor, "SN000001", BAD)
    form = seen(floor).form
    assert isinstance(form, ReactionForm)
    assert (form.document, form.holds, [one.of for one in form.answers]) == ("RP-12 A", ("unit",), ["cause"])
    assert [ENGLISH.text(one) for one in form.steps] == ["1. operator: Put it into the red box."]
    assert tiles(seen(floor)) == ["TOOL", "CHIP"]
    floor.scan(tiles(seen(floor))[1])
    assert seen(floor).form is None
    inspected(floor, "SN000002", BAD)
    form = seen(floor).form
    assert isinstance(form, ReactionForm)
    assert [(one.of, one.now) for one in form.answers] == [("cause", True), ("action", False), ("badge", False)]
    shown = page(seen(floor))
    assert "tool changed" in shown  # what will be asked is there to read
    assert 'data-sends="SWAP"' not in shown
    floor.scan("TOOL")
    form = seen(floor).form
    assert isinstance(form, ReactionForm)
    assert [(one.of, one.given, one.now) for one in form.answers] == [
        ("cause", "TOOL", False),
        ("action", "", True),
        ("badge", "", False),
    ]
    assert "worn tool" in page(seen(floor))
    floor.scan(*tiles(seen(floor)))
    form = seen(floor).form
    assert isinstance(form, ReactionForm)
    assert form.answers[-1].now
    assert "setter" in page(seen(floor))
    floor.scan("OP-13")
    assert seen(floor).form is None
    told = [one.body.type for one in floor.effects if isinstance(one, TellEvent)]
    assert told.count("reaction.acknowledged") == 2


def test_what_only_is_shown_is_no_form() -> None:
    floor = floor_with(reacting(reaction="RP-99: tell the setter"))
    inspected(floor, "SN000001", BAD)
    assert seen(floor).form is None


# --- orders


def test_the_orders_stand_with_part_what_is_left_and_when_they_are_due() -> None:
    floor = OrderFloor(made_to_order(), done=2)
    (listed,) = (one for one in floor.scan("%ORDERS") if isinstance(one, CountOrders))
    counted = tuple(replace(one, count=OrderCount(2)) for one in listed.orders)
    floor.say(OrdersCounted(counted, listed.count))
    form = seen(floor).form
    assert isinstance(form, OrdersForm)
    found = {one.code: one for one in form.orders}
    assert (found["A-1"].part, found["A-1"].left, found["A-1"].quantity) == ("PR-74", 1, 3)
    assert form.parts == ("PR-74", "PR-75")
    assert page(seen(floor)).count("data-only=") == 3  # those and all
    assert nav(seen(floor)) == []
    assert "%CANCEL" in [one.sends for one in seen(floor).buttons]
    floor.scan("A-1")
    assert seen(floor).form is None
    assert seen(floor).order == ("A-1", 2, 3)


@pytest.mark.parametrize("word", ["%REASON", "%CALL"])
def test_one_question_is_no_form(word: str) -> None:
    floor = floor_at()
    floor.scan(word)
    assert seen(floor).form is None


def test_somebody_can_be_called_and_a_document_read_while_something_is_asked() -> None:
    floor = floor_at(change_over=CHECKS)
    floor.scan("SN000001")
    assert [(one.sends, one.opens) for one in seen(floor).buttons] == [
        ("%NOTE", ""),
        ("%CALL", ""),
        ("", "papers"),
    ]
    floor.scan("%CALL:setter")
    assert "%CALL:HERE" in [one.sends for one in seen(floor).buttons]
    assert isinstance(seen(floor).form, ChangeOverForm)
    for answer in ("the toolroom", "%CANCEL"):
        floor.scan("%CALL")
        assert display(floor.setup, floor.state).asks.id == "call.whom"
        floor.scan(answer)
        assert isinstance(seen(floor).form, ChangeOverForm)  # what was asked before is asked on

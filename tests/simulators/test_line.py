"""The simulated line and its faults: the same on every run, with one of each kind early enough for a short demo."""

from __future__ import annotations

from gaugetrail_sim.devices.faults import Fault, FaultPlan
from gaugetrail_sim.line.pieces import (
    BORE,
    BORE_BY,
    DEPTH,
    FIRST_REVISION,
    FORCE,
    NEXT_REVISION,
    WEIGHT,
    Story,
    make_piece,
)


def pieces(seed: int, count: int):
    return [make_piece(seed, number) for number in range(1, count + 1)]


def test_same_seed_gives_the_same_line_and_another_seed_another() -> None:
    assert pieces(1, 50) == pieces(1, 50)
    assert pieces(1, 50) != pieces(2, 50)


def test_first_units_show_each_story_and_each_fault() -> None:
    assert set(Story) == {piece.story for piece in pieces(1, 13)}
    faults = FaultPlan(1)
    assert set(Fault) == {kind for number in range(1, 14) for kind in faults.of_unit(number).kinds}


def test_good_units_are_good_and_bad_ones_fail_where_their_story_says() -> None:
    """So the expected verdicts are known without asking the agent."""
    for piece in pieces(7, 400):
        first = piece.looks[0]
        inside = {
            "bore": BORE[1] <= first.values["bore"] <= BORE[2],
            "weight": WEIGHT[1] <= first.values["scale"] <= WEIGHT[2],
            "surface": first.typed["surface"] == "%OK",
            "press": FORCE[1] <= piece.force_kn <= FORCE[2] and DEPTH[1] <= piece.depth_mm <= DEPTH[2],
        }
        wrong = {
            Story.GOOD: set(),
            Story.CHIP: {"bore"},
            Story.WIDE: {"bore"},
            Story.LIGHT: {"weight"},
            Story.SCRATCHED: {"surface"},
            Story.PRESSED_HARD: {"press"},
            Story.NARROW: set(),
        }[piece.story]
        assert wrong == {name for name, good in inside.items() if not good}, piece
        assert piece.first_pass(FIRST_REVISION) == (piece.story in (Story.GOOD, Story.NARROW))
        assert piece.first_pass(NEXT_REVISION) == (piece.story is Story.GOOD)


def test_a_unit_can_be_given_the_story_that_shows_the_tighter_limit() -> None:
    """Between the two limits, whatever its number; the unit is otherwise the same."""
    plain, narrow = make_piece(1, 40), make_piece(1, 40, Story.NARROW)
    assert BORE_BY[NEXT_REVISION] < narrow.looks[0].values["bore"] <= BORE_BY[FIRST_REVISION]
    assert (narrow.serial, narrow.force_kn, narrow.depth_mm) == (plain.serial, plain.force_kn, plain.depth_mm)


def test_bore_drifts_with_the_tool() -> None:
    """A tool's last units are wider than its first: what a control chart is for."""
    bores = [float(piece.looks[-1].values["bore"]) for piece in pieces(3, 119) if piece.story is Story.GOOD]
    assert sum(bores[-20:]) / 20 > sum(bores[:20]) / 20 + 0.015


def test_serial_4711_is_the_unit_that_was_measured_twice() -> None:
    piece = make_piece(1, 10)
    assert (piece.serial, piece.story, [look.passes for look in piece.looks]) == ("SN004711", Story.CHIP, [False, True])

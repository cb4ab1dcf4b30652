"""Steps taken back or left out, and what is entered by hand: no value disappears, and the record says why."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from station_floor import BORE, WEIGHT, Floor, setup

from gaugetrail_agent.reading import Reading, Status
from gaugetrail_agent.station.display import display
from gaugetrail_agent.station.freshness import FreshRule
from gaugetrail_agent.station.unfinished import journal_text, kept, read_journal
from gaugetrail_agent.station.words.effect import AskDevice, KeepIt, SealIt
from gaugetrail_agent.station.words.happening import ValueCame
from gaugetrail_contract.documents.plan import Characteristic
from gaugetrail_contract.record import Capture, Verdict
from gaugetrail_contract.record.parts import FoundDefect
from gaugetrail_contract.record.rules import fault_in

LOOKS = Characteristic.model_validate({"name": "looks", "kind": "attribute", "defects": ("SCRATCH", "DENT")})
DEPTH = Characteristic(name="depth", unit="mm", lsl="1.0", usl="2.0", plausible_high="9", skip="with_reason")
TWICE = Characteristic(name="depth", unit="mm", lsl="1.0", usl="2.0", entry="typed_twice")
MEAN = Characteristic(name="gap", unit="mm", formula="bore - depth", decimals=3)


def at_unit(*characteristics: Characteristic, **more: object) -> Floor:
    floor = Floor(setup(*characteristics, **more))  # type: ignore[arg-type]
    floor.scan("OP-12")
    floor.scan("SN000001")
    return floor


def earlier(floor: Floor, characteristic: str) -> list[tuple[str, str, str]]:
    taken = next(one for one in floor.sealed().measurements if one.characteristic == characteristic)
    return [(one.value, one.fate, one.why) for one in taken.earlier]


def test_a_value_that_is_measured_again_stands_before_the_one_that_counts() -> None:
    floor = at_unit(BORE, WEIGHT)
    floor.gauge("bore", "74.100", "mm")
    floor.scan("%AGAIN:the probe slipped")
    assert floor.state.unit is not None
    assert floor.state.unit.taken == ()
    floor.gauge("bore", "74.010", "mm")
    floor.gauge("scale", "12.0", "g")
    assert earlier(floor, "bore") == [("74.100", "replaced", "the probe slipped (OP-12)")]
    assert floor.sealed().verdict is Verdict.PASS
    assert fault_in(floor.sealed()) is None


def test_the_reason_is_asked_for_and_the_gauge_is_asked_again_once_it_is_given() -> None:
    floor = at_unit(BORE, WEIGHT)
    floor.gauge("bore", "74.100", "mm")
    floor.scan("%AGAIN")
    assert display(floor.setup, floor.state).asks.id == "again.why"
    assert floor.scan("the probe slipped") == (AskDevice("bore", None),)


def test_what_was_taken_back_is_kept_so_and_comes_back_so() -> None:
    """A kill after it must not give the old value back as one that counts."""
    floor = at_unit(BORE, WEIGHT)
    floor.gauge("bore", "74.100", "mm")
    floor.scan("%AGAIN:slipped")
    left = read_journal(journal_text(floor.kept[-1]))
    assert left.measurements == ()
    again = Floor(floor.setup)
    again.state = replace(again.state, unfinished=left, memory=floor.state.memory)
    again.scan("OP-12")
    again.scan("%GO")
    again.gauge("bore", "74.010", "mm")
    again.gauge("scale", "12.0", "g")
    assert earlier(again, "bore") == [("74.100", "replaced", "slipped (OP-12)")]


def test_nobody_measures_until_it_fits() -> None:
    floor = at_unit(BORE.model_copy(update={"most_again": 2}), WEIGHT)
    for value in ("74.2", "74.1"):
        floor.gauge("bore", value, "mm")
        floor.scan("%AGAIN:slipped")
    floor.gauge("bore", "74.3", "mm")
    floor.scan("%AGAIN:slipped")
    assert floor.message.startswith("bore was measured again 2 times")
    assert floor.refused[-1].why.id == "again.too_often"
    floor.gauge("scale", "12.0", "g")
    assert floor.sealed().verdict is Verdict.FAIL
    assert [value for value, _, _ in earlier(floor, "bore")] == ["74.2", "74.1"]


def test_what_lies_on_a_scale_is_not_weighed_again_before_it_is_put_on_anew() -> None:
    floor = at_unit(WEIGHT, BORE, rules={"scale": FreshRule("return_to_zero", pan=True, placed_before="take")})

    def weigh(value: str) -> None:
        floor.say(ValueCame("scale", Reading(Status.OK, b"", value=value, unit="g"), **floor.tick()))

    weigh("0.0")
    weigh("12.0")
    floor.scan("%AGAIN:it lay askew")
    weigh("12.0")
    assert floor.state.unit is not None
    assert floor.state.unit.taken == ()
    weigh("0.0")
    weigh("12.1")
    assert [one.value for one in floor.state.unit.taken] == ["12.1"]


def test_what_a_person_entered_is_undone_without_a_reason_and_what_a_gauge_gave_is_not() -> None:
    floor = at_unit(BORE, DEPTH, LOOKS)
    floor.gauge("bore", "74.010", "mm")
    floor.scan("%UNDO")
    assert floor.message == "a gauge gave bore: say why it is measured again, %AGAIN:reason"
    floor.scan("1.2")
    floor.scan("%undo")
    floor.scan("1.5")
    floor.scan("%OK")
    assert earlier(floor, "depth") == [("1.2", "replaced", "taken back by OP-12")]
    assert [one.value for one in floor.sealed().measurements] == ["74.010", "1.5", None]


def test_what_was_derived_of_it_is_derived_anew() -> None:
    floor = at_unit(BORE, DEPTH, MEAN, LOOKS)
    floor.gauge("bore", "74.000", "mm")
    floor.scan("1.2")
    floor.scan("%UNDO")
    floor.scan("1.5")
    floor.scan("%OK")
    assert {one.characteristic: one.value for one in floor.sealed().measurements}["gap"] == "72.500"


def test_what_the_plan_allows_is_left_out_with_a_reason_and_nothing_else() -> None:
    floor = at_unit(DEPTH, BORE)
    floor.scan("%SKIP")
    floor.scan("no depth gauge today")
    floor.scan("%SKIP:nor this")
    assert floor.refused[-1].why.id == "skip.never"
    floor.gauge("bore", "74.000", "mm")
    depth, bore = floor.sealed().measurements
    assert (depth.skipped, depth.value, depth.verdict) == ("no depth gauge today (OP-12)", None, Verdict.INCOMPLETE)
    assert (bore.value, floor.sealed().verdict) == ("74.000", Verdict.INCOMPLETE)


def test_the_last_one_left_out_ends_the_unit() -> None:
    floor = at_unit(BORE, DEPTH)
    floor.gauge("bore", "74.000", "mm")
    (sealed,) = floor.scan("%SKIP:no gauge")
    assert isinstance(sealed, SealIt)


@pytest.mark.parametrize("word", ["%AGAIN", "%UNDO", "%SKIP", "%AGAIN:why"])
def test_without_anything_to_take_back_nothing_happens(word: str) -> None:
    floor = Floor(setup())
    floor.scan("OP-12")
    before = floor.state
    assert floor.scan(word) == ()
    assert replace(floor.state, says=before.says, light=before.light) == before


def test_a_value_that_nobody_confirmed_stands_as_refused_before_the_one_that_counts() -> None:
    odd = BORE.model_copy(update={"plausible_low": "70", "plausible_high": "80"})
    floor = at_unit(odd, DEPTH, LOOKS)
    floor.gauge("bore", "7.401", "mm")
    floor.gauge("bore", "740.1", "mm")
    floor.gauge("bore", "74.010", "mm")
    floor.scan("95")
    floor.scan("1.5")
    floor.scan("%OK")
    why = "it was asked about, and not confirmed"
    assert earlier(floor, "bore") == [("7.401", "refused", why), ("740.1", "refused", why)]
    assert earlier(floor, "depth") == [("95", "refused", why)]


def test_a_value_that_was_confirmed_is_not_refused_too() -> None:
    floor = at_unit(DEPTH, LOOKS)
    floor.scan("95")
    floor.scan("%OK")
    floor.scan("%OK")
    assert (earlier(floor, "depth"), floor.sealed().measurements[0].value) == ([], "95")


# --- what is entered by hand


def test_how_a_result_came_in_stands_in_the_record() -> None:
    floor = at_unit(DEPTH, LOOKS)
    floor.scan("1.5")
    floor.scan("%OK", raw=b"%OK")
    assert [one.capture for one in floor.sealed().measurements] == [Capture.TYPED, Capture.SCAN]


def test_where_the_plan_wants_a_scan_a_text_from_keys_is_refused() -> None:
    floor = at_unit(Characteristic.model_validate({"name": "melt", "kind": "text", "entry": "scanned"}))
    floor.scan("M-7")
    assert floor.message == "melt is scanned, not typed"
    floor.scan("M-7", raw=b"M-7")
    assert floor.sealed().measurements[0].text == "M-7"


def test_what_is_typed_twice_counts_when_it_is_the_same() -> None:
    floor = at_unit(TWICE)
    floor.scan("1.5")
    assert floor.message == "depth: type it once more"
    floor.scan("1.6")
    assert floor.message == "depth: 1.5 and 1.6 are not the same: type it twice anew"
    floor.scan("1,7")
    floor.scan("1.7")
    (taken,) = floor.sealed().measurements
    assert (taken.value, taken.typed_twice) == ("1.7", True)
    assert earlier(floor, "depth") == [("1.6", "refused", "typed twice, and not the same: 1.5 and 1.6")]


def test_what_was_typed_once_is_not_the_next_unit_s() -> None:
    floor = at_unit(TWICE)
    floor.scan("1.5")
    floor.scan("%CANCEL")
    floor.state = replace(floor.state, sealing=None)
    floor.scan("SN000002")
    floor.scan("1.5")
    assert floor.message == "depth: type it once more"


def test_a_defect_has_a_code_of_the_plan_a_place_and_a_count() -> None:
    floor = at_unit(LOOKS)
    floor.scan("%NOK:CRACK")
    assert floor.message == "looks: CRACK is none of the defects in the plan (SCRATCH, DENT)"
    floor.scan("%NOK:SCRATCH@A3*2, DENT")
    (taken,) = floor.sealed().measurements
    assert taken.defects == ("SCRATCH", "DENT")
    assert taken.found == (
        FoundDefect(code="SCRATCH", place="A3", count=2),
        FoundDefect(code="DENT", place=None, count=1),
    )
    assert fault_in(floor.sealed()) is None


@given(
    parts=st.lists(
        st.tuples(
            st.sampled_from(["SCRATCH", "DENT"]),
            st.none() | st.text("ABC123", min_size=1, max_size=5),
            st.integers(1, 999),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_defects_are_read_as_they_are_written(parts: list[tuple[str, str | None, int]]) -> None:
    floor = at_unit(LOOKS)
    floor.scan("%NOK:" + ",".join(f"{c}{'' if p is None else '@' + p}*{n}" for c, p, n in parts))
    (taken,) = floor.sealed().measurements
    plain = all(p is None and n == 1 for _, p, n in parts) and len({c for c, _, _ in parts}) == len(parts)
    assert taken.found == (() if plain else tuple(FoundDefect(code=c, place=p, count=n) for c, p, n in parts))


@given(acts=st.lists(st.sampled_from(["bore", "%AGAIN:x", "%UNDO", "1.5", "9.9", "%SKIP:y", "%OK"]), max_size=25))
def test_whatever_is_done_each_value_is_in_the_unit_or_before_it(acts: list[str]) -> None:
    """Nothing that was taken is ever gone, and what is kept can be sealed."""
    floor = at_unit(BORE, DEPTH, LOOKS, order="free")
    for number, act in enumerate(acts):
        unit = floor.state.unit
        if unit is None:
            break
        taken = [one.value for one in unit.taken if one.value]
        before = [one.value for values in unit.earlier.values() for one in values]
        floor.gauge("bore", str(Decimal("74.0") + number), "mm") if act == "bore" else floor.scan(act)
        now = floor.state.unit
        if now is None:
            now_all = [one.value for one in floor.sealed().measurements]
            now_all += [e.value for one in floor.sealed().measurements for e in one.earlier]
        else:
            now_all = [one.value for one in now.taken]
            now_all += [one.value for values in now.earlier.values() for one in values]
            assert journal_text(kept(floor.setup, floor.state, now, 10**18))
        assert set(taken) <= set(now_all)
        assert now is None or set(before) <= set(now_all)
    assert all(isinstance(effect, SealIt | AskDevice | KeepIt) for effect in floor.effects)

"""What a new edition changes, in words: the limits first, and what they would have meant for what was measured."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import opened
from places import Place
from samples import T0, measurement

from gaugetrail_collector.documents.comparing.consequences import Consequence, consequences
from gaugetrail_collector.documents.comparing.differences import Change, changes
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.documents.editions import DocumentKind

PLAN = b"""id = "CP-1001"
revision = "C"
order = "strict"
[[characteristic]]
name = "bore_diameter"
unit = "mm"
lsl = "73.950"
usl = "74.050"
[[characteristic]]
name = "depth"
usl = "1.60"
title = "Depth of the bore"
"""


def said(*replaced: tuple[str, str], kind: DocumentKind = DocumentKind.PLAN, old: bytes = PLAN) -> list[str]:
    new = old.decode()
    for before, after in replaced:
        assert before in new
        new = new.replace(before, after)
    return [str(one) for one in changes(kind, old, new.encode())]


def test_limits_come_first_then_what_they_are_measured_in_then_the_rest() -> None:
    assert said(
        ('revision = "C"', 'revision = "D"'),
        ("Depth of the bore", "Depth"),
        ('unit = "mm"', 'unit = "in"'),
        ("74.050", "74.040"),
        ('usl = "1.60"', 'usl = "1.70"'),
    ) == [
        "bore_diameter upper limit 74.050 → 74.040: tighter",
        "depth upper limit 1.60 → 1.70: wider",
        "bore_diameter unit mm → in",
        "depth title Depth of the bore → Depth",
        "revision C → D",
    ]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ('lsl = "73.950"', 'lsl = "73.960"', "bore_diameter lower limit 73.950 → 73.960: tighter"),
        ('lsl = "73.950"', 'lsl = "73.940"', "bore_diameter lower limit 73.950 → 73.940: wider"),
        ('lsl = "73.950"\n', "", "bore_diameter lower limit 73.950 → none: wider"),
        ('usl = "1.60"', 'usl = "1.60"\nlsl = "1.40"', "depth lower limit none → 1.40: tighter"),
        ('usl = "74.050"', 'usl = "74.05"', "bore_diameter upper limit 74.050 → 74.05: the same number"),
        ('usl = "1.60"', "usl = true", "depth upper limit 1.60 → true"),
        ('order = "strict"', 'order = "free"', "order strict → free"),
        ('order = "strict"', '# order\norder = "strict"', "only how it is written: blanks, comments, order"),
    ],
)
def test_each_change_is_a_sentence(before: str, after: str, told: str) -> None:
    assert said((before, after)) == [told]


def test_characteristics_that_come_go_and_change_places_are_told() -> None:
    assert said(('name = "depth"', 'name = "width"')) == [
        "depth is not measured any more",
        "width is measured from now on, upper limit 1.60",
    ]
    head, bore, depth = PLAN.decode().split("[[characteristic]]")
    turned = "[[characteristic]]".join((head, depth, bore)).encode()
    assert [str(one) for one in changes(DocumentKind.PLAN, PLAN, turned)] == [
        "the characteristics are measured in another order"
    ]


def test_lists_are_compared_row_by_row() -> None:
    old = b"id,calibration_due,status\nG-1,2026-01-31,active\nG-2,2026-01-31,active\n"
    new = b"id,calibration_due,status\nG-1,2027-01-31,active\nG-3,2027-01-31,active\n"
    assert [str(one) for one in changes(DocumentKind.GAUGES, old, new)] == [
        "G-2 is gone",
        "G-3 is new",
        "G-1 calibration_due 2026-01-31 → 2027-01-31",
    ]


def test_lists_in_toml_and_with_badges_are_compared_row_by_row_too() -> None:
    old = b'[[person]]\nbadge = "OP-1"\nroles = ["operator"]\n'
    assert said(('"operator"', '"setter"'), kind=DocumentKind.PEOPLE, old=old) == [
        "OP-1 roles ['operator'] → ['setter']"
    ]
    csv = b"badge;name;qualification\nOP-1;Eva;final\n"
    assert said(("final", "none"), kind=DocumentKind.PEOPLE, old=csv) == ["OP-1 qualification final → none"]


def test_what_is_no_plan_is_compared_by_line_and_what_is_no_text_by_size() -> None:
    assert [str(one) for one in changes(DocumentKind.PLAN, b"one\ntwo\n", b"one\nthree\n")] == [
        "@@ -1,2 +1,2 @@",
        "one",
        "-two",
        "+three",
    ]
    assert [str(one) for one in changes(DocumentKind.FORM, b"\xff", b"\xfe\xfe")] == [
        "the bytes differ: 1 before, 2 now"
    ]
    assert changes(DocumentKind.FORM, b"\xff", b"\xff") == []


@given(st.binary(max_size=60), st.binary(max_size=60), st.sampled_from(DocumentKind))
def test_any_bytes_give_sentences(old: bytes, new: bytes, kind: DocumentKind) -> None:
    found = changes(kind, old, new)
    assert bool(found) == (old != new)
    assert all(str(one) for one in found)


def measured(count: int, first: int = 1, plan: str = "CP-1001") -> list:  # type: ignore[type-arg]
    """Bores of 74.000, 74.001 … and depths of 1.5, a unit a second."""
    made = []
    for seq in range(first, first + count):
        at = T0 + seq * 1_000_000
        bore = f"{74 + (seq - first) / 1000:.3f}"
        values = (
            measurement(1, characteristic="bore_diameter", value=bore, time=utc_text(at - 2)),
            measurement(2, characteristic="depth", value="1.5", time=utc_text(at - 1)),
        )
        ref = {"id": plan, "revision": "C", "sha256": "ab" * 32}
        made.append(opened(seq, time_us=at, measurements=values, plan=ref))
    return made


def test_the_last_values_tell_what_a_limit_would_have_meant(place: Place) -> None:
    store = place.store()
    store.write([*measured(60), *measured(5, 100, "CP-2")])
    new = PLAN.replace(b"74.050", b"74.040").replace(b"1.60", b"1.50")
    found = changes(DocumentKind.PLAN, PLAN, new)
    told = consequences(store, "CP-1001", PLAN, new, found, T0 + 120_000_000)
    assert told == {"bore_diameter": Consequence(60, 19, 9), "depth": Consequence(60, 0, 0)}
    assert str(told["bore_diameter"]) == "19 of the last 60 would fail (9 did)"
    assert str(told["depth"]) == "0 of the last 60 would fail"


def test_where_the_unit_changed_too_values_tell_nothing(place: Place) -> None:
    new = PLAN.replace(b"74.050", b"2.915").replace(b'"mm"', b'"in"')
    found = changes(DocumentKind.PLAN, PLAN, new)
    assert consequences(place.store(), "CP-1001", PLAN, new, found, T0) == {}
    tighter = [Change("bore_diameter", "usl", "74.050", "74.040", 0, "tighter")]
    told = consequences(place.store(), "CP-1001", PLAN, PLAN, tighter, T0)
    assert str(told["bore_diameter"]) == "no value is known yet"

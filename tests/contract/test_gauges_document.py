"""Which gauge may measure what on which day, and if not, why."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from gaugetrail_contract.documents.gauges import Gauge, GaugeRegister, GaugeWanted, Unfit, unfit_today, unsuited

TODAY = date(2026, 11, 28)


def gauge(**more: Any) -> Gauge:
    return Gauge.model_validate({"id": "G-17", **more})


@pytest.mark.parametrize(
    ("row", "calibration", "why"),
    [
        ({"calibration_due": "2026-11-29"}, "valid", None),
        ({"calibration_due": "2026-11-28"}, "due", None),
        ({"calibration_due": "2026-11-27"}, "overdue", Unfit("overdue", "2026-11-27")),
        ({}, "unknown", None),
        ({"status": "blocked", "calibration_due": "2030-01-01"}, "blocked", Unfit("blocked")),
        ({"calibration_due": "2026-11-27", "grace_days": 1, "grace_approved_by": "QE-3"}, "overdue", None),
        ({"calibration_due": "2026-11-14", "grace_days": 14, "grace_approved_by": "QE-3"}, "overdue", None),
        (
            {"calibration_due": "2026-11-13", "grace_days": 14, "grace_approved_by": "QE-3"},
            "overdue",
            Unfit("overdue", "2026-11-13"),
        ),
        (
            {"calibration_due": "2026-11-27", "grace_days": 9, "grace_approved_by": "QE-3", "status": "blocked"},
            "blocked",
            Unfit("blocked"),
        ),
    ],
)
def test_a_gauge_is_fit_through_its_day_and_the_grace_that_somebody_gave(
    row: dict[str, Any], calibration: str, why: Unfit | None
) -> None:
    one = gauge(**row)
    assert (one.calibration(TODAY), unfit_today(one, TODAY)) == (calibration, why)
    assert one.in_grace(TODAY) == (calibration == "overdue" and why is None)


BORE = GaugeWanted("bore", kind="bore gauge", resolution="0.001", unit="mm")


@pytest.mark.parametrize(
    ("row", "wanted", "why"),
    [
        ({}, GaugeWanted("bore"), None),
        ({"kind": "bore gauge", "resolution": "0.001", "unit": "mm"}, BORE, None),
        ({"kind": "bore gauge", "resolution": "0.0010"}, BORE, None),
        ({"kind": "caliper", "resolution": "0.001"}, BORE, Unfit("wrong_kind", "caliper", "bore gauge")),
        ({"resolution": "0.001"}, BORE, Unfit("wrong_kind", "", "bore gauge")),
        (
            {"kind": "bore gauge", "resolution": "0.01", "unit": "mm"},
            BORE,
            Unfit("too_coarse", "0.01 mm", "0.001 mm"),
        ),
        (
            {"kind": "bore gauge", "resolution": "0.0001", "unit": "in"},
            BORE,
            Unfit("too_coarse", "0.0001 in", "0.001 mm"),
        ),
        ({"kind": "bore gauge"}, BORE, Unfit("too_coarse", "", "0.001 mm")),
        ({"resolution": "0.5"}, GaugeWanted("bore", resolution="0.1"), Unfit("too_coarse", "0.5", "0.1")),
        ({"characteristics": ("weight", "bore")}, GaugeWanted("bore"), None),
        (
            {"characteristics": ("weight", "depth")},
            GaugeWanted("bore"),
            Unfit("bound_elsewhere", "weight, depth", "bore"),
        ),
        ({"characteristics": ("weight",), "kind": "scale"}, BORE, Unfit("bound_elsewhere", "weight", "bore")),
    ],
)
def test_a_gauge_is_of_the_kind_fine_enough_and_not_bound_elsewhere(
    row: dict[str, Any], wanted: GaugeWanted, why: Unfit | None
) -> None:
    assert unsuited(gauge(**row), wanted) == why


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"range_from": "150", "range_to": "50"}, "range_from 150 lies above range_to 50"),
        ({"resolution": "0.000"}, "more than zero"),
        ({"resolution": "0,01"}, "resolution"),
        ({"calibrated_on": "2026-11-02", "calibration_due": "2026-11-01"}, "2026-11-01 lies before calibrated_on"),
        ({"grace_days": 5}, "needs who allows it"),
        ({"grace_days": 91, "grace_approved_by": "QE-3"}, "less than or equal to 90"),
        ({"status": "lost"}, "active"),
        ({"calibration_due": "2026-13-01"}, "no day of the calendar"),
    ],
)
def test_a_row_that_makes_no_sense_is_refused(row: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        gauge(**row)


def test_what_is_equal_or_just_possible_is_taken() -> None:
    assert gauge(range_from="50", range_to="50").range_to == "50"
    assert gauge(calibrated_on="2026-11-01", calibration_due="2026-11-01").calibrated_on == "2026-11-01"
    assert gauge(calibrated_on="2026-11-01").calibration_due is None
    assert gauge(grace_days=90, grace_approved_by="QE-3").grace_days == 90
    assert len(GaugeRegister(gauge=(gauge(), Gauge(id="G-18"))).gauge) == 2
    with pytest.raises(ValidationError, match="the gauge G-17 stands twice"):
        GaugeRegister(gauge=(gauge(), gauge()))

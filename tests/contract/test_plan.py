"""A control plan: what of it is a fault, what a remark, and what it says of a value."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from gaugetrail_contract.documents.files import load_plan
from gaugetrail_contract.documents.plan import Characteristic, FurtherPart, PlanFile
from gaugetrail_contract.documents.plan_faults import plan_faults, plan_remarks
from gaugetrail_contract.record import Capture, Verdict
from gaugetrail_contract.settings import ConfigError

HEAD: dict[str, object] = {
    "id": "CP-1",
    "revision": "C",
    "part": "PR-74",
    "approved_by": "QE-3",
    "approved_on": "2026-11-01",
}
LEFT: dict[str, object] = {"name": "left", "lsl": "1.0", "usl": "2.0", "reaction": "RP-1"}
RIGHT = LEFT | {"name": "right"}
MEAN: dict[str, object] = {"name": "mean_wall", "formula": "mean(left, right)", "decimals": 2}
WHOLE = """id = "CP-1"
revision = "C"
part = "PR-74"
part_revision = "B"
operation = "OP20"
process = "30"
phase = "safe_launch"
approved_by = "QE-3"
approved_on = "2026-11-01"

[[also_for]]
part = "PR-75"

[[characteristic]]
number = "10"
balloon = "7"
name = "bore"
class = "CC"
unit = "mm"
nominal = "74.000"
lsl = "73.950"
usl = "74.050"
lsl_kind = "specification"
requirement = "DRW-1001 rev D"
plausible_low = "70"
plausible_high = "80"
decimals = 3
gauge_kind = "bore gauge"
resolution = "0.001"
sample_size = 5
every_mins = 120
at = ["setup", "tool_change"]
method = "X-bar and R chart"
owner = "operator"
reaction = "RP-12: stop, sort, tell QE"
instruction = "WI-7 step 3"

[[characteristic]]
name = "oversize"
unit = "mm"
formula = "bore - 74"
decimals = 3
"""


def plan(*characteristics: dict[str, object], **more: object) -> PlanFile:
    return PlanFile.model_validate(HEAD | {"characteristic": characteristics or (LEFT,)} | more)


def fault(one: dict[str, object]) -> str:
    """The only fault of a characteristic."""
    with pytest.raises(ValidationError) as caught:
        Characteristic.model_validate(one)
    (error,) = caught.value.errors()
    return str(error["msg"])


def test_a_whole_plan_is_read_from_its_file(tmp_path: Path) -> None:
    """Every column of a control plan has its key, and none of them names a port."""
    (tmp_path / "plan.toml").write_text(WHOLE)
    loaded, _ = load_plan(tmp_path / "plan.toml")
    bore, oversize = loaded.characteristics
    assert (bore.class_, bore.lsl_kind, bore.usl_kind, bore.at) == (
        "CC",
        "specification",
        None,
        ("setup", "tool_change"),
    )
    assert loaded.file.parts == (FurtherPart(part="PR-74", revision="B"), FurtherPart(part="PR-75"))
    assert (bore.derivation, bore.device, bore.capture) == (None, None, None)
    assert oversize.derivation is not None
    assert oversize.derivation.names == ("bore",)
    assert list(plan_remarks(loaded.file)) == []
    assert PlanFile.model_validate(loaded.file.model_dump()) == loaded.file


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"plausible_low": "1.5"}, "left: plausible_low 1.5, lsl 1.0, usl 2.0 are not in order"),
        ({"plausible_high": "1.9"}, "are not in order"),
        ({"nominal": "2.5"}, "are not in order"),
        ({"resolution": "0.00"}, "left: a resolution is more than zero"),
        ({"kind": "attribute"}, "of kind attribute has no limits"),
        ({"usl": None, "usl_kind": "natural"}, "usl_kind says what usl is, but there is no usl"),
        ({"sample_size": 5, "every_units": 3}, "5 of every 3 units can't be measured"),
        ({"formula": "a + ", "decimals": 2}, "its formula can't be read: it ends where"),
        ({"formula": "a"}, "to how many decimals"),
        ({"formula": "a", "decimals": 2, "device": "bore"}, "no device or person gives it"),
        ({"formula": "a", "decimals": 2, "capture": "typed"}, "no device or person gives it"),
    ],
)
def test_a_characteristic_that_makes_no_sense(more: dict[str, object], words: str) -> None:
    assert words in fault(LEFT | more)


def test_a_formula_is_of_a_number() -> None:
    assert "so a text can't have one" in fault({"name": "x", "kind": "text", "formula": "a", "decimals": 1})


@pytest.mark.parametrize(
    "more",
    [
        {"plausible_low": "1.0", "nominal": "1.0", "plausible_high": "2.0"},
        {"sample_size": 3, "every_units": 3},
        {"formula": "a", "decimals": 0, "capture": "derived"},
        {"kind": "count", "formula": "a", "decimals": 0},
    ],
)
def test_what_just_makes_sense(more: dict[str, object]) -> None:
    assert Characteristic.model_validate(LEFT | more).name == "left"


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        ("left + rihgt", "mean_wall is made of 'rihgt', which is no characteristic of this plan; did you mean right?"),
        ("left + mean_wall", "mean_wall is made of mean_wall, which must stand before it in the plan"),
        ("left + late", "mean_wall is made of late, which must stand before it in the plan"),
        ("left + looks", "mean_wall can't be made of looks, whose kind is attribute, no number"),
        ("left / (1 - 1)", "mean_wall never has a result: a division by zero in its formula"),
    ],
)
def test_a_formula_of_what_is_not_there(formula: str, words: str) -> None:
    looks: dict[str, object] = {"name": "looks", "kind": "attribute"}
    found = list(plan_faults(plan(LEFT, RIGHT, looks, MEAN | {"formula": formula}, LEFT | {"name": "late"})))
    assert [(one.steps, one.says) for one in found] == [(("characteristic", 3, "formula"), words)]


def test_derived_may_be_made_of_derived() -> None:
    twice = MEAN | {"name": "twice", "formula": "mean_wall * 2 + left"}
    assert list(plan_faults(plan(LEFT, RIGHT, MEAN, twice))) == []


def test_a_fault_of_a_formula_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "plan.toml").write_text(WHOLE.replace("bore - 74", "bohr - 74"))
    with pytest.raises(ConfigError) as caught:
        load_plan(tmp_path / "plan.toml")
    (problem,) = caught.value.problems
    line = WHOLE.splitlines().index('formula = "bore - 74"') + 1
    assert (problem.key, problem.line) == ("characteristic[2].formula", line)


def test_a_part_stands_once() -> None:
    """The same part in two revisions is two."""
    twice = plan(also_for=({"part": "PR-74"}, {"part": "PR-74", "revision": "B"}, {"part": "PR-74"}))
    assert [one.steps for one in plan_faults(twice)] == [("also_for", 0, "part"), ("also_for", 2, "part")]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"reaction": ""}, "no reaction is planned for left: "),
        ({"lsl": None, "reaction": ""}, "no reaction is planned for left: "),
        ({"device": "bore"}, "names devices of a station (bore)"),
        ({"resolution": "0.11"}, "steps of 0.11 are coarser than a tenth of the tolerance, which is 1.0"),
        ({"decimals": 0}, "steps of 1 are coarser than a tenth"),
        ({"sample_size": 5}, "5 units are measured, but how often?"),
    ],
)
def test_remarks_of_a_quality_engineer(more: dict[str, object], words: str) -> None:
    (found,) = plan_remarks(plan(LEFT | more))
    assert words in found.says


@pytest.mark.parametrize(
    "more",
    [
        {"resolution": "0.1", "decimals": 1},
        {"usl": None, "resolution": "5"},
        {"sample_size": 5, "every_mins": 60},
        {"sample_size": 5, "at": ["lot"]},
        {"lsl": None, "usl": None, "reaction": ""},
    ],
)
def test_what_asks_for_no_remark(more: dict[str, object]) -> None:
    assert list(plan_remarks(plan(LEFT | more))) == []


def test_an_attribute_can_fail_too() -> None:
    (found,) = plan_remarks(plan(LEFT, {"name": "looks", "kind": "attribute"}, {"name": "note", "kind": "text"}))
    assert "no reaction is planned for looks: " in found.says


def test_plausible_limits_are_their_own() -> None:
    """Both ends belong to what can be; a value that fails is plausible all the same."""
    one = Characteristic.model_validate(LEFT | {"plausible_low": "0.5", "plausible_high": "3.0"})
    assert [one.is_plausible(value) for value in ("0.499", "0.50", "3", "3.001", "-1")] == [
        False,
        True,
        True,
        False,
        False,
    ]
    assert one.judge("0.5") is Verdict.FAIL
    assert Characteristic.model_validate(LEFT).is_plausible("99999")


def test_today_s_plans_are_read_as_ever() -> None:
    old = Characteristic.model_validate({"name": "bore", "device": "bore", "channel": "1", "capture": "gauge"})
    assert (old.device, old.channel, old.capture) == ("bore", "1", Capture.GAUGE)

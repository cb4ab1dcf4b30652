"""Orders, instructions, reactions, limits, forms: read whole, checked whole, each fault with its place, and written
back as they were read.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from gaugetrail_contract.documents.calendar import Calendar
from gaugetrail_contract.documents.form import Form
from gaugetrail_contract.documents.head import DocumentMention, named_document, spoken_in
from gaugetrail_contract.documents.instruction import InstructionDocument
from gaugetrail_contract.documents.limits import LimitsDocument
from gaugetrail_contract.documents.order import OrderDocument
from gaugetrail_contract.documents.reaction import ReactionPlan
from gaugetrail_contract.documents.toml_text import toml_text
from gaugetrail_contract.settings import ConfigError, Settings, load_settings
from gaugetrail_contract.toml_words import read_toml

EXAMPLES = Path(__file__).parents[2] / "config" / "documents"
MODELS: dict[str, type[Settings]] = {
    "order": OrderDocument,
    "calendar": Calendar,
    "instruction": InstructionDocument,
    "reaction": ReactionPlan,
    "limits": LimitsDocument,
    "form": Form,
}
WORDS = st.text(st.characters(exclude_categories=("C", "Zl", "Zp")), min_size=1, max_size=20)
SPOKEN = st.dictionaries(st.sampled_from(["en", "de", "pt-BR", "zh"]), WORDS, min_size=1)


def shipped(kind: str) -> Any:
    return load_settings(MODELS[kind], EXAMPLES / f"{kind}.toml").settings


@pytest.mark.parametrize("kind", MODELS)
def test_the_shipped_example_of_each_kind_is_good_and_reads_back_from_what_is_written_of_it(kind: str) -> None:
    one = shipped(kind)
    assert one == MODELS[kind].model_validate(read_toml(toml_text(one)))


@pytest.mark.parametrize(
    ("kind", "old", "new", "line", "says"),
    [
        ("order", "quantity = 500", "quantity = 0", 7, "quantity: must be greater than or equal to 1"),
        ("order", 'due = "2026-12-18"', 'due = "2026-02-30"', 9, "due: '2026-02-30' is no day of the calendar"),
        ("order", 'operation = "OP20"', 'operation = "OP20"\nrouting = ["OP10"]', None, "keep one"),
        ("order", 'operation = "OP20"', 'routing = ["OP10", "OP10"]', None, "routing: OP10 stands twice"),
        ("order", 'line = "L1"', 'line = "L/1"', 3, "line: 'L/1' can't be a name"),
        ("order", "quantity", "quantty", 7, "quantty: unknown key"),
        ("order", 'source = "PO 4500123, page 2"', 'source = ""', 14, "requirement[1].source: "),
        ("calendar", '"06:00"', '"6:00"', 10, "shift[1].begins: '6:00' is no time of day; write 06:00"),
        ("calendar", "Europe/Berlin", "Europe/Berlyn", 6, "time_zone: 'Europe/Berlyn' is no time zone"),
        ("calendar", 'shifts = ["early"]', 'shifts = ["erly"]', None, "names erly; shifts are early, late, night"),
        ("calendar", 'through = "2027-01-03"', 'through = "2026-12-03"', 24, "ends on 2026-12-03, before it begins"),
        ("calendar", '"2027-01-03"', '"2029-01-03"', 24, "more than 400 days"),
        ("calendar", 'name = "late"', 'name = "early"', None, "the shift early stands twice"),
        ("calendar", 'ends = "14:00"', 'ends = "14:01"', None, "run at once: late of Mon"),
        ("instruction", "number = 3", "number = 1", None, "the steps' numbers must rise: 1, 1"),
        ("instruction", ', de = "Messgerät', ', DE = "Messgerät', 19, "'DE' is no language's code"),
        ("instruction", ', de = "Bohrung mit trockenem Tuch reinigen."', "", None, "step 1 isn't there in de"),
        ("instruction", "6f2c3d1f", "6F2C3D1F", 18, "step[2].picture[1].sha256: "),
        ("reaction", "in_row = 3", "", 17, "in_row and the signal fails_in_row go together"),
        ("reaction", '["fail"]', '["first_piece_fail"]', None, "two [[on]] are for first_piece_fail"),
        ("reaction", '["fail"]', '["fails"]', 30, "is none of the known choices"),
        ("reaction", '"we4"', '"we9"', 38, "we9 is no rule of a chart"),
        ("limits", 'lcl = "73.98802"', 'lcl = "74.5"', 16, "xbar: lcl 74.5, center 74.00118, ucl 74.01434 are not in"),
        ("limits", 'lcl = "73.98802"', "lcl = 73.98802", 20, "chart[1].lcl: must be a text in quotes"),
        ("limits", '"xbar_r"', '"xbar_s"', None, "needs a [[chart]] for xbar and s; this has xbar, r"),
        ("limits", "subgroup_size = 5", "", None, "xbar_r is of subgroups: say how many values each has"),
        ("limits", '"0.0098"', '"0.0"', None, "sigma is more than zero"),
        ("limits", '"we4"]', '"we4:100"]', None, "we4:100 is no rule of a chart"),
        ("limits", "subgroup_size = 5", "subgroup_size = 1001", None, "a subgroup has at most 1000 values"),
        ("limits", 'estimator = "rbar"', 'lambda = "1.5"', None, "lambda is at most 1"),
        ("limits", 'estimator = "rbar"', 'k = "-1"', None, "k is more than zero"),
        ("limits", "2026-11-06T21", "2026-11-01T21", 14, "before it begins"),
        ("form", 'kind = "choice"', 'kind = "text"', 20, "choices and the kind choice go together"),
        ("form", 'high = "9"', 'high = "5"', 7, "low 6, high 5 are not in order"),
        ("form", 'name = "remark"', 'name = "noise"', None, "the field noise stands twice"),
    ],
)
def test_what_is_wrong_is_told_at_its_place(
    kind: str, old: str, new: str, line: int | None, says: str, tmp_path: Path
) -> None:
    text = (EXAMPLES / f"{kind}.toml").read_text("utf-8")
    assert old in text
    (tmp_path / "one.toml").write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(ConfigError) as caught:
        load_settings(MODELS[kind], tmp_path / "one.toml")
    told = [one for one in caught.value.problems if says in str(one)]
    assert len(told) == 1, str(caught.value)
    assert told[0].line == line


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    text = (EXAMPLES / "order.toml").read_text("utf-8")
    for old, new in (("500", "0"), ("2026-12-18", "soon"), ("source", "sauce")):
        text = text.replace(old, new)
    (tmp_path / "one.toml").write_text(text, "utf-8")
    with pytest.raises(ConfigError) as caught:
        load_settings(OrderDocument, tmp_path / "one.toml")
    assert {"quantity", "due", "requirement[1].source", "requirement[1].sauce"} == {
        one.key for one in caught.value.problems
    }


@given(st.lists(SPOKEN, min_size=1, max_size=4), st.lists(WORDS, max_size=3))
def test_an_instruction_in_any_words_is_written_and_read_back_the_same(steps: list[Any], named: list[str]) -> None:
    languages = {code for one in steps for code in one}
    whole = [{code: one.get(code, "…") for code in sorted(languages)} for one in steps]
    made = InstructionDocument.model_validate(
        {
            "id": "WI-1",
            "step": [
                {
                    "number": number,
                    "text": one,
                    "characteristic": named,
                    "picture": [{"sha256": "ab" * 32, "mark": [{"x": 42.5, "y": 30}]}],
                }
                for number, one in enumerate(whole, 1)
            ],
        }
    )
    assert made == InstructionDocument.model_validate(read_toml(toml_text(made)))


BARE = {"id": "CL-1", "characteristic": "bore", "reason": "set"}


@pytest.mark.parametrize(
    ("kind", "has", "lacks"),
    [
        ("ewma", {"lambda": "0.2"}, "lambda"),
        ("cusum", {"k": "0", "sigma": "0.01"}, "k and sigma"),
        ("laney_p", {"sigma_z": "1.4"}, "sigma_z"),
        ("laney_u", {"sigma_z": "1.4"}, "sigma_z"),
    ],
)
def test_limits_of_a_type_are_nothing_without_what_it_goes_by(kind: str, has: dict[str, str], lacks: str) -> None:
    """The limit of a CUSUM is one of its sums, so it may lie below the target."""
    chart = {"name": kind, "center": "74", "ucl": "0.05"} if kind == "cusum" else {"name": kind, "center": "0.5"}
    whole = {**BARE, "type": kind, "chart": [chart]}
    made = LimitsDocument.model_validate(whole | has)
    assert made == LimitsDocument.model_validate(read_toml(toml_text(made)))
    with pytest.raises(ValidationError, match=f"{kind} needs {lacks}"):
        LimitsDocument.model_validate(whole)


def test_a_reaction_may_be_to_a_rule_with_a_count_of_its_own() -> None:
    step = [{"who": "operator", "what": {"en": "Stop."}}]
    on = [{"signal": ["rule_signal"], "rules": ["we4:9", "we2:3of4"], "step": step}]
    plan = ReactionPlan.model_validate({"id": "RP-1", "on": on})
    assert plan.to("rule_signal", rule="we4:9") is plan.to("rule_signal", rule="we2:3of4") is plan.on[0]
    assert plan.to("rule_signal", rule="we4") is None


def test_an_order_says_which_steps_it_is_for() -> None:
    order = shipped("order")
    assert (order.includes("OP20"), order.includes("OP10"), order.includes(None)) == (True, False, True)
    routed = order.model_copy(update={"operation": None, "routing": ("OP10", "OP20")})
    assert (routed.operations, routed.includes("OP30")) == (("OP10", "OP20"), False)
    assert order.model_copy(update={"operation": None}).includes("OP30")
    assert order.words == "500 x PR-74 C, due 2026-12-18"


def test_an_instruction_knows_its_steps_and_pictures() -> None:
    said = shipped("instruction")
    assert said.numbered(3) is said.step[1]
    assert said.numbered(2) is None
    assert [one.number for one in said.for_characteristic("bore_diameter")] == [3]
    assert [one[:8] for one in said.pictures] == ["6f2c3d1f"]
    assert said.languages == {"en", "de"}
    (picture,) = said.step[1].picture
    assert [(one.x, one.y) for one in picture.marks_of("bore_diameter")] == [(42, 30)]
    assert list(picture.marks_of("length")) == []


@pytest.mark.parametrize(
    ("language", "text"), [("de", "Ja"), ("pt-BR", "Sim"), ("pt", "Sim"), ("fr", "Yes"), (None, "Yes")]
)
def test_people_read_their_language_or_the_first(language: str | None, text: str) -> None:
    words = {"en": "Yes", "de": "Ja", "pt": "Sim"}
    assert text == spoken_in(words, language)
    assert spoken_in({}, "en") == ""


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"signal": "fail"}, "fail"),
        ({"signal": "first_piece_fail"}, "first_piece_fail"),
        ({"signal": "fails_in_row", "in_row": 2}, None),
        ({"signal": "fails_in_row", "in_row": 3}, "fails_in_row"),
        ({"signal": "fails_in_row", "in_row": 7}, "fails_in_row"),
        ({"signal": "rule_signal", "rule": "we4"}, "rule_signal"),
        ({"signal": "rule_signal", "rule": "we2"}, None),
        ({"signal": "gauge_overdue"}, None),
    ],
)
def test_for_a_signal_there_is_one_answer_or_none(asked: dict[str, Any], found: str | None) -> None:
    reaction = shipped("reaction").to(**asked)
    assert found == (None if reaction is None else reaction.signal[0])


def test_the_longest_row_that_is_reached_counts_and_a_named_rule_before_any() -> None:
    step = [{"who": "operator", "what": {"en": "Stop."}}]
    ons = [
        {"signal": ["fails_in_row"], "in_row": 2, "step": step},
        {"signal": ["fails_in_row"], "in_row": 5, "step": step},
        {"signal": ["rule_signal"], "step": step},
        {"signal": ["rule_signal"], "rules": ["we1"], "step": step},
    ]
    plan = ReactionPlan.model_validate({"id": "RP-1", "on": ons})
    assert [plan.on[0], plan.on[0], plan.on[1]] == [plan.to("fails_in_row", in_row=row) for row in (2, 4, 9)]
    assert [plan.on[3], plan.on[2]] == [plan.to("rule_signal", rule=rule) for rule in ("we1", "nelson2")]


@pytest.mark.parametrize(
    ("entries", "faults"),
    [
        ({"coolant": "7.5", "guard": "yes", "noise": "louder"}, {}),
        ({"coolant": "6", "guard": "no", "noise": "knocks", "remark": "new tool"}, {}),
        ({"coolant": "9.01", "guard": "yes", "noise": "louder"}, {"coolant": "9.01 is above 9"}),
        ({"coolant": "5.99", "guard": "yes", "noise": "louder"}, {"coolant": "5.99 is below 6"}),
        (
            {"coolant": "NaN", "guard": "maybe", "noise": "odd", "other": "1", "remark": "a\nb"},
            {
                "coolant": "'NaN' is no number",
                "guard": "'maybe' is none of yes, no",
                "noise": "'odd' is none of as always, louder, knocks",
                "remark": "it holds the control character U+000A at position 2",
                "other": "is no field of this form",
            },
        ),
        ({}, {"coolant": "must be filled in", "guard": "must be filled in", "noise": "must be filled in"}),
    ],
)
def test_a_form_says_of_each_entry_what_is_wrong_with_it(entries: dict[str, str], faults: dict[str, str]) -> None:
    assert faults == dict(shipped("form").faults(entries))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("RP-12", DocumentMention("RP-12")),
        ("RP-12: stop, sort, tell QE", DocumentMention("RP-12")),
        ("WI-7 step 3", DocumentMention("WI-7", 3)),
        ("WI-7 Step 3: wipe", DocumentMention("WI-7", 3)),
        ("REACTION", DocumentMention("REACTION")),
        ("stop", None),
        ("stop, tell the setter", None),
        ("hold 100 % and sort", None),
        ("2 pieces again", None),
        ("", None),
    ],
)
def test_a_plan_names_a_document_only_where_that_is_sure(text: str, named: DocumentMention | None) -> None:
    assert named == named_document(text, {"REACTION"})

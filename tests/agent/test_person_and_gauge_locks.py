"""No record by a person or with a gauge that may not measure: refused with what to do, or allowed by whoever may."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from station_floor import BORE, FORCE, LOOKS, WEIGHT, Floor, block, gauge, setup

from gaugetrail_agent.languages.sentences import ENGLISH
from gaugetrail_agent.station.display import display
from gaugetrail_agent.station.keeping.sealing import answer_to
from gaugetrail_agent.station.operator import with_fit_person
from gaugetrail_agent.station.unfinished import journal_text, kept
from gaugetrail_agent.station.words.effect import SealIt, TellEvent
from gaugetrail_agent.station.words.happening import NotRecorded, Recorded
from gaugetrail_contract.documents.people import PeopleList, Person
from gaugetrail_contract.documents.plan import Characteristic
from gaugetrail_contract.events.registry import payload_of
from gaugetrail_contract.events.station import StationOverridden
from gaugetrail_contract.plc_codes import ResultCode
from gaugetrail_contract.record import Override, Verdict

# The floor's first second is 2026-09-21, 14:13:20 UTC.
TODAY, YESTERDAY, TOMORROW = "2026-09-21", "2026-09-20", "2026-09-22"
MEASURE = "operator, setter, inspector or quality engineer"
MIDNIGHT_US = 10 * 3600 * 1_000_000


def held(subject: str = "OP20", kind: str = "operation", issued: str = "2026-01-01", expires: str | None = None) -> Any:
    return {kind: subject, "issued": issued, "expires": expires, "evidence": "TR-1"}


def people(*qualified: Any, roles: tuple[str, ...] = ("operator",), **more: Any) -> PeopleList:
    """OP-12 with these qualifications, a quality engineer, and an approver who has no word at the station."""
    others = [{"badge": "OP-3", "roles": ("quality engineer",)}, {"badge": "OP-5", "roles": ("approver",)}]
    ada = {"badge": "OP-12", "name": "Ada", "roles": roles, "qualified": qualified}
    return PeopleList.model_validate({"person": [ada, *others], **more})


def at(listed: PeopleList | None, *wants: Any, **more: Any) -> Floor:
    return Floor(setup(*(wants or (BORE,)), people=listed, **more))


def refused(floor: Floor) -> list[tuple[str, tuple[str, str] | None]]:
    return [(one.why.id, one.subject) for one in floor.refused]


def overridden(floor: Floor) -> list[StationOverridden]:
    bodies = [effect.body for effect in floor.effects if isinstance(effect, TellEvent)]
    payloads = [payload_of(body.type, body.subject.kind, body.payload) for body in bodies]
    assert all(body.by == "OP-3" and body.role == "quality engineer" for body in bodies)
    return [payload for payload in payloads if isinstance(payload, StationOverridden)]


# --- people


@pytest.mark.parametrize(
    ("listed", "cause", "message"),
    [
        (people(held(expires=TODAY)), None, "OP-12 at the station"),
        (people(held(), qualifications="not_kept"), None, "OP-12 at the station"),
        (None, None, "OP-12 at the station"),
        (people(), "badge.not_qualified", "OP-12 is not qualified for OP20: let somebody measure who is"),
        (
            people(held(expires=YESTERDAY)),
            "badge.qualification_ended",
            "OP-12 was qualified for OP20 until 2026-09-20: have it renewed, or let somebody measure who is",
        ),
        (
            people(held(issued=TOMORROW)),
            "badge.not_yet_qualified",
            "OP-12 is qualified for OP20 only from 2026-09-22: let somebody measure who is now",
        ),
        (
            people(held(), roles=("auditor",)),
            "badge.no_role",
            f"OP-12 has no role that measures: whoever measures is {MEASURE} in the people list",
        ),
    ],
)
def test_a_badge_is_refused_with_what_to_do_where_its_person_may_not_work_here(
    listed: PeopleList | None, cause: str | None, message: str
) -> None:
    floor = at(listed)
    floor.scan("OP-12")
    assert floor.message == message
    assert floor.state.operator == (None if cause else "OP-12")
    assert refused(floor) == ([(cause, ("badge", "OP-12"))] if cause else [])


def test_who_is_qualified_for_one_characteristic_measures_that_one_alone() -> None:
    floor = at(people(held("weight", "characteristic")), WEIGHT, BORE, LOOKS, order="free")
    floor.scan("OP-12")
    floor.scan("SN000001")
    floor.gauge("bore", "74.0", "mm")
    assert refused(floor) == [("badge.not_qualified", ("badge", "OP-12"))]
    (one,) = floor.refused
    assert (one.names["serial"], one.names["gauge"], one.names["badge"]) == ("SN000001", "G-17", "OP-12")
    floor.gauge("scale", "12.0", "g")
    assert floor.state.unit is not None
    assert [taken.characteristic for taken in floor.state.unit.taken] == ["weight"]


def test_a_typed_result_asks_for_the_qualification_too() -> None:
    floor = at(people(held(), own_qualification=("looks",)), LOOKS)
    floor.scan("OP-12")
    floor.scan("SN000001")
    floor.scan("%OK")
    assert floor.message == "OP-12 is not qualified for looks: let somebody measure who is"
    assert floor.state.unit is not None
    assert floor.state.unit.taken == ()
    assert refused(floor) == [("badge.not_qualified", ("badge", "OP-12"))]


def test_a_qualification_that_ends_at_midnight_ends_within_a_shift_and_not_within_a_unit() -> None:
    floor = at(people(held(expires=TODAY)), LOOKS, BORE)
    floor.scan("OP-12")
    floor.scan("SN000001")
    floor.scan("%OK")
    floor.now += MIDNIGHT_US
    floor.gauge("bore", "74.0", "mm")
    assert floor.message == (
        "OP-12 was qualified for OP20 until 2026-09-20: have it renewed, or let somebody measure who is".replace(
            YESTERDAY, TODAY
        )
    )
    floor.scan("%CANCEL")
    floor.say(Recorded("a/e/1", "SN000001", Verdict.INCOMPLETE))
    floor.scan("SN000002")
    assert (floor.state.unit, floor.state.light) == (None, "red")
    assert [cause for cause, _ in refused(floor)] == ["badge.qualification_ended"] * 2


def test_a_list_read_anew_logs_off_who_may_no_longer_work_here() -> None:
    floor = at(people(held()))
    floor.scan("OP-12")
    assert with_fit_person(floor.setup, floor.state, floor.now) == floor.state
    after = with_fit_person(replace(floor.setup, people=people()), floor.state, floor.now)
    assert (after.operator, after.light, after.says and after.says.id) == (None, "amber", "badge.not_qualified")


def test_a_list_read_anew_takes_roles_and_what_could_be_allowed_under_the_one_before() -> None:
    """The quality engineer is an operator now; an operator is an auditor; what was refused is not theirs to allow."""
    floor = at(people())
    floor.scan("OP-12")
    floor.scan("%ALLOW:I stand by")
    demoted = people(held(), roles=("auditor",)).model_copy(
        update={"person": tuple(Person(badge=badge) for badge in ("OP-3", "OP-5"))}
    )
    floor.setup = replace(floor.setup, people=demoted)
    floor.state = with_fit_person(floor.setup, floor.state, floor.now)
    floor.scan("OP-3")
    assert (floor.state.operator, floor.state.overrides, overridden(floor)) == (None, 0, [])
    assert floor.message == "OP-3 is not qualified for OP20: let somebody measure who is"
    floor.scan("%ALLOW:I stand by")
    floor.scan("OP-5")
    assert floor.message == "OP-5 may not allow it: that takes a quality engineer"


def test_whose_role_no_longer_measures_is_logged_off_between_two_units_and_what_was_allowed_ends_with_them() -> None:
    floor = at(people())
    for text in ("OP-12", "%ALLOW:I stand by", "OP-3"):
        floor.scan(text)
    assert floor.state.operator == "OP-12"
    still = with_fit_person(replace(floor.setup, people=people()), floor.state, floor.now)
    assert (still.operator, len(still.allowed)) == ("OP-12", 1), "that lock was lifted, whoever reads the list anew"
    auditor = with_fit_person(replace(floor.setup, people=people(roles=("auditor",))), floor.state, floor.now)
    assert (auditor.operator, auditor.allowed, auditor.says and auditor.says.id) == (None, (), "badge.no_role")


def test_a_qualification_that_ran_out_is_refused_by_the_value_and_the_unit_stays() -> None:
    """Past midnight: what was measured before counts, what comes after waits for somebody who may."""
    floor = at(people(held(expires=TODAY)), WEIGHT, BORE)
    for text in ("OP-12", "SN000001"):
        floor.scan(text)
    floor.gauge("scale", "12.0", "g")
    floor.now += MIDNIGHT_US
    floor.gauge("bore", "74.0", "mm")
    assert floor.message.startswith("OP-12 was qualified for OP20 until 2026-09-21")
    for text in ("%ALLOW:the renewal is on its way", "OP-3"):
        floor.scan(text)
    floor.gauge("bore", "74.0", "mm")
    body = floor.sealed()
    assert (body.verdict, body.override and body.override.who) == (Verdict.PASS, "OP-3")
    floor.say(Recorded("a/e/1", "SN000001", Verdict.PASS))
    floor.scan("SN000002")
    assert (floor.state.unit, floor.state.light) == (None, "red"), "the next unit is another matter"


def test_the_record_says_with_what_qualification_it_was_measured() -> None:
    floor = at(people(held(expires=TODAY)), LOOKS)
    for text in ("OP-12", "SN000001", "%OK"):
        floor.scan(text)
    assert floor.sealed().qualification == "OP20 until 2026-09-21 (TR-1)"
    assert floor.sealed().override is None


# --- gauges


@pytest.mark.parametrize(
    ("row", "cause", "message"),
    [
        (gauge("G-17", TODAY), None, "being recorded"),
        (gauge("G-17", TODAY, characteristics=("bore", "depth")), None, "being recorded"),
        (gauge("G-17", YESTERDAY, grace_days=1, grace_approved_by="QE-3"), None, "being recorded"),
        (
            gauge("G-17", "2026-09-19", grace_days=1, grace_approved_by="QE-3"),
            "value.gauge_unfit",
            "gauge G-17 is overdue for calibration: use another one",
        ),
        (
            gauge("G-17", TODAY, characteristics=("weight", "depth")),
            "value.gauge_bound",
            "gauge G-17 is bound to weight, depth and doesn't measure bore: use another one",
        ),
        (
            gauge("G-17", TODAY, "blocked", characteristics=("weight",)),
            "value.gauge_bound",
            "gauge G-17 is bound to weight and doesn't measure bore: use another one",
        ),
    ],
)
def test_a_gauge_that_may_not_measure_this_is_refused_with_what_to_do(row: Any, cause: str, message: str) -> None:
    floor = at(people(held()), gauges={"G-17": row})
    floor.scan("OP-12")
    floor.scan("SN000001")
    floor.gauge("bore", "74.0", "mm")
    assert floor.message == message
    assert refused(floor) == ([(cause, ("gauge", "G-17"))] if cause else [])


ENTER = "bore diameter: have it entered, or use another one"
FINE = Characteristic(
    name="bore", title="bore diameter", unit="mm", device="bore", gauge_kind="bore gauge", resolution="0.001"
)


@pytest.mark.parametrize(
    ("row", "cause", "message"),
    [
        ({"kind": "bore gauge", "resolution": "0.001"}, None, "being recorded"),
        (
            {"kind": "caliper", "resolution": "0.001"},
            "value.gauge_kind",
            "gauge G-17 is a caliper, the plan wants a bore gauge for bore diameter: use one",
        ),
        (
            {"resolution": "0.001"},
            "value.gauge_of_no_kind",
            f"the gauge register doesn't say what kind of gauge G-17 is; the plan wants a bore gauge for {ENTER}",
        ),
        (
            {"kind": "bore gauge", "resolution": "0.01", "unit": "mm"},
            "value.gauge_coarse",
            "gauge G-17 resolves 0.01 mm, the plan wants 0.001 mm or finer for bore diameter: use another one",
        ),
        (
            {"kind": "bore gauge"},
            "value.gauge_of_no_resolution",
            f"the gauge register doesn't say how finely G-17 resolves; the plan wants 0.001 mm for {ENTER}",
        ),
    ],
)
def test_the_gauge_is_of_the_kind_and_as_fine_as_the_plan_wants(row: Any, cause: str, message: str) -> None:
    floor = at(people(held()), FINE, gauges={"G-17": gauge("G-17", TODAY, **row)})
    for text in ("OP-12", "SN000001"):
        floor.scan(text)
    floor.gauge("bore", "74.0", "mm")
    assert floor.message == message
    assert refused(floor) == ([(cause, ("gauge", "G-17"))] if cause else [])


def test_a_device_without_a_gauge_number_measures_nothing_that_needs_a_kind_of_gauge() -> None:
    for wanted, what in ((FINE, "bore gauge"), (FINE.model_copy(update={"gauge_kind": None}), "0.001 mm")):
        floor = at(people(held()), wanted)
        nameless = replace(floor.setup.devices["bore"], gauge=None)
        floor.setup = replace(floor.setup, devices={**floor.setup.devices, "bore": nameless})
        for text in ("OP-12", "SN000001"):
            floor.scan(text)
        floor.gauge("bore", "74.0", "mm")
        start = f"bore has no gauge number in the settings, and the plan wants a {what} for bore diameter: "
        assert floor.message == f"{start}call the technician"
        for text in ("%ALLOW:it is the right one", "OP-3"):
            floor.scan(text)
        assert overridden(floor)[0].gauge is None
        floor.gauge("bore", "74.0", "mm")
        assert floor.sealed().override is not None


def test_people_are_qualified_for_the_plans_operation_where_it_says_one() -> None:
    floor = at(people(held("OP99")))
    file = floor.setup.plan.file.model_copy(update={"operation": "OP99"})
    floor.setup = replace(floor.setup, plan=replace(floor.setup.plan, file=file))
    floor.scan("OP-12")
    assert floor.state.operator == "OP-12"


def test_a_value_within_the_grace_says_who_gave_it() -> None:
    row = gauge("G-17", YESTERDAY, grace_days=14, grace_approved_by="QE-3", certificate="C-9")
    floor = at(people(held()), gauges={"G-17": row})
    floor.scan("OP-12")
    floor.scan("SN000001")
    floor.gauge("bore", "74.0", "mm")
    body = floor.sealed()
    why = "G-17 overdue since 2026-09-20: 14 days of grace"
    assert body.override == Override(who="gauge register", why=why, approved_by="QE-3")
    assert (body.measurements[0].calibration, body.measurements[0].certificate) == ("overdue", "C-9")


@pytest.mark.parametrize(
    ("row", "locked"),
    [
        (gauge("G-19", TODAY), False),
        (gauge("G-19", YESTERDAY), True),
        (gauge("G-19", None, "blocked"), True),
        (gauge("G-19", TODAY, characteristics=("torque",)), True),
        (gauge("G-19", YESTERDAY, grace_days=1, grace_approved_by="QE-3"), False),
    ],
)
def test_an_automatic_station_rejects_a_part_that_such_a_gauge_measured_and_keeps_what_came(
    row: Any, locked: bool
) -> None:
    floor = at(None, FORCE, mode="automatic", gauges={"G-19": row})
    floor.say(block("SN000001", "15"))
    (sealed,) = [effect for effect in floor.effects if isinstance(effect, SealIt)]
    body = floor.sealed()
    assert (sealed.locked, answer_to(sealed)) == (locked, ResultCode.REJECTED if locked else ResultCode.STORED_PASS)
    assert (body.serial, body.measurements[0].value) == ("SN000001", None if locked else "15")
    assert body.verdict is (Verdict.INCOMPLETE if locked else Verdict.PASS)
    assert [subject for _, subject in refused(floor)] == ([("gauge", "G-19")] if locked else [])


def test_a_part_that_lacks_a_value_for_another_reason_is_stored_as_ever() -> None:
    floor = at(None, FORCE, mode="automatic", gauges={"G-19": gauge("G-19", TODAY)})
    floor.say(block("SN000001", None))
    (sealed,) = [effect for effect in floor.effects if isinstance(effect, SealIt)]
    assert (sealed.locked, answer_to(sealed)) == (False, ResultCode.STORED_FAIL)


# --- allowed by whoever may


def with_unfit_gauge() -> Floor:
    floor = at(people(held()), gauges={"G-17": gauge("G-17", YESTERDAY)})
    floor.scan("OP-12")
    floor.scan("SN000001")
    floor.gauge("bore", "74.0", "mm")
    return floor


def test_somebody_with_the_role_lets_the_gauge_measure_for_a_reason_that_stands_in_the_record() -> None:
    floor = with_unfit_gauge()
    floor.scan("%ALLOW:the laboratory is full, checked by the master")
    assert floor.message == (
        "scan the badge of a quality engineer to allow it: gauge G-17 is overdue for calibration: use another one"
    )
    floor.scan("OP-3")
    assert (floor.message, floor.state.operator) == ("OP-3 allows it: go on", "OP-12")
    floor.gauge("bore", "74.0", "mm")
    body = floor.sealed()
    why = "gauge G-17 is overdue for calibration: use another one: the laboratory is full, checked by the master"
    assert body.override == Override(who="OP-3", why=why)
    assert (body.verdict, body.measurements[0].calibration) == (Verdict.PASS, "overdue")
    (event,) = overridden(floor)
    assert event == StationOverridden(
        cause="value.gauge_unfit",
        refused="gauge G-17 is overdue for calibration: use another one",
        why="the laboratory is full, checked by the master",
        operator="OP-12",
        gauge="G-17",
        serial="SN000001",
    )


def test_what_was_allowed_is_counted() -> None:
    floor = at(people(held()), WEIGHT, gauges={"G-18": gauge("G-18", None, "blocked")})
    for scan in ("OP-12", "SN000001"):
        floor.scan(scan)
    for count in (1, 2):
        floor.gauge("scale", "12.0", "g")
        floor.scan("%ALLOW:checked against the master")
        floor.scan("OP-12")  # who is refused allows nothing
        floor.scan("%ALLOW:checked against the master")
        floor.scan("OP-3")
        assert display(floor.setup, floor.state).document(ENGLISH)["overrides"] == count
        floor.gauge("scale", "12.0", "g")
        floor.say(Recorded("r", "SN000001", Verdict.PASS))
        floor.scan("SN000002")


def test_what_was_allowed_for_one_unit_is_not_for_the_next() -> None:
    floor = with_unfit_gauge()
    floor.scan("%ALLOW:for this one")
    floor.scan("OP-3")
    floor.gauge("bore", "74.0", "mm")
    floor.say(Recorded("a/e/1", "SN000001", Verdict.PASS))
    floor.scan("SN000002")
    floor.gauge("bore", "74.1", "mm")
    assert refused(floor) == [("value.gauge_unfit", ("gauge", "G-17"))] * 2
    floor.scan("%CANCEL")
    assert floor.sealed().override is None


def test_what_is_allowed_is_that_one_lock_and_no_other() -> None:
    row = gauge("G-17", YESTERDAY, characteristics=("weight",))
    floor = at(people(held()), gauges={"G-17": row})
    for text in ("OP-12", "SN000001"):
        floor.scan(text)
    floor.gauge("bore", "74.0", "mm")
    floor.scan("%ALLOW:no other one is free")
    floor.scan("OP-3")
    floor.gauge("bore", "74.0", "mm")
    assert [cause for cause, _ in refused(floor)] == ["value.gauge_bound", "value.gauge_unfit"]
    floor.scan("%allow: and it is due today only")
    floor.scan("OP-3")
    floor.gauge("bore", "74.0", "mm")
    override = floor.sealed().override
    assert override is not None
    assert override.who == "OP-3"
    assert override.why == (
        "gauge G-17 is bound to weight and doesn't measure bore: use another one: no other one is free (OP-3); "
        "gauge G-17 is overdue for calibration: use another one: and it is due today only (OP-3)"
    )


def test_a_person_who_is_not_qualified_works_until_somebody_else_is_at_the_station() -> None:
    floor = at(people(), LOOKS)
    for text in ("OP-12", "%ALLOW:in training, I stand beside", "OP-3"):
        floor.scan(text)
    assert (floor.message, floor.state.operator) == ("OP-3 allows it: OP-12 at the station", "OP-12")
    for number in (1, 2):
        floor.scan(f"SN00000{number}")
        floor.scan("%OK")
        why = "OP-12 is not qualified for OP20: let somebody measure who is: in training, I stand beside"
        assert floor.sealed().override == Override(who="OP-3", why=why)
        floor.say(Recorded(f"a/e/{number}", f"SN00000{number}", Verdict.PASS))
    assert len(overridden(floor)) == 1
    floor.scan("%LOGOFF")
    floor.scan("OP-12")
    assert floor.state.operator is None


@pytest.mark.parametrize(
    ("scans", "cause", "message"),
    [
        (["%ALLOW:why"], "allow.nothing", "nothing is refused that could be allowed"),
        (["OP-99", "%ALLOW:why"], "allow.nothing", "nothing is refused that could be allowed"),
        (["OP-12", "%ALLOW"], "allow.no_reason", "say why it should be allowed: %ALLOW:reason"),
        (["OP-12", "%ALLOW: "], "allow.no_reason", "say why it should be allowed: %ALLOW:reason"),
        (["OP-12", "%ALLOW:why", "OP-5"], "allow.no_role", "OP-5 may not allow it: that takes a quality engineer"),
        (["OP-12", "%ALLOW:why", "OP-99"], "badge.unknown", "OP-99 is not in the people list"),
        (["OP-3", "%ALLOW:why", "OP-3"], "allow.oneself", "OP-3 can't allow this for themselves: somebody else must"),
        (
            ["OP-12", "%ALLOW:why", "hello", "OP-3"],
            "badge.not_qualified",
            "OP-3 is not qualified for OP20: let somebody measure who is",
        ),
    ],
)
def test_what_can_not_be_allowed_or_by_this_person_is_refused(scans: list[str], cause: str, message: str) -> None:
    floor = at(people())
    for text in scans:
        floor.scan(text)
    assert (floor.message, floor.state.operator, overridden(floor)) == (message, None, [])
    assert refused(floor)[-1][0] == cause


def test_without_a_people_list_or_a_role_for_it_nobody_allows_anything() -> None:
    for listed, roles in ((None, ("quality engineer",)), (people(held()), ())):
        floor = at(listed, gauges={"G-17": gauge("G-17", YESTERDAY)})
        floor.setup = replace(floor.setup, override_roles=roles)
        for text in ("OP-12", "SN000001"):
            floor.scan(text)
        floor.gauge("bore", "74.0", "mm")
        floor.scan("%ALLOW:why")
        assert floor.message == ("nobody may allow this here: gauge G-17 is overdue for calibration: use another one")
        assert floor.state.plea is None


def test_an_allowance_outlives_a_restart_in_the_record_and_what_comes_is_asked_again() -> None:
    floor = at(people(held()), BORE, LOOKS, gauges={"G-17": gauge("G-17", YESTERDAY)})
    for text in ("OP-12", "SN000001"):
        floor.scan(text)
    floor.gauge("bore", "74.0", "mm")
    floor.scan("%ALLOW:the master fits")
    floor.scan("OP-3")
    floor.gauge("bore", "74.0", "mm")
    unit = floor.state.unit
    assert unit is not None
    left = kept(floor.setup, floor.state, unit, floor.now * 1000)
    assert journal_text(left)
    again = at(people(held()), BORE, LOOKS, gauges={"G-17": gauge("G-17", YESTERDAY)})
    again.state = replace(again.state, unfinished=left)
    for text in ("OP-12", "SN000001", "%OK"):
        again.scan(text)
    assert again.sealed().override == left.override == floor.kept[-1].override
    assert again.sealed().override is not None


def test_a_part_that_waits_for_the_spool_is_not_asked_about() -> None:
    floor = with_unfit_gauge()
    floor.scan("%CANCEL")
    floor.say(NotRecorded("full"))
    floor.scan("%ALLOW:why")
    assert floor.state.plea is None
    assert ENGLISH.text(floor.state.says) if floor.state.says else ""

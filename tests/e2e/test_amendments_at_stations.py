"""A record is put right from a station: an approver is there, or the office approves. With real processes."""

from __future__ import annotations

import json
import re
import urllib.parse
from contextlib import closing
from typing import Any

import pytest
from console_floor import quick_line
from console_visitor import ConsoleVisitor
from floor import Floor, Operator, until
from writing_desk import Office, office_of

from gaugetrail_collector.amendments.requests import read_requests
from gaugetrail_contract.documents.editions import DocumentKind

pytestmark = [pytest.mark.processes, pytest.mark.mosquitto, pytest.mark.waits]

PEOPLE = {"OP-1": "operator", "OP-31": "quality engineer", "uwe": "approver", "ida": "administrator"}
LIST = 'id = "PL-1"\nrevision = "1"\nqualifications = "not_kept"\n' + "".join(
    f'[[person]]\nbadge = "{badge}"\nroles = ["{role}"]\n' for badge, role in PEOPLE.items()
)
PASSWORD = "the words of uwe"


def written(floor: Floor) -> None:
    """A console with a user, and a station with the people list of the office."""
    (floor.folder / "users").write_text(quick_line("uwe", PASSWORD))
    collector = floor.folder / "collector.toml"
    collector.write_text(collector.read_text() + '[console]\nport = 0\nusers = "users"\n')
    (floor.folder / "people.toml").write_text(LIST)
    agent = floor.write_agent()
    agent.write_text(agent.read_text().replace('line = "l"\n', 'line = "l"\npeople = "people.toml"\n'))


def amended(floor: Floor, serial: str) -> dict[str, Any]:
    """What holds of the unit's record, once something else does; with who asked and who approved."""

    def told() -> dict[str, Any] | None:
        _, out, _ = floor.ask_here("gaugetrail-collector", "trace", serial, "--config", "collector.toml", "--json")
        found = json.loads(out or '{"inspections": []}')
        return found if any(one.get("effective") for one in found["inspections"]) else None

    found = until(told, f"{serial} is amended")
    assert isinstance(found, dict)
    (amendment,) = found["amendments"]
    persons = amendment["requested_by"], amendment["approved_by"], amendment["agent"]
    return {"effective": found["inspections"][0]["effective"], "persons": persons}


def approved_in_the_console(floor: Floor) -> None:
    """By a user whom the list calls an approver, who sees where it was asked for."""
    port = int((floor.folder / "collector-data" / "console.port").read_text())
    visitor = ConsoleVisitor(port)
    assert visitor.log_on("uwe", PASSWORD)

    def waiting() -> list[dict[str, Any]]:
        return list(json.loads(visitor.ask("GET", "/api/amendments")[1])["mine"])

    (request,) = until(waiting, "the request waits in the console")  # type: ignore[misc]
    assert (request["requested_by"], request["station"], request["new"]) == ("OP-1", "OP10", "1.60")
    _, page = visitor.ask("GET", "/amendment?" + urllib.parse.urlencode({"id": request["request"]}))
    assert "asked for at OP10" in page
    token = re.search(r'name="token" value="([^"]+)"', page)
    assert token
    fields = {"token": token[1], "id": request["request"], "what": "approve", "password": PASSWORD}
    code, said = visitor.ask("POST", "/amendment", urllib.parse.urlencode(fields))
    assert (code, "approved (record collector:collector/" in said) == (200, True), said


def asks(operator: Operator, id_: str) -> None:
    operator.see(lambda now: now["asks"] == id_)


def at_the_station(operator: Operator) -> None:
    """Two units; one was none, which an engineer approves there, of the other a value was typed wrongly."""
    operator.log_on()
    operator.inspect("SN1")
    operator.inspect("SN2")
    operator.type("%VOID:measured the master by mistake")
    asks(operator, "amend.which")
    operator.type("SN1")
    asks(operator, "amend.badge")
    operator.type("OP-31")
    operator.see(lambda now: now["says"] == "amend.approved")
    operator.type("%CORRECT:a slip of the finger")
    asks(operator, "amend.which")
    operator.type("SN2")
    asks(operator, "amend.which_value")
    operator.type("depth")
    asks(operator, "amend.new")
    operator.type("1,60")
    asks(operator, "amend.badge")
    operator.type("%LATER")
    operator.see(lambda now: now["says"] == "amend.asked")


def once(office: Office) -> list[tuple[str, str, str]]:
    return [(one.action, one.fate, one.answered_by) for one in read_requests(office.store)]


def test_a_unit_is_voided_at_the_station_and_a_value_corrected_with_the_office(floor: Floor) -> None:
    with office_of(floor) as office:
        written(floor)
        office.take_in("PL-1", LIST.encode(), "1", DocumentKind.PEOPLE)
        floor.broker()
        floor.collector()
        floor.agent()
        with closing(Operator(floor)) as operator:
            at_the_station(operator)
        void = {"void": True, "excluded": [], "changes": {}}
        assert amended(floor, "SN1") == {"effective": void, "persons": ("OP-1", "OP-31", "collector:collector")}
        approved_in_the_console(floor)
        changed = {"void": False, "excluded": [], "changes": {"depth": "1.60"}}
        assert amended(floor, "SN2") == {"effective": changed, "persons": ("OP-1", "uwe", "collector:collector")}
        assert once(office) == [("void", "approved", "OP-31"), ("correct", "approved", "uwe")]
        assert floor.verify()["ok"] is True

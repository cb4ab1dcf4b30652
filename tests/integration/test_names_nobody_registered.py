"""A23 on the whole path: real mosquitto, InfluxDB, collector and agent; a stranger invents names beside a line PC."""

from __future__ import annotations

import pytest
from floor import Floor, Operator, until
from wire import Wire, chain, inspection

pytestmark = [pytest.mark.processes, pytest.mark.mosquitto, pytest.mark.influxdb]


HELP = "keys register pc1"


def says(status: dict[str, object] | None) -> bool:
    """Whether one of its alarms says what to do."""
    return HELP in str((status or {}).get("alarms"))


def waiting(wire: Wire) -> object:
    """How many records wait at the line PC, as it says itself; null before it says anything."""
    spool = wire.agents.get("pc1", {}).get("spool")
    return spool["waiting"] if isinstance(spool, dict) else None


def test_a23_a_stranger_uses_up_no_room_of_a_line_pc_and_a_full_bound_keeps_records_where_they_are(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names that a stranger invents fill the small bound. What our line PC brings then waits at its own place, named at
    both ends with the command that helps, and goes in by itself once that is given; nothing is lost.
    """
    monkeypatch.setenv("GAUGETRAIL_AGENT_MQTT__RESEND_SECS", "0.2")
    floor.broker()
    floor.influxd()
    settings = floor.write_collector("influxdb")
    settings.write_text(settings.read_text() + "[guard]\nstation = 30\n[readback]\nlook_secs = 0.3\ngrace_secs = 0.3\n")
    floor.collector()
    with Wire(floor.mqtt_port) as wire:
        wire.wait_for_store("collector", "up")
        for number in range(6):
            name = f"evil-{number}"
            wire.send_records(chain([inspection(f"{name}-1", station=f"X{number}")], name), name)
        until(lambda: sum(map(len, wire.held.values())) == 3, "three of six strangers' stations are too many")
        floor.write_agent()
        floor.agent()
        operator = Operator(floor)
        operator.log_on()
        operator.inspect("SN1")
        until(lambda: says(wire.agents.get("pc1")), "the line PC says what to do")
        assert waiting(wire), "it has the record still"
        code, out, err = floor.ask("gaugetrail-collector", "keys", "register", "pc1", "--config", "collector.toml")
        assert (code, err) == (0, ""), out
        until(lambda: not says(wire.agents["pc1"]), "nothing is said any more")
        assert waiting(wire) == 0, "it has gone in by itself"
        assert wire.statuses["collector"].get("gaps", 0) == 0, "nothing was called missing"
    operator.close()

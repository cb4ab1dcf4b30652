"""What is not well with a running agent, each in one line with its cure. Pure: facts in, findings out.

A cure is chosen by the words of the sentence that names the trouble, which stand in one place each: `links` and
`drivers.stream` for devices, `delivery.broker_line` for the broker, the catalogue for stations. A sentence that no cure
is known for keeps its own words and says where to look.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from gaugetrail_agent.delivery.collector_troubles import CURE
from gaugetrail_agent.drivers.stream import DeviceState
from gaugetrail_agent.health.calibration import SOON_DAYS
from gaugetrail_agent.health.report import COPIED
from gaugetrail_agent.languages.sentences import ENGLISH
from gaugetrail_agent.links.wire_tap import WireTap
from gaugetrail_agent.station.display import Display
from gaugetrail_contract.clock import ClockTrust
from gaugetrail_contract.escapes import visible_bytes
from gaugetrail_contract.findings import Finding
from gaugetrail_contract.status import AgentStatus, SpoolStatus
from gaugetrail_service.mqtt.broker_limits import cure_of

SILENT_SECS = 20.0
"""How long a station waits for a device that has sent nothing before that is a trouble."""
HANGS_SECS = 30.0
LEAST_FREE = 0.05
LEAST_BYTES = 50_000_000

LOCKED, CLOSE_IT = " has locked ", "close that program; it goes on by itself"
STARTING = Finding("agent", "it is starting", "ask again in a moment")

WRONG_LINE = "put baud, parity and bytesize of its [[link]] as the gauge's menu says, or name its right driver"
DEVICE_CURES = (
    ("not intelligibly", WRONG_LINE),
    (
        "no such port|file is gone",
        "plug the adapter in, or put its port right; gaugetrail-agent ports lists those there",
    ),
    ("permission denied", "usermod -aG dialout USER for the service's user, then start the service again"),
    ("busy", "stop that program, or give the gauge a port of its own"),
    ("connection refused", "switch the device on, and look at its address and port in [[link]]"),
    ("no route|unreachable|no answer in|no longer answers", "look at its power, its network cable and its address"),
    ("name is unknown", "put host in [[link]] right, or give the address as numbers"),
    ("fault of ours", "report it with the traceback in the agent's log"),
    ("no answer to", "switch the gauge on and out of its menus; gaugetrail-agent tap {device} shows what it says"),
    ("nothing from", "press its DATA key; gaugetrail-agent tap {device} shows whether bytes come at all"),
    ("refuse", "put the address and type of these values right; gaugetrail-agent check --probe asks each"),
    (
        "no reply|didn't answer|no answer",
        "look at its power, unit id and cable; gaugetrail-agent tap {device} shows the wire",
    ),
    ("closed by the device|reset", "look whether it restarts, or lets in one client only and another program has it"),
    ("broken", "look at the cable and the adapter"),
)
OTHER_CURES = {
    "not taken": "what the sentence says, at the collector; it waits in the spool meanwhile, and goes in by itself",
}
BROKER_CURES = (
    (
        "no broker at",
        "start the broker there, or put host and port of [mqtt] right; gaugetrail-agent doctor looks closer",
    ),
    ("two agents have one id", "give one of the two PCs another [agent] id (and client_id)"),
    ("was known by", "on that host: gaugetrail-collector keys restore FILE; nothing is to be done here"),
    ("under its name", "let collectors alone write gaugetrail/v1/collectors/# at the broker; nothing is lost by it"),
    ("two collectors have one id", "stop one of the two collectors, and give it another id (and client_id)"),
    ("write to two stores", "stop the collector that doesn't belong here, or give it another group under [mqtt]"),
    ("somebody else takes them", "look who is connected to the broker; let collectors alone read records there"),
    ("certificate|TLS|tls_", "have the certificate renewed, or put tls_ca, tls_cert and tls_key of [mqtt] right"),
    ("refuses the connection", "put username and password of [mqtt] right, and look at the broker's log"),
    (
        "a record alone is larger",
        "raise message_size_limit and max_packet_size in the broker's settings; it waits again by itself",
    ),
    ("refuses the topic|drops the connection", "allow this user to write the topic in the broker's access rules"),
    ("store is down", "gaugetrail-collector status on the collector's machine says what its store lacks"),
    ("no collector is online", "start the collector, or look at its connection to the broker"),
    ("no receipt", "gaugetrail-collector keys ls, its log, and the broker's access rules"),
    ("not connected yet", "wait a moment"),
    ("is lost", "look at the network and the broker; it connects by itself"),
)
STATION_CURES = {
    "badge.first": "scan a badge before the unit",
    "badge.unknown": "use a badge of the people list, or add the person to it and start the agent again",
    "badge.unusable": "print the badge anew",
    "unit.no_unit": "scan the unit's own code, or put unit_pattern of the station right",
    "unit.other_part": "fetch the right part, or the plan for this one",
    "unit.identifier_unusable": "print the label anew, or put unit_pattern right",
    "unit.code_unusable": "gaugetrail-agent scan tells what is wrong with the code; print the label anew",
    "unit.no_identifier": "scan the unit's own code; gaugetrail-agent scan shows what this one holds",
    "value.no_unit": "set settings.unit of the device to what its display shows",
    "value.other_unit": "switch the gauge over to the plan's unit",
    "value.gauge_unfit": "use a calibrated gauge, or enter the new date in the gauge register",
    "value.no_value": "measure again; gaugetrail-agent tap {device} shows what the gauge says",
    "value.error_code": "the gauge's manual explains the code; then measure again",
    "value.not_wanted": "use the gauge that the station asks for",
    "value.not_kept": "make room on the disk (gaugetrail-agent spool stats), then measure again",
    "fresh.unseen": "look at its power and cable; gaugetrail-agent tap {device} shows whether bytes come",
    "scan.no_read": "clean the label, and look at the reader's distance and light",
    "scan.unusable": "print the label anew; gaugetrail-agent scan tells what is wrong with it",
    "block.identifier_unreadable": "look at what the PLC writes there",
    "block.no_identifier": "name the value that holds it: serial_channel, part_channel, order_channel and their like",
    "block.identifier_unusable": "look at what the PLC writes there, and at unit_pattern",
    "block.serial_of_no_unit": "look at what the PLC writes as serial, and at unit_pattern",
    "block.no_automatic_station": 'set mode = "automatic" at the station of this PLC',
    "record.not_recorded": "make room on the disk (gaugetrail-agent spool stats); it goes on by itself",
}


def device(name: str, state: DeviceState | None, tap: WireTap) -> Iterator[Finding]:
    """What is wrong with a device and its wire."""
    about = f"device {name}"
    if state is None:
        return
    if not state.up or state.detail:
        what = state.detail.removeprefix(f"{name}: ") or "not opened yet"
        yield Finding(
            about, what, _cure(DEVICE_CURES, what, name, "gaugetrail-agent check --probe, once it is stopped")
        )
        return
    came = [chunk.data for chunk in tap.last() if chunk.way == "in"]
    if state.garbled and not state.readings:
        yield Finding(about, f"each of its {state.garbled} frames is garbled, last {_shown(came)}", WRONG_LINE)
    elif came and not state.frames and tap.bytes_in > len(came[-1]):
        yield Finding(about, f"bytes come, but no frame is whole: {_shown(came)}", WRONG_LINE, wrong=tap.bytes_in > 200)


def _shown(came: Sequence[bytes]) -> str:
    return visible_bytes(came[-1][-24:]) if came else "nothing"


def station(name: str, display: Display, secs: float, bytes_age: Callable[[str], float | None]) -> Iterator[Finding]:
    """What a station complains of, and a gauge that it waits for in vain."""
    about, says = f"station {name}", display.state.says
    if says is not None and display.state.light in ("amber", "red") and says.id in STATION_CURES:
        cure, text = STATION_CURES[says.id].format(device=says.values.get("device", "DEVICE")), ENGLISH.text(says)
        yield Finding(about, text, CLOSE_IT if LOCKED in text else cure)
    wanted = display.next.device if display.next is not None else None
    if wanted is None or secs < SILENT_SECS:
        return
    age = bytes_age(wanted)
    if age is None or age > secs:
        yield Finding(
            f"device {wanted}",
            f"silent: {name} has waited for it for {secs:.0f} s and no byte came",
            f"press its DATA key and look at cable and output setting; gaugetrail-agent tap {wanted} shows the wire",
        )


def broker(complaint: str, where: str, limits: Sequence[str] = ()) -> Iterator[Finding]:
    """What is wrong with delivery, if anything is; and what the broker doesn't allow, which is no fault."""
    for limit in limits:
        yield Finding("broker", limit, cure_of(limit), wrong=False)
    if complaint:
        yield Finding("broker", complaint, _cure(BROKER_CURES, complaint, "", f"gaugetrail-agent doctor asks {where}"))


def stranger(alarm: str) -> Iterator[Finding]:
    """A collector that answers and isn't known here."""
    what, _, cure = alarm.partition(CURE)
    if what:
        yield Finding("collector", what, f"if it is yours: {cure}")


def spool(state: SpoolStatus | None, folder: Path) -> Iterator[Finding]:
    """What is wrong with the queue."""
    if state is None:
        return
    if state.full:
        what = f"it takes no records, so parts are not recorded: {state.refuses or 'as many wait as it may hold'}"
        room = f"make room on the disk of {folder}, or raise [spool] max_mb; it goes on by itself"
        yield Finding("spool", what, CLOSE_IT if LOCKED in what else room)
    if state.set_aside:
        what = f"{_counted(state.set_aside, 'record')} set aside, here or by the collector"
        cure = "gaugetrail-agent spool ls --state set-aside says why; then spool retry"
        yield Finding("spool", what, cure)
    if state.branched:
        cure = "if it was put back or copied on purpose, nothing; else give one of the two PCs another [agent] id"
        yield Finding("spool", COPIED.partition(";")[0], cure, wrong=False)
    if state.damaged:
        what = f"the disk has spoilt {_counted(state.damaged, 'record')}"
        yield Finding("spool", what, "gaugetrail-agent spool ls --state damaged; change the disk")


def disk(folder: Path, room: Mapping[str, int]) -> Iterator[Finding]:
    """A disk that is nearly full."""
    if not room:
        yield Finding("disk", f"the folder {folder} can't be looked at", "look whether its disk is there")
    elif room["free_bytes"] < min(LEAST_BYTES, LEAST_FREE * room["total_bytes"]):
        what = f"{room['free_bytes'] / 1e6:.0f} MB of {room['total_bytes'] / 1e6:.0f} MB are free for {folder}"
        yield Finding("disk", what, "make room: a full disk stops the stations, and they go on by themselves")


def clock(document: AgentStatus) -> Iterator[Finding]:
    """A clock that is wrong, or that nobody sets."""
    early = [text for text in document.alarms if text.startswith("the clock of this PC")]
    for text in early:
        set_it = "set it (timedatectl set-time), and let it reach a time source"
        right = 'if it is right, let it reach a time source, or say clock = "kept" in [agent]; if not, set it'
        yield Finding("clock", text.partition(":")[0], set_it if "says a day before" in text else right)
    if not early and document.clock is not ClockTrust.SYNCED:
        what = f"it is {document.clock}; records say so and keep their order"
        yield Finding("clock", what, "timedatectl says why; let it reach its time source", wrong=False)


def log(document: AgentStatus) -> Iterator[Finding]:
    """A log that nobody took in time."""
    if document.log_dropped:
        what = f"{_counted(document.log_dropped, 'line')} of it lost since the start: its reader stood still"
        cure = "look at the journal, or at what reads the service's output"
        yield Finding("log", what, cure, wrong=False)


def calibration(gauges: Sequence[Mapping[str, object]]) -> Iterator[Finding]:
    """Gauges that are not fit, or soon won't be."""
    for one in gauges:
        about = f"gauge {one['gauge']}"
        if one["state"] == "overdue":
            what = f"({one['device']}) overdue for calibration since {one['due']}"
            yield Finding(
                about, what, "have it calibrated and enter the new date in the gauge register, or use another"
            )
        elif one["state"] == "blocked":
            yield Finding(about, f"({one['device']}) blocked in the gauge register", "use another gauge")
        elif one["state"] == "unknown":
            what = f"({one['device']}) has no calibration date in the gauge register"
            yield Finding(about, what, "enter it under [agent] gauges", wrong=False)
        elif isinstance(one["days_left"], int) and one["days_left"] <= SOON_DAYS:
            what = f"({one['device']}) due for calibration on {one['due']}"
            yield Finding(about, what, "have it calibrated in time", wrong=False)


def reported(age_secs: float) -> Iterator[Finding]:
    """An agent whose own loop stands still."""
    if age_secs > HANGS_SECS:
        yield Finding("agent", f"it has not reported for {age_secs:.0f} s: it hangs", "start it again; keep its log")


def others(alarms: Mapping[str, str], found: Sequence[Finding]) -> list[Finding]:
    """Alarms of what no finding names yet."""
    named = {finding.about for finding in found}
    keys = {key: key.replace("refused ", "station ") for key in alarms}
    return [
        Finding(keys[key], text, OTHER_CURES.get(key, "the agent's log says more"))
        for key, text in alarms.items()
        if keys[key] not in named
    ]


def _cure(cures: Sequence[tuple[str, str]], what: str, device: str, otherwise: str) -> str:
    found = (cure for words, cure in cures if re.search(words, what))
    return next(found, otherwise).format(device=device)


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" + ("s" if count != 1 else "")

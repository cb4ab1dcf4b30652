"""What a running agent answers when it is asked how it is: one JSON object, made on the desk's thread.

Made of what the parts have said last, of what passed over the wires last, and of files: the documents the agent works
by, certificates, the room on its disk. Nothing of it asks a part, so a part that hangs is told of and hangs nobody.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from gaugetrail_agent.config import AgentConfig
from gaugetrail_agent.doubts.doors import open_doors
from gaugetrail_agent.health.calibration import standings
from gaugetrail_agent.health.report import Health
from gaugetrail_agent.inquiries import troubles
from gaugetrail_agent.inquiries.desk import chunk_line
from gaugetrail_agent.inquiries.papers import changed_papers
from gaugetrail_agent.languages.sentences import ENGLISH
from gaugetrail_agent.links.wire_tap import WireTap
from gaugetrail_agent.station.display import Display
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.findings import Finding
from gaugetrail_contract.status import AgentStatus
from gaugetrail_service.certificates.ends import Certificate, certificate_at
from gaugetrail_service.process import own_version


@dataclass(frozen=True, slots=True)
class Shown:
    """What a station shows, and since when (monotonic seconds)."""

    display: Display
    since: float


class AgentReport:
    """`tell` and `show` on the agent's loop, `answer` on any thread."""

    def __init__(
        self,
        config: AgentConfig,
        health: Health,
        taps: Mapping[str, WireTap],
        mono: Callable[[], float] = time.monotonic,
    ) -> None:
        self._config = config
        self._health = health
        self._taps = taps
        self._mono = mono
        self._told: tuple[AgentStatus, float] | None = None
        self._shown: dict[str, Shown] = {}
        self._refused: dict[str, tuple[str, str]] = {}

    def tell(self, document: AgentStatus) -> None:
        """The status document that was just published."""
        self._told = (document, self._mono())

    def work_by(self, config: AgentConfig) -> None:
        """Other settings are in force."""
        self._config = config

    def show(self, display: Display) -> None:
        """A station shows something else."""
        self._shown[display.station] = Shown(display, self._mono())
        says = display.state.says
        if says is not None and says.id.startswith(("value.", "fresh.")) and display.state.light == "amber":
            device = str(says.values.get("device", ""))
            self._refused[device] = (ENGLISH.text(says), utc_text(self._health.clock.now_us()))

    def answer(self) -> dict[str, object]:
        """Everything, with what is not well in front."""
        if self._told is None:
            return {"well": False, "findings": [troubles.STARTING.as_json()]}
        before, told_at = self._told
        document = self._health.document(before.spool, before.delivery) if before.spool else before
        certificates = list(self._certificates())
        alarms = self._health.alarms()  # once: what is raised meanwhile is the next answer's
        found = [*self._findings(document, certificates, alarms), *troubles.reported(self._mono() - told_at)]
        found += troubles.others(alarms, found)
        return {
            "well": not any(finding.wrong for finding in found),
            "findings": [finding.as_json() for finding in found],
            "agent": self._agent(document),
            "devices": {table.name: self._device(table.name, document) for table in self._config.settings.device},
            "stations": {name: _station(shown) for name, shown in sorted(dict(self._shown).items())},
            "broker": {"address": self._broker(), **(document.delivery.model_dump() if document.delivery else {})},
            "spool": document.spool.model_dump() if document.spool else {},
            "disk": _disk(self._config.data_dir),
            "clock": {"time": document.time, "trust": document.clock},
            "calibration": self._calibration(),
            "certificates": [one.as_json() for one in certificates],
            "alarms": list(document.alarms),
        }

    def _findings(
        self, document: AgentStatus, certificates: list[Certificate], alarms: Mapping[str, str]
    ) -> Iterator[Finding]:
        now = self._mono()
        for table in self._config.settings.device:
            state, tap = self._health.devices.get(table.name), self._taps[table.name]
            yield from troubles.device(table.name, state, tap)
        for name, shown in sorted(dict(self._shown).items()):
            yield from troubles.station(name, shown.display, now - shown.since, self._bytes_age)
        complaint = alarms.get("broker") or (document.delivery.detail if document.delivery else "")
        limits = document.delivery.broker_limits if document.delivery else ()
        yield from troubles.broker(complaint, self._broker(), limits)
        yield from troubles.stranger(alarms.get("collector", ""))
        yield from troubles.spool(document.spool, self._config.data_dir)
        yield from troubles.disk(self._config.data_dir, _disk(self._config.data_dir))
        yield from troubles.clock(document)
        yield from troubles.log(document)
        yield from troubles.calibration(self._calibration())
        yield from (finding for one in certificates for finding in one.findings(self._now()))
        yield from changed_papers(self._config)
        yield from (door.finding() for door in open_doors(self._config) if door.reason is not None)

    def _bytes_age(self, device: str) -> float | None:
        """Seconds since the device has sent a byte; null when it never has."""
        came = [chunk.us for chunk in self._taps[device].last() if chunk.way == "in"] if device in self._taps else []
        return (time.time_ns() // 1000 - came[-1]) / 1e6 if came else None

    def _agent(self, document: AgentStatus) -> dict[str, object]:
        table = self._config.settings.agent
        return {
            "id": table.id,
            "site": table.site,
            "line": table.line,
            "version": own_version(),
            "started": document.started,
            "process": os.getpid(),
            "settings": str(self._config.loaded.path),
            "data_dir": str(self._config.data_dir),
        }

    def _device(self, name: str, document: AgentStatus) -> dict[str, object]:
        state, tap = self._health.devices.get(name), self._taps[name]
        told = document.devices.get(name)
        refused = self._refused.get(name)
        return {
            "open": state.up if state else False,
            "detail": state.detail if state else f"{name}: not opened yet",
            "readings": state.readings if state else 0,
            "garbled": state.garbled if state else 0,
            "unanswered": state.unanswered if state else 0,
            "faults": state.faults if state else 0,
            "last_reading": told.last_reading if told else None,
            "refused": None if refused is None else {"why": refused[0], "time": refused[1]},
            "bytes_in": tap.bytes_in,
            "bytes_out": tap.bytes_out,
            "last_bytes": [chunk_line(chunk) for chunk in tap.last()],
        }

    def _broker(self) -> str:
        mqtt = self._config.settings.mqtt
        return f"{mqtt.host}:{mqtt.port}"

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._health.clock.now_us() / 1e6, UTC)

    def _today(self) -> date:
        return self._now().date()

    def _calibration(self) -> list[dict[str, object]]:
        """Each device's gauge as the register has it."""
        return [
            {
                "gauge": one.gauge,
                "device": one.device,
                "due": one.due,
                "days_left": one.days_left,
                "state": one.calibration,
                "refused_at": list(one.refused_at),
            }
            for one in standings(self._config, self._today())
        ]

    def _certificates(self) -> Iterator[Certificate]:
        mqtt = self._config.settings.mqtt
        for key, path in (("tls_ca", mqtt.tls_ca), ("tls_cert", mqtt.tls_cert)):
            if path is not None:
                yield certificate_at(f"[mqtt] {key}", self._config.path(path))


def _station(shown: Shown) -> dict[str, object]:
    """What the terminal shows, in the words of `status`."""
    told = shown.display.document(ENGLISH)
    return {
        "waits_for": told["state"],
        "prompt": told["prompt"],
        "message": told["message"],
        "light": told["light"],
        "person": told["operator"],
        "unit": told["serial"],
        "plan": told["plan"],
        "revision": told["revision"],
        "plan_sha256": told["plan_sha256"],
        "device": told["device"],
        "last": told["last"],
        "overrides": told["overrides"],
    }


def _disk(folder: Path) -> dict[str, int]:
    try:
        room = shutil.disk_usage(folder)
    except OSError:
        return {}
    return {"free_bytes": room.free, "total_bytes": room.total}

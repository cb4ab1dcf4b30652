"""Acting on settings that were read anew (SIGHUP), and on documents that came or whose moment came, while the agent
works: who is handed what, and when.

Promise: faulty settings change nothing and are named, in the log and as an alarm, until a later reading is well. What
the broker is shown (user, password, certificates) holds at once; a station takes its plan, gauges and people between
two units, and only then do its routes lead by them. What waits for a restart is named in the log, and as an alarm while
it waits. A document that a station can't work by, or that is no longer in force, stops that station and no other.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from gaugetrail_agent.config import AgentConfig, with_documents
from gaugetrail_agent.delivery.publisher import Publisher
from gaugetrail_agent.devices import Devices
from gaugetrail_agent.documents.shelf import DocumentShelf
from gaugetrail_agent.health.notices import NoticeBoard
from gaugetrail_agent.health.report import Health
from gaugetrail_agent.languages.sentences import ENGLISH
from gaugetrail_agent.papers import plans_seen
from gaugetrail_agent.rereading import Reread, reread
from gaugetrail_agent.routes import Routes, devices_of
from gaugetrail_agent.station.given.plans_here import PlansHere
from gaugetrail_agent.station.runner import StationRunner
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.verdicts.sender import VerdictSender
from gaugetrail_contract.changed_keys import changed_keys
from gaugetrail_contract.settings import ConfigError, Steps, key_text

log = logging.getLogger(__name__)

MOST_KEYS = 50
"""Changed keys that an event names."""


@dataclass
class Renewal:
    """The settings in force, and whoever works by them."""

    config: AgentConfig
    health: Health
    publisher: Publisher
    devices: Devices
    routes: Routes
    stations: Mapping[str, StationRunner]
    notices: NoticeBoard
    setups: Callable[[AgentConfig], Mapping[str, Setup]]
    in_force: Callable[[AgentConfig], None]
    """Hears of each change of what holds."""
    shelf: Callable[[], DocumentShelf]
    """The documents as they stand."""
    verdicts: VerdictSender | None = None
    _mark: tuple[object, ...] | None = None
    """Of the shelf that stations were last handed documents from."""
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self._aim = self.config
        """What stations were handed last; those with a unit in hand don't work by it yet."""

    @property
    def documents_changed(self) -> bool:
        """Whether the documents stand otherwise than when stations were last handed any."""
        return self.shelf().mark != self._mark

    async def documents_anew(self) -> None:
        """Hand the stations what is in force now; the settings stay those that they are."""
        async with self._turn:
            shelf = self.shelf()
            found = await asyncio.to_thread(with_documents, self._aim, shelf)
            self._mark = shelf.mark
            self._hand_out(found)

    async def again(self) -> None:
        """Read everything, and take what can be taken."""
        async with self._turn:
            await self._again()

    async def _again(self) -> None:
        log.info("reading settings, registers and plans anew", extra={"event": "rereading"})
        try:
            found = await asyncio.to_thread(reread, self.config, self.shelf)
            await asyncio.to_thread(plans_seen.remember, found.config.plans_folder, found.config.plans)
        except ConfigError as error:
            self._refused([str(problem) for problem in error.problems])
        except OSError as error:
            self._refused([f"{error.filename or 'the plans'}: {error.strerror or error}"])
        else:
            self._take(found)

    def _refused(self, faults: list[str]) -> None:
        for fault in faults:
            log.error("not taken: %s", fault, extra={"event": "settings_refused"})
        text = f"changed settings or documents are at fault, and those from before stay in force: {faults[0]}"
        self.health.alarm("settings", text)

    def _take(self, found: Reread) -> None:
        for problem in found.waits:
            log.warning("%s", problem, extra={"event": "needs_restart"})
        keys = ", ".join(dict.fromkeys(problem.key or problem.file for problem in found.waits))
        self.health.alarm("settings", f"changed settings wait for a restart of the agent: {keys}" if keys else None)
        self.health.config_sha256 = found.config.loaded.sha256
        if self.publisher.renew(found.config.settings.mqtt):
            log.info("the broker is connected to anew, with what was renewed", extra={"event": "broker_renewed"})
        if self.verdicts is not None:
            self.verdicts.renew(found.config.settings.mqtt)
        self._hand_out(found.config, changed_keys(self._aim.settings, found.config.settings))
        log.info("settings, registers and plans were read anew", extra={"event": "reread"})

    def _hand_out(self, config: AgentConfig, changed: Iterable[Steps] = ()) -> None:
        keys = tuple(map(key_text, changed))[:MOST_KEYS]
        self._aim = config
        self._now(replace(config, here=self.config.here))
        for name, setup in self.setups(config).items():
            setup = replace(setup, settings=replace(setup.settings, keys=keys))
            self.stations[name].renew(setup, partial(self._taken, name, config.here[name]))

    def _taken(self, name: str, here: PlansHere) -> None:
        """A station works by its new setup from here on."""
        setup = self.stations[name].setup
        here = replace(here, plans=setup.texts)
        self._now(replace(self.config, here={**self.config.here, name: here}))
        self.routes.lead_to(self.config, self.stations)
        self.devices.poll(self.config)
        self.health.station_devices = devices_of(self.config)
        self.notices.other_devices(name)
        told = {"event": "setup_taken", "station": name}
        if setup.plans:
            told |= {"plan": setup.plans[0].ref.id, "revision": setup.plans[0].ref.revision}
        if setup.refusal is not None:
            log.error("%s: takes no unit: %s", name, ENGLISH.text(setup.refusal), extra=told | {"event": "no_unit"})
            return
        names = ", ".join(f"{plan.ref.id} {plan.ref.revision}" for plan in setup.plans)
        log.info("%s: works by %s from now on", name, names, extra=told)

    def _now(self, config: AgentConfig) -> None:
        self.config = config
        self.in_force(config)

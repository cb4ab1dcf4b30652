"""Settings read anew while the collector works (SIGHUP): what of them holds at once, and what waits for a restart.

Promise: everything is read and checked first, as at a start; where anything is at fault it is named, and nothing
changes. Then taken is who the broker is told that we are (user, password, certificates). Every other key that differs
is named. Not here, since they hold by themselves: the console's users, the store's certificates and the files of its
passwords, and the agents' keys, which `keys add` writes.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field, replace

from gaugetrail_collector.config import CollectorConfig, CollectorSettings, load
from gaugetrail_collector.intake.receiving.subscriber import Subscriber
from gaugetrail_contract.changed_keys import changed_keys
from gaugetrail_contract.settings import ConfigError, Steps
from gaugetrail_service.mqtt.settings import proofs_between

log = logging.getLogger(__name__)


@dataclass
class SettingsRenewal:
    """The settings in force, and whoever works by them."""

    config: CollectorConfig
    subscriber: Subscriber
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    def begin(self) -> None:
        """Read everything on a thread of its own, and take what can be taken."""
        threading.Thread(target=self.again, name="rereading", daemon=True).start()

    def again(self) -> None:
        """As `begin`, and wait for it."""
        with self._one_at_a_time:
            log.info("reading settings anew", extra={"event": "rereading"})
            try:
                new = load(self.config.loaded.path)
            except ConfigError as error:
                for problem in error.problems:
                    log.error("not taken: %s", problem, extra={"event": "settings_refused"})
                return
            self._take(new)

    def _take(self, new: CollectorConfig) -> None:
        old = self.config.settings
        waits = [steps for steps in changed_keys(old, new.settings) if not self._taken(steps, new.settings)]
        for steps in waits:
            problem = new.loaded.problem(steps, "changed; it needs a restart")
            log.warning("%s", problem, extra={"event": "needs_restart"})
        in_force = new.loaded if not waits else replace(self.config.loaded, settings=self._in_force(new.settings))
        self.config = CollectorConfig(in_force)
        if self.subscriber.renew(self.config.settings.mqtt):
            log.info("the broker is connected to anew, with what was renewed", extra={"event": "broker_renewed"})
        log.info("settings were read anew", extra={"event": "reread"})

    def _taken(self, steps: Steps, new: CollectorSettings) -> bool:
        return steps[0] == "mqtt" and steps[-1] in proofs_between(self.config.settings.mqtt, new.mqtt)

    def _in_force(self, new: CollectorSettings) -> CollectorSettings:
        """The old settings with what is taken of the new ones."""
        old = self.config.settings
        proofs = {key: getattr(new.mqtt, key) for key in proofs_between(old.mqtt, new.mqtt)}
        return old.model_copy(update={"mqtt": old.mqtt.model_copy(update=proofs)})

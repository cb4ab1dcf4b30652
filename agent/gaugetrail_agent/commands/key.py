"""`gaugetrail-agent key`: whose signature this agent's messages carry, and whose receipts it believes.

Of the settings only the agent's name, its folder and `[evidence]` are read: what stands elsewhere says nothing of keys,
and to load every link and driver takes longer than the answer.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, ConfigDict

from gaugetrail_agent.commands import AsJson, ConfigFile
from gaugetrail_agent.delivery.collector_keys import CollectorKeys, EvidenceSettings
from gaugetrail_contract import topics
from gaugetrail_contract.settings import Settings, load_settings
from gaugetrail_contract.signing import BadKeyFile, fingerprint, signer_at
from gaugetrail_service.cli import answer, fail, say

PREFIX = "GAUGETRAIL_AGENT"
"""Of variables of the environment, as for `run`."""


class KeyOwner(Settings):
    """`[agent]`, as far as keys are concerned."""

    model_config = ConfigDict(extra="ignore")

    id: Annotated[str, AfterValidator(topics.check_agent)]
    data_dir: Path


class KeySettings(Settings):
    """The settings file, as far as keys are concerned."""

    model_config = ConfigDict(extra="ignore")

    agent: KeyOwner
    evidence: EvidenceSettings = EvidenceSettings()


def key(config: ConfigFile, as_json: AsJson = False) -> None:
    """Print the agent's key and the collectors that it knows. The public key is registered at the collectors.

    A key is made if there is none yet, so that it can be registered before the agent's first start.
    """
    settings = load_settings(KeySettings, config, prefix=PREFIX, environ=os.environ).settings
    agent, evidence, folder = settings.agent.id, settings.evidence, config.resolve().parent / settings.agent.data_dir
    try:
        public = signer_at(folder / "agent.key").key
    except BadKeyFile as error:
        raise fail(str(error)) from error
    believed = CollectorKeys(folder / "collectors.json", evidence)
    pins, introduced = dict(believed.pins), dict(believed.introduced)
    if as_json:
        shown = {"agent": agent, "key": public, "fingerprint": fingerprint(public), "collectors": pins}
        answer(shown | {"introduced": {name: {"key": key, "by": by} for (name, key), by in introduced.items()}})
        return
    say(f"{agent} {public}  fingerprint {fingerprint(public)}")
    for collector, known in pins.items():
        say(f"  believes the collector {collector} {known}  fingerprint {fingerprint(known)}")
    for (collector, key_of_it), by in introduced.items():
        print_of_it = fingerprint(key_of_it)
        say(f"  believes the collector {collector} {key_of_it}  fingerprint {print_of_it}, introduced by {by}")
    for listed in evidence.collector_keys:
        say(f"  believes a collector with the listed key {listed}  fingerprint {fingerprint(listed)}")

"""`gaugetrail-agent key`: whose signature this agent's messages carry, and whose receipts it believes."""

from __future__ import annotations

from gaugetrail_agent import config as configuration
from gaugetrail_agent.commands import AsJson, ConfigFile
from gaugetrail_agent.delivery.collector_keys import CollectorKeys
from gaugetrail_contract.signing import BadKeyFile, fingerprint, signer_at
from gaugetrail_service.cli import answer, fail, say


def key(config: ConfigFile, as_json: AsJson = False) -> None:
    """Print the agent's key and the collectors that it knows. The public key is registered at the collectors.

    A key is made if there is none yet, so that it can be registered before the agent's first start.
    """
    loaded = configuration.load(config)
    evidence = loaded.settings.evidence
    try:
        public = signer_at(loaded.data_dir / "agent.key").key
    except BadKeyFile as error:
        raise fail(str(error)) from error
    pins = dict(CollectorKeys(loaded.data_dir / "collectors.json", evidence).pins)
    agent = loaded.settings.agent.id
    if as_json:
        answer({"agent": agent, "key": public, "fingerprint": fingerprint(public), "collectors": pins})
        return
    say(f"{agent} {public}  fingerprint {fingerprint(public)}")
    for collector, known in pins.items():
        say(f"  believes the collector {collector} {known}  fingerprint {fingerprint(known)}")
    for listed in evidence.collector_keys:
        say(f"  believes a collector with the listed key {listed}  fingerprint {fingerprint(listed)}")

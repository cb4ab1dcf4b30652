"""What `check` says of whose receipts count: as long as no key is listed, whoever answers first is believed.

Promise: a doubt is a warning with what to do, never a fault; nothing is opened but `collectors.json`, to be read.
"""

from __future__ import annotations

from collections.abc import Iterator

from gaugetrail_agent.config import AgentConfig
from gaugetrail_agent.delivery.collector_keys import CollectorKeys
from gaugetrail_contract.settings import Problem
from gaugetrail_contract.signing import fingerprint

MOST_NAMED = 5


def collector_doubts(config: AgentConfig) -> Iterator[Problem]:
    """A warning where a stranger may be the first one, or any one at all."""
    evidence = config.settings.evidence
    if evidence.receipts == "any":
        message = "receipts count whoever has signed them: a forged one takes records out of the spool unstored"
        yield config.loaded.problem(("evidence", "receipts"), message, warning=True)
    elif not evidence.collector_keys:
        message = f"none is listed: {_first(config)}; list what gaugetrail-collector keys own prints at each"
        yield config.loaded.problem(("evidence", "collector_keys"), message, warning=True)


def _first(config: AgentConfig) -> str:
    pins = CollectorKeys(config.data_dir / "collectors.json", config.settings.evidence).pins
    if not pins:
        return "the first collector that answers is believed from then on"
    known = ", ".join(f"{name} ({fingerprint(key)})" for name, key in sorted(pins.items())[:MOST_NAMED])
    return f"known because it answered first is {known}"

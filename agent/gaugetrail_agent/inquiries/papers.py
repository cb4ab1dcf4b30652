"""Documents that have changed on the disk since the agent read them: it works by what it has read until it reads anew,
and a record names exactly that document.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from gaugetrail_agent.config import AgentConfig
from gaugetrail_agent.papers.plans import from_documents
from gaugetrail_contract.documents.files import load_plan
from gaugetrail_contract.documents.lists import load_gauges, load_people
from gaugetrail_contract.documents.plan import Plan
from gaugetrail_contract.findings import Finding
from gaugetrail_contract.settings import ConfigError

AGAIN = (
    "gaugetrail-agent check --config F, then let the agent read it anew (systemctl reload gaugetrail-agent); its log "
    "says what of it needs a restart"
)
SAME_REVISION = (
    "give it a new revision with its approval, or put the text back: it is refused until then "
    "(gaugetrail-agent check --config F shows the lines)"
)


def changed_papers(config: AgentConfig) -> Iterator[Finding]:
    """A finding for each file that isn't any more what the agent has read."""
    yield from _file("settings", config.loaded.path, config.loaded.sha256, "the settings")
    documented = {table.name for table in config.settings.station if from_documents(table)}
    for station, plan in ((station, plan) for station, plans in sorted(config.plans.items()) for plan in plans):
        if station in documented:
            continue  # the list of documents says which text it is
        what = f"its plan {plan.ref.id} {plan.ref.revision}"
        for found in _file(f"station {station}", plan.path, plan.ref.sha256, what):
            yield replace(found, cure=SAME_REVISION) if _claims_to_be(plan) else found
    table = config.settings.agent
    try:
        if isinstance(table.gauges, Path) and load_gauges(config.path(table.gauges)) != dict(config.gauges):
            yield _changed("gauge register", config.path(table.gauges), "the gauge register")
        if isinstance(table.people, Path) and load_people(config.path(table.people)) != config.people:
            yield _changed("people list", config.path(table.people), "the people list")
    except ConfigError as error:
        yield Finding("documents", str(error).splitlines()[0], "put the file right; until then what was read holds")


def _claims_to_be(plan: Plan) -> bool:
    """Whether the file still calls itself by the revision that the agent works by."""
    try:
        now, _ = load_plan(plan.path)
    except ConfigError:
        return False
    return (now.ref.id, now.ref.revision) == (plan.ref.id, plan.ref.revision)


def _file(about: str, path: Path, sha256: str, what: str) -> Iterator[Finding]:
    try:
        now = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        yield Finding(about, f"{what} can't be read any more: {path}: {error.strerror}", "put the file back")
        return
    if now != sha256:
        yield _changed(about, path, what)


def _changed(about: str, path: Path, what: str) -> Finding:
    return Finding(about, f"{what} in {path} changed after the agent has read it", AGAIN)

"""Control plans as files for now: read once, checked whole, digested.

A plan's `sha256` is the digest of the file's bytes, so a record names exactly the document that held.
"""

from __future__ import annotations

from pathlib import Path

from gaugetrail_contract.documents.plan import Plan, PlanFile
from gaugetrail_contract.documents.plan_faults import plan_faults
from gaugetrail_contract.record import PlanRef
from gaugetrail_contract.settings import ConfigError, Loaded, load_settings


def load_plan(path: Path) -> tuple[Plan, Loaded[PlanFile]]:
    """Read a control plan. Raises `ConfigError` with every fault found."""
    loaded = load_settings(PlanFile, path)
    faults = [loaded.problem(one.steps, one.says) for one in plan_faults(loaded.settings)]
    if faults:
        raise ConfigError(faults)
    ref = PlanRef(id=loaded.settings.id, revision=loaded.settings.revision, sha256=loaded.sha256)
    return Plan(loaded.settings, ref, path, loaded.text), loaded

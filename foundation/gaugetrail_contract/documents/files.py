"""Control plans as texts: of a file or of a document's edition, read once, checked whole, digested.

A plan's `sha256` is the digest of the text's bytes, so a record names exactly the document that held.
"""

from __future__ import annotations

from pathlib import Path

from gaugetrail_contract.documents.plan import Plan, PlanFile
from gaugetrail_contract.documents.plan_faults import plan_faults
from gaugetrail_contract.record import PlanRef
from gaugetrail_contract.settings import ConfigError, Loaded, load_settings, settings_in


def load_plan(path: Path) -> tuple[Plan, Loaded[PlanFile]]:
    """Read a control plan. Raises `ConfigError` with every fault found."""
    return _checked(load_settings(PlanFile, path))


def plan_in(text: bytes, name: str) -> tuple[Plan, Loaded[PlanFile]]:
    """The control plan in a text that faults call by that name. Raises `ConfigError` with every fault found."""
    return _checked(settings_in(PlanFile, text, Path(name)))


def _checked(loaded: Loaded[PlanFile]) -> tuple[Plan, Loaded[PlanFile]]:
    faults = [loaded.problem(one.steps, one.says) for one in plan_faults(loaded.settings)]
    if faults:
        raise ConfigError(faults)
    ref = PlanRef(id=loaded.settings.id, revision=loaded.settings.revision, sha256=loaded.sha256)
    return Plan(loaded.settings, ref, loaded.path, loaded.text), loaded

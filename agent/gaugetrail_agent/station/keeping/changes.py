"""By what a station works, held against what it worked by before: each difference is an event, and so is the first unit
that is recorded by another edition of a plan. Pure; what was before is text that the spool remembers, so that a change
is told once, also where the agent was stopped meanwhile.

Promise: for each plan, for the people list, the gauge register and the settings, what was in force and what is, by
digest and revision. A station that begins its life here has changed nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from gaugetrail_agent.languages.sentences import ENGLISH
from gaugetrail_agent.station.events_here import event_here
from gaugetrail_agent.station.given.plans_here import NO_REVISION
from gaugetrail_agent.station.setup import Setup
from gaugetrail_contract.events.station import BreakPoint, StationChanged
from gaugetrail_contract.record import EventBody, InspectionBody

WorksBy = Mapping[str, tuple[str, str]]
"""`plan CP-1`, `people PEOPLE`, `settings` -> revision and digest; what isn't in force doesn't stand there."""


def works_by(setup: Setup) -> dict[str, tuple[str, str]]:
    """What the station works by now."""
    plans = (plan.ref for plan in setup.plans if plan.ref.id not in setup.barred)
    found = {f"plan {ref.id}": (ref.revision, ref.sha256) for ref in plans}
    found |= {f"{what} {one.document}": (one.revision, one.sha256) for what, one in setup.registers.items()}
    return found | ({"settings": (NO_REVISION, setup.settings.sha256)} if setup.settings.sha256 else {})


def written(by: WorksBy) -> str:
    """As the spool remembers it."""
    return json.dumps(by, sort_keys=True)


def read(text: str | None) -> WorksBy | None:
    """What `written` wrote; null for anything else, as for a station that has no past."""
    try:
        found = json.loads(text or "")
    except ValueError:
        return None
    if not isinstance(found, dict) or not all(isinstance(one, list) and len(one) == 2 for one in found.values()):
        return None
    return {str(name): (str(one[0]), str(one[1])) for name, one in found.items()}


def changes(setup: Setup, before: WorksBy) -> Iterator[EventBody]:
    """An event for each difference."""
    now = works_by(setup)
    for name in sorted(before.keys() | now.keys()):
        if before.get(name) != now.get(name):
            yield event_here(
                setup, StationChanged.model_validate(_change(setup, name, before.get(name), now.get(name)))
            )


def _change(setup: Setup, name: str, before: tuple[str, str] | None, now: tuple[str, str] | None) -> dict[str, object]:
    what, _, document = name.partition(" ")
    told: dict[str, object] = {"what": what}
    if document:
        told["document"] = document
    for revision, digest, one in (("revision_before", "before", before), ("revision", "after", now)):
        if one is not None:
            told |= {digest: one[1]} | ({revision: one[0]} if one[0] != NO_REVISION else {})
    if what == "settings" and setup.settings.keys is not None:
        told["keys"] = setup.settings.keys
    if what == "plan" and document in setup.finishing:
        told["finishes"] = setup.finishing[document].lot
    if setup.refusal is not None:
        told["refused"] = ENGLISH.text(setup.refusal)[:500]
    return told


def works_by_key(station: str) -> str:
    """Where the spool remembers by what the station works."""
    return f"works by/{station}"


def first_key(station: str, plan: str) -> str:
    """Where the spool remembers by which edition the station recorded last."""
    return f"recorded by/{station}/{plan}"


def break_point(setup: Setup, body: InspectionBody, before: str | None) -> EventBody | None:
    """The event before the first record by another edition; `before`: what was remembered under `first_key`."""
    revision, _, digest = (before or "").rpartition(" ")
    if not revision or digest == body.plan.sha256:
        return None
    told = {
        "plan": body.plan.id,
        "revision_before": revision,
        "before": digest,
        "revision": body.plan.revision,
        "after": body.plan.sha256,
        "serial": body.serial,
        "lot": body.lot,
        "order": body.order,
    }
    return event_here(setup, BreakPoint.model_validate(told))


def recorded_by(body: InspectionBody) -> str:
    """What is remembered under `first_key`."""
    return f"{body.plan.revision} {body.plan.sha256}"

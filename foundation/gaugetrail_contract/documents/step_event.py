"""A step in the life of a document as the event that says it, at a collector and at a PC without one. Pure."""

from __future__ import annotations

from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.documents.editions import Life, LifeStep
from gaugetrail_contract.documents.wording import MEANING
from gaugetrail_contract.events.documents import DocumentStepTaken


def step_event(life: Life, step: LifeStep, number: int) -> DocumentStepTaken:
    """The step of that number in the life, which has it already."""
    edition = life.edition(step.edition)
    assert edition is not None
    draft = edition.draft
    said = DocumentStepTaken(
        number=number,
        step=str(step.what),
        edition=step.edition,
        sha256=draft.sha256,
        revision=draft.revision,
        meaning=MEANING.get(step.what),
        effective=None if step.effective_us is None else utc_text(step.effective_us),
    )
    if step.draft is None:
        return said
    return said.model_copy(
        update={
            "kind": str(life.kind),
            "size": draft.size,
            "title": draft.title or None,
            "people": draft.needs.people,
            "approver": draft.needs.approver,
            "effective": None if draft.effective_us is None else utc_text(draft.effective_us),
            "review_by": draft.review_by,
            "line": draft.line,
            "travels": draft.travels,
        }
    )

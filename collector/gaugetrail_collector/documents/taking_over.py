"""A plan that stations worked by as a file, taken into the documents as it is: the same bytes, so that line PCs know
their file by its digest, and in force as it claims to be.

Promise: one person who may approve plans answers for it, and the steps say so, with who approved it before by the
file's own word. Only a document without any edition is taken over: what comes later is a new edition, with its author
and its approver. A claim that lies in the future holds from then on.
"""

from __future__ import annotations

from datetime import UTC, datetime

from gaugetrail_collector.documents.desk import Declined, Desk, NewEdition, StepDone
from gaugetrail_collector.documents.folding import read_register
from gaugetrail_contract.documents.editions import Approval, DocumentKind, StepKind
from gaugetrail_contract.documents.plan import PlanFile

ONE_PERSON = Approval(1, "anyone")


def refuse(desk: Desk, plan: PlanFile, by: str) -> None:
    """Where it can't be taken over, or not by this person. Raises `Declined`, `StoreDown`."""
    life = read_register(desk.store).lives.get(plan.id)
    if life is not None and life.editions:
        raise Declined(
            f"{plan.id} is a document already; a file is taken over once, and a changed text is a new edition: "
            "document new plan FILE"
        )
    desk.refuse_stranger(StepKind.APPROVE, DocumentKind.PLAN, by)


def take_over(desk: Desk, plan: PlanFile, content: bytes, by: str, comment: str, now_us: int) -> StepDone:
    """The plan as the edition that it claims to be. Raises `Declined`, `StoreDown`."""
    refuse(desk, plan, by)
    claim = f"taken over from a file that says: approved by {plan.approved_by} on {plan.approved_on}"
    said = f"{claim}; {comment}" if comment else claim
    wanted = NewEdition(
        DocumentKind.PLAN,
        plan.id,
        content,
        plan.revision,
        plan.title,
        _later(plan.approved_on, now_us),
        needs=ONE_PERSON,
    )
    desk.new(wanted, by, said)
    desk.step(StepKind.SUBMIT, plan.id, by, said)
    return desk.step(StepKind.APPROVE, plan.id, by, said)


def _later(day: str, now_us: int) -> int | None:
    """The day's beginning, where it is still to come."""
    begins = int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()) * 1_000_000
    return begins if begins > now_us else None

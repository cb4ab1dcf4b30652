"""The life of a controlled document: its editions, the steps that people take with them, and which one holds. Pure.

    draft -> in review -> approved -> effective -> superseded
      \\________\\____________\\___________\\________-> withdrawn

Promise: `take` gives the life with one step more, or the sentence why not, and nothing else changes a life. A step is
by somebody at a time. Two states are nobody's step: an approved edition is effective once its moment has come, and
superseded once a later one is. So a state is asked for at a moment, and for a moment of the past the answer is what it
was then. How many must approve stands in the edition from its draft on: a setting that changes later changes no life.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal

from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.record.parts import Attachment


class DocumentKind(StrEnum):
    """What sort of document it is."""

    PLAN = "plan"
    GAUGES = "gauges"
    PEOPLE = "people"
    INSTRUCTION = "instruction"
    REACTION = "reaction"
    LIMITS = "limits"
    ORDER = "order"
    CALENDAR = "calendar"
    EXTERNAL = "external"
    FORM = "form"


class EditionState(StrEnum):
    """How far an edition is at a moment."""

    DRAFT = "draft"
    IN_REVIEW = "in review"
    APPROVED = "approved"
    EFFECTIVE = "effective"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


class StepKind(StrEnum):
    """What somebody does with an edition."""

    NEW = "new"
    SUBMIT = "submit"
    APPROVE = "approve"
    REJECT = "reject"
    WITHDRAW = "withdraw"


Approver = Literal["another", "anyone"]
"""Whether the author may approve."""


@dataclass(frozen=True, slots=True)
class Approval:
    """What an edition needs before it holds: how many people, and whether its author may be one."""

    people: int
    approver: Approver = "another"


NEEDED: Mapping[DocumentKind, Approval] = {
    DocumentKind.PLAN: Approval(1),
    DocumentKind.GAUGES: Approval(1, "anyone"),
    DocumentKind.PEOPLE: Approval(1),
    DocumentKind.INSTRUCTION: Approval(1),
    DocumentKind.REACTION: Approval(1),
    DocumentKind.LIMITS: Approval(1),
    DocumentKind.ORDER: Approval(0),
    DocumentKind.CALENDAR: Approval(0),
    DocumentKind.EXTERNAL: Approval(1, "anyone"),
    DocumentKind.FORM: Approval(1),
}
"""By kind: author and one more, one person, or nobody."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a new edition is: `sha256` and `size` are of its bytes, `needs` is what must come before it holds."""

    revision: str
    sha256: str
    size: int
    needs: Approval
    title: str = ""
    effective_us: int | None = None
    """From when it is meant to hold; null: from its approval on."""
    review_by: str | None = None
    """The day by which somebody looks whether it is still right."""
    attachments: tuple[Attachment, ...] = ()
    """Files that belong to it."""
    line: str | None = None
    """The line that it is for; null: every line."""
    travels: tuple[str, ...] = ()
    """Digests of those of its attachments that go to the stations."""


@dataclass(frozen=True, slots=True)
class LifeStep:
    """Somebody does something with an edition. A new one comes with its `draft`, an approval perhaps with a moment."""

    what: StepKind
    edition: int
    by: str
    at_us: int
    comment: str = ""
    draft: Draft | None = None
    effective_us: int | None = None


@dataclass(frozen=True, slots=True)
class Edition:
    """One edition with everything that was done with it."""

    number: int
    draft: Draft
    steps: tuple[LifeStep, ...]
    stage: Literal[EditionState.DRAFT, EditionState.IN_REVIEW, EditionState.APPROVED, EditionState.WITHDRAWN]
    holds_us: int | None = None
    """From when it holds, once it is approved."""

    @property
    def author(self) -> str:
        """Who made it."""
        return self.steps[0].by

    @property
    def approvals(self) -> tuple[LifeStep, ...]:
        """Those since it was last handed in."""
        found: list[LifeStep] = []
        for step in self.steps:
            if step.what is StepKind.APPROVE:
                found.append(step)
            elif step.what is StepKind.SUBMIT:
                found.clear()
        return tuple(found)

    @property
    def withdrawn_us(self) -> int | None:
        """When it was withdrawn."""
        return self.steps[-1].at_us if self.stage is EditionState.WITHDRAWN else None

    def came_to_hold(self, at_us: int) -> bool:
        """Whether it was approved, and its moment had come before anybody withdrew it."""
        if self.holds_us is None or self.holds_us > at_us:
            return False
        return self.withdrawn_us is None or self.holds_us < self.withdrawn_us


@dataclass(frozen=True, slots=True)
class Life:
    """A document with its editions, the oldest first."""

    kind: DocumentKind
    id: str
    editions: tuple[Edition, ...] = ()
    steps: tuple[LifeStep, ...] = ()
    """Every step in its order, of whatever edition."""

    @property
    def title(self) -> str:
        """As its newest edition has it."""
        return self.editions[-1].draft.title if self.editions else ""

    def edition(self, number: int) -> Edition | None:
        """The one of that number."""
        return self.editions[number - 1] if 1 <= number <= len(self.editions) else None

    def holding(self, at_us: int) -> Edition | None:
        """The edition that holds at that moment: the last that came to hold, unless it is withdrawn by then."""
        came = [one for one in self.editions if one.came_to_hold(at_us)]
        if not came or (came[-1].withdrawn_us is not None and came[-1].withdrawn_us <= at_us):
            return None
        return came[-1]

    def state(self, edition: Edition, at_us: int) -> EditionState:
        """How far an edition is at that moment, by the steps that were taken until then."""
        then = self.until(at_us)
        here = then.edition(edition.number)
        if here is None or here.stage is not EditionState.APPROVED:
            return EditionState.DRAFT if here is None else here.stage
        if any(later.came_to_hold(at_us) for later in then.editions[edition.number :]):
            return EditionState.SUPERSEDED
        return EditionState.EFFECTIVE if here.came_to_hold(at_us) else EditionState.APPROVED

    def until(self, at_us: int) -> Life:
        """The life as it was at that moment. Where a clock has gone back, a step may be missing under a later one."""
        if all(step.at_us <= at_us for step in self.steps):
            return self
        life = Life(self.kind, self.id)
        for step in self.steps:
            after = take(life, step) if step.at_us <= at_us else life
            life = after if isinstance(after, Life) else life
        return life


@dataclass(frozen=True, slots=True)
class StepRefused:
    """A step that isn't taken, and why, in a sentence that says what to do."""

    sentence: str


def take(life: Life, step: LifeStep) -> Life | StepRefused:
    """The life with the step, or why it isn't taken."""
    refusal = _refuse_new(life, step) if step.what is StepKind.NEW else _refuse(life, step)
    return _taken(life, step) if refusal is None else StepRefused(f"{_name(life, step)}: {refusal}")


def meant(life: Life, what: StepKind, now_us: int) -> Edition:
    """The edition that a step is about when nobody says which: that in force is withdrawn, that in review approved."""
    if what is StepKind.WITHDRAW:
        return life.holding(now_us) or life.editions[-1]
    wanted = EditionState.DRAFT if what is StepKind.SUBMIT else EditionState.IN_REVIEW
    return next((one for one in reversed(life.editions) if one.stage is wanted), life.editions[-1])


def _name(life: Life, step: LifeStep) -> str:
    draft = step.draft
    if draft is None and (edition := life.edition(step.edition)) is not None:
        draft = edition.draft
    return f"{life.id} {draft.revision}" if draft is not None else life.id


def _refuse_new(life: Life, step: LifeStep) -> str | None:
    draft = step.draft
    if draft is None or step.edition != len(life.editions) + 1:
        return f"the next edition is {len(life.editions) + 1}"
    last = life.editions[-1] if life.editions else None
    if last is not None and last.stage is not EditionState.WITHDRAWN and _is_same(last.draft, draft):
        return f"edition {last.number} has this text already, by {last.author}; nothing is new"
    for one in life.editions:
        if one.draft.revision == draft.revision and (reason := _refuse_revision(one)) is not None:
            return reason
    return None


def _is_same(one: Draft, other: Draft) -> bool:
    return (one.sha256, one.attachments) == (other.sha256, other.attachments)


def _refuse_revision(one: Edition) -> str | None:
    """Why another edition may not have the revision of this one; a draft that nobody approved may be written anew."""
    if one.holds_us is not None:
        return f"edition {one.number} of this revision was approved; give the changed text a revision of its own"
    if one.stage is EditionState.IN_REVIEW:
        return f"edition {one.number} of this revision is in review; reject or withdraw it first"
    return None


def _refuse(life: Life, step: LifeStep) -> str | None:
    edition = life.edition(step.edition)
    if edition is None:
        return f"there is no edition {step.edition}; there are {len(life.editions)}"
    wanted = {
        StepKind.SUBMIT: (EditionState.DRAFT,),
        StepKind.APPROVE: (EditionState.IN_REVIEW,),
        StepKind.REJECT: (EditionState.IN_REVIEW,),
        StepKind.WITHDRAW: (EditionState.DRAFT, EditionState.IN_REVIEW, EditionState.APPROVED),
    }[step.what]
    if edition.stage not in wanted:
        return _wrong_stage(edition, step)
    if step.what is StepKind.WITHDRAW and life.state(edition, step.at_us) is EditionState.SUPERSEDED:
        return f"edition {edition.number} is superseded already; there is nothing to withdraw"
    if step.what in (StepKind.REJECT, StepKind.WITHDRAW) and not step.comment:
        return "say why, in the comment"
    if step.what is not StepKind.APPROVE:
        return None
    newer = life.holding(step.at_us)
    if newer is not None and newer.number > edition.number:
        return f"edition {newer.number} holds already and is newer, so this one never could; withdraw it"
    return _refuse_approver(edition, step.by)


NEXT = {
    EditionState.DRAFT: "submit it first",
    EditionState.IN_REVIEW: "approve or reject it",
    EditionState.APPROVED: "a change is a new edition",
    EditionState.WITHDRAWN: "make a new edition",
}


def _wrong_stage(edition: Edition, step: LifeStep) -> str:
    last = edition.steps[-1]
    is_so = f"edition {edition.number} is {edition.stage} since {utc_text(last.at_us)[:16]}Z, by {last.by}"
    return f"{is_so}, so there is nothing to {step.what}; {NEXT[edition.stage]}"


def _refuse_approver(edition: Edition, by: str) -> str | None:
    if edition.draft.needs.approver == "another" and by == edition.author:
        return f"{by} wrote it, so somebody else approves it"
    if any(one.by == by for one in edition.approvals):
        return f"{by} approved it already; it waits for another person"
    return None


def _taken(life: Life, step: LifeStep) -> Life:
    life = replace(life, steps=(*life.steps, step))
    if step.what is StepKind.NEW:
        assert step.draft is not None
        return _with_new(life, step, step.draft)
    number = step.edition
    edition = life.editions[number - 1]
    changed = _changed(replace(edition, steps=(*edition.steps, step)), step)
    return replace(life, editions=(*life.editions[: number - 1], changed, *life.editions[number:]))


def _with_new(life: Life, step: LifeStep, draft: Draft) -> Life:
    edition = Edition(step.edition, draft, (step,), EditionState.DRAFT)
    if draft.needs.people == 0:
        edition = replace(edition, stage=EditionState.APPROVED, holds_us=max(step.at_us, draft.effective_us or 0))
    return replace(life, editions=(*life.editions, edition))


def _changed(edition: Edition, step: LifeStep) -> Edition:
    if step.what is StepKind.SUBMIT:
        return replace(edition, stage=EditionState.IN_REVIEW)
    if step.what is StepKind.REJECT:
        return replace(edition, stage=EditionState.DRAFT)
    if step.what is StepKind.WITHDRAW:
        return replace(edition, stage=EditionState.WITHDRAWN)
    if len(edition.approvals) < edition.draft.needs.people:
        return edition
    # Never before the approval: what held yesterday is not changed today.
    meant = step.effective_us if step.effective_us is not None else edition.draft.effective_us
    return replace(edition, stage=EditionState.APPROVED, holds_us=max(step.at_us, meant or 0))

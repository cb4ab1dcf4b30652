"""What is said of documents: a line for an edition, for a step, the facts of one, and the same for programs. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.documents.editions import Edition, EditionState, Life, LifeStep, StepKind

DONE = {
    StepKind.NEW: "wrote",
    StepKind.SUBMIT: "submitted",
    StepKind.APPROVE: "approved",
    StepKind.REJECT: "rejected",
    StepKind.WITHDRAW: "withdrew",
}

MEANING: Mapping[StepKind, str] = {
    StepKind.APPROVE: "I have read this edition, it is right, and it may be worked by.",
    StepKind.REJECT: "I have read this edition, and it may not be worked by.",
    StepKind.WITHDRAW: "Nobody may work by this edition any more.",
}
"""What a person says by a step; shown before it is taken, and kept with it."""


def minute(us: int) -> str:
    """`2026-11-23 08:00Z`."""
    text = utc_text(us)
    return f"{text[:10]} {text[11:16]}Z"


def name(life: Life, edition: Edition) -> str:
    """`CP-1001 C, edition 3`."""
    return f"{life.id} {edition.draft.revision}, edition {edition.number}"


def current(life: Life, now_us: int) -> list[Edition]:
    """What a person looks for: the edition that holds, and those that are on their way."""
    ended = (EditionState.SUPERSEDED, EditionState.WITHDRAWN)
    shown = [one for one in life.editions if life.state(one, now_us) not in ended]
    return shown or list(life.editions[-1:])


def row(life: Life, edition: Edition, now_us: int) -> str:
    """One line of `document ls`."""
    title = f": {edition.draft.title}" if edition.draft.title else ""
    return f"{life.kind} {name(life, edition)}: {state_words(life, edition, now_us)}{title}"


def state_words(life: Life, edition: Edition, now_us: int) -> str:
    """The state with its moment and who brought it there."""
    state = life.state(edition, now_us)
    approved = ", ".join(one.by for one in edition.approvals) or "nobody's approval needed"
    if state is EditionState.EFFECTIVE or state is EditionState.APPROVED:
        assert edition.holds_us is not None
        since = "since" if state is EditionState.EFFECTIVE else "from"
        return f"{state} {since} {minute(edition.holds_us)} ({approved})"
    if state is EditionState.IN_REVIEW:
        lacking = edition.draft.needs.people - len(edition.approvals)
        people = "one approval" if lacking == 1 else f"{lacking} approvals"
        return f"in review since {minute(edition.steps[-1].at_us)}, waits for {people}"
    last = edition.steps[-1]
    return f"{state} since {minute(last.at_us)}, by {last.by}" if state is not EditionState.SUPERSEDED else str(state)


def after_step(life: Life, edition: Edition, now_us: int) -> str:
    """What a person who took a step reads: how it stands, and what comes next."""
    state = life.state(edition, now_us)
    needs = edition.draft.needs
    other = "another person than the author" if needs.approver == "another" else "anyone who may"
    following = {
        EditionState.DRAFT: f"; next: document submit {life.id}",
        EditionState.IN_REVIEW: f"; next: document approve {life.id}, by {other}",
    }
    return f"{name(life, edition)}: {state_words(life, edition, now_us)}{following.get(state, '')}"


def facts(life: Life, edition: Edition, now_us: int) -> Iterator[str]:
    """What `document show` says of an edition."""
    draft = edition.draft
    yield f"{life.kind} {name(life, edition)}{f': {draft.title}' if draft.title else ''}"
    yield f"state: {state_words(life, edition, now_us)}"
    yield f"author: {edition.author}, {minute(edition.steps[0].at_us)}"
    for one in edition.approvals:
        yield f"approved: {one.by}, {minute(one.at_us)}{f': {one.comment}' if one.comment else ''}"
    if draft.review_by is not None:
        late = " (over)" if draft.review_by < utc_text(now_us)[:10] else ""
        yield f"to be looked at again by: {draft.review_by}{late}"
    for attached in draft.attachments:
        yield f"attached: {attached.name} ({attached.size:,} bytes), sha256 {attached.sha256}"
    yield f"sha256: {draft.sha256} ({draft.size:,} bytes)"
    holding = life.holding(now_us)
    if holding is not edition:
        yield f"in force: {'no edition' if holding is None else name(life, holding)}"


def step_line(life: Life, step: LifeStep) -> str:
    """One line of `document history`."""
    edition = life.edition(step.edition)
    assert edition is not None
    from_then = f", to hold from {minute(step.effective_us)}" if step.effective_us is not None else ""
    comment = f": {step.comment}" if step.comment else ""
    return f"{minute(step.at_us)}  {step.by} {DONE[step.what]} {name(life, edition)}{from_then}{comment}"


def edition_json(life: Life, edition: Edition, now_us: int) -> dict[str, object]:
    """An edition for programs."""
    draft = edition.draft
    return {
        "kind": str(life.kind),
        "id": life.id,
        "revision": draft.revision,
        "edition": edition.number,
        "state": str(life.state(edition, now_us)),
        "title": draft.title,
        "author": edition.author,
        "approvals": [{"by": one.by, "time": utc_text(one.at_us), "comment": one.comment} for one in edition.approvals],
        "approvals_needed": draft.needs.people,
        "effective": None if edition.holds_us is None else utc_text(edition.holds_us),
        "review_by": draft.review_by,
        "sha256": draft.sha256,
        "size": draft.size,
        "attachments": [{"name": one.name, "size": one.size, "sha256": one.sha256} for one in draft.attachments],
    }


def step_json(life: Life, step: LifeStep) -> dict[str, object]:
    """A step for programs."""
    edition = life.edition(step.edition)
    assert edition is not None
    return {
        "id": life.id,
        "step": str(step.what),
        "edition": step.edition,
        "revision": edition.draft.revision,
        "sha256": edition.draft.sha256,
        "by": step.by,
        "time": utc_text(step.at_us),
        "comment": step.comment,
    }

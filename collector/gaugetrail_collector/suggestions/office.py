"""Where suggestions are answered: by whom the people document gives the role, into the office's chain.

What was answered meanwhile isn't answered over by somebody who doesn't know it.
"""

from __future__ import annotations

from collections.abc import Sequence

from gaugetrail_collector.documents.desk import Declined, Desk
from gaugetrail_collector.evidence.own_chain import OwnChain
from gaugetrail_collector.suggestions.known import Suggestion, named_suggestion, read_suggestions
from gaugetrail_contract.documents.rights import ADMINISTRATOR, RoleBook
from gaugetrail_contract.events.passing_on import MOST_PASSED_ON, SuggestionAnswered
from gaugetrail_contract.record import Body, EventBody, Subject
from gaugetrail_contract.text import refuse_identifier

ROLES = frozenset({"quality engineer", "approver", ADMINISTRATOR})


class SuggestionOffice:
    """Over the desk of the collector that writes."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def answer(self, name: str, text: str, by: str, seen: str = "") -> str:
        """Answer the suggestion of that id; the record that does. `seen`: the record of the last answer that whoever
        answers knows of, empty: of none. Raises `Declined`, `StoreDown`.
        """
        if (reason := refuse_identifier(text, MOST_PASSED_ON)) is not None:
            raise Declined(f"an answer is one line of at most {MOST_PASSED_ON} characters: {reason}")

        def judge(people: RoleBook, chain: OwnChain) -> Sequence[Body]:
            role = answers_as(people, by)
            one = named_suggestion(read_suggestions(self._desk.store), name)
            _refuse_unseen(one, seen)
            return [_body(one, text, by, role, chain)]

        return self._desk.decide(judge)[0].record.id


def answers_as(people: RoleBook, by: str) -> str:
    """The role in which that person answers. Raises `Declined`."""
    fitting = sorted(people.of(by) & ROLES)
    if not fitting:
        raise Declined(f"{by} answers no suggestions: that takes the role {' or '.join(sorted(ROLES))}")
    return fitting[0]


def _refuse_unseen(one: Suggestion, seen: str) -> None:
    last = one.last
    if last is not None and one.seen != seen:
        raise Declined(
            f"{last.event.by} has answered it already: {last.text}; look at it, then answer again if need be"
        )


def _body(one: Suggestion, text: str, by: str, role: str, chain: OwnChain) -> EventBody:
    made = one.event
    if made.by is None:
        raise Declined("it says nobody who made it, so nobody can be answered")
    answered = SuggestionAnswered(suggestion=one.id, text=text, to=made.by, said=one.said.text)
    return EventBody(
        site=made.site,
        line=made.line,
        station=chain.purpose,
        type=answered.TYPE,
        subject=Subject(kind="station", id=made.station),
        payload=answered.written(),
        by=by,
        role=role,
    )

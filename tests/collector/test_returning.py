"""Records that come back although they are stored: a resend is everyday, the same record a third time is none."""

from __future__ import annotations

from made import AGENT, chain

from gaugetrail_collector.intake.receiving.returning import CHANGE_SECS, FORGET_SECS, MOST_AGENTS, Returning
from gaugetrail_collector.stores import Fate, Outcome
from gaugetrail_contract.seal import Opened

THERE, STORED = Outcome(Fate.THERE), Outcome(Fate.STORED)
ONES = chain(4)


def look(returning: Returning, at: float, *records: Opened, outcome: Outcome = THERE) -> None:
    returning.look(records, [outcome] * len(records), at)


def test_a_record_that_comes_back_twice_names_its_agent_until_it_comes_no_more() -> None:
    returning = Returning()
    look(returning, 0, *ONES, outcome=STORED)
    look(returning, 10, *ONES)
    assert returning.alarms(10) == ()
    look(returning, 30, *ONES)
    (said,) = returning.alarms(30)
    assert said.startswith(f"agent {AGENT} sends records again and again that are stored: ")
    assert returning.agents(30 + FORGET_SECS - 1) == (AGENT,)
    assert returning.agents(30 + FORGET_SECS) == ()


def test_each_record_that_comes_back_once_is_everyday() -> None:
    returning = Returning()
    for number, one in enumerate(ONES):
        look(returning, number * (CHANGE_SECS + 1), one)
        assert returning.agents(number * (CHANGE_SECS + 1)) == ()


def test_a_record_that_had_its_receipt_does_not_hide_one_that_has_none() -> None:
    returning = Returning()
    look(returning, 0, ONES[0])
    look(returning, CHANGE_SECS + 1, ONES[1])
    look(returning, CHANGE_SECS + 21, ONES[1])
    assert returning.agents(CHANGE_SECS + 21) == (AGENT,)


def test_what_comes_in_between_does_not_hide_the_record_that_comes_back() -> None:
    """The first is held on to for a while, though others of its agent come as well."""
    returning = Returning()
    for at in (1000, 1010, 1020, 1030):
        look(returning, at, ONES[at // 10 % 2])
    assert returning.agents(1030) == (AGENT,)


def test_more_agents_than_are_watched_cost_no_memory_and_hide_none_of_those_that_are() -> None:
    returning = Returning()
    names = [f"pc{number}" for number in range(MOST_AGENTS + 1)]
    for at in (0, 10):
        for name in names:
            look(returning, at, *chain(1, agent=name))
    assert returning.agents(10) == tuple(sorted(names[:MOST_AGENTS]))

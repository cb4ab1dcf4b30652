"""The words that start with %: what whoever stands there may scan, type or press. One table.

    %NOTE:the fixture was loose

A word may be followed by a colon and what it is about. What a word is for stands as a sentence in the catalogue, which
the sheet to print and the screen show. Those whose rule is null are answered where the station stands (`operator`,
`unfinished`, `allowing`, `pin_asking`, `order_choice`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gaugetrail_agent.languages.sentences import Sentence, said
from gaugetrail_agent.station.choosing.order_choice import NO_ORDER
from gaugetrail_agent.station.locks.allowing import ALLOW
from gaugetrail_agent.station.locks.pin_asking import LOGOFF
from gaugetrail_agent.station.readings.entering import NOK_CODE, OK_CODE
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.standing_messages import READ
from gaugetrail_agent.station.unfinished import CANCEL, GO_ON
from gaugetrail_agent.station.words.happening import Scanned
from gaugetrail_agent.station.words.state import StationState, Step
from gaugetrail_agent.station.workflow.amending.asking import (
    ANNOTATE,
    ATTRIBUTE,
    CORRECT,
    EXCLUDE,
    VOID,
    annotate,
    attribute,
    correct,
    exclude,
    void,
)
from gaugetrail_agent.station.workflow.before_unit.holding import CHANGE, change
from gaugetrail_agent.station.workflow.before_unit.set_up import CHANGE_OVER, change_over
from gaugetrail_agent.station.workflow.bypassing import BYPASS, bypass
from gaugetrail_agent.station.workflow.gauge_checks.asking import UNBLOCK, check, unblock
from gaugetrail_agent.station.workflow.gauge_checks.due import CHECK
from gaugetrail_agent.station.workflow.lots import MERGE, SPLIT, merge, split
from gaugetrail_agent.station.workflow.messages.handover import HANDOVER, hand_over
from gaugetrail_agent.station.workflow.messages.reading import read
from gaugetrail_agent.station.workflow.messages.suggesting import SUGGEST, suggest
from gaugetrail_agent.station.workflow.order_list import ORDERS, orders
from gaugetrail_agent.station.workflow.sampling.words import CHANGED, REASON, changed, reason
from gaugetrail_agent.station.workflow.speaking_up import CALL, NOTE, call, note
from gaugetrail_agent.station.workflow.steps_back import AGAIN, SKIP, UNDO, again, skip, undo
from gaugetrail_agent.station.workflow.unit_states.deciding import (
    CONCESSION,
    HOLD,
    RELEASE,
    REWORK,
    SCRAP,
    concession,
    hold,
    release,
    rework,
    scrap,
)

Rule = Callable[[Setup, StationState, Scanned, str], Step]
"""Given what stands behind the colon, without spaces around it."""


@dataclass(frozen=True, slots=True)
class Command:
    """One word."""

    word: str
    means: Sentence
    """What it is for."""
    rule: Rule | None = None
    about: str = ""
    """An example of what may stand behind the colon."""
    alone: bool = True
    """Whether it means something without that; else no barcode of it is printed."""


COMMANDS: tuple[Command, ...] = (
    Command(OK_CODE, said("command.ok")),
    Command(NOK_CODE, said("command.nok"), about="SCRATCH,DENT"),
    Command(CANCEL, said("command.cancel")),
    Command(GO_ON, said("command.go_on")),
    Command(ALLOW, said("command.allow"), about="the laboratory is full until Monday", alone=False),
    Command(NO_ORDER, said("command.no_order")),
    Command(LOGOFF, said("command.logoff")),
    Command(NOTE, said("command.note"), note),
    Command(CALL, said("command.call"), call),
    Command(SUGGEST, said("command.suggest"), suggest),
    Command(HANDOVER, said("command.handover"), hand_over),
    Command(READ, said("command.read"), read),
    Command(CHANGE, said("command.change"), change),
    Command(CHANGE_OVER, said("command.change_over"), change_over),
    Command(AGAIN, said("command.again"), again),
    Command(UNDO, said("command.undo"), undo),
    Command(SKIP, said("command.skip"), skip),
    Command(REASON, said("command.reason"), reason),
    Command(ORDERS, said("command.orders"), orders),
    Command(SPLIT, said("command.split"), split),
    Command(MERGE, said("command.merge"), merge),
    Command(CHANGED, said("command.changed"), changed),
    Command(HOLD, said("command.hold"), hold, about="scratches"),
    Command(REWORK, said("command.rework"), rework, about="deburr"),
    Command(SCRAP, said("command.scrap"), scrap, about="D12"),
    Command(RELEASE, said("command.release"), release),
    Command(CONCESSION, said("command.concession"), concession, about="QN-4711"),
    Command(VOID, said("command.void"), void, about="measured the master by mistake"),
    Command(EXCLUDE, said("command.exclude"), exclude, about="burr under the probe"),
    Command(CORRECT, said("command.correct"), correct),
    Command(ATTRIBUTE, said("command.attribute"), attribute),
    Command(ANNOTATE, said("command.annotate"), annotate, about="the customer asked about it"),
    Command(BYPASS, said("command.bypass"), bypass, about="BP-1 the gauge is at the laboratory", alone=False),
    Command(CHECK, said("command.check"), check, about="G-17"),
    Command(UNBLOCK, said("command.unblock"), unblock, about="the master was dirty", alone=False),
)
MEANWHILE = frozenset({CALL, NOTE, READ})
RULES = {one.word: one.rule for one in COMMANDS if one.rule is not None}


def command_in(text: str) -> tuple[Rule, str] | None:
    """The rule of the command that a text is, and what it is about; null where it is none that has one."""
    word, _, rest = text.partition(":")
    found = RULES.get(word.strip().upper())
    return None if found is None else (found, rest.strip())


def said_meanwhile(text: str) -> bool:
    """Whether it is a word that may be said while something else is asked."""
    return text.partition(":")[0].strip().upper() in MEANWHILE

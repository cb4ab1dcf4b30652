"""A record is put right: the words, and what is answered to what is asked then.

    %VOID:measured the master      the inspection was none
    %EXCLUDE:burr under the probe  statistics leave its values, or one of them, out
    %CORRECT                       another value of one characteristic
    %ATTRIBUTE                     another badge, order, serial, lot …
    %ANNOTATE:the customer asked   a note, which nobody has to approve

Of the unit that was recorded last here, or one that is scanned.
"""

from __future__ import annotations

from dataclasses import replace

from gaugetrail_agent.languages.sentences import Sentence, said
from gaugetrail_agent.station.choosing.unit_code import identified
from gaugetrail_agent.station.locks.roles_here import role_among, roles_said
from gaugetrail_agent.station.looking_back import RecordSearch
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.dialog import Dialog
from gaugetrail_agent.station.words.effect import LookBack, Refusal
from gaugetrail_agent.station.words.happening import LookedBack, Scanned
from gaugetrail_agent.station.words.state import StationState, Step, say
from gaugetrail_agent.station.workflow.amending.choosing import chosen_field, chosen_new
from gaugetrail_agent.station.workflow.amending.telling import request_told
from gaugetrail_agent.station.workflow.amending.wanted import LATER, AmendmentAsked, next_question
from gaugetrail_contract.amending.what import Action
from gaugetrail_contract.amending.who import APPROVES, ASKS
from gaugetrail_contract.text import refuse_identifier

VOID, EXCLUDE, ANNOTATE = "%VOID", "%EXCLUDE", "%ANNOTATE"
CORRECT, ATTRIBUTE = "%CORRECT", "%ATTRIBUTE"
AMENDING = "record of an amendment"


def void(setup: Setup, state: StationState, event: Scanned, why: str) -> Step:
    """It was no inspection."""
    return _begun(setup, state, event, "void", why)


def exclude(setup: Setup, state: StationState, event: Scanned, why: str) -> Step:
    """It says nothing of the process."""
    return _begun(setup, state, event, "exclude", why)


def annotate(setup: Setup, state: StationState, event: Scanned, text: str) -> Step:
    """A note with the record."""
    return _begun(setup, state, event, "annotate", text)


def correct(setup: Setup, state: StationState, event: Scanned, why: str) -> Step:
    """A value is another one."""
    return _begun(setup, state, event, "correct", why)


def attribute(setup: Setup, state: StationState, event: Scanned, why: str) -> Step:
    """It is by somebody else, or of another order, serial, lot."""
    return _begun(setup, state, event, "re-attribute", why)


def amending_answered(setup: Setup, state: StationState, dialog: Dialog, event: Scanned) -> Step:
    """What was asked for last."""
    asked, text = dialog.data, event.text.strip()
    assert isinstance(asked, AmendmentAsked), "whoever asks gives what is known so far"
    if not asked.unit:
        return _unit_named(setup, state, event, asked)
    if asked.found is None:
        return say(state, "amber", dialog.asks)
    if asked.takes_field and not asked.field:
        field = chosen_field(asked.found.record, asked.action, text)
        if field is None:
            return say(state, "amber", dialog.asks)
        return _on(setup, state, event, replace(asked, field=field))
    if asked.takes_new and not asked.new:
        new = chosen_new(asked.found.record, asked.action, asked.field, event)
        if isinstance(new, Sentence):
            return say(state, "amber", new)
        return _on(setup, state, event, replace(asked, new=new))
    if not asked.reason:
        return _on(setup, state, event, replace(asked, reason=text))
    return _approved_by(setup, state, dialog, asked, text)


def record_found(setup: Setup, state: StationState, event: LookedBack) -> Step:
    """What this PC's records say of the unit."""
    asked = None if state.dialog is None else state.dialog.data
    if not isinstance(asked, AmendmentAsked) or asked.unit != event.wanted.unit or asked.found is not None:
        return state, ()
    found = event.found.newest
    if found is None or found.record.pieces > 1:
        why = said("amend.not_here", unit=asked.unit)
        why = why if found is None else said("amend.in_pieces", unit=asked.unit)
        names = {"serial": asked.unit, "operator": state.operator or ""}
        refused = Refusal(why, ("serial", asked.unit), names, b"", event.at_us)
        return say(replace(state, dialog=None), "amber", why)[0], (refused,)
    at = Scanned("", event.at_us, event.mono_ns)
    return _on(setup, state, at, replace(asked, found=found))


# --- step by step


def _begun(setup: Setup, state: StationState, event: Scanned, action: Action, reason: str) -> Step:
    if state.unit is not None:
        return say(state, "amber", said("amend.in_hand"))
    return _on(setup, state, event, AmendmentAsked(action, reason))


def _on(setup: Setup, state: StationState, event: Scanned, asked: AmendmentAsked) -> Step:
    """Ask what is lacking; then it is told. Who asks is looked at each time: somebody else may have come."""
    if state.operator is None:  # logged off while the records were looked through
        return replace(state, dialog=None), ()
    if (may_not := _may_not_ask(setup, state.operator)) is not None:
        return say(replace(state, dialog=None), "red", may_not)
    if asked.reason and (fault := refuse_identifier(asked.reason)) is not None:
        return say(state, "amber", said("note.unusable", reason=fault))
    dialog = next_question(setup, state, asked)
    if dialog is None:
        return request_told(setup, replace(state, dialog=None), asked)
    return replace(state, dialog=dialog, light="off", says=None), ()


def _may_not_ask(setup: Setup, badge: str) -> Sentence | None:
    if setup.people is None or role_among(setup, badge, ASKS) is not None:
        return None
    return said("amend.may_not", badge=badge, roles=roles_said(sorted(ASKS)))


def _unit_named(setup: Setup, state: StationState, event: Scanned, asked: AmendmentAsked) -> Step:
    ids = identified(setup, event)
    if isinstance(ids, Sentence):
        return say(state, "amber", ids)
    asked = replace(asked, unit=ids.get("serial") or ids["lot"])
    state, effects = _on(setup, state, event, asked)
    return state, (*effects, LookBack(RecordSearch(AMENDING, unit=asked.unit)))


def _approved_by(setup: Setup, state: StationState, dialog: Dialog, asked: AmendmentAsked, text: str) -> Step:
    """The badge of somebody else, or later."""
    if text.upper() == LATER:
        return request_told(setup, replace(state, dialog=None), asked)
    if setup.badge.fullmatch(text) is None:
        return say(state, "amber", dialog.asks)
    if text == state.operator:
        return say(state, "amber", said("amend.oneself", badge=text))
    role = role_among(setup, text, APPROVES)
    if role is None:
        return say(state, "amber", said("amend.no_role", badge=text, roles=roles_said(sorted(APPROVES))))
    return request_told(setup, replace(state, dialog=None), asked, (text, role))

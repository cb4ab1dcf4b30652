"""What an amendment may say of which record, and who may ask for it and approve it. Pure.

Promise: one rule for every door. What passes has the old value that holds now, a new one that the record can have, and
a reason; nothing names a seal, a number or a time.

| action | of | says |
|---|---|---|
| correct | an inspection | another value of a characteristic |
| re-attribute | an inspection | another serial, lot, order, part, gauge of a value … (`attributed`) |
| exclude | an inspection | statistics leave a characteristic out, or all of them |
| void | an inspection, an amendment | it doesn't count; of an amendment: what it says is taken back |
| annotate | any record | the reason is the note; nothing else changes, so nobody needs to approve it |
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gaugetrail_collector.documents.desk import Declined
from gaugetrail_collector.tracing.effective import EffectiveRecord, effective, standing
from gaugetrail_collector.tracing.trace import Known
from gaugetrail_contract.amending.what import ACTIONS, ATTRIBUTED, Action, attributed, fits, says
from gaugetrail_contract.amending.who import APPROVES, ASKS, acting_role
from gaugetrail_contract.documents.editions import Approver
from gaugetrail_contract.documents.rights import RoleBook
from gaugetrail_contract.record import Amendment, Inspection, Measurement
from gaugetrail_contract.record.parts import CharacteristicKind
from gaugetrail_contract.suggestions import did_you_mean
from gaugetrail_contract.text import PRINTABLE, is_normal, refuse_identifier

MOST_WORDS = 2000


@dataclass(frozen=True, slots=True)
class WantedAmendment:
    """What somebody wants to have said of a record."""

    action: Action
    reason: str
    field: str | None = None
    new: str | None = None
    old: str | None = None
    """What they believe that holds now; null: whatever holds."""
    code: str | None = None


@dataclass(frozen=True, slots=True)
class AmendedRecord:
    """A record with its amendments, and the amendments of those."""

    known: Known
    amendments: tuple[Known, ...] = ()

    @property
    def now(self) -> EffectiveRecord | None:
        """What holds of it; null for what is no inspection."""
        return effective(self.known, self.amendments)

    @property
    def void(self) -> bool:
        """Whether it doesn't count any more."""
        counting = (one.record for one in standing(self.amendments) if self.known.amended_by(one))
        return any(isinstance(one, Amendment) and one.action == "void" for one in counting)


# --- who


def asks_as(people: RoleBook, person: str) -> str:
    """The role in which they ask. Raises `Declined`."""
    return _acts_as(people, person, ASKS, "ask for an amendment", "author")


def approves_as(people: RoleBook, person: str, requested_by: str, approver: Approver) -> str:
    """The role in which they approve or reject what that person asked for. Raises `Declined`."""
    if person == requested_by and approver != "anyone":
        raise Declined(f"{person} asked for it: another person approves ([documents] approver)")
    return _acts_as(people, person, APPROVES, "approve an amendment", None)


def _acts_as(people: RoleBook, person: str, roles: frozenset[str], what: str, without_list: str | None) -> str:
    """`without_list`: as what while no people document says who has which role; null: the administrators alone may."""
    if reason := refuse_identifier(person):
        raise Declined(f"the name: {reason}")
    if (role := acting_role(people.of(person), roles)) is not None:
        return role
    if people.roles is None and without_list is not None:
        return without_list
    if people.roles is None:
        who = ", ".join(sorted(people.administrators))
        raise Declined(f"{person} may not {what}: no people document holds yet, so only {who} may (named at init)")
    has = ", ".join(sorted(people.of(person))) or "no role"
    wanted = ", ".join(sorted(roles))
    raise Declined(f"{person} may not {what}: that takes the role {wanted}; the people document gives {person} {has}")


# --- what


def judged(target: AmendedRecord, wanted: WantedAmendment) -> WantedAmendment:
    """The same, with what holds now as its old value. Raises `Declined`."""
    _judge_words(wanted)
    known = target.known
    if known.record is None:
        raise Declined(f"{known.id} can't be believed: {known.broken}; verify names it, and nothing is said of it")
    if wanted.action == "annotate":
        _refuse_field(wanted)
        return wanted
    if target.void:
        raise Declined(f"{known.id} is void; to bring it back, void the amendment that says so")
    if isinstance(known.record, Amendment):
        return _of_amendment(known.record, known.id, wanted)
    if not isinstance(known.record, Inspection):
        raise Declined(f"{known.id} is an event: it can be annotated, and what came of it is put right by another one")
    now = target.now
    assert now is not None
    return _JUDGES[wanted.action](now, known.id, wanted)


def _judge_words(wanted: WantedAmendment) -> None:
    if wanted.action not in ACTIONS:
        meant = did_you_mean(wanted.action, ACTIONS)
        raise Declined(f"there is no action {wanted.action}{meant}: {', '.join(ACTIONS)}")
    if not wanted.reason.strip():
        raise Declined("say why: the reason stands in the record for ever")
    for what, text in (("the reason", wanted.reason), ("the new value", wanted.new or "")):
        if len(text) > MOST_WORDS or not PRINTABLE.holds(text) or not is_normal(text):
            raise Declined(f"{what} is one line of at most {MOST_WORDS:,} characters, without control characters")
    for what, name in (("the field", wanted.field), ("the code", wanted.code)):
        if name is not None and (reason := refuse_identifier(name)):
            raise Declined(f"{what}: {reason}")


def _of_amendment(record: Amendment, name: str, wanted: WantedAmendment) -> WantedAmendment:
    if wanted.action != "void":
        raise Declined(f"{name} is an amendment: it can be voided or annotated, and another one says what is right")
    if record.field == "time":
        raise Declined(f"{name} tells a true time, computed by the line PC; times are not put right by hand")
    _refuse_field(wanted)
    return wanted


def _void(_: EffectiveRecord, __: str, wanted: WantedAmendment) -> WantedAmendment:
    _refuse_field(wanted)
    return wanted


def _exclude(now: EffectiveRecord, name: str, wanted: WantedAmendment) -> WantedAmendment:
    if wanted.new is not None or wanted.old is not None:
        raise Declined("to exclude takes no value: the value stands, and statistics leave it out")
    asked = {one.characteristic for one in now.record.measurements}
    if wanted.field is not None:
        _measured(now, name, wanted.field)
        asked = {wanted.field}
    if asked <= now.excluded:
        raise Declined(f"statistics leave {wanted.field or 'all'} of {name} out already")
    return wanted


def _correct(now: EffectiveRecord, name: str, wanted: WantedAmendment) -> WantedAmendment:
    if wanted.field in ATTRIBUTED and all(one.characteristic != wanted.field for one in now.record.measurements):
        raise Declined(f"{wanted.field} is what the record is of: re-attribute it; correct is for a measured value")
    found = _measured(now, name, _needed("the characteristic", wanted.field))
    if len(found) > 1:
        raise Declined(f"{name} has {len(found)} values of {wanted.field}, and none can be meant alone: exclude them")
    (one,) = found
    new = _needed("the new value", wanted.new)
    if not fits(one, new):
        raise Declined(f"{new} can't be {one.characteristic}: it is {_FORMS[one.kind]}")
    return _with_old(now, wanted, new)


def _re_attribute(now: EffectiveRecord, name: str, wanted: WantedAmendment) -> WantedAmendment:
    what = _needed("what it is re-attributed by (serial, lot, order …)", wanted.field)
    names = attributed(now.record)
    if what not in names:
        known = f"{did_you_mean(what, names)}: {', '.join(names)}"
        raise Declined(f"{what} can't be re-attributed{known}; seal, number and time of {name} never change")
    new = _needed("the new value", wanted.new)
    if reason := refuse_identifier(new):
        raise Declined(f"{what} {new!r}: {reason}")
    return _with_old(now, wanted, new)


_JUDGES = {"void": _void, "exclude": _exclude, "correct": _correct, "re-attribute": _re_attribute}

_FORMS = {
    CharacteristicKind.VARIABLE: "a number in digits, such as 74.012",
    CharacteristicKind.COUNT: "a whole number from 0 on",
    CharacteristicKind.ATTRIBUTE: "ok or nok",
    CharacteristicKind.TEXT: "a text",
}


def _measured(now: EffectiveRecord, name: str, characteristic: str) -> Sequence[Measurement]:
    found = [one for one in now.record.measurements if one.characteristic == characteristic]
    if not found:
        there = list(dict.fromkeys(one.characteristic for one in now.record.measurements))
        listed = f"{did_you_mean(characteristic, there)}: {', '.join(there[:20]) or 'it measured nothing'}"
        raise Declined(f"{name} has no characteristic {characteristic}{listed}")
    return found


def _with_old(now: EffectiveRecord, wanted: WantedAmendment, new: str) -> WantedAmendment:
    assert wanted.field is not None
    old = says(now.record, wanted.field)
    if old is None and wanted.action == "correct":
        raise Declined(f"nothing was measured as {wanted.field}: a value that was never taken can't be corrected")
    if wanted.old is not None and wanted.old != (old or ""):
        raise Declined(f"{wanted.field} is {old or 'empty'} now, not {wanted.old}: look at the record, and ask anew")
    if new == old:
        raise Declined(f"{wanted.field} is {new} already")
    return replace(wanted, old=old)


def _needed(what: str, given: str | None) -> str:
    if not given:
        raise Declined(f"say {what}")
    return given


def _refuse_field(wanted: WantedAmendment) -> None:
    if wanted.field is not None or wanted.new is not None or wanted.old is not None:
        raise Declined(f"to {wanted.action} takes a reason and no field or value: it is about the whole record")

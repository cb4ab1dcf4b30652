"""Of which of its values a record is put right, and what can be right."""

from __future__ import annotations

from collections import Counter

from gaugetrail_agent.languages.sentences import Sentence, Term, said
from gaugetrail_agent.station.readings.entering import NOK_CODE, OK_CODE
from gaugetrail_agent.station.readings.typed_numbers import two_ways, with_point
from gaugetrail_agent.station.words.dialog import Choice
from gaugetrail_agent.station.words.happening import Scanned
from gaugetrail_contract.amending.what import attributed, fits, says
from gaugetrail_contract.record import Inspection, Measurement
from gaugetrail_contract.record.parts import CharacteristicKind
from gaugetrail_contract.text import refuse_identifier

ALL = "%ALL"
OFFERED = ("operator", "order", "serial", "lot")
"""What is offered to be re-attributed in any case; else what the record says something of."""
RESULTS = {OK_CODE: "ok", NOK_CODE: "nok"}


def measured_choices(record: Inspection) -> tuple[Choice, ...]:
    """The values that can be meant: each that was taken, and once."""
    return tuple(Choice(name, _is(record, name)) for name in _measured(record))


def attributed_choices(record: Inspection) -> tuple[Choice, ...]:
    """What the record is of, by and with."""
    names = (name for name in attributed(record) if name in OFFERED or says(record, name))
    return tuple(Choice(name, _is(record, name)) for name in names)


def chosen_field(record: Inspection, action: str, text: str) -> str | None:
    """The name that was meant; null where it can't be amended so."""
    names = attributed(record) if action == "re-attribute" else _measured(record)
    if action == "exclude":
        names = (*names, ALL)
    return next((one for one in names if one.casefold() == text.casefold()), None)


def chosen_new(record: Inspection, action: str, field: str, event: Scanned) -> str | Sentence:
    """What is right from now on, or why it can't be."""
    text = event.text.strip()
    if action == "re-attribute":
        new: str | Sentence = text
    else:
        new = _as_measured(next(one for one in record.measurements if one.characteristic == field), event, text)
    if isinstance(new, Sentence):
        return new
    if (reason := refuse_identifier(new)) is not None:
        return said("note.unusable", reason=reason)
    if new == says(record, field):
        return said("amend.same", name=Term(field), value=new)
    return new


def value_said(record: Inspection, name: str) -> str:
    """What the record says of it; a dash for nothing."""
    return says(record, name) or "–"


def _measured(record: Inspection) -> tuple[str, ...]:
    """A name that stands twice means none of the two."""
    count = Counter(one.characteristic for one in record.measurements)
    return tuple(name for name, times in count.items() if times == 1 and says(record, name) is not None)


def _is(record: Inspection, name: str) -> Sentence:
    return said("amend.is", name=Term(name), value=value_said(record, name))


def _as_measured(one: Measurement, event: Scanned, text: str) -> str | Sentence:
    """A decimal comma is a person's, as wherever something is typed."""
    if one.kind is CharacteristicKind.ATTRIBUTE:
        new = RESULTS.get(text.upper(), text.lower())
    elif one.kind is CharacteristicKind.VARIABLE and event.typed:
        if (ways := two_ways(text)) is not None:
            return said("typed.two_ways", characteristic=one.characteristic, text=text, decimal=ways[0], whole=ways[1])
        new = with_point(text) or text
    else:
        new = text
    return new if fits(one, new) else said("amend.unfit", name=one.characteristic, ok=OK_CODE, nok=NOK_CODE)

"""What is scanned or typed for a characteristic without a device: its result, or why it is none. Pure.

    %OK    %NOK    %NOK:SCRATCH,DENT    %NOK:SCRATCH@A3*2        a defect's code, where it is, how many there are

How it came in stands in the record: a text from a person's keys is `typed`, one that a reader read is `scan`, unless
the plan says otherwise. The plan may want it scanned, or typed twice.
"""

from __future__ import annotations

import re

import msgspec

from gaugetrail_agent.languages.sentences import Sentence, said
from gaugetrail_agent.station.choosing.unit_code import raw_of
from gaugetrail_agent.station.readings.measurement import by_hand
from gaugetrail_agent.station.readings.typed_numbers import two_ways, with_point
from gaugetrail_agent.station.words.happening import Scanned
from gaugetrail_contract.documents.plan import Characteristic
from gaugetrail_contract.record import Capture, CharacteristicKind, Measurement
from gaugetrail_contract.record.parts import FoundDefect
from gaugetrail_contract.text import refuse_identifier, visible

OK_CODE = "%OK"
NOK_CODE = "%NOK"
"""Attribute results; `%NOK:SCRATCH,DENT` names defect codes."""
MAX_DEFECTS = 50
MOST_OF_A_KIND = 1_000_000
NUMBER = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?")
COUNT = re.compile(r"[0-9]{1,15}")
DEFECT = re.compile(r"(?P<code>[^@*]+)(@(?P<place>[^@*]+))?(\*(?P<count>[0-9]{1,7}))?")


def entered(wanted: Characteristic, event: Scanned) -> Measurement | Sentence:
    """The measurement that a scanned or typed text makes; or what is wrong with it."""
    if wanted.entry == "scanned" and event.typed:
        return said("typed.scan_it", characteristic=wanted.title or wanted.name)
    match wanted.kind:
        case CharacteristicKind.ATTRIBUTE:
            taken = _attribute(wanted, event.at_us, event.text)
        case CharacteristicKind.TEXT:
            taken = _text(wanted, event)
        case CharacteristicKind.COUNT:
            taken = _number(wanted, event, event.text, COUNT)
        case CharacteristicKind.VARIABLE:
            taken = _variable(wanted, event, event.text)
    if isinstance(taken, Sentence) or wanted.capture is not None:
        return taken
    return msgspec.structs.replace(taken, capture=Capture.TYPED if event.typed else Capture.SCAN)


def as_compared(taken: Measurement) -> str:
    """What two entries have in common that say the same."""
    return taken.value or taken.text or " ".join(filter(None, (taken.result, *taken.defects)))


def _attribute(wanted: Characteristic, at_us: int, text: str) -> Measurement | Sentence:
    code, _, listed = text.partition(":")
    parts = [part.strip() for part in listed.split(",") if part.strip()]
    if code.upper() not in (OK_CODE, NOK_CODE):
        return said("typed.ok_or_nok", characteristic=wanted.name, ok=OK_CODE, nok=NOK_CODE)
    found = [_defect(part) for part in parts]
    if len(found) > MAX_DEFECTS or None in found:
        return said("typed.defects_unusable", characteristic=wanted.name)
    there = [one for one in found if one is not None]
    codes = tuple(dict.fromkeys(one.code for one in there))
    if strange := [one for one in codes if wanted.defects and one not in wanted.defects]:
        listed = ", ".join(wanted.defects)
        return said("typed.no_such_defect", characteristic=wanted.name, code=strange[0], codes=listed)
    made = by_hand(wanted, at_us, result="ok" if code.upper() == OK_CODE else "nok", defects=codes)
    told = any(one.place is not None or one.count > 1 for one in there) or len(codes) < len(there)
    return msgspec.structs.replace(made, found=tuple(there)) if told else made


def _defect(text: str) -> FoundDefect | None:
    """A defect with its place and count; null for what can't be kept."""
    found = DEFECT.fullmatch(text)
    if found is None:
        return None
    code, place, count = found["code"].strip(), found["place"], int(found["count"] or 1)
    named = [one for one in (code, None if place is None else place.strip()) if one is not None]
    if any(refuse_identifier(one) for one in named) or not 1 <= count <= MOST_OF_A_KIND:
        return None
    return FoundDefect(code=code, place=None if place is None else place.strip(), count=count)


def _text(wanted: Characteristic, event: Scanned) -> Measurement | Sentence:
    reason = refuse_identifier(event.text)
    if reason is not None:
        return said("typed.text_unusable", characteristic=wanted.name, reason=reason)
    return by_hand(wanted, event.at_us, text=event.text, raw=raw_of(event, event.text))


def _variable(wanted: Characteristic, event: Scanned, text: str) -> Measurement | Sentence:
    """A decimal comma is a person's; in a code it is no number, as the code's maker may mean anything by it."""
    if not event.typed:
        return _number(wanted, event, text, NUMBER)
    if (ways := two_ways(text)) is not None:
        decimal, whole = ways
        return said("typed.two_ways", characteristic=wanted.name, text=text, decimal=decimal, whole=whole)
    number = with_point(text)
    if number is None:
        return _number(wanted, event, text, NUMBER)
    return by_hand(wanted, event.at_us, value=number, raw=text.encode().hex())


def _number(wanted: Characteristic, event: Scanned, text: str, grammar: re.Pattern[str]) -> Measurement | Sentence:
    if not grammar.fullmatch(text):
        return said("typed.no_number", characteristic=wanted.name, text=visible(text)[:40])
    return by_hand(wanted, event.at_us, value=text)

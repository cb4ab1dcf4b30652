"""Inspections of a form that was read before: only what differs from unit to unit is looked at.

A station writes the same letters for unit after unit but for a few places: number, previous seal, times, serial,
components, values, raw bytes. The rest is remembered with the record that it was first read from: the form of what
stands before the measurements, and the form of each measurement.

Promise: `Forms.read` gives exactly the record that the full reading gives, or nothing. It holds because a form is only
learned from bytes that passed the full reading and hold no backslash, so that each quotation mark in them opens or
closes a string and no string hides a key; because what may stand in the places that differ is the model's own rule for
them (`form_cuts`); and because no rule of the models looks at two of these places at once, but for the one on the first
record of a chain, which is always read in full.
"""

from __future__ import annotations

import re
from typing import NamedTuple, TypeVar

from gaugetrail_contract import form_cuts as cuts
from gaugetrail_contract.form_cuts import Front, Kind, Piece
from gaugetrail_contract.record import Inspection, Measurement

MOST_FORMS = 5_000
"""Forms of inspections that are remembered, about 5 KB each; at one more all are forgotten and learned again. A lot, an
order, an operator or a verdict makes another form.
"""
MOST_MEASURED = 20_000
"""As many forms of measurements, about 3 KB each. A gauge, a due date or a verdict makes another one."""
MOST_TRACKS = 2_000
"""As many ways to measure a unit, about 1 KB for each characteristic."""

_OWN = ("seq", "prev", "time", "mono_ns", "serial", "components", "started", "duration_ms")
"""What is an inspection's own, besides its measurements."""
_FIELDS = {Kind.NUMBER: "value", Kind.TEXT: "text", Kind.TIME: "time", Kind.RAW: "raw"}

_WITHOUT_CONTROL = re.compile(r"[ -\U0010ffff]*").fullmatch

_Model = TypeVar("_Model", Inspection, Measurement)
_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class MeasuredForm:
    """What stays the same of a measurement, and the first one that was read of it."""

    __slots__ = ("kinds", "letters", "model")

    def __init__(self, model: Measurement, piece: Piece) -> None:
        self.model = model
        self.letters = piece.letters
        self.kinds = piece.kinds


class Track:
    """Forms of measurements one after the other: all their letters but those in the places that differ."""

    __slots__ = ("_end", "_numbers", "_raws", "_steps", "_texts", "_times", "forms", "places")

    def __init__(self, forms: tuple[MeasuredForm, ...]) -> None:
        self.forms = forms
        self.places: list[dict[Kind, int]] = []
        """Of each form, which of all places are its own."""
        letters, kinds = [""], list[Kind]()
        for form in forms:
            letters[-1] += ("," if kinds else "") + form.letters[0]
            letters += form.letters[1:]
            self.places.append({kind: len(kinds) + at for at, kind in enumerate(form.kinds)})
            kinds += form.kinds
        self._end = letters.pop() + "]}"
        self._steps = [(part, len(part), cuts.STOPS[kind]) for part, kind in zip(letters, kinds, strict=True)]
        self._numbers, self._texts, self._times, self._raws = (
            [at for at, one in enumerate(kinds) if one is kind] for kind in Kind
        )

    def read(self, text: str, at: int) -> Measured | None:
        """The measurements from there to the record's end; null unless they are of just these forms."""
        found: list[str] = []
        for letters, length, stop in self._steps:
            if not text.startswith(letters, at):
                return None
            at += length
            end = text.find(stop, at)
            found.append(text[at:end])
            at = end
        times_us = cuts.instants([found[one] for one in self._times])
        if times_us is None or text[at:] != self._end or not cuts.are_raw([found[one] for one in self._raws]):
            return None
        for one in self._numbers:
            if not cuts.is_number(found[one]):
                return None
        for one in self._texts:
            if not cuts.is_text(found[one]):
                return None
        return Measured(self, found, times_us)


class Form:
    """What stays the same of all that stands before the measurements, and the first record that was read of it."""

    __slots__ = ("model", "track")

    def __init__(self, model: Inspection, track: Track) -> None:
        self.model = _like(model, {"measurements": ()})
        self.track = track
        """What the last record was measured like."""


class Measured(NamedTuple):
    """What is the measurements' own, and their forms."""

    track: Track
    own: list[str]
    """By place."""
    times_us: list[int]

    def measurement(self, index: int) -> Measurement:
        """One of them, as the full reading would give it."""
        own: dict[str, object] = {_FIELDS[kind]: self.own[at] for kind, at in self.track.places[index].items()}
        own["time"] = f"{own['time']}Z"
        return _like(self.track.forms[index].model, own)


class Reading(NamedTuple):
    """What is an inspection's own, and its form."""

    form: Form
    front: Front
    measured: Measured

    def record(self) -> Inspection:
        """The record, as the full reading would give it."""
        own: dict[str, object] = {name: getattr(self.front, name) for name in _OWN}
        own["measurements"] = tuple(map(self.measured.measurement, range(len(self.measured.times_us))))
        return _like(self.form.model, own)


class Forms:
    """The forms that were met. Any thread: they are added whole, and one that is lost is learned again."""

    def __init__(self) -> None:
        self._fronts: dict[tuple[str, ...], Form] = {}
        self._measured: dict[tuple[str, ...], MeasuredForm] = {}
        self._tracks: dict[tuple[MeasuredForm, ...], Track] = {}
        self._usual: dict[tuple[str, str, str], Track] = {}
        """By agent, station and part: how the last unit was measured. A new lot mostly changes nothing in that."""

    @property
    def size(self) -> int:
        """How many of anything are remembered."""
        return len(self._fronts) + len(self._measured) + len(self._tracks) + len(self._usual)

    def read(self, text: str) -> Reading | None:
        """The inspection that a record's bytes spell; null where it is of no form that was met, or differs in more."""
        front = cuts.cut_front(text)
        form = None if front is None else self._fronts.get(front.same)
        if front is None or form is None:
            return None
        measured = form.track.read(text, front.end)
        if measured is None:
            track = self._look_up(text[front.end :])
            measured = None if track is None else track.read(text, front.end)
            if measured is None:
                return None
            form.track = measured.track
        return Reading(form, front, measured)

    def _look_up(self, rest: str) -> Track | None:
        """The one track of these measurements: whoever remembers something of it finds it again."""
        forms = [self._measured.get(piece.letters) for piece in cuts.cut_pieces(rest)]
        known = tuple([form for form in forms if form is not None])
        if len(known) != len(forms):
            return None
        track = self._tracks.get(known)
        if track is None:
            track = Track(known)
            _put(self._tracks, MOST_TRACKS, known, track)
        return track

    def learn(self, text: str, record: Inspection) -> None:
        """Remember the forms of a record that passed the full reading; one that can't be cut for sure is left alone."""
        front = cuts.cut_front(text)
        braces = 2 + len(record.measurements)
        # With these braces and no others, none stands in a string, and a measurement ends at its first closing one.
        if front is None or text.count("{") != braces or text.count("}") != braces:
            return
        if "\\" in text or _WITHOUT_CONTROL(text) is None:
            return
        if any(getattr(record, name) != getattr(front, name) for name in _OWN):
            return
        place = record.agent, record.station, record.part
        track = self._usual.get(place)
        if track is None or track.read(text, front.end) is None:
            track = self._learn_measured(text[front.end :], record)
            if track is None:
                return
            _put(self._usual, MOST_FORMS, place, track)
        _put(self._fronts, MOST_FORMS, front.same, Form(record, track))

    def _learn_measured(self, rest: str, record: Inspection) -> Track | None:
        pieces = cuts.cut_pieces(rest)
        if len(pieces) != len(record.measurements) or not all(map(_is_cut_well, pieces, record.measurements)):
            return None
        for piece, model in zip(pieces, record.measurements, strict=True):
            if piece.letters not in self._measured:
                _put(self._measured, MOST_MEASURED, piece.letters, MeasuredForm(model, piece))
        return self._look_up(rest)


def _put(among: dict[_Key, _Value], most: int, key: _Key, value: _Value) -> None:
    if len(among) >= most:
        among.clear()
    among[key] = value


def _is_cut_well(piece: Piece, model: Measurement) -> bool:
    """Whether what was cut out is what the full reading found, the time among it."""
    own = {_FIELDS[kind]: text for kind, text in zip(piece.kinds, piece.own, strict=True)}
    return f"{own.pop('time', None)}Z" == model.time and all(getattr(model, key) == own[key] for key in own)


def _like(model: _Model, own: dict[str, object]) -> _Model:
    """A copy with other values, which are proven. What pydantic's `model_copy` does, in a sixth of its time."""
    made = object.__new__(type(model))
    object.__setattr__(made, "__dict__", model.__dict__ | own)
    object.__setattr__(made, "__pydantic_fields_set__", model.__pydantic_fields_set__)
    object.__setattr__(made, "__pydantic_extra__", None)
    object.__setattr__(made, "__pydantic_private__", None)
    return made

"""The lines of an inspection that was read by its form: letter for letter those of `lines.lines_of`, put together from
what is the same for every unit of the form and what is this unit's own.

A test holds the two against each other. What a place of a form may hold (`form_cuts`) needs no escaping in a line.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from json import JSONEncoder

from gaugetrail_collector.stores import lines
from gaugetrail_contract.form_cuts import Front, Kind
from gaugetrail_contract.forms import MOST_FORMS, Form, Measured, Reading, Track
from gaugetrail_contract.record import IDENTIFIER_KINDS, Verdict
from gaugetrail_contract.seal import Opened

MOST_TRACKS = 20
"""Ways to measure that are remembered of one form."""
OF_THE_FORM = tuple(kind for kind in IDENTIFIER_KINDS if kind != "serial")
"""Identifiers that stay the same for a while; the serial doesn't."""

_quoted = JSONEncoder(ensure_ascii=False).encode
"""A text in quotes, a backslash before each quote and backslash in it: JSON's way and line protocol's are one where the
text holds no control character, and a form's bytes hold none."""


@lru_cache(maxsize=16_384)
def _digits(value: str) -> str:
    """The fields of a measured number. Digits need no escaping; gauges show the same ones again and again."""
    return f'value={float(value)!r},text="{value}"'


_Simple = tuple[str, str, int]
"""Of a measurement its tag set, its fields beside the value, and in which place the value is."""


class Template:
    """What is the same in the lines of all inspections of a form."""

    def __init__(self, form: Form) -> None:
        model = form.model
        name, tags = lines.record_tags(model)
        self.place = (model.site, model.line, model.station, model.part)
        self.own = lines.tag_set(name, tags)
        same = (("lot", model.lot), ("order", model.order), ("operator", model.operator), ("revision", model.revision))
        self.context = lines.fields((*same, ("attempt", model.attempt)))
        self.ok = int(model.verdict is Verdict.PASS)
        self.whose = lines.fields((("agent", model.agent), ("epoch", model.epoch)))
        self.chain = lines.fields((("epoch", model.epoch), ("clock", model.clock)))
        self.slot = model.slot
        self.lead = lines.fields((("epoch", model.epoch), ("point", name), *tags))
        self.traces = lines.trace_heads(
            (kind, getattr(model, kind)) for kind in OF_THE_FORM if getattr(model, kind) is not None
        )
        self._tracks: dict[Track, tuple[list[_Simple | None], int]] = {}

    def of(self, track: Track) -> tuple[list[_Simple | None], int]:
        """What is the same in the measurements' lines, null for one that isn't a number within its limits; and how many
        have failed.
        """
        known = self._tracks.get(track)
        if known is None:
            if len(self._tracks) > MOST_TRACKS:
                self._tracks.clear()
            failed = sum(form.model.verdict is Verdict.FAIL for form in track.forms)
            simple = [self._simple(track, index) for index in range(len(track.forms))]
            known = self._tracks[track] = (simple, failed)
        return known

    def _simple(self, track: Track, index: int) -> _Simple | None:
        model, at = track.forms[index].model, track.places[index].get(Kind.NUMBER)
        if at is None or model.defects or model.verdict is Verdict.FAIL:
            return None
        return (*lines.as_planned(self.place, model), at)


@lru_cache(maxsize=MOST_FORMS)
def _template(form: Form) -> Template:
    return Template(form)


def lines_of(opened: Opened, reading: Reading) -> list[str]:
    """Every line of the record."""
    template, front, measured = _template(reading.form), reading.front, reading.measured
    simple, failed = template.of(measured.track)
    at = f"{front.time_us}{template.slot:03}"
    serial = "" if front.serial is None else f'serial="{front.serial}",'
    own = (
        f"{template.own} {serial}{template.context},duration_ms={front.duration_ms}i,failed={failed}i"
        f",ok={template.ok}i,measured={len(simple)}i,seq={front.seq}i,{template.chain}"
        f',sha256="{opened.sealed.sha256}",record={_quoted(opened.sealed.data.decode("utf-8"))} {at}'
    )
    whose = f"{serial}{template.whose},seq={front.seq}i"
    made = [own, *_measured_lines(template, simple, front, measured, whose)]
    tail = f"seq={front.seq}i,{template.lead} {at}"
    if front.serial is not None:
        made.append(f'trace,id_kind=serial,zb={lines.bucket(front.serial)} id="{front.serial}",{tail}')
    made += [f"{head},{tail}" for head in template.traces]
    if front.components:
        made += [f"{head},{tail}" for head in lines.trace_heads(("component", one) for one in front.components)]
    return made


def _measured_lines(
    template: Template, same: Sequence[_Simple | None], front: Front, measured: Measured, whose: str
) -> list[str]:
    """The measurements' lines, and behind them those of their defects."""
    own, slot = measured.own, f"{template.slot:03}"
    made: list[str] = []
    defects: list[str] = []
    for index, (simple, time_us) in enumerate(zip(same, measured.times_us, strict=True)):
        if simple is None:
            one = measured.measurement(index)
            made.append(lines.measurement_line(template.place, whose, one, template.slot))
            defects += lines.defect_lines(template.place, front.serial, one, template.slot)
        else:
            head, planned, at = simple
            made.append(f"{head} {_digits(own[at])},{planned},{whose} {time_us}{slot}")
    return made + defects

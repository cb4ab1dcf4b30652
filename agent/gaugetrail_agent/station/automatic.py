"""An automatic station: each block that a PLC offers under a trigger is one unit, recorded at once.

A value that the block lacks, or that is not fit, leaves the record incomplete, never a number (G4). A block without a
usable serial is a record too: an event with its bytes, and the PLC is told that it was rejected.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gaugetrail_agent.barcodes.scan import advice_on
from gaugetrail_agent.barcodes.surroundings import bare
from gaugetrail_agent.languages.sentences import ENGLISH, Sentence, said
from gaugetrail_agent.reading import Reading, Status
from gaugetrail_agent.station.finishing import body_of, verdict_of
from gaugetrail_agent.station.measurement import by_device, fitness
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words import Act, BatchCame, Scanned, SealIt, StationState, Step, Unit, ValueCame, say
from gaugetrail_contract.documents.files import Characteristic
from gaugetrail_contract.events.station import BlockRejected
from gaugetrail_contract.record import EventBody, Measurement, Subject
from gaugetrail_contract.text import refuse_identifier, visible

Values = Mapping[str | None, ValueCame]
"""Channel -> what stood there, with its moment."""


def by_itself(setup: Setup, state: StationState, event: Act) -> Step:
    """What happens to a station that nobody stands at."""
    match event:
        case BatchCame():
            return _offered(setup, state, event)
        case Scanned():
            return say(state, "amber", said("block.scan_at_automatic_station"))
        case ValueCame():
            return state, ()


def _offered(setup: Setup, state: StationState, batch: BatchCame) -> Step:
    """One inspection, or a rejection that is itself a record."""
    values = _values(batch)
    serial = _serial(setup, values)
    answer = (batch.device, batch.trigger) if batch.trigger is not None else None
    if isinstance(serial, Sentence):
        return replace(state, light="red", says=serial), (SealIt(_rejection(setup, batch, serial), answer),)
    taken = tuple(_measured(setup, wanted, batch, values) for wanted in setup.plan.characteristics)
    unit = Unit({"serial": serial}, batch.times_us[0], batch.mono_ns, taken)
    body = body_of(setup, unit, verdict_of(setup, unit), batch.mono_ns)
    return replace(state, light="off", says=said("block.offered", serial=serial)), (SealIt(body, answer),)


def _values(batch: BatchCame) -> Values:
    return {
        reading.channel: ValueCame(batch.device, reading, at_us, batch.mono_ns)
        for reading, at_us in zip(batch.readings, batch.times_us, strict=True)
    }


def _serial(setup: Setup, values: Values) -> str | Sentence:
    """The unit's serial, or why there is none that can be used."""
    found = values.get(setup.serial_channel)
    if found is None:
        return said("block.no_serial", channel=setup.serial_channel)
    if found.reading.text is None and found.reading.error_code is not None:
        why = found.reading.extra.get("why", found.reading.error_code)
        return said("block.serial_unreadable", reason=str(why))
    # A PLC hands on what its scanner sent, with what the scanner put around the code.
    code = bare(found.reading.text or "")
    if code.inside is not None:
        return said("block.serial_unusable", reason=advice_on(code.inside))
    serial = code.text.strip()
    reason = refuse_identifier(serial)
    if reason is not None:
        return said("block.serial_unusable", reason=reason)
    if setup.unit.fullmatch(serial) is None:
        return said("block.serial_of_no_unit", serial=visible(serial)[:60])
    return serial


def _measured(setup: Setup, wanted: Characteristic, batch: BatchCame, values: Values) -> Measurement:
    channel = wanted.channel or wanted.name
    nothing = ValueCame(batch.device, Reading(Status.NO_VALUE, b"", channel=channel), batch.times_us[-1], batch.mono_ns)
    value = values.get(channel, nothing)
    return by_device(setup, wanted, value, fitness(setup, wanted, value))


def _rejection(setup: Setup, batch: BatchCame, reason: Sentence) -> EventBody:
    """Nothing unreadable is thrown away: the refused block becomes an event record with its bytes.

    Records say it in English, whatever the terminal speaks.
    """
    raw = {reading.channel or str(number): reading.raw[:256].hex() for number, reading in enumerate(batch.readings)}
    return EventBody(
        site=setup.site,
        line=setup.line,
        station=setup.station,
        type=BlockRejected.TYPE,
        subject=Subject(kind="station", id=setup.station),
        payload=BlockRejected(device=batch.device, reason=ENGLISH.text(reason)[:500], raw=raw).written(),
    )

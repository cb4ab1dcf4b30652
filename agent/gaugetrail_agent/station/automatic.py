"""An automatic station: each block that a PLC offers under a trigger is one unit, recorded at once.

A value that the block lacks, that is not fit or can't be true leaves the record incomplete, never a number (G4); where
a gauge may not measure at all, or must be checked with its master first, the PLC is told that the part is rejected. A
master's block is a check of its gauge, and no unit. A block without a usable serial is a record
too: an event with its bytes, and the PLC is told that it was rejected. Where no plan is in force here, it is told that
the station isn't ready, until one is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import msgspec

from gaugetrail_agent.barcodes.scan import advice_on
from gaugetrail_agent.barcodes.surroundings import bare
from gaugetrail_agent.languages.sentences import ENGLISH, Sentence, Term, said
from gaugetrail_agent.reading import Reading, Status
from gaugetrail_agent.station.choosing.order_choice import named_order
from gaugetrail_agent.station.choosing.plan_choice import plan_for
from gaugetrail_agent.station.events_here import event_here
from gaugetrail_agent.station.finishing import body_of, verdict_of, wanted_of
from gaugetrail_agent.station.readings.derived import with_derived
from gaugetrail_agent.station.readings.measurement import Fitness, by_device, machine_fitness
from gaugetrail_agent.station.refusing.refusals import refused_block, refused_value
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.effect import SealIt, TellPlc
from gaugetrail_agent.station.words.happening import Act, BatchCame, Scanned, ValueCame
from gaugetrail_agent.station.words.state import StationState, Step, say
from gaugetrail_agent.station.words.unit import Lock, Unit
from gaugetrail_agent.station.workflow.gauge_checks.by_block import master_offered, unusable
from gaugetrail_agent.station.workflow.gauge_checks.due import CheckHere, checks_with
from gaugetrail_agent.station.workflow.hooks import begun, refused_unit
from gaugetrail_agent.station.workflow.hooks import refused_value as refused_value_of
from gaugetrail_contract.documents.plan import Characteristic
from gaugetrail_contract.events.station import BlockRejected
from gaugetrail_contract.plc_codes import ResultCode
from gaugetrail_contract.record import EventBody, Measurement
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
    ids = _identifiers(setup, values)
    if setup.refusal is not None:
        return _not_ready(state, batch, {} if isinstance(ids, Sentence) else ids, setup.refusal)
    if isinstance(ids, Sentence):
        return _rejected(setup, state, batch, ids)
    checks = checks_with(setup, ids["serial"])
    if checks:
        return _master(setup, state, batch, [(one, _value(one.wanted, batch, values)) for one in checks])
    if setup.unit.fullmatch(ids["serial"]) is None:
        return _rejected(setup, state, batch, said("block.serial_of_no_unit", serial=visible(ids["serial"])[:60]))
    ordered = named_order(setup, state, ids)
    if isinstance(ordered, Sentence):
        state, effects = _rejected(setup, state, batch, said("block.unit_barred", why=ordered))
        return state, (*effects, refused_block(batch, ids, ordered))
    work, ids = ordered[0], dict(ordered[1])
    plan = plan_for(setup, ids)
    if isinstance(plan, Sentence):
        state, effects = _rejected(setup, state, batch, said("block.no_plan", serial=ids["serial"], why=plan))
        return state, (*effects, refused_block(batch, ids, plan))
    setup = replace(setup, plan=plan)
    customer = None if work is None else work.order.customer
    whole = Unit(ids, batch.times_us[0], batch.mono_ns, plan=plan, customer=customer)
    barred = refused_unit(setup, state, whole)
    if barred is not None:
        return _barred(setup, state, batch, ids, barred)
    state, whole = begun(setup, replace(state, order=work), whole)
    return _measured(setup, state, batch, values, whole)


def _measured(setup: Setup, state: StationState, batch: BatchCame, values: Values, whole: Unit) -> Step:
    """The block's values as the unit's, judged and sealed at once."""
    measured = (wanted for wanted in wanted_of(setup, whole) if wanted.formula is None)
    found = [(wanted, _value(wanted, batch, values)) for wanted in measured]
    fits = [_fitness(setup, state, whole, *one) for one in found]
    taken = tuple(_taken(setup, state, *one, fit) for one, fit in zip(found, fits, strict=True))
    unit = with_derived(setup, replace(whole, taken=taken))
    body = body_of(setup, unit, verdict_of(setup, unit), batch.mono_ns)
    # What the block doesn't hold is told by the record; a value that was there and isn't taken is a refusal.
    refused = (
        refused_value(setup, unit, value, fit.trouble)
        for (_, value), fit in zip(found, fits, strict=True)
        if fit.trouble is not None and value.reading.value is not None
    )
    sealed = SealIt(body, _answer(batch), locked=any(fit.lock is not None for fit in fits))
    says = said("block.offered", serial=unit.serial)
    return replace(state, light="off", says=says), (sealed, *refused)


def _taken(setup: Setup, state: StationState, wanted: Characteristic, value: ValueCame, fit: Fitness) -> Measurement:
    """With the last check of its gauge."""
    taken = by_device(setup, wanted, value, fit)
    checked = state.memory.gauge_checks.of(taken.gauge or "", wanted.name).last_record
    return taken if checked is None else msgspec.structs.replace(taken, gauge_check=checked)


def _fitness(setup: Setup, state: StationState, unit: Unit, wanted: Characteristic, value: ValueCame) -> Fitness:
    """Whether the value counts; also not where its gauge must be checked first."""
    fit = machine_fitness(setup, wanted, value)
    lock = None if fit.trouble is not None else refused_value_of(setup, state, unit, wanted, value)
    return fit if lock is None else replace(fit, trouble=lock.says, lock=lock)


def _master(setup: Setup, state: StationState, batch: BatchCame, found: Sequence[tuple[CheckHere, ValueCame]]) -> Step:
    """The block is a master's: a check of its gauge, or none where a value can't be used."""
    why = unusable(setup, found)
    if why is not None:
        return _rejected(setup, state, batch, why)
    return master_offered(setup, state, found, _answer(batch))


def _rejected(setup: Setup, state: StationState, batch: BatchCame, why: Sentence) -> Step:
    return replace(state, light="red", says=why), (SealIt(_rejection(setup, batch, why), _answer(batch)),)


def _barred(setup: Setup, state: StationState, batch: BatchCame, ids: Mapping[str, str], why: Sentence | Lock) -> Step:
    """A part that isn't begun by what the station knows: nobody stands here who could lift a lock."""
    says = why.says if isinstance(why, Lock) else why
    state, effects = _rejected(setup, state, batch, said("block.unit_barred", why=says))
    return state, (*effects, refused_block(batch, ids, says))


def _not_ready(state: StationState, batch: BatchCame, ids: Mapping[str, str], why: Sentence) -> Step:
    """Nothing can be measured here now, whatever comes. The PLC may offer the same part again."""
    answer = () if batch.trigger is None else (TellPlc(batch.device, batch.trigger, ResultCode.NOT_READY),)
    says = said("block.not_ready", why=why)
    return replace(state, light="red", says=says), (*answer, refused_block(batch, ids, why))


def _answer(batch: BatchCame) -> tuple[str, int] | None:
    """The device and trigger that wait for a code."""
    return None if batch.trigger is None else (batch.device, batch.trigger)


def _values(batch: BatchCame) -> Values:
    return {
        reading.channel: ValueCame(batch.device, reading, at_us, batch.mono_ns)
        for reading, at_us in zip(batch.readings, batch.times_us, strict=True)
    }


def _identifiers(setup: Setup, values: Values) -> dict[str, str] | Sentence:
    """The unit's serial, and part, revision and order where the block holds them; or why one can't be used."""
    channels = {"serial": setup.serial_channel, "part": setup.part_channel, "revision": setup.revision_channel}
    channels["order"] = setup.order_channel
    found: dict[str, str] = {}
    for kind, channel in channels.items():
        if channel is None or (kind == "order" and _is_empty(values.get(channel))):
            continue
        text = _text(values, kind, channel)
        if isinstance(text, Sentence):
            return text
        found[kind] = text
    return found


def _is_empty(value: ValueCame | None) -> bool:
    """A text that was read, and has nothing in it."""
    return value is not None and value.reading.error_code is None and not (value.reading.text or "").strip()


def _text(values: Values, kind: str, channel: str) -> str | Sentence:
    """An identifier as a channel of the block holds it."""
    found = values.get(channel)
    if found is None:
        return said("block.no_identifier", kind=Term(kind), channel=channel)
    if found.reading.text is None and found.reading.error_code is not None:
        why = found.reading.extra.get("why", found.reading.error_code)
        return said("block.identifier_unreadable", kind=Term(kind), reason=str(why))
    # A PLC hands on what its scanner sent, with what the scanner put around the code.
    code = bare(found.reading.text or "")
    if code.inside is not None:
        return said("block.identifier_unusable", kind=Term(kind), reason=advice_on(code.inside))
    text = code.text.strip()
    reason = refuse_identifier(text)
    return text if reason is None else said("block.identifier_unusable", kind=Term(kind), reason=reason)


def _value(wanted: Characteristic, batch: BatchCame, values: Values) -> ValueCame:
    """What the block holds of the characteristic, be it nothing."""
    channel = wanted.channel or wanted.name
    nothing = ValueCame(batch.device, Reading(Status.NO_VALUE, b"", channel=channel), batch.times_us[-1], batch.mono_ns)
    return values.get(channel, nothing)


def _rejection(setup: Setup, batch: BatchCame, reason: Sentence) -> EventBody:
    """Nothing unreadable is thrown away: the refused block becomes an event record with its bytes.

    Records say it in English, whatever the terminal speaks.
    """
    raw = {reading.channel or str(number): reading.raw[:256].hex() for number, reading in enumerate(batch.readings)}
    return event_here(setup, BlockRejected(device=batch.device, reason=ENGLISH.text(reason)[:500], raw=raw))

"""The table of the station: what each kind of event comes to in each kind of state, by the rules themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import get_args

from station_example import EVENTS, ExampleFloor, events_without_example, example_states

from gaugetrail_agent.languages.sentences import ENGLISH, Sentence
from gaugetrail_agent.station.display import waits_for
from gaugetrail_agent.station.steps import step
from gaugetrail_agent.station.words.effect import Effect, SealIt, TellEvent, TellPlc
from gaugetrail_agent.station.words.state import StationState
from gaugetrail_contract.record import InspectionBody

HEAD = """# The table of the station

{note}
What happens in each kind of state: every event that there is, driven through the station's own rules (`station/steps`)
at an example station. Its plan measures a bore (good from 73.950 to 74.050, possible from 70 to 80), asks for the
looks, and weighs with a scale whose calibration is overdue. Several events that come to the same stand in one row.

*becomes*: what the station waits for then, and what else of it is new; a dash: it stays as it is. *says*: the sentence,
with names in braces for what is filled in. *sets off*: what the rules ask the runner to do, in their order. A record is
asked for (`SealIt`), and is said to be recorded when the spool has committed it, which is an event of its own.

| sets off | means |
|---|---|
"""


@dataclass(frozen=True, slots=True)
class TableRow:
    """One outcome, with every event that comes to it."""

    becomes: str
    light: str
    says: str
    sets_off: str


def station_table_page(note: str) -> str:
    """The page. Raises `LookupError` for a kind of event that stands in no row."""
    if missing := events_without_example():
        raise LookupError(f"docs/station_example.py has no example of {', '.join(missing)}: add a row to EVENTS")
    words = "".join(f"| `{effect.__name__}` | {_meaning(effect)} |\n" for effect in get_args(Effect))
    return HEAD.format(note=note) + words + "".join(_section(name, floor) for name, floor in example_states())


def _meaning(effect: type) -> str:
    """What the code says of it, up to the end of the first sentence."""
    return re.split(r"[.:] ", " ".join((effect.__doc__ or "").split()), maxsplit=1)[0].rstrip(".")


def outcome(floor: ExampleFloor, after: StationState, effects: tuple[Effect, ...]) -> TableRow:
    """What an event has come to."""
    says = after.says if after.says != floor.state.says else None
    light = after.light if after.light != floor.state.light or says is not None else ""
    sets_off = ", ".join(dict.fromkeys(map(_word, effects)))
    return TableRow(_becomes(floor, after), light, "" if says is None else _template(says), sets_off)


def _section(name: str, floor: ExampleFloor) -> str:
    rows: dict[TableRow, list[str]] = {}
    for what, made in EVENTS:
        after, effects = step(floor.setup, floor.state, made(floor.now_us + 1_000_000, floor.state))
        rows.setdefault(outcome(floor, after, effects), []).append(what)
    lines = [f"\n## {name[0].upper()}{name[1:]}\n", "| what happens | becomes | light | says | sets off |"]
    lines.append("|---|---|---|---|---|")
    for row, events in rows.items():
        cells = ("; ".join(events), row.becomes, row.light, row.says, row.sets_off)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def _template(says: Sentence) -> str:
    return ENGLISH.templates[says.id]


def _word(effect: Effect) -> str:
    name = f"`{type(effect).__name__}`"
    match effect:
        case SealIt(body):
            return f"{name} {body.verdict if isinstance(body, InspectionBody) else body.type}"
        case TellEvent(body):
            return f"{name} {body.type}"
        case TellPlc(_, _, code):
            return f"{name} {code.name}"
        case _:
            return name


def _becomes(floor: ExampleFloor, after: StationState) -> str:
    before, now = dict(_described(floor, floor.state)), dict(_described(floor, after))
    new = [f"{key} {text}".strip() for key, text in now.items() if before.get(key) != text]
    gone = [f"no {key}" for key in before if key not in now]
    return "; ".join((*new, *gone)) or "—"


def _described(floor: ExampleFloor, state: StationState) -> Iterator[tuple[str, str]]:
    """What a state is told apart by, part by part."""
    yield "", f"`{waits_for(state, floor.setup.mode)}`"
    if state.operator is not None:
        yield "operator", state.operator
    if state.unit is not None:
        taken = ", ".join(one.characteristic for one in state.unit.taken)
        yield "unit", f"{state.unit.serial} ({taken or 'nothing measured'})"
    if state.sealing is not None:
        yield "record on its way of", state.sealing.serial or ""
    if state.unfinished is not None:
        yield "unfinished", state.unfinished.serial or ""
    parts: Mapping[str, object] = {
        "question": state.question and "about a value",
        "dialog": state.dialog and state.dialog.about,
        "refused lock": state.lock and state.lock.key[0],
        "reason to allow": state.plea,
        "order": state.order and state.order.order.id,
        "PIN wanted of": state.pin and state.pin.badge,
        "scans that wait": len(state.then) or None,
        "notices": ", ".join(sorted(state.notices)),
        "allowed": len(state.allowed) or None,
        "held on the line": len(state.held.entries) or None,
        "past known of": state.past and state.past.serial,
        "calls": len(state.memory.calls.waiting) or None,
        "PINs": ", ".join(sorted(state.pins)),
    }
    yield from ((key, str(text)) for key, text in parts.items() if text)

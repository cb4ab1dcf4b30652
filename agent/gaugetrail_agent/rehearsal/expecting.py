"""What a script expects of the event before, and whether it came so. Pure.

expect light green            expect recorded pass         expect refused badge.unknown
expect state wait_unit        expect plc STORED_PASS       expect nothing recorded
expect message handover       expect nothing message
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from gaugetrail_agent.rehearsal.cues import Expect
from gaugetrail_contract.suggestions import did_you_mean

COMPARED = ("state", "light", "says", "asks", "operator", "serial", "next", "sign")
"""What may be expected of what is shown."""
OF_EFFECTS: Mapping[str, tuple[str, Callable[[Mapping[str, Any]], object]]] = {
    "recorded": ("record", lambda record: record["verdict"]),
    "event": ("event", lambda record: record["type"]),
    "refused": ("refused", lambda record: record["payload"]["cause"]),
    "asked": ("ask", lambda asked: asked["device"]),
    "plc": ("plc", lambda told: told["means"]),
}
"""And of what was let out: its kind, and what of it is compared."""
MESSAGE = "message"
"""And of what is to be read: handover or answer."""
NOTHING = "nothing"


def read_expectation(text: str) -> Expect:
    """Raises `ValueError` with what can be expected."""
    first, _, value = text.partition(" ")
    what, value = (value.strip(), "") if first == NOTHING else (first, value.strip())
    known = (*OF_EFFECTS, MESSAGE) if first == NOTHING else (*COMPARED, *OF_EFFECTS, MESSAGE)
    if what not in known:
        raise ValueError(f"{what!r} can't be expected{did_you_mean(what, known)} (there are: {', '.join(known)})")
    if first != NOTHING and not value:
        raise ValueError(f"say what {what} should be, like expect light green")
    return Expect(what, None if first == NOTHING else value)


def found(expected: Expect, shown: Mapping[str, Any], effects: Sequence[Mapping[str, object]]) -> list[str]:
    """What there is of it."""
    return list(_found(expected.what, shown, effects))


def is_met(expected: Expect, there: Sequence[str]) -> bool:
    """Whether it came so: of several one is enough."""
    return not there if expected.value is None else expected.value in there


def _found(what: str, shown: Mapping[str, Any], effects: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if what in COMPARED:
        yield "none" if shown[what] is None else str(shown[what])
        return
    if what == MESSAGE:
        yield from (str(one["kind"]) for one in shown["messages"])
        return
    kind, part = OF_EFFECTS[what]
    yield from (str(part(effect[kind])) for effect in effects if kind in effect)

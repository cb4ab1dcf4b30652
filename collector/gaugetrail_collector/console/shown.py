"""How values look on a page: times, ages, verdicts, a measurement against its limits. Only this module meets Jinja2.

Every string that a template prints shows control characters and invisible signs as escapes and is then escaped for
HTML, whatever the template's author remembers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import TypeGuard

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from gaugetrail_collector.console.documents.contents import (
    MOST_CHARACTERS,
    MOST_ROWS,
    columns_used,
    how_often,
    measured_with,
)
from gaugetrail_collector.console.troubles import as_of, troubles
from gaugetrail_collector.intake.aside.reasons import in_words
from gaugetrail_contract.clock import EPOCH, utc_us
from gaugetrail_contract.documents import wording
from gaugetrail_contract.escapes import visible, visible_bytes
from gaugetrail_contract.events.registry import meaning
from gaugetrail_contract.record import Measurement, Record, Verdict
from gaugetrail_contract.record.words import further

FOLDER = Path(__file__).parent
MOST_BYTES = 20_000
"""Raw bytes shown of one set-aside entry."""
MOST_IN_PAYLOAD = 2000
"""Of one text in an event's payload: sentences are shown whole."""

SIGNS = {Verdict.PASS: "✓", Verdict.FAIL: "✗", Verdict.INCOMPLETE: "…", Verdict.VOID: "∅"}
STATES = {
    "wait_operator": "waits for a badge",
    "wait_pin": "waits for a PIN",
    "wait_unit": "waits for a unit",
    "wait_plc": "waits for the PLC",
    "measuring": "is measuring",
    "sealing": "is recording",
    "refused": "REFUSES: nothing can be recorded",
}
"""An agent's word for what a station does, for people."""


@dataclass(frozen=True, slots=True)
class LimitBar:
    """Where a value lies against its limits, as places 0 to 100 on a bar; a limit that there isn't is null."""

    value: float
    lower: float | None
    upper: float | None


def limit_bar(one: Measurement) -> LimitBar | None:
    """The bar of a measurement that has a value and a limit; the tolerance fills the middle half of it."""
    if one.value is None or (one.lsl is None and one.usl is None):
        return None
    value = Decimal(one.value)
    lower = None if one.lsl is None else Decimal(one.lsl)
    upper = None if one.usl is None else Decimal(one.usl)
    if lower is not None and upper is not None and upper > lower:
        width = (upper - lower) * 2
        start = lower - width / 4
    else:
        limit = lower if lower is not None else upper
        assert limit is not None
        nominal = Decimal(one.nominal) if one.nominal is not None else value
        width = max(abs(limit - nominal), abs(limit - value), abs(limit) / 100, Decimal("1e-9")) * 4
        start = limit - width / 2

    def place(at: Decimal) -> float:
        return round(float(min(max((at - start) / width * 100, Decimal(2)), Decimal(98))), 2)

    return LimitBar(place(value), *(None if limit is None else place(limit) for limit in (lower, upper)))


def moment(us: int) -> str:
    """`2026-11-23 08:00:00`, UTC."""
    return (EPOCH + timedelta(microseconds=us)).strftime("%Y-%m-%d %H:%M:%S")


def local(record: Record, time: str | None = None) -> str:
    """A record's time (or another of its times) as the clock on the station's wall showed it, with its offset."""
    minutes = record.utc_offset_min
    at = EPOCH + timedelta(microseconds=utc_us(time or record.time), minutes=minutes)
    sign, rest = ("-", -minutes) if minutes < 0 else ("+", minutes)
    return f"{at.strftime('%Y-%m-%d %H:%M:%S')} {sign}{rest // 60:02d}:{rest % 60:02d}"


def ago(us: int, now_us: int) -> str:
    """How long ago, in the largest unit that says something: `12 s`, `3 min`, `5 h`, `2 d`."""
    secs = max(0, now_us - us) // 1_000_000
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if secs >= size * (2 if size == 86_400 else 1):
            return f"{secs // size} {unit}"
    return f"{secs} s"


def escapes(raw: bytes) -> str:
    """Raw bytes for people, cut where they would fill the page."""
    cut = f" … and {len(raw) - MOST_BYTES} more bytes" if len(raw) > MOST_BYTES else ""
    return visible_bytes(raw[:MOST_BYTES]) + cut


def percent(share: float | None) -> str:
    """`97.5 %`, or a dash while nothing is known."""
    return "–" if share is None else f"{share:.1%}".replace("%", " %")


def payload_text(payload: Mapping[str, object]) -> str:
    """An event's payload; a part of a document's bytes would fill the page."""
    shown = {key: f"… {len(one):,} characters" if _is_long(one) else one for key, one in payload.items()}
    return json.dumps(shown, ensure_ascii=False)


def _is_long(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and len(value) > MOST_IN_PAYLOAD


def lines(text: str) -> Markup:
    """A text of many lines, each as everything else on a page, with its line ends."""
    return Markup("\n").join(escape(visible(line.expandtabs(4))) for line in text.splitlines())


def environment() -> Environment:
    """The templates, with these functions as filters."""
    made = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    made.filters |= {
        "moment": moment,
        "ago": ago,
        "escapes": escapes,
        "percent": percent,
        "limit_bar": limit_bar,
        "utc_us": utc_us,
        "tojson_text": payload_text,
        "drawn": Markup,
        "count": lambda number: f"{number:,}",
        "sign": lambda verdict: SIGNS[verdict],
        "state": lambda state: STATES.get(state, state),
        "meaning": meaning,
        "in_words": in_words,
        "troubles": troubles,
        "as_of": as_of,
        "lines": lines,
        "minute": wording.minute,
        "how_often": how_often,
        "measured_with": measured_with,
        "columns_used": columns_used,
    }
    made.globals |= {"local": local, "further": further, "state_words": wording.state_words, "done": wording.DONE}
    made.globals |= {"most_rows": MOST_ROWS, "most_characters": MOST_CHARACTERS}
    return made


def _finalize(value: object) -> object:
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value

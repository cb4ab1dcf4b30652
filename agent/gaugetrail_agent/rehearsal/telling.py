"""An outcome for people: what happened, and below it what came of it, in the language that the station speaks. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gaugetrail_agent.rehearsal.play import PlayedLine
from gaugetrail_agent.rehearsal.stage import Effect

MARGIN = " " * 10


def told(outcome: PlayedLine) -> Iterator[str]:
    """The lines, the first with the time of day."""
    yield f"{outcome.at[11:19]}  {outcome.line.text}"
    for effect in outcome.effects:
        for line in _told(effect):
            yield MARGIN + line
    if not outcome.is_met:
        yield f"{MARGIN}NOT AS EXPECTED: {', '.join(outcome.found or ()) or 'nothing'}"


def _told(effect: Effect) -> Iterator[str]:
    ((kind, what),) = effect.items()
    assert isinstance(what, Mapping), "an effect says its kind and what it is"
    match kind:
        case "show":
            yield from _shown(what)
        case "record":
            unit = what.get("serial") or what.get("lot") or ""
            yield f"recorded: {unit} {what['verdict']}, as {what['agent']}/{what['epoch']}/{what['seq']}"
        case "refused":
            payload = what["payload"]
            yield f"refused, as an event: {payload['reason']}" + _times(payload["count"])
        case "event":
            yield f"event: {what['type']}"
        case "ask":
            channel = "" if what["channel"] is None else f" for {what['channel']}"
            yield f"asks {what['device']}{channel}"
        case "plc":
            again = ", again" if what.get("again") else ""
            yield f"tells {what['device']} {what['code']} ({what['means']}) for block {what['trigger']}{again}"


def _times(count: int) -> str:
    return f" ({count} times)" if count > 1 else ""


def _shown(shown: Mapping[str, Any]) -> Iterator[str]:
    message, prompt = shown["message"], shown["prompt"]
    light = "" if shown["light"] == "off" else f"[{shown['light']}] "
    yield f"{light}{message} — {prompt}" if message and message != prompt else f"{light}{prompt}"
    for notice in shown["notices"]:
        yield f"  ({notice['sign']}) {notice['text']}"
    for message in shown["messages"]:
        yield f"  (to read) {message['text']}"

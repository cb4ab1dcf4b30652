"""A station's moment, whole, as the JSON object that a console draws, in the words of whoever is there. Pure.

Promise: it holds all that the page of the station shows and no picture, so that a console knows neither plan, nor
language, nor rules; numbers keep the digits that the gauge gave. Texts are as they came: who draws them makes control
characters visible (`session`).
"""

from __future__ import annotations

from collections.abc import Iterator

from gaugetrail_agent.seen.due_signs import DueSign
from gaugetrail_agent.seen.made import UnitMade
from gaugetrail_agent.seen.scale import LimitScale
from gaugetrail_agent.seen.snapshot import SIGNS, Looked, Snapshot
from gaugetrail_agent.seen.wall_clock import to_the_minute
from gaugetrail_agent.seen.words import PageWords, page_words
from gaugetrail_contract.documents.head import spoken_in
from gaugetrail_contract.record import Measurement

Whole = dict[str, object]
"""JSON."""
Pair = tuple[str, str]
"""What a text is, and the text."""


def whole(seen: Snapshot) -> Whole:
    """The snapshot in words."""
    words = page_words(seen.speaks)
    return {
        "station": seen.station,
        "language": words.code,
        "masked": seen.masked,
        "head": list(_head(seen, words)),
        "notices": list(_notices(seen, words)),
        "messages": [words.sentence(one.says) for one in seen.messages],
        "answer": seen.answer,
        "sign": SIGNS.get(seen.answer, ""),
        "word": verdict_word(seen.answer, words),
        "says": words.sentence(seen.says),
        "asks": words.sentence(seen.asks),
        "unit": list(_unit(seen, words)),
        "wanted": None if seen.wanted is None else {**_looked(seen.wanted, words), "where": _where(seen, words)},
        "last": None if seen.last is None else _looked(seen.last, words),
        "steps": [_step(seen, one, words) for one in seen.steps],
        "units": [_made(one, words) for one in seen.made.units],
        "shift": list(_shift(seen, words)),
        "is_asked": seen.waits == "wait_answer",
        "sayings": list(_sayings(seen, words)),
        "labels": _labels(words),
    }


def verdict_word(verdict: str, words: PageWords) -> str:
    """PASS, as the page says it; nothing for no verdict."""
    named = {
        "pass": words.text("PASS"),
        "fail": words.text("FAIL"),
        "incomplete": words.text("INCOMPLETE"),
        "void": words.text("VOID"),
        "stop": words.text("STOP"),
        "look": words.text("LOOK"),
    }
    return named.get(verdict, "")


def _notices(seen: Snapshot, words: PageWords) -> Iterator[Whole]:
    for one in seen.notices:
        yield {"sign": one.sign, "text": words.sentence(one.says)}
    for due in seen.due:
        if due.sign != "green":
            yield {"sign": due.sign, "text": f"{due.title}: {_when(due, words)}"}


def _head(seen: Snapshot, words: PageWords) -> Iterator[Pair]:
    if seen.person:
        badge = f" {seen.operator}" if seen.operator != seen.person else ""
        yield words.text("Logged in"), f"{seen.person}{badge}"
    else:
        yield "", words.text("Nobody is logged in")
    if seen.order is not None:
        order, done, wanted = seen.order
        yield words.text("Order"), f"{order} {words.text('%(done)s of %(wanted)s', done=done, wanted=wanted)}"


def _unit(seen: Snapshot, words: PageWords) -> Iterator[Pair]:
    if seen.unit is not None:
        yield words.text("Unit in hand") if seen.unit.in_hand else words.text("Last unit"), seen.unit.serial or "–"
        yield words.text("Part"), " ".join(filter(None, (seen.unit.part, seen.unit.revision)))
    if seen.plan is not None:
        yield (
            words.text("Plan"),
            f"{seen.plan.id} {words.text('revision %(revision)s', revision=seen.plan.revision)}",
        )
    if seen.step_number is not None:
        count = words.text("%(number)s of %(count)s", number=seen.step_number, count=len(seen.steps))
        yield words.text("Step"), count
    for one in seen.due:
        if one.sign == "green":
            yield one.title, _when(one, words)


def _when(one: DueSign, words: PageWords) -> str:
    """When something is checked next."""
    if one.sign == "red":
        return words.text("check overdue")
    if one.sign == "amber":
        return words.text("check due now")
    if one.mins is None:
        return words.text("units until the next check: %(units)s", units=one.units)
    if one.units is None:
        return words.text("next check in %(mins)s min", mins=one.mins)
    return words.text("next check in %(mins)s min; units until then at most: %(units)s", mins=one.mins, units=one.units)


def _looked(one: Looked, words: PageWords) -> Whole:
    return {
        "name": one.name,
        "title": " ".join(filter(None, (one.number, one.title, one.class_))),
        "unit": one.unit or "",
        "where": [],
        "limits": list(_limits(one, words)),
        "scale": None if one.scale is None else _scale(one, one.scale),
        **_got(one.taken, one, words),
    }


def _where(seen: Snapshot, words: PageWords) -> list[str]:
    """How it is measured: the instruction's steps in force, else the plan's words."""
    if seen.how is None:
        return [seen.wanted.where] if seen.wanted is not None and seen.wanted.where else []
    edition = f"{seen.how.edition.id} {seen.how.edition.revision}"
    return [f"{edition} · {step.number} {spoken_in(step.text, words.code)}" for step in seen.how.steps]


def _limits(one: Looked, words: PageWords) -> Iterator[Pair]:
    if one.nominal is not None:
        yield words.text("Nominal"), words.number(one.nominal)
    if one.lsl is not None:
        yield words.text("Lower limit"), words.number(one.lsl)
    if one.usl is not None:
        yield words.text("Upper limit"), words.number(one.usl)
    if one.lcl is not None:
        yield words.text("Control limits"), f"{words.number(one.lcl)} … {words.number(one.ucl)}"


def _scale(one: Looked, scale: LimitScale) -> Whole:
    """Where all of it stands on a bar from 0 to 100."""
    places = {"low": one.lsl, "high": one.usl, "nominal": one.nominal, "lcl": one.lcl, "ucl": one.ucl}
    value = None if one.taken is None else one.taken.value
    return {name: None if at is None else scale.place(at) for name, at in {**places, "value": value}.items()}


def _got(taken: Measurement | None, one: Looked, words: PageWords) -> Whole:
    if taken is None:
        return {"got": "", "verdict": "", "sign": "", "word": ""}
    if taken.result == "ok":
        got = words.text("OK")
    elif taken.result == "nok":
        got = " ".join((words.text("Not OK"), *taken.defects))
    else:
        got = " ".join(filter(None, (words.number(one.result) or "–", one.unit if taken.value is not None else None)))
    verdict = str(taken.verdict)
    return {"got": got, "verdict": verdict, "sign": SIGNS[verdict], "word": verdict_word(verdict, words)}


def _step(seen: Snapshot, one: Looked, words: PageWords) -> Whole:
    is_now = seen.wanted is not None and seen.wanted.name == one.name
    got = _got(one.taken, one, words)
    return {"title": one.title, "is_now": is_now, **got, "got": got["got"] or (words.text("now") if is_now else "–")}


def _made(one: UnitMade, words: PageWords) -> Whole:
    verdict = str(one.verdict)
    return {
        "serial": one.serial or "–",
        "verdict": verdict,
        "sign": SIGNS[verdict],
        "word": verdict_word(verdict, words),
        "at": to_the_minute(one.at_us),
    }


def _shift(seen: Snapshot, words: PageWords) -> Iterator[Pair]:
    shift = seen.made.shift
    yield words.text("Shift since %(time)s", time=shift.since), f"{shift.units} {words.text('units')}"
    yield "", f"{shift.good} {words.text('good')}"
    yield "", f"{shift.units - shift.good} {words.text('not good')}"
    yield words.text("Good at first look"), words.share(shift.first_pass)


def _sayings(seen: Snapshot, words: PageWords) -> Iterator[Whole]:
    """What can be said now, as it is typed: an answer's code, a word; `…` where more is typed behind it."""
    for choice in seen.choices if seen.waits == "wait_answer" else ():
        yield {"code": choice.code, "text": words.sentence(choice.says)}
    for one in seen.buttons:
        if one.sends and one.says is None:
            more = "…" if one.opens else ""
            yield {"code": f"{one.sends}{more}", "text": words.text(one.text)}


def _labels(words: PageWords) -> dict[str, str]:
    """What the console itself says, and when it is cut off has nobody to ask for."""
    return {
        "steps": words.text("Steps"),
        "units": words.text("Last units"),
        "none": words.text("None yet"),
        "measured": words.text("Measured last"),
        "moving": words.text("moving"),
        "decimal": words.number("0.5")[1],
        "lost": words.text("No connection to the station's PC"),
        "since": words.text("since"),
        "old": words.text("What stands behind this is old: nothing is measured or taken here. It goes on by itself."),
        "not_taken": words.text("Not taken, send it again:"),
    }

"""A station as the lines of a whole console, as many as it has and as wide as it is. Pure.

Promise: what to do now, the verdict with its sign and word, and the line that is typed on are there at 80 by 24 and at
less; what has no room is what has been done already. Colour never says anything alone. What is over is drawn without
colour, under the time since when.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rich.cells import cell_len
from rich.text import Text

from gaugetrail_agent.terminal.bar_text import bar_text
from gaugetrail_agent.terminal.layout import GAP, broken, cut, flowed, pair, shortened, tail

BLOCKS = {
    "pass": "bold white on green",
    "fail": "bold white on red",
    "stop": "bold white on red",
    "incomplete": "bold black on yellow",
    "look": "bold black on yellow",
    "": "bold",
}
WORDS = {"pass": "green", "fail": "bold red", "incomplete": "yellow", "void": "yellow"}
NOTICES = {"red": ("✗", "bold red"), "amber": ("!", "yellow"), "green": ("✓", "green")}
MOST_NOTICES, MOST_ASKED, MOST_SAID, MOST_SAYINGS, MOST_STEPS = 3, 3, 3, 2, 2
MOST_MESSAGE = 10
"""Lines of a message: the longest one is whole at 80 cells."""
MADE_CELLS, MADE_LINES, TITLE_CELLS = 34, 11, 24
LOST = "No connection to the station's PC"
WAITING = "waiting for the agent; start it with gaugetrail-agent run"

Drawn = Mapping[str, Any]
"""What an agent sent as `whole`, every text visible."""


@dataclass(frozen=True, slots=True)
class ConsoleLook:
    """All that a console shows at a moment."""

    whole: Drawn | None = None
    """Null while no agent has said anything."""
    clock: str = ""
    cut_since: str | None = None
    """The last beat's time, where there is none any more; null while all is present."""
    typed: str = ""
    not_taken: str | None = None
    """What was typed and never reached the station; empty where it was a PIN."""
    bar: Drawn | None = None
    """What the gauge shows that is waited for."""


def drawn(seen: ConsoleLook, width: int, height: int) -> list[Text]:
    """The lines, the last one to be typed on."""
    is_over = seen.cut_since is not None
    bottom = [*_not_taken(seen), Text.assemble(("> ", "bold"), typed(seen, width))]
    banner = list(_lost(seen, width)) if is_over else []
    room = max(height - len(bottom) - len(banner), 0)
    top = [] if seen.whole is None else _filled(seen, seen.whole, width, room)[:room]
    behind = [_grey(line) for line in top] if is_over else top
    lines = [*banner, *behind, *[Text("")] * (room - len(top)), *bottom][-height:]
    return [cut(line, width) for line in lines]


def _filled(seen: ConsoleLook, whole: Drawn, width: int, room: int) -> list[Text]:
    """What matters now, then what was done, then the shift; with gaps between them where there is room."""
    sections = [part for part in _sections(seen, whole, width) if part]
    shift = flowed((pair(*one) for one in whole["shift"]), width)[:1]
    gap = [Text("")] if sum(map(len, sections)) + len(sections) + MADE_LINES + len(shift) <= room else []
    top = [line for part in sections for line in (*part, *gap)]
    left = room - len(top) - len(shift)
    if left < 0:
        return top
    body = list(_columns(whole, width, left)) if left > 1 else []
    return [*top, *body, *[Text("")] * (left - len(body)), *shift]


def _sections(seen: ConsoleLook, whole: Drawn, width: int) -> Iterator[list[Text]]:
    """What matters, in the order in which it does."""
    yield [_head(whole, seen.clock, width), *_notices(whole, width)]
    yield list(_answer(whole, width))
    asks = shortened(broken(whole["asks"], width - 3), MOST_ASKED)
    yield [
        *(Text.assemble("   " if number else "➜  ", (line, "bold")) for number, line in enumerate(asks)),
        *(_choice(one) for one in whole["sayings"] if whole["is_asked"]),
    ]
    yield list(_messages(whole, width))
    yield flowed((pair(*one) for one in whole["unit"]), width)
    if whole["wanted"] is not None:
        yield list(_wanted(whole, whole["wanted"], seen.bar, width))
    elif whole["last"] is not None:
        yield list(_measured(whole, width))
    if not whole["is_asked"]:
        pieces = (Text.assemble((one["code"], "bold"), f" {one['text']}") for one in whole["sayings"])
        yield flowed(pieces, width)[:MOST_SAYINGS]


def _choice(one: Drawn) -> Text:
    return Text.assemble("   ", (one["code"], "bold"), f"  {one['text']}")


def _head(whole: Drawn, clock: str, width: int) -> Text:
    line = Text(f" {whole['station']} ", style="bold reverse")
    for one in whole["head"]:
        line = Text.assemble(line, GAP, pair(*one))
    at = Text(f" {clock} ", style="bold")
    return Text.assemble(cut(line, max(width - at.cell_len, 0)), at)


def _notices(whole: Drawn, width: int) -> Iterator[Text]:
    told = whole["notices"]
    for one in told[:MOST_NOTICES]:
        sign, style = NOTICES[one["sign"]]
        for number, line in enumerate(shortened(broken(one["text"], width - 3), 2)):
            yield Text(f"{'  ' if number else f'{sign} '} {line}", style=style)
    if len(told) > MOST_NOTICES:
        yield Text(f"   + {len(told) - MOST_NOTICES}", style="bold")


def _messages(whole: Drawn, width: int) -> Iterator[Text]:
    """The one that is to be read first, and how many more there are."""
    told = whole["messages"]
    for number, line in enumerate(shortened(broken(told[0], width - 3), MOST_MESSAGE) if told else ()):
        yield Text(f"{'  ' if number else '✉ '} {line}", style="bold")
    if len(told) > 1:
        yield Text(f"   + {len(told) - 1}", style="bold")


def _answer(whole: Drawn, width: int) -> Iterator[Text]:
    """The verdict's block, as wide as the console."""
    style = BLOCKS[whole["answer"]]
    if whole["answer"]:
        yield cut(Text(f"  {whole['sign']}  {whole['word']}", style=style), width)
    for line in shortened(broken(whole["says"], width - 6), MOST_SAID) if whole["says"] else ():
        yield cut(Text(f"     {line}", style=style), width)


def _wanted(whole: Drawn, one: Drawn, bar: Drawn | None, width: int) -> Iterator[Text]:
    live = bar if bar is not None and bar["of"] == one["name"] else None
    limits = (pair(*limit) for limit in one["limits"])
    yield from flowed([Text(one["title"], style="bold underline"), *_value(whole, one, live), *limits], width)
    for text in one["where"][:MOST_STEPS]:
        for line in shortened(broken(text, width - 3), 2):
            yield Text(f"   {line}", style="dim")
    if one["scale"] is not None:
        at, moving = (None, False) if live is None else (live["at"], live["moving"])
        yield Text(f"   {bar_text(one['scale'], width - 6, at, moving=moving)}")


def _value(whole: Drawn, one: Drawn, live: Drawn | None) -> Iterator[Text]:
    """What the gauge shows now; nothing for what is no number."""
    labels = whole["labels"]
    if live is not None:
        moving = f"  {labels['moving']}" if live["moving"] else ""
        yield Text.assemble((f"{live['value'].replace('.', labels['decimal'])} {one['unit']}", "bold"), moving)
    elif one["unit"]:
        yield Text(f"– {one['unit']}", style="bold")


def _measured(whole: Drawn, width: int) -> Iterator[Text]:
    one = whole["last"]
    got = Text.assemble(
        pair(whole["labels"]["measured"], f"{one['title']}  {one['got']}"),
        (f"  {one['sign']} {one['word']}", WORDS.get(one["verdict"], "")),
    )
    yield from flowed([got, *(pair(*limit) for limit in one["limits"])], width)
    if one["scale"] is not None:
        yield Text(f"   {bar_text(one['scale'], width - 6)}", style=WORDS.get(one["verdict"], ""))


def _columns(whole: Drawn, width: int, height: int) -> Iterator[Text]:
    """Steps on the left, units that were made on the right; of long lists what matters now."""
    labels = whole["labels"]
    left = [Text(labels["steps"], style="dim"), *_steps(whole["steps"], height - 1)]
    right = [Text(labels["units"], style="dim"), *(_unit(one) for one in whole["units"][: height - 1])]
    if not whole["units"]:
        right.append(Text(labels["none"]))
    wide = max(width - MADE_CELLS - len(GAP), width // 2)
    for number in range(max(len(left), len(right))):
        of_left = left[number] if number < len(left) else Text("")
        of_right = right[number] if number < len(right) else Text("")
        yield Text.assemble(cut(of_left, wide), GAP, of_right)


def _steps(steps: list[Drawn], most: int) -> Iterator[Text]:
    """A long plan's, around the one that is measured now."""
    now = next((number for number, one in enumerate(steps) if one["is_now"]), 0)
    first = max(min(now - most // 2, len(steps) - most), 0)
    wide = min(max((cell_len(one["title"]) for one in steps), default=0), TITLE_CELLS)
    for one in steps[first : first + most]:
        mark = "> " if one["is_now"] else "  "
        title = cut(Text(f"{mark}{one['title']}", style="bold" if one["is_now"] else ""), wide + 2)
        yield Text.assemble(title, "  ", (f"{one['sign'] or ' '} {one['got']}", WORDS.get(one["verdict"], "")))


def _unit(one: Drawn) -> Text:
    verdict = (f"{one['sign']} {one['word']}", WORDS.get(one["verdict"], ""))
    return Text.assemble(verdict, f"  {one['at']}  {one['serial']}")


def typed(seen: ConsoleLook, width: int) -> str:
    """As it stands on the last line: however long it is, its end is seen; of a PIN its length."""
    masked = seen.whole is not None and seen.whole["masked"]
    return tail("*" * len(seen.typed) if masked else seen.typed, width - 3)


def _not_taken(seen: ConsoleLook) -> Iterator[Text]:
    if seen.not_taken is not None:
        label = seen.whole["labels"]["not_taken"] if seen.whole is not None else "Not taken, send it again:"
        yield Text(f"✗  {label} {seen.not_taken}", style=BLOCKS["fail"])


def _lost(seen: ConsoleLook, width: int) -> Iterator[Text]:
    """Over what is old: that it is, and since when."""
    labels = {} if seen.whole is None else seen.whole["labels"]
    since = f"  {labels.get('since', 'since')} {seen.cut_since}" if seen.cut_since else ""
    yield cut(Text(f"  ✗  {labels.get('lost', LOST)}{since}", style=BLOCKS["fail"]), width)
    for line in broken(labels.get("old", WAITING), width - 6):
        yield cut(Text(f"     {line}", style=BLOCKS["fail"]), width)


def _grey(line: Text) -> Text:
    return Text(line.plain, style="dim")

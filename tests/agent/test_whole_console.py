"""The terminal on a real console: a pty, its own process, an emulator of a screen; the agent and its scale are real."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from console_emulator import ConsoleProcess
from floor import until
from running_agent import RunningAgent
from screen_floor import Scale, write_screen_shop

pytestmark = pytest.mark.waits
INTO, OUT_OF = b"\x1b[?1049h", b"\x1b[?1049l"
"""A page of the console of its own, and back."""


@pytest.fixture(scope="module")
def scale() -> Iterator[Scale]:
    one = Scale()
    try:
        yield one
    finally:
        one.close()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, scale: Scale) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    write_screen_shop(folder, scale.port, more="[terminal]\nport = 0\n")
    return folder


@pytest.fixture
def consoles(shop: Path) -> Iterator[Consoles]:
    with ExitStack() as closing:
        yield Consoles(shop, closing)


class Consoles:
    def __init__(self, shop: Path, closing: ExitStack) -> None:
        self._words = ("terminal", "OP20", "--config", str(shop / "agent.toml"))
        self._closing = closing

    def open(self, *words: str, **environ: str) -> ConsoleProcess:
        console = ConsoleProcess((*self._words, *words), environ=environ)
        self._closing.callback(console.close)
        return console


def typed_and_shown(console: ConsoleProcess, text: str, *words: str) -> None:
    console.type(f"{text}\r")
    console.shows(*words)


def test_a_unit_is_made_on_the_whole_console(shop: Path, scale: Scale, consoles: Consoles) -> None:
    """By scan, gauge and key; in the person's language; at another size; and the console is left as it was."""
    console = consoles.open()
    with RunningAgent(shop):
        console.shows("scan your badge")
        typed_and_shown(console, "OP-2", "Angemeldet Jörg Voß OP-2", "Teil scannen")
        typed_and_shown(console, "OP-1", "Logged in Ada Berger OP-1")
        typed_and_shown(console, "SN\x1d7", r"SN\x1d7")
        typed_and_shown(console, "SN1", "Unit in hand SN1   Part HS-7   Plan CP-7 revision C   Step 1 of 3")
        until(lambda: scale.connected, "the agent has its scale")
        scale.shows("0")
        scale.shows("73.5", moving=True)
        console.shows("73.50 g  moving")
        scale.shows("74.01")
        console.shows("Step 2 of 3", "✓ 74.01 g", "%OK OK")
        console.resize(60, 18)
        console.type("%O")
        console.shows("> %O")
        typed_and_shown(console, "K", "Nominal 8.50")
        typed_and_shown(console, "8.5", "✓  PASS", "SN1 pass, recorded", "1 good", "✓ PASS")
        assert "green" in console.colours("SN1 pass, recorded")
        assert max(map(len, console.lines)) <= 60
    console.shows("No connection to the station's PC  since")
    assert console.written.count(INTO) == 1
    console.type("\x03")
    assert console.ended() == 0
    until(lambda: OUT_OF in console.written, "the console's own page is back")
    assert console.before == console.modes


def test_what_is_typed_while_the_agent_is_away_is_not_taken_and_an_agent_that_comes_is_found(
    shop: Path, consoles: Consoles
) -> None:
    console = consoles.open()
    console.shows("waiting for the agent")
    typed_and_shown(console, "SN9", "Not taken, send it again: SN9")
    with RunningAgent(shop) as running:
        console.shows("Plan CP-7")
        assert "Not taken" in console.text, "it stands there until something is sent"
        typed_and_shown(console, "OP-1", "Logged in Ada Berger")
        typed_and_shown(console, "SN8", "Unit in hand SN8")
        assert "Not taken" not in console.text
        assert running.agent.stations["OP20"].state.unit is not None
    console.shows("No connection to the station's PC  since")
    assert "Unit in hand SN8" in console.text, console.text
    console.hang_up()
    console.ended()


def test_lines_are_drawn_where_a_console_can_show_no_more_or_they_are_asked_for(shop: Path, consoles: Consoles) -> None:
    """And a console without colours has signs and words."""
    plain, dumb, asked = consoles.open(NO_COLOR="1"), consoles.open(TERM="dumb"), consoles.open("--lines")
    with RunningAgent(shop):
        for console in (dumb, asked):
            console.shows("■")
            assert INTO not in console.written
        plain.shows("Plan CP-7")
        typed_and_shown(plain, "OP-1", "Logged in Ada Berger")
        typed_and_shown(plain, "%NOSUCH", "✗  STOP")
        assert {"default"} == plain.colours("STOP")
        assert INTO in plain.written

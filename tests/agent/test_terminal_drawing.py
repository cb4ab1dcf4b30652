"""A station drawn as text, key by key and line by line, on paper: no console, no agent."""

from __future__ import annotations

import gettext
import json
import re
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from station_floor import BORE, LOOKS, Floor, on_list, setup

from gaugetrail_agent.languages.sentences import ENGLISH, Language, said
from gaugetrail_agent.seen.due_signs import DueSign
from gaugetrail_agent.seen.made import MadeHere
from gaugetrail_agent.seen.snapshot import ShownMoment, snapshot
from gaugetrail_agent.seen.words import PageWords
from gaugetrail_agent.station.display import display
from gaugetrail_agent.station.words.happening import Noticed, Recorded
from gaugetrail_agent.station.words.notice import Notice
from gaugetrail_agent.terminal import whole as module
from gaugetrail_agent.terminal.bar_text import bar_text
from gaugetrail_agent.terminal.drawing import ConsoleLook, Drawn, drawn
from gaugetrail_agent.terminal.layout import broken, shortened, tail
from gaugetrail_agent.terminal.session import read_document
from gaugetrail_agent.terminal.typed_line import BURST_SECS, Ended, Typed, TypedLine
from gaugetrail_agent.terminal.whole import whole
from gaugetrail_contract.record import InspectionBody, Verdict

LANGUAGES = ("en", "de", "es", "zh")
SIZES = [(80, 24), (60, 16), (132, 43), (20, 5)]
NASTY = "SN\x1b]0;owned\x07\x9b2J\u202e\u200b1"
PLACES = st.floats(2, 98)


def moments(language: str = "en") -> list[Drawn]:
    """A part of a shift, as an agent sends it: each comes through the console's door."""
    floor = Floor(replace(setup(BORE, LOOKS, people=on_list("OP-12")), language=language))
    made, seen = MadeHere(("06:00",)), []

    def look() -> None:
        shown = display(floor.setup, floor.state)
        line = json.dumps(whole(snapshot(ShownMoment(floor.setup, shown, made.at(floor.now, "CP-1", "bore")))))
        seen.append(read_document(line.encode()))

    look()
    for text in ("OP-99", "OP-12", "SN000001"):
        floor.scan(text)
        look()
    for about, sign in (("broker", "amber"), ("disk", "red")):
        floor.say(Noticed(about, Notice("amber" if sign == "amber" else "red", said("notice.broker_away"))))
    floor.gauge("bore", "74.090", "mm")
    look()
    floor.scan("%AGAIN")
    look()
    floor.scan("%CANCEL")
    floor.scan("%NOK:BURR")
    body = floor.sealed()
    assert isinstance(body, InspectionBody)
    made.add(body, floor.now)
    floor.say(Recorded("pc1/e/1", "SN000001", Verdict.FAIL))
    look()
    floor.scan("%REASON")
    look()
    floor.scan("%CANCEL")
    for text in ("the jaw sticks", "x" * 500):
        floor.scan(f"%HANDOVER:{text}")
    floor.scan("%LOGOFF")
    look()
    floor.scan("OP-12")
    look()
    floor.scan("%READ")
    look()
    return seen


def plain(seen: ConsoleLook, width: int = 80, height: int = 24) -> str:
    return "\n".join(line.plain.rstrip() for line in drawn(seen, width, height))


def test_the_message_that_is_read_first_is_whole_with_how_many_follow() -> None:
    first, second = (plain(ConsoleLook(one)) for one in moments()[-2:])
    assert "✉  note of Ada, 2026-09-21 14:13Z: the jaw sticks (read: %READ)\n   + 1" in first
    assert second.count("x") >= 500
    assert "(read: %READ)" in second


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_moment_fits_every_console_and_says_what_to_do(language: str) -> None:
    """Also where each sign is two cells wide."""
    for one in moments(language):
        for width, height in SIZES:
            lines = drawn(ConsoleLook(one, "14:03:22", typed="SN0"), width, height)
            assert [width] * height == [line.cell_len for line in lines]
            assert lines[-1].plain.startswith("> SN0")
        text = plain(ConsoleLook(one, "14:03:22"))
        assert broken(one["asks"], 77)[0] in text
        assert "14:03:22" in text.splitlines()[0]
        assert f"{one['sign']}  {one['word']}".strip() in text


def test_the_verdict_is_a_block_with_sign_and_word_and_says_which_part() -> None:
    failed = moments()[6]
    assert (failed["answer"], failed["sign"], failed["word"]) == ("fail", "✗", "FAIL")
    lines = drawn(ConsoleLook(failed), 80, 24)
    block = [line for line in lines if str(line.style) == "bold white on red"]
    assert [line.plain.strip() for line in block] == ["✗  FAIL", "SN000001 fail, recorded"]
    text = plain(ConsoleLook(failed))
    assert "Measured last bore  74.090 mm  ✗ FAIL" in text
    assert "Lower limit 73.950" in text
    assert re.search(r"--\[=+\|=+\]-+X-+", text)
    assert re.search(r"✗ FAIL  \d\d:\d\d  SN000001", text)
    assert "1 not good" in text


def test_a_unit_in_hand_has_serial_part_plan_and_step_beside_what_is_measured() -> None:
    text = plain(ConsoleLook(moments()[3]))
    assert "Unit in hand SN000001   Part PR-74   Plan CP-1 revision C   Step 1 of 2" in text
    assert "bore   – mm   Nominal 74.000   Lower limit 73.950   Upper limit 74.050" in text
    assert "> bore" in text
    assert "%CANCEL End it incomplete" in text


def test_a_gauge_in_motion_stands_on_the_bar_of_what_is_wanted_and_of_nothing_else() -> None:
    one = moments("de")[3]
    moving = {"of": "bore", "value": "74.010", "at": 55.0, "moving": True}
    text = plain(ConsoleLook(one, bar=moving))
    assert "bore   74,010 mm  in Bewegung" in text
    assert re.search(r"--\[=+\|=*~=+\]--", text)
    assert re.search(r"--\[=+\|=*O=+\]--", plain(ConsoleLook(one, bar={**moving, "moving": False})))
    other = plain(ConsoleLook(one, bar={**moving, "of": "weight"}))
    assert "bore   – mm" in other
    assert re.search(r"--\[=+\|=+\]--", other)


def test_how_it_is_measured_and_what_is_left_to_read_stand_there() -> None:
    one = moments()[3]
    wanted = {**one["wanted"], "where": ["WI-7 B · 2 Wipe the bore.", "WI-7 B · 3 Measure at the top."]}
    text = plain(ConsoleLook({**one, "wanted": wanted, "messages": ["Ada at 05:58: box 7 is full (%READ)"]}))
    assert "   WI-7 B · 2 Wipe the bore.\n   WI-7 B · 3 Measure at the top." in text
    assert "✉  Ada at 05:58: box 7 is full (%READ)" in text


def test_when_something_is_checked_next_is_said_and_what_is_overdue_is_wrong() -> None:
    floor = Floor(setup(BORE, people=on_list("OP-12")))
    seen = snapshot(ShownMoment(floor.setup, display(floor.setup, floor.state), MadeHere(("06:00",)).at(floor.now)))
    signs = (DueSign("hardness", "red"), DueSign("edge", "amber"), DueSign("bore", "green", 12, 7))
    text = plain(ConsoleLook(whole(replace(seen, due=signs))))
    assert "✗  hardness: check overdue" in text
    assert "!  edge: check due now" in text
    assert "bore next check in 12 min; units until then at most: 7" in text
    for sign, words in (
        (DueSign("bore", "green", 12), "bore next check in 12 min"),
        (DueSign("bore", "green", None, 7), "bore units until the next check: 7"),
    ):
        assert words in plain(ConsoleLook(whole(replace(seen, due=(sign,)))))


def test_an_open_question_stands_there_with_its_choices() -> None:
    asked = moments()[7]
    assert asked["is_asked"]
    text = plain(ConsoleLook(asked))
    assert {"setup", "last", "audit"} <= {one["code"] for one in asked["sayings"]}
    for one in asked["sayings"]:
        assert f"   {one['code']}  {one['text']}" in text


def test_what_is_wrong_is_said_with_a_sign_the_worst_first() -> None:
    lines = plain(ConsoleLook(moments()[4])).splitlines()
    assert lines[1].startswith("✗  the broker")
    assert any(line.startswith("!  the broker") for line in lines[2:5])


def test_what_is_over_is_grey_under_the_time_since_when_and_one_still_types() -> None:
    lines = drawn(ConsoleLook(moments("de")[3], "14:03:22", cut_since="14:03:22", typed="SN"), 80, 24)
    assert lines[0].plain.strip() == "✗  Keine Verbindung zum PC der Station  seit 14:03:22"
    behind = [line for line in lines[3:-1] if line.plain.strip()]
    assert {str(line.style) for line in behind} == {"dim"}
    assert [span for line in behind for span in line.spans] == []
    assert lines[-1].plain.rstrip() == "> SN"
    assert "waiting for the agent" in plain(ConsoleLook(cut_since=""))


def test_what_was_not_taken_is_named_above_what_is_typed() -> None:
    lines = plain(ConsoleLook(moments()[0], not_taken="SN5")).splitlines()
    assert lines[-2].startswith("✗  Not taken, send it again: SN5")
    assert "✗  Not taken, send it again: SN5" in plain(ConsoleLook(not_taken="SN5"))


def test_of_a_pin_only_its_length_is_seen_also_of_what_was_typed_before_it_was_asked_for() -> None:
    one = {**moments()[0], "masked": True}
    lines = drawn(ConsoleLook(one, typed="4711"), 80, 24)
    assert lines[-1].plain.rstrip() == "> ****"
    assert "4711" not in plain(ConsoleLook(one, typed="4711"))


def test_a_long_plan_shows_the_steps_around_the_one_that_is_measured() -> None:
    one = dict(moments()[3])
    step = {"got": "–", "verdict": "", "sign": "", "word": "", "is_now": False}
    one["steps"] = [{**step, "title": f"hole {number}", "is_now": number == 70} for number in range(100)]
    text = plain(ConsoleLook(one))
    assert re.search(r"^> hole 70", text, re.MULTILINE)
    assert "hole 71" in text
    assert "hole 10 " not in text
    one["steps"][99]["is_now"], one["steps"][70]["is_now"] = True, False
    assert "> hole 99" in plain(ConsoleLook(one))


def test_a16_no_text_of_an_agent_rules_the_console() -> None:
    """Whatever a code or a device's name holds: visible, wherever it stands."""
    tame = "SN\\x1b]0;owned\\x07\\x9b2J\\u202e\\u200b1"
    found = read_document(json.dumps({NASTY: [{"text": NASTY}, [NASTY]], "n": 1}).encode())
    assert found == {tame: [{"text": tame}, [tame]], "n": 1}
    for line in (b"[1]", b'"x"', b"{"):
        with pytest.raises(ValueError, match=r"."):
            read_document(line)


def test_no_word_is_missed_in_another_language(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a language that puts each word in brackets nothing stands outside but the plant's own words and codes."""

    class Bracketed(gettext.NullTranslations):
        def gettext(self, message: str) -> str:
            return f"⟦{message}⟧"

    sentences = Language({name: f"⟦{template}⟧" for name, template in ENGLISH.templates.items()})
    monkeypatch.setattr(module, "page_words", lambda _: PageWords("xx", Bracketed(), sentences))
    for one in moments():
        rest = plain(ConsoleLook(one, "14:03:22"), 400, 60)
        while (bare := re.sub(r"⟦[^⟦⟧]*⟧", " ", rest)) != rest:
            rest = bare
        outside = set(re.findall(r"%?[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])?", rest))
        assert {word for word in outside if word[0] != "%" and len(word) > 1} <= {
            *("OP20", "OP-12", "Ada", "SN000001", "PR-74", "CP-1", "bore", "looks", "mm", "BURR"),
            *(saying["code"] for saying in one["sayings"]),
        }


@given(value=PLACES, low=st.floats(10, 45), high=st.floats(55, 90), width=st.integers(20, 120))
def test_a_value_stands_on_its_own_side_of_each_limit(value: float, low: float, high: float, width: int) -> None:
    text = bar_text({"low": low, "high": high, "nominal": 50.0, "value": value}, width)
    assert width == len(text)
    inside = low <= value <= high
    (sign,) = [sign for sign in text if sign in "OX"]
    assert ("O" if inside else "X") == sign
    at, first, last = text.index(sign), text.index("["), text.index("]")
    assert (at < first) == (value < low)
    assert (at > last) == (value > high)


def test_a_bar_of_one_limit_and_a_gauge_in_motion() -> None:
    assert bar_text({"high": 49.0, "value": 58.0}, 20) == "=========]-X--------"
    assert "--O[" not in bar_text({"low": 15.0, "high": 85.0}, 20, live=50.0)
    assert "~" in bar_text({"low": 15.0, "high": 85.0}, 20, live=50.0, moving=True)
    assert "X" in bar_text({"low": 15.0, "high": 85.0}, 20, live=97.0, moving=True)
    with_control = {"low": 15.0, "high": 70.0, "lcl": 30.0, "nominal": 45.0, "ucl": 60.0}
    assert bar_text(with_control, 20) == "---[==:==|==:=]-----"


@given(st.text(st.sampled_from("ab 长度测量é"), max_size=200), st.integers(2, 40))
def test_a_sentence_is_broken_without_losing_a_sign(text: str, width: int) -> None:
    lines = broken(text, width)
    assert max(map(cell_len, lines)) <= width
    assert text.replace(" ", "") == "".join(lines).replace(" ", "")


def test_what_is_too_long_shows_that_there_is_more() -> None:
    assert shortened(["a", "b", "c"], 2) == ["a", "b …"]
    assert shortened(["a", "b"], 2) == ["a", "b"]
    assert tail("长度", 3) == "度"


# --- what is typed


def said_of(*keys: tuple[str, float]) -> list[Typed]:
    line = TypedLine()
    return [typed for text, at in keys for typed in line.keys(text, at)]


def test_keys_as_fast_as_no_person_types_are_a_scan_and_slower_ones_are_typed() -> None:
    slow = [(key, number * 0.2) for number, key in enumerate("8.5\r")]
    assert [Typed("8.5")] == said_of(*slow)
    assert [Typed("SN000001", is_scan=True)] == said_of(("SN000001\r", 1.0))
    edge = [(key, number * BURST_SECS) for number, key in enumerate("SN1\r")]
    assert [Typed("SN1", is_scan=True)] == said_of(*edge)
    assert [Typed("OK")] == said_of(("OK\r", 1.0)), "two keys are no reader's"
    assert [Typed("ab"), Typed("SN1", is_scan=True)] == said_of(("ab\rSN1\n\r\r", 0.0))


def test_a_scan_into_half_a_typed_line_is_never_taken_apart() -> None:
    """Half a code may be another unit's: the station refuses what the two make together."""
    assert [Typed("7SN000001", is_scan=True)] == said_of(("7", 0.0), ("SN000001\r", 3.0))


def test_keys_are_taken_back_and_cursor_keys_leave_no_trace() -> None:
    line = TypedLine()
    assert list(line.keys("SN12\x7f\b\x1b[A\x1bOP\x1b[15~3", 0.0)) == []
    assert line.shown == "SN3"
    assert list(line.keys("\x15", 0.1)) == []
    assert line.shown == ""
    assert list(line.keys("\x1b", 1.0)) == [], "Escape alone"
    assert [Typed("OP-1", is_scan=True)] == list(line.keys("OP-1\r", 2.0))


def test_control_characters_of_a_code_are_kept_and_shown_as_escapes() -> None:
    line = TypedLine()
    assert list(line.keys("[)>\x1e06\x1dS1\x1e\x04", 0.0)) == []
    assert line.shown == "[)>\\x1e06\\x1dS1\\x1e\\x04"
    assert [Typed("[)>\x1e06\x1dS1\x1e\x04", is_scan=True)] == list(line.keys("\r", 0.0))


@pytest.mark.parametrize("keys", ["\x03", "SN\x03", "\x04", "SN\r\x04"])
def test_ctrl_c_ends_it_and_ctrl_d_does_on_an_empty_line(keys: str) -> None:
    with pytest.raises(Ended):
        said_of((keys, 0.0))


@given(st.text(max_size=60))
def test_whatever_is_typed_what_is_shown_of_it_rules_nothing(text: str) -> None:
    line = TypedLine()
    try:
        list(line.keys(text, 0.0))
    except Ended:
        return
    assert not [sign for sign in line.shown if unicodedata.category(sign).startswith("C")]

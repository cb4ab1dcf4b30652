"""A script is read whole or refused whole: each fault with its line, and with what could stand there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaugetrail_agent.reading import Reading, Status
from gaugetrail_agent.rehearsal.cues import (
    Expect,
    FillDisk,
    HasPin,
    OfferBlock,
    Restart,
    ScanCode,
    Script,
    SendValue,
    StepClock,
    Tell,
    Wait,
)
from gaugetrail_agent.rehearsal.script import read_script
from gaugetrail_contract.clock import utc_us
from gaugetrail_contract.settings import ConfigError

BEGIN = utc_us("2026-11-28T08:00:00.000000Z")


def read(text: str, *, blocks: bool = False) -> Script:
    return read_script(text, name="f", day="2026-11-28", devices=("bore", "press", "scan"), blocks=blocks)


def cue(line: str, *, blocks: bool = False):
    (found,) = read(line, blocks=blocks).lines
    return found.cue


def faults(text: str, *, blocks: bool = False) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(text, blocks=blocks)
    return [str(problem) for problem in caught.value.problems]


def test_a_script_as_somebody_writes_it() -> None:
    """Moments, remarks and empty lines; what stands behind a # inside a code belongs to it."""
    script = read(
        "# a shift\n\n08:00:00 scan OP-12 # Ada\n+2.5s scan SN#1\n  type 12,5\nwait 10 min\n09:00 press ok\n"
        "2026-11-29 06:00 restart\n"
    )
    assert script.at_us == BEGIN
    assert [(one.number, one.text, one.mono_us / 1e6) for one in script.lines] == [
        (3, "scan OP-12", 0),
        (4, "scan SN#1", 2.5),
        (5, "type 12,5", 2.5),
        (6, "wait 10 min", 602.5),
        (7, "press ok", 3600),
        (8, "restart", 22 * 3600),
    ]
    assert [one.cue for one in script.lines] == [
        ScanCode("OP-12", typed=False),
        ScanCode("SN#1", typed=False),
        ScanCode("12,5", typed=True),
        Wait(),
        ScanCode("%OK", typed=True),
        Restart(),
    ]


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("bore 74.012 mm", Reading(Status.OK, b"bore 74.012 mm", value="74.012", unit="mm")),
        ("bore +074.0", Reading(Status.OK, b"bore +074.0", value="74.0")),
        ("press/force 15.2 kN", Reading(Status.OK, b"press/force 15.2 kN", value="15.2", unit="kN", channel="force")),
        ("press/1 -2", Reading(Status.OK, b"press/1 -2", value="-2", channel="1")),
        ("bore unstable 74.1 mm", Reading(Status.UNSTABLE, b"bore unstable 74.1 mm", value="74.1", unit="mm")),
        ("bore overrange", Reading(Status.OVERRANGE, b"bore overrange")),
        ("gauge scan 1 g", Reading(Status.OK, b"scan 1 g", value="1", unit="g")),
    ],
)
def test_what_a_gauge_sends(line: str, wanted: Reading) -> None:
    found = cue(line)
    assert isinstance(found, SendValue)
    assert (found.reading, found.for_us) == (wanted, 0)


def test_what_streams_takes_its_time() -> None:
    script = read("08:00 bore 1 mm for 3 s\nscan A\n")
    first, then = script.lines
    assert isinstance(first.cue, SendValue)
    assert (first.cue.for_us, first.mono_us, then.mono_us) == (3_000_000, 0, 3_000_000)


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ('scan "]C1SN1\\x1d\\r\\n\\t\\"\\\\"', ScanCode(']C1SN1\x1d\r\n\t"\\', typed=False)),
        ("press NOK:SCRATCH,DENT", ScanCode("%NOK:SCRATCH,DENT", typed=True)),
        ("press %go", ScanCode("%GO", typed=True)),
        ("pin OP-12 482193", HasPin("OP-12", "482193")),
        ("notice broker", Tell("broker", well=False)),
        ("well device bore", Tell("device bore", well=True)),
        ("disk full", FillDisk(full=True)),
        ("disk well", FillDisk(full=False)),
        ("08:00 clock 06:00:00", StepClock(-2 * 3_600_000_000)),
        ("clock +1.5 h", StepClock(5_400_000_000)),
        ("clock -2 min", StepClock(-120_000_000)),
        ("expect recorded pass", Expect("recorded", "pass")),
        ("expect nothing plc", Expect("plc", None)),
        ("expect message handover", Expect("message", "handover")),
        ("expect nothing message", Expect("message", None)),
    ],
)
def test_what_people_do_and_what_happens_around(line: str, wanted: object) -> None:
    assert cue(line) == wanted


def test_a_block_keeps_the_digits_that_stand_there() -> None:
    found = cue('plc {"serial": "SN1", "force": 15.20, "depth": null, "trigger": 7}', blocks=True)
    assert found == OfferBlock({"force": "15.20", "depth": None}, {"serial": "SN1"}, 7)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("scann A", "'scann' is no event and no device; did you mean scan? (there are: bore, clock, disk, expect, "),
        ("boer 1 mm", "'boer' is no event and no device; did you mean bore?"),
        ("gauge nave 1", "there is no device 'nave' (there are: bore, press, scan)"),
        ("scan", "says nothing: write the text behind it"),
        ('scan "A', 'has no closing quote, or one too many: write \\" for a quote inside'),
        ('scan "A" B"', "has no closing quote, or one too many"),
        ('scan "\\q"', "\\q is no escape: there are \\xNN"),
        ("bore 1 2 3", "write what bore sends, like bore 74.012 mm, or one of unstable, overrange"),
        ("bore 1e3", "write what bore sends"),
        ("bore overrange 1", "write what bore sends"),
        ("bore unstable", "write what bore sends"),
        ("bore", "write what bore sends"),
        ("bore 1 mm for ever", "'ever' is no duration: write a number and ms, s, min, h or d"),
        ("press OKAY", "there is no command 'OKAY'; did you mean OK? (there are: OK, NOK, "),
        ("pin OP-12", "write the badge and its PIN, digits alone, like pin OP-17 482193"),
        ("wait long", "'long' is no duration"),
        ("wait 32 d", "32 d is more than 31 days"),
        ("restart now", "restart stands alone; what is 'now'?"),
        ("notice weather", "nothing is told of 'weather' (there are: broker, disk, spool, clock, copy, device bore"),
        ("disk gone", "the disk is full or well, not 'gone'"),
        ("clock late", "'late' is no time of a clock"),
        ("clock 06:00 or so", "is no time of a clock"),
        ("expect light", "say what light should be, like expect light green"),
        ("expect lihgt green", "'lihgt' can't be expected; did you mean light?"),
        (
            "expect nothing light",
            "'light' can't be expected (there are: recorded, event, refused, asked, plc, ",
        ),
        ('plc {"force": 1}', "this station is an operator's"),
        ("2026-02-30 08:00 scan A", "2026-02-30 is no day of the calendar"),
        ("+2s scan A", "there is no line above that this could come after"),
    ],
)
def test_a_fault_says_what_could_stand_there(line: str, says: str) -> None:
    (found,) = faults(line)
    assert found.startswith("f:1: ")
    assert says in found


@pytest.mark.parametrize(
    ("block", "says"),
    [
        ("force 1", "is no block: write JSON"),
        ("[1]", "is no block: write a JSON object"),
        ('{"force": [1]}', "'force' is neither a number nor a text nor null"),
        ('{"force": true}', "'force' is neither a number nor a text nor null"),
        ('{"force": 1e3}', "'force': '1e3' is not a decimal number; write it without an exponent"),
        ('{"trigger": 0}', '"trigger" is a whole number from 1 on'),
        ('{"trigger": "7"}', '"trigger" is a whole number from 1 on'),
    ],
)
def test_a_block_that_is_none(block: str, says: str) -> None:
    (found,) = faults(f"plc {block}", blocks=True)
    assert says in found


def test_all_faults_are_told_at_once_and_time_never_goes_back() -> None:
    """Only a clock that is set lets the time of day be earlier than before."""
    back, unknown = faults("08:00 scan A\n07:59 scan B\nscann C\n")
    assert back == (
        "f:2: 2026-11-28T07:59:00Z lies before the line above, 2026-11-28T08:00:00Z: for the next day write its date "
        "before the time"
    )
    assert unknown.startswith("f:3: 'scann' is no event")
    script = read("08:00 clock 06:00\n06:30 scan A\n")
    assert [one.mono_us / 1e6 for one in script.lines] == [0, 1800]


def test_a_script_in_which_nothing_happens_is_refused() -> None:
    (found,) = faults("# nothing\n\n")
    assert "nothing happens in it" in found


LINES = st.lists(
    st.one_of(
        st.text(max_size=30),
        st.builds(
            "{} {} {}".format,
            st.sampled_from(["08:00", "+1s", "", "2026-13-01 08:00", "99:00"]),
            st.sampled_from(["scan", "bore", "bore/1", "plc", "pin", "clock", "wait", "expect", "press", "gauge"]),
            st.text('0123456789.:+-"\\ {}ansx%\x1d', max_size=12),
        ),
    ),
    max_size=5,
)


@given(LINES, st.booleans())
def test_any_lines_are_a_script_or_faults_each_with_its_line(lines: list[str], blocks: bool) -> None:
    """Nothing else comes out, and moments of a script rise."""
    text = "\n".join(lines)
    found: list[str] = []
    moments: list[int] = []
    try:
        moments = [one.mono_us for one in read(text, blocks=blocks).lines]
    except ConfigError as error:
        found = [one.message for one in error.problems]
    assert bool(found) != bool(moments)
    assert all(found)
    assert moments == sorted(moments)

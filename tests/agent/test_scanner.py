"""A scanner's codes come out once and whole; what the reader itself says never passes for a code."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaugetrail_agent.drivers import Action, Send
from gaugetrail_agent.drivers.catalogue import make_driver
from gaugetrail_agent.drivers.scanner import Scanner, ScannerSettings
from gaugetrail_agent.reading import Reading, Status

ENVELOPE = "[)>\x1e06\x1dP40217372\x1dQ10\x1dS00012345\x1e\x04"


class Watch:
    """A stopwatch that a test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def scanner(end: str = "auto", *, watch: Watch | None = None, **settings: str) -> Scanner:
    built = make_driver("scanner", {"end": end, **settings})
    assert isinstance(built, Scanner)
    if watch is not None:
        built._monotonic = watch
    return built


def readings(actions: Sequence[Action]) -> list[Reading]:
    assert not any(isinstance(action, Send) for action in actions)
    return [action for action in actions if isinstance(action, Reading)]


def texts(actions: Sequence[Action]) -> list[str | None]:
    return [reading.text for reading in readings(actions)]


@pytest.mark.parametrize(
    ("end", "data"),
    [
        ("auto", b"4711\r4712\r"),
        ("auto", b"4711\n4712\n"),
        ("auto", b"4711\r\n4712\r\n"),
        ("auto", b"\x024711\x03\x024712\x03"),
        ("cr", b"4711\r4712\r"),
        ("lf", b"4711\n4712\n"),
        ("crlf", b"4711\r\n4712\r\n"),
        ("etx", b"\x024711\x03\x024712\x03"),
    ],
)
def test_glued_scans_split_at_the_configured_end(end: str, data: bytes) -> None:
    """Two scans in one read are two codes."""
    assert texts(scanner(end).received(data)) == ["4711", "4712"]


def test_half_a_scan_waits_for_its_end() -> None:
    """A USB adapter cuts where it likes."""
    device = scanner()
    assert texts(device.received(b"00012")) == []
    assert texts(device.received(b"345\r")) == ["00012345"]


def test_a_crlf_cut_in_two_is_one_end() -> None:
    """The LF of a cut CRLF opens no new scan, and a lone CR is part of the code."""
    device = scanner("crlf")
    assert texts(device.received(b"4711\r")) == []
    assert texts(device.received(b"\n")) == ["4711"]
    assert texts(device.received(b"a\rb\r\n")) == ["a\rb"]


@pytest.mark.parametrize("end", ["auto", "cr", "crlf", "idle"])
def test_iso_15434_envelope_is_kept_whole(end: str) -> None:
    """RS, GS and EOT are data."""
    device = scanner(end)
    got = [*device.received(ENVELOPE.encode() + (b"" if end == "idle" else b"\r\n")), *device.quiet()]
    assert texts(got) == [ENVELOPE]


def test_envelope_keeps_its_eot_where_eot_ends_the_frame() -> None:
    """A scanner set to end with EOT sends none of its own behind an envelope."""
    assert texts(scanner("eot").received(ENVELOPE.encode() + b"4711\x04")) == [ENVELOPE, "4711"]


def test_silence_ends_a_scan_where_the_scanner_sends_no_suffix() -> None:
    """Idle flush."""
    device = scanner("idle")
    assert texts(device.received(b"47")) + texts(device.received(b"11")) == []
    assert texts(device.quiet()) == ["4711"]
    assert texts(device.quiet()) == []
    assert device.quiet_secs == 0.1


def test_half_a_scan_is_not_glued_to_the_next() -> None:
    """A lost CR must not make a third identifier out of two."""
    device = scanner()
    device.received(b"4711")
    (given_up,) = readings(device.quiet())
    assert (given_up.status, given_up.text, given_up.raw) == (Status.GARBLED, None, b"4711")
    assert "suffix" in str(given_up.extra["reason"])
    assert texts(device.received(b"4712\r")) == ["4712"]


def test_prefix_and_suffix_are_taken_off_once() -> None:
    """Configured framing is no part of the code."""
    assert texts(scanner(prefix="A", suffix="#").received(b"AB1##\r")) == ["B1#"]
    assert texts(scanner(prefix="A", suffix="#").received(b"AB1#\r")) == ["B1"]


def test_empty_lines_are_no_scans() -> None:
    """Enter before or after a code, an empty line, NUL fill."""
    assert texts(scanner().received(b"\r\n\r\n\x00\x004711\r\n\r\n  \r")) == ["4711"]


@pytest.mark.parametrize(
    ("line", "status", "code"),
    [
        (b"OK,LON", Status.ACK, None),
        (b"OK,LOFF", Status.ACK, None),
        (b"ER,LON,00", Status.ERROR, "00"),
        (b"ER,TEST1,22", Status.ERROR, "22"),
        (b"ERROR", Status.NO_VALUE, None),
        (b"NR", Status.NO_VALUE, None),
        (b"NOREAD", Status.NO_VALUE, None),
        (b"No Read", Status.NO_VALUE, None),
        (b"NO_READ", Status.NO_VALUE, None),
        (b"????", Status.NO_VALUE, None),
        (b"\x18", Status.NO_VALUE, None),
        (b"--none--", Status.NO_VALUE, None),
    ],
)
def test_reader_answers_are_never_scans(line: bytes, status: Status, code: str | None) -> None:
    """A reader's answer recorded as a serial number would be a part that does not exist."""
    (reading,) = readings(scanner(no_read="--none--|leer").received(line + b"\r"))
    assert (status, None, code) == (reading.status, reading.text, reading.error_code)


@pytest.mark.parametrize("code", ["OK", "OKLON", "ER-4711", "NR4711", "ERROR4711", "ok,lon"])
def test_codes_that_resemble_answers_stay_codes(code: str) -> None:
    """Only a whole answer is one."""
    assert [code] == texts(scanner().received(code.encode() + b"\r"))


def test_answer_before_the_code_leaves_the_code() -> None:
    """Keyence readers acknowledge the trigger first."""
    got = readings(scanner().received(b"OK,LON\r00012345\r"))
    assert [(reading.status, reading.text) for reading in got] == [(Status.ACK, None), (Status.INFO, "00012345")]


def test_double_scan_is_one_scan_and_a_later_repeat_is_kept() -> None:
    """Within the dead time the same text is a duplicate, even with another code between; after it, a new scan."""
    watch = Watch()
    device = scanner(watch=watch, dead_time_secs="1.0")
    assert texts(device.received(b"4711\r")) == ["4711"]
    watch.now += 0.5
    assert texts(device.received(b"4712\r")) == ["4712"]
    (double,) = readings(device.received(b"4711\r"))
    assert (double.status, double.text, double.extra["duplicate"]) == (Status.INFO, None, True)
    watch.now += 0.5
    assert texts(device.received(b"4711\r")) == ["4711"]


def test_dead_time_survives_a_reconnect() -> None:
    """A plug pulled and put back does not record a part twice."""
    watch = Watch()
    device = scanner(watch=watch)
    device.received(b"4711\r47")
    device.opened()
    (double,) = readings(device.received(b"4711\r"))
    assert True is double.extra["duplicate"]


def test_dead_time_of_zero_keeps_every_scan() -> None:
    """Counting the same part number ten times in a row."""
    assert texts(scanner(watch=Watch(), dead_time_secs="0").received(b"4711\r" * 3)) == ["4711"] * 3


@pytest.mark.parametrize(
    ("sent", "text", "symbology"),
    [
        (b"]C0SN-4711\r", "SN-4711", "]C0"),
        (b"]Q2\\000026SN-4711\r", "SN-4711", "]Q2"),
        (b"\xef\xbb\xbfSN-4711\r", "SN-4711", None),
        ("\u00a0SN-4711\u200b\r".encode(), "SN-4711", None),
        (b"\x02]d2010950600013435221AB\x03", "010950600013435221AB", "]d2"),
    ],
)
def test_what_stands_around_a_code_is_in_raw_alone(sent: bytes, text: str, symbology: str | None) -> None:
    """The next double scan is known by the code, whatever symbology it came in."""
    device = scanner()
    [reading] = readings(device.received(sent))
    assert (reading.text, reading.extra.get("symbology"), reading.raw) == (text, symbology, sent[:-1])
    [again] = readings(device.received(text.encode() + b"\r"))
    assert (again.text, again.extra) == (None, {"duplicate": True})


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("gbk", "零件-1"),
        ("shift-jis", "部品ソ1"),
        ("euc-kr", "부품-1"),
        ("latin-1", "Gehäuse 7"),
        ("cp437", "Müller"),
        ("Shift_JIS", "サ"),
        ("big5", "零件"),
    ],
)
def test_character_sets_by_setting(encoding: str, text: str) -> None:
    """A second byte that looks like a backslash or a bar is none."""
    [reading] = readings(scanner(encoding=encoding, gs1_separator="|").received(text.encode(encoding) + b"\r"))
    assert (reading.text, reading.status) == (text, Status.INFO)


def test_an_eci_says_the_character_set_of_its_code() -> None:
    """ECI 20 is Shift-JIS; one that the bytes contradict gives way to the setting."""
    device = scanner()
    assert texts(device.received(b"]Q2\\000020" + "部品".encode("cp932") + b"\r")) == ["部品"]
    assert texts(device.received(b"]Q2\\000027" + "für".encode() + b"\r")) == ["für"]


def test_a_remapped_separator_is_gs_again_in_gs1_codes() -> None:
    """The scanner sends | for FNC1; in a plain code it is a bar."""
    device = scanner(gs1_separator="|")
    assert texts(device.received(b"]C110AB|21XY\r")) == ["10AB\x1d21XY"]
    assert texts(device.received(b"]C0A|B\r")) == ["A|B"]


def test_undecodable_bytes_are_garbled_not_guessed() -> None:
    """Replacement characters would be another identifier."""
    (reading,) = readings(scanner().received(b"47\xff11\r"))
    assert (reading.status, reading.text, reading.raw) == (Status.GARBLED, None, b"47\xff11")
    assert texts(scanner(encoding="latin-1").received("Gehäuse\r".encode("latin-1"))) == ["Gehäuse"]


def test_a17_endless_data_is_refused_and_the_next_scan_read() -> None:
    """A length limit, without growing."""
    device = scanner(max_length="8")
    got = readings(device.received(b"123456789012345\r4711\r"))
    assert [(reading.status, reading.raw) for reading in got] == [(Status.GARBLED, b"12345678"), (Status.INFO, b"4711")]


def test_ask_sends_the_configured_trigger() -> None:
    """A Keyence reader reads on LON."""
    assert [Send(b"LON\r")] == list(scanner(trigger=r"LON\r").ask())
    assert list(scanner().ask()) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("end", "tab"),
        ("encoding", "utf-7"),
        ("idle_secs", "nan"),
        ("dead_time_secs", "-1"),
        ("max_length", "0"),
        ("max_length", "٣"),
        ("prefix", "€"),
        ("suffx", "#"),
    ],
)
def test_wrong_settings_are_named(key: str, value: str) -> None:
    """The message holds the key, so that the file can be mended."""
    with pytest.raises(ValueError, match=key):
        make_driver("scanner", {key: value})


ENDS = st.sampled_from(["auto", "cr", "lf", "crlf", "etx", "eot", "idle"])
LIKELY = st.lists(
    st.sampled_from([b"\r", b"\n", b"\r\n", b"\x02", b"\x03", b"\x04", b"\x00", b"4711", b"ERROR", b"\xff", b"OK,LON"])
).map(b"".join)


@given(end=ENDS, data=st.binary() | LIKELY, cuts=st.lists(st.integers(0, 200)), max_length=st.integers(1, 12))
def test_pieces_give_what_the_whole_gives(end: str, data: bytes, cuts: list[int], max_length: int) -> None:
    """Any bytes in any pieces: no exception, and the same readings as in one piece."""
    settings = ScannerSettings(end=end, max_length=max_length)
    whole = Scanner(settings, monotonic=Watch())
    expected = [*whole.received(data), *whole.quiet(), whole.rest()]
    pieces = Scanner(settings, monotonic=Watch())
    borders = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    got: list[Action | None] = []
    for start, stop in itertools.pairwise(borders):
        got += pieces.received(data[start:stop])
    got += [*pieces.quiet(), pieces.rest()]
    assert expected == got

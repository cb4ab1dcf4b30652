"""What a profile can say, tried on small ones: status before number, channels, units, decimals, commands, refusals."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from gaugetrail_agent.drivers import Action, Send
from gaugetrail_agent.drivers.profile.driver import (
    BadSetting,
    ProfileDriver,
    load_profile,
    new_profile_text,
    run,
    run_examples,
)
from gaugetrail_agent.reading import Reading, Status
from gaugetrail_contract.settings import ConfigError

HEAD = """
name = "mine"
title = "A gauge of our own"
source = "made up for a test"
unit_sets = ["length"]
[framing]
end = "crlf"
"""
EXAMPLE = """
[[example]]
bytes = ""
source = "made up"
readings = []
"""
VALUE = """
[[pattern]]
name = "value"
match = '(?P<value>[+-][0-9.,]+)'
status = "ok"
"""


def profile_file(folder: Path, body: str, head: str = HEAD) -> Path:
    path = folder / "mine.toml"
    path.write_text(head + body + EXAMPLE, "utf-8")
    return path


def read(folder: Path, body: str, data: bytes, settings: dict[str, str] | None = None, head: str = HEAD):
    """The readings as decode prints them, without what is empty."""
    driver = ProfileDriver(load_profile(profile_file(folder, body, head)), settings)
    dropped = ("raw_hex", "decimals", "reason")
    return [
        {key: value for key, value in reading.as_json().items() if value is not None and key not in dropped}
        for reading in run(driver, data)
    ]


def only(actions: Sequence[Action]) -> Reading:
    """The one reading among what a driver wants."""
    (reading,) = [action for action in actions if isinstance(action, Reading)]
    return reading


def complaint(folder: Path, body: str, head: str = HEAD) -> str:
    with pytest.raises(ConfigError) as caught:
        load_profile(profile_file(folder, body, head))
    return str(caught.value)


def test_first_pattern_that_explains_all_of_the_frame_counts(tmp_path: Path) -> None:
    """Status before number: what an overload pattern takes, no value pattern sees."""
    body = "[[pattern]]\nname = 'overload'\nmatch = '[+]9+[.]9+'\nstatus = 'overrange'\n" + VALUE
    assert read(tmp_path, body, b"+999.9\r\n+999.8\r\n+999.8 \r\n") == [
        {"status": "overrange"},
        {"status": "ok", "value": "999.8"},
        {"status": "garbled"},
    ]


def test_digits_stay_as_the_gauge_gave_them(tmp_path: Path) -> None:
    """The gauge's resolution is part of the measurement."""
    found = read(tmp_path, VALUE, b"+0001.500\r\n-.50\r\n+12.\r\n-000.00\r\n")
    assert [one["value"] for one in found] == ["1.500", "-0.50", "12", "0.00"]


@pytest.mark.parametrize(
    ("mark", "sent", "expected"),
    [
        (None, b"+1.5\r\n", "1.5"),
        (None, b"+1,5\r\n", None),
        (",", b"+1,5\r\n", "1.5"),
        (",", b"+1.5\r\n", None),
        (None, b"+1.234,5\r\n", None),
    ],
)
def test_decimal_mark_is_the_profiles_or_the_settings_and_no_other(
    tmp_path: Path, mark: str | None, sent: bytes, expected: str | None
) -> None:
    """`1,234` is 1.234 in Hamburg and a thousand in Boston: only what is configured counts."""
    (found,) = read(tmp_path, VALUE, sent, {"decimal": mark} if mark else {})
    assert found.get("value") == expected
    assert found["status"] == ("ok" if expected else "garbled")


def test_channel_and_unit_are_routed_and_unknown_units_refused(tmp_path: Path) -> None:
    body = """
[units]
M = "mm"
[[pattern]]
name = "value"
match = 'DT(?P<channel>[0-9]{2})(?P<value>[+-][0-9.]+)(?P<unit>[A-Z]?)'
status = "ok"
"""
    assert read(tmp_path, body, b"DT07+1.50M\r\nDT08-1.50\r\nDT08-1.50Q\r\n", {"unit": "in"}) == [
        {"status": "ok", "value": "1.50", "unit": "mm", "channel": "07"},
        {"status": "ok", "value": "-1.50", "unit": "in", "channel": "08"},
        {"status": "garbled"},
    ]


def test_sign_words_implied_decimals_and_fixed_width_fields(tmp_path: Path) -> None:
    """Digimatic on a converter: sign 0 or 8, six digits, the point in a setting."""
    body = """
[settings.places]
description = "decimals of the display"
pattern = '[0-6]'
[[pattern]]
name = "value"
fields = "header(2) sign(1) value(6) _(1)"
where = { header = 'FF', value = '[0-9]{6}' }
signs = { "0" = "+", "8" = "-" }
decimals_from = "places"
status = "ok"
"""
    good = b"FF8001234x\r\n"
    assert read(tmp_path, body, good, {"places": "3"}) == [{"status": "ok", "value": "-1.234", "header": "FF"}]
    assert [one["status"] for one in read(tmp_path, body, b"FF5001234x\r\nFF800123x\r\nFE8001234x\r\n")] == [
        "garbled"
    ] * 3


def test_sentinels_are_no_values_by_sign_and_size(tmp_path: Path) -> None:
    body = """
[[pattern]]
name = "value"
match = '(?P<value>[+-][0-9.]+E[+-][0-9]+)'
status = "ok"
sentinels = [
  { magnitude = "1E10", status = "error" },
  { magnitude = "1E9", status = "overrange", negative = "underrange" },
]
"""
    stream = b"+1.36E-3\r\n+1.0E+9\r\n-1.0E+9\r\n+1.0E+10\r\n+1.0E+99\r\n"
    assert [one["status"] for one in read(tmp_path, body, stream)] == [
        "ok",
        "overrange",
        "underrange",
        "error",
        "garbled",
    ]


def test_list_of_readings_fails_whole_if_one_part_is_no_part(tmp_path: Path) -> None:
    """Half a frame's channels would look like all of them."""
    body = """
[[pattern]]
name = "list"
match = '(?P<list>.+)'
[pattern.each]
group = "list"
separator = ';'
channel = "{position}"
[[cell]]
match = 'off'
status = "no_value"
[[cell]]
match = '(?P<value>[+-][0-9.]+)'
status = "ok"
"""
    assert read(tmp_path, body, b"+1.5;off;-2.5\r\n+1.5;of;-2.5\r\n") == [
        {"status": "ok", "value": "1.5", "channel": "1"},
        {"status": "no_value", "channel": "2"},
        {"status": "ok", "value": "-2.5", "channel": "3"},
        {"status": "garbled"},
    ]


def test_request_in_flight_decides_what_an_answer_means(tmp_path: Path) -> None:
    body = """
[settings.request]
description = "the command in flight"
choices = ["value", "limit"]
[[pattern]]
name = "value"
match = '(?P<value>[+-][0-9.]+)'
when = { request = 'value' }
status = "ok"
[[pattern]]
name = "another answer"
match = '[+-][0-9.]+'
status = "info"
[commands]
poll = "R{channel}\\r"
requests = { value = "RV\\r" }
trigger = "T\\r"
start_stream = "S1\\r"
stop_stream = "S0\\r"
"""
    assert read(tmp_path, body, b"+1.5\r\n", {"request": "value"}) == [{"status": "ok", "value": "1.5"}]
    assert read(tmp_path, body, b"+1.5\r\n", {"request": "limit"}) == [{"status": "info"}]
    profile = load_profile(profile_file(tmp_path, body))
    assert ProfileDriver(profile, {"request": "value"}).ask() == (Send(b"RV\r"),)
    assert ProfileDriver(profile).ask("2") == (Send(b"R2\r"),)
    assert ProfileDriver(profile, {"ask": "trigger"}).ask() == (Send(b"T\r"),)
    assert ProfileDriver(profile).opened() == ()
    assert ProfileDriver(profile, {"stream": "on"}).opened() == (Send(b"S1\r"),)
    assert ProfileDriver(profile, {"stream": "off"}).opened() == (Send(b"S0\r"),)


def test_setting_that_does_nothing_here_is_refused(tmp_path: Path) -> None:
    """A gauge that can't stream must not look as if it had been told to."""
    profile = load_profile(profile_file(tmp_path, VALUE))
    with pytest.raises(BadSetting, match="no setting 'stream'; there are decimal, end, unit"):
        ProfileDriver(profile, {"stream": "on"})
    with pytest.raises(BadSetting, match=r"decimal = ';' can't be: allowed are \., ,"):
        ProfileDriver(profile, {"decimal": ";"})


def test_end_that_the_menu_sets_otherwise_is_a_setting(tmp_path: Path) -> None:
    assert read(tmp_path, VALUE, b"+1.5\r+2.5\r", {"end": "cr"})[1] == {"status": "ok", "value": "2.5"}
    assert read(tmp_path, VALUE, b"+1.5", {"end": "idle"}) == [{"status": "ok", "value": "1.5"}]


def test_half_a_frame_is_given_up_after_silence_and_said_once(tmp_path: Path) -> None:
    """Its head must not be glued to the next frame's tail."""
    driver = ProfileDriver(load_profile(profile_file(tmp_path, VALUE)))
    assert driver.received(b"+1") == []
    (left,) = driver.quiet()
    assert (left.status, left.raw, left.value) == (Status.INCOMPLETE, b"+1", None)
    assert driver.quiet() == ()
    (whole,) = driver.received(b"+2.5\r\n")
    assert whole.value == "2.5"


def test_skeleton_of_a_new_profile_loads_and_holds(tmp_path: Path) -> None:
    path = tmp_path / "my-gauge.toml"
    path.write_text(new_profile_text("my-gauge"), "utf-8")
    assert [result.passed for result in run_examples(load_profile(path))] == [True, True]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("[[pattern]]\nname = 'v'\nmatch = '(a'\nstatus = 'info'\n", ["mine.toml:10", "match", "not a regular"]),
        ("[[pattern]]\nname = 'v'\nmatch = '(?:a+)+b'\nstatus = 'info'\n", ["match", "for ever", "write it flat"]),
        ("[[pattern]]\nname = 'v'\nmatch = 'a'\nstatus = 'fine'\n", ["status", "overrange"]),
        ("[[pattern]]\nname = 'v'\nmatch = '[0-9]'\nstatus = 'ok'\n", ["needs a group 'value'"]),
        ("[[pattern]]\nname = 'v'\nmatch = 'a'\nstatus = 'info'\nsatus = 'ok'\n", ["satus", "status"]),
        ("[[pattern]]\nname = 'v'\nmatch = 'a'\nstatus = 'info'\nchannel = '{chanel}'\n", ["needs a group 'chanel'"]),
        ("[[pattern]]\nname = 'v'\nmatch = 'a'\nwhen = { request = 'x' }\nstatus = 'info'\n", ["[settings.request]"]),
        ("[[pattern]]\nname = 'v'\nfields = 'value(x)'\nstatus = 'ok'\n", ["value(x)", "name(width)"]),
        (
            "[[pattern]]\nname = 'v'\nmatch = '(?P<a>.)'\n[[pattern.part]]\ngroup = 'a'\ncells = 'q'\n",
            ["[[cell]]", "'q'"],
        ),
    ],
)
def test_fault_of_a_profile_names_file_key_and_what_is_allowed(tmp_path: Path, body: str, said: list[str]) -> None:
    message = complaint(tmp_path, body)
    assert "mine.toml" in message
    for word in said:
        assert word in message, message


def test_framing_that_can_not_be_is_refused(tmp_path: Path) -> None:
    head = HEAD.replace('end = "crlf"', 'end = "crlf"\ncheck = "crc"\nafter_end = 1')
    assert "'crc' is none of sum-8, sum-7" in complaint(tmp_path, VALUE, head)
    head = HEAD.replace('end = "crlf"', 'end = "crlf"\n[framing.check]\nmethod = "xor-8"\nat = 0\nlast = -2')
    assert "count from 1" in complaint(tmp_path, VALUE, head)
    head = HEAD.replace('end = "crlf"', 'end = "length"')
    assert "belong together" in complaint(tmp_path, VALUE, head)
    head = HEAD.replace('end = "crlf"', 'end = "semicolon"')
    assert "cr, lf, crlf" in complaint(tmp_path, VALUE, head)


def test_name_is_the_files_name(tmp_path: Path) -> None:
    head = HEAD.replace('name = "mine"', 'name = "yours"')
    assert "the file is called mine.toml" in complaint(tmp_path, VALUE, head)


CHECKED = (
    HEAD
    + """
[framing.check]
method = "xor-8"
at = -4
last = -5
written = "hex"
"""
)


def test_damaged_frame_under_a_check_never_gives_a_value(tmp_path: Path) -> None:
    """The check's characters are no part of what patterns see."""
    assert read(tmp_path, VALUE, b"+1.5031\r\n", head=CHECKED) == [{"status": "ok", "value": "1.50"}]
    assert read(tmp_path, VALUE, b"+9.5031\r\n", head=CHECKED) == [{"status": "garbled"}]
    assert read(tmp_path, VALUE, b"+1.50\r\n", head=CHECKED) == [{"status": "garbled"}]


def test_decimals_can_stand_in_the_frame(tmp_path: Path) -> None:
    body = """
[[pattern]]
name = "value"
match = '(?P<value>[+-][0-9]{6})(?P<decimals>[0-4])'
status = "ok"
"""
    assert read(tmp_path, body, b"-0012343\r\n") == [{"status": "ok", "value": "-1.234"}]
    assert read(tmp_path, body, b"-0012340\r\n") == [{"status": "ok", "value": "-1234"}]


def test_number_sent_backwards(tmp_path: Path) -> None:
    body = """
[[pattern]]
name = "value"
match = '=(?P<value>[0-9.]{7}[0-9-])'
status = "ok"
reverse = true
"""
    assert read(tmp_path, body, b"=00.1000-\r\n") == [{"status": "ok", "value": "-1.00"}]
    assert read(tmp_path, body, b"=43.21000\r\n") == [{"status": "ok", "value": "12.34"}]


def test_pounds_and_ounces_are_one_number_in_ounces(tmp_path: Path) -> None:
    body = """
[[pattern]]
name = "value"
match = '(?P<major>[+-]?[0-9]+) lb (?P<value>[0-9.]+) oz'
status = "ok"
major_counts = 16
unit = "oz"
"""
    assert read(tmp_path, body, b"5 lb 3.2 oz\r\n") == [{"status": "ok", "value": "83.2", "unit": "oz"}]
    assert read(tmp_path, body, b"-1 lb 0.50 oz\r\n") == [{"status": "ok", "value": "-16.50", "unit": "oz"}]
    assert read(tmp_path, body, b"1 lb 16.0 oz\r\n") == [{"status": "garbled"}]


GROSS_AND_NET = """
[[pattern]]
name = "gross, tare, net"
match = '(?P<status>ST|US|OL),(?P<g>[^,]+),(?P<t>[^,]+),(?P<n>[^,]+)'
frame_statuses = { ST = "ok", US = "unstable", OL = "overrange" }
[[pattern.part]]
group = "g"
channel = "gross"
[[pattern.part]]
group = "t"
channel = "tare"
[[pattern.part]]
group = "n"
channel = "net"
[[cell]]
match = '(?P<value>[0-9.]+)'
status = "ok"
"""


def test_of_several_numbers_the_one_that_is_named_is_taken(tmp_path: Path) -> None:
    """Without a name each keeps its own, and the driver says which there are."""
    named = read(tmp_path, GROSS_AND_NET, b"ST,3.0,1.0,2.0\r\n")
    assert [(one["channel"], one["value"]) for one in named] == [("gross", "3.0"), ("tare", "1.0"), ("net", "2.0")]
    taken = read(tmp_path, GROSS_AND_NET, b"ST,3.0,1.0,2.0\r\n", {"take": "net"})
    assert taken == [{"status": "ok", "value": "2.0", "channel": "net"}]
    profile = load_profile(profile_file(tmp_path, GROSS_AND_NET))
    assert ProfileDriver(profile).channels == ("gross", "tare", "net")
    assert ProfileDriver(profile, {"take": "net"}).channels == ("net",)
    with pytest.raises(BadSetting, match="allowed are gross, tare, net"):
        ProfileDriver(profile, {"take": "first"})


def test_status_of_a_frame_is_that_of_all_its_parts(tmp_path: Path) -> None:
    moving = read(tmp_path, GROSS_AND_NET, b"US,3.0,1.0,2.0\r\n")
    assert [one["status"] for one in moving] == ["unstable"] * 3
    assert read(tmp_path, GROSS_AND_NET, b"OL,3.0,1.0,2.0\r\n") == [{"status": "overrange"}]


def test_line_that_says_nothing_of_a_part_is_silent(tmp_path: Path) -> None:
    body = (
        VALUE
        + """
[[pattern]]
name = "the total"
match = 'Total .*'
silent = true
"""
    )
    assert read(tmp_path, body, b"+1.5\r\nTotal +3.0\r\n") == [{"status": "ok", "value": "1.5"}]


ASKED = """
[[pattern]]
name = "unit"
match = 'U(?P<unit>[a-z]+)'
status = "info"
remembers = ["unit"]
[[pattern]]
name = "value"
match = 'V(?P<value>[0-9.]+)'
status = "ok"
needs = ["unit"]
[commands]
poll = "U?\\r"
then = ["V?\\r"]
source = "made up"
"""


def test_gauge_that_needs_two_questions_is_asked_both(tmp_path: Path) -> None:
    """The second goes out when the first is answered; a value before its unit is none."""
    driver = ProfileDriver(load_profile(profile_file(tmp_path, ASKED)))
    assert only(driver.received(b"V1.5\r\n")).status is Status.GARBLED
    assert driver.ask() == (Send(b"U?\r"),)
    _, second = driver.received(b"Umm\r\n")
    assert second == Send(b"V?\r")
    value = only(driver.received(b"V1.5\r\n"))
    assert (value.value, value.unit) == ("1.5", "mm")
    driver.opened()
    assert only(driver.received(b"V1.5\r\n")).status is Status.GARBLED


def test_no_second_question_goes_to_a_device_that_refused_the_first(tmp_path: Path) -> None:
    driver = ProfileDriver(load_profile(profile_file(tmp_path, ASKED)))
    driver.ask()
    actions = driver.received(b"E?\r\n")
    assert len(actions) == 1
    assert only(actions).status is Status.GARBLED


@pytest.mark.parametrize("pieces", [[b"U?\rUmm\r\n"], [b"U", b"?", b"\r", b"Um", b"m\r\n"], [b"U?\r\nUmm\r\n"]])
def test_echo_of_the_command_is_silently_taken_off(tmp_path: Path, pieces: list[bytes]) -> None:
    driver = ProfileDriver(load_profile(profile_file(tmp_path, ASKED)))
    driver.ask()
    found = [action for piece in pieces for action in driver.received(piece) if not isinstance(action, Send)]
    assert [(one.status, one.unit) for one in found] == [(Status.INFO, None)]


def test_what_only_begins_like_an_echo_is_kept(tmp_path: Path) -> None:
    driver = ProfileDriver(load_profile(profile_file(tmp_path, ASKED)))
    driver.ask()
    assert driver.received(b"U") == []
    assert [one.status for one in driver.received(b"mm\r\n") if not isinstance(one, Send)] == [Status.INFO]


def test_recorded_line_that_is_a_command_is_no_reading(tmp_path: Path) -> None:
    """In a recording nobody knows what was asked: a line that is one of the profile's commands was its echo."""
    assert read(tmp_path, ASKED, b"U?\r\nUmm\r\nV?\r\nV1.5\r\n") == [
        {"status": "info"},
        {"status": "ok", "value": "1.5", "unit": "mm"},
    ]


def test_comma_of_a_device_that_is_set_so_is_the_point_that_its_maker_prints(tmp_path: Path) -> None:
    """With or without a digit before it; a point is refused then, as it would be a thousands mark."""
    body = """
[[pattern]]
name = "value"
match = '(?P<value>[+-][0-9]*\\.[0-9]+)'
status = "ok"
"""
    comma = {"decimal": ","}
    assert read(tmp_path, body, b"+,1455\r\n-12,5\r\n", comma) == [
        {"status": "ok", "value": "0.1455"},
        {"status": "ok", "value": "-12.5"},
    ]
    assert [one["status"] for one in read(tmp_path, body, b"+12.5\r\n+1,2.5\r\n", comma)] == ["garbled", "garbled"]
    assert [one["status"] for one in read(tmp_path, body, b"+12,5\r\n")] == ["garbled"]

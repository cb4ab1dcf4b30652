"""Telegrams of the public OpenProtocolInterpreter project's tests (TestMid0061, 0065, 0101, 0071, 0076, 0002, 0004,
0005; the real one is that of revision 2, an ETV ST61) and of the MTF 6000 manual; sessions against a controller on a
real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from stream_driver_promises import PLACES, check_any_pieces, damaged, readings, said, sent

from gaugetrail_agent.drivers.open_protocol import OpenProtocolDriver, OpenProtocolSerialDriver, Options, build
from gaugetrail_agent.drivers.open_protocol_errors import ERRORS
from gaugetrail_agent.drivers.open_protocol_messages import telegram
from gaugetrail_agent.drivers.open_protocol_tightenings import Tightenings
from gaugetrail_agent.drivers.stream import StreamDevice
from gaugetrail_agent.errors import DeviceGone
from gaugetrail_agent.links.tcp import TcpLink, TcpSettings
from gaugetrail_agent.reading import Reading, Status

RESULT_1 = (
    b"02310061001         010001020103airbag7                  04KPOL3456JKLO897          0500060030700000"
    b"80000090100111120008401300140014001200150007391600000170999918000001900000202001-06-02:09:54:0921200"
    b"1-05-29:12:34:33221230000345675\0"
)
RESULT_2 = (
    b"03850061002         010000020003RA ST6.2 ETV100          04                         0500000600107020"
    b"8000670900001000001101221301401501611711811912000000081942100340022004600230040002400050525000202600"
    b"4202700000280000029001003000850310000432000331503400035000000369999003700000038000000390000004000000"
    b"04100001848874200000430000044      C0761275452020-06-25:01:04:39462020-06-24:10:48:53\0"
)
TAIL_3 = b"47Test Parameter Set       482490%d"
TAIL_4 = b"50Identifier result part 2 51Identifier result part 3 52Identifier result part 4 "
TAIL_6 = b"53E12454001500550000000042"
OLD_1 = (
    b"01180065001         01012345678902AIRBAG                   03001040002050060070080014670900046102001"
    b"-04-22:14:54:34112\0"
)
OLD_2 = (
    b"02260065002         01012345678902AIRBAG                   03000104002051006009380700000800000901001"
    b"1112013214115016217118000004189819001000200036021002502200223000215240010252500012266553527ABCDEFG-1"
    b"23   282019-01-05:09:00:05\0"
)
MULTI_1 = (
    b"02100101001         010202BM3GA02111900601         0303040030500010600010710800068009000920100008001"
    b"10000012000151300000142019-11-14:14:08:05152019-11-25:11:22:4116009131711801011100080910000002011100"
    b"0809100000\0"
)
PRESS_4 = MULTI_1[:-1].replace(b"02100101001", b"02150101004", 1) + b"19002\0"
ALARM_1 = b"00530071001         01E851021031042017-12-01:20:12:45\0"
ALARM_2 = (
    b"01060071002         01E1021021031042017-12-01:20:12:4505Alarm Text                                        \0"
)
ALARM_STATUS = b"00570076002         01102 E851031041052017-01-25:10:20:20\0"
STARTED = b"00570002001         010001020103Airbag1                  \0"
REFUSED = b"00260004            001802\0"
ACCEPTED = b"00240005            0018\0"
ALIVE = b"00209999            \0"


def longer(result: bytes, revision: int, *tails: bytes) -> bytes:
    body = result[:-1] + b"".join(tails)
    return b"%04d" % len(body) + body[4:8] + b"%03d" % revision + body[11:] + b"\0"


RESULT_3 = longer(RESULT_2, 3, TAIL_3 % 5)
RESULT_6 = longer(RESULT_2, 6, TAIL_3 % 1, TAIL_4, TAIL_6)
RESULT_7 = longer(RESULT_2, 7, TAIL_3 % 1, TAIL_4, TAIL_6, b"560000525570005250")


def result(number: int, minute: int = 0, mid: bytes = b"0061") -> bytes:
    """A tightening of revision 1 with an id and a minute of its own."""
    body = RESULT_1 if mid == b"0061" else OLD_1
    if mid == b"0061":
        body = body.replace(b"0000345675", b"%010d" % number).replace(b"09:54:09", b"09:%02d:09" % minute)
    else:
        body = body.replace(b"0123456789", b"%010d" % number)
        body = body.replace(b"2001-04-22:14:54:34", b"2001-06-02:09:%02d:09" % minute)
    return body


def shown(data: bytes, **options: object) -> list[dict[str, object]]:
    return [reading.as_json() for reading in readings(OpenProtocolDriver(Options(**options)), data)]  # type: ignore[arg-type]


def has(found: dict[str, object], **wanted: object) -> bool:
    return {key: found.get(key) for key in wanted} == wanted


class TestTelegrams:
    def test_a_low_torque_is_a_valid_value_with_its_judgement(self) -> None:
        torque, angle = shown(RESULT_1)
        whole = {
            "mid": "0061", "rev": "001", "ok": False, "vin": "KPOL3456JKLO897", "job": "00", "pset": "003",
            "tightening_id": "0000345675", "device_time": "2001-06-02T09:54:09", "batch_status": "1",
        }  # fmt: skip
        assert has(torque, status="ok", value="7.39", unit="N.m", channel="torque", judgement="low", **whole)
        assert has(torque, low="8.40", high="14.00", target="12.00")
        assert has(
            angle, status="ok", value="0", unit="deg", channel="angle", judgement="ok", low="0", high="9999", **whole
        )

    def test_revision_2_has_its_fields_elsewhere(self) -> None:
        torque, angle = shown(RESULT_2)
        assert has(torque, value="5.05", low="34.00", high="46.00", target="40.00", judgement="low", ok=False)
        assert has(angle, value="0", low="20", high="420", judgement="low")
        assert has(torque, tightening_id="0000184887", tool_serial="C0761275", pset="001", unit="N.m")

    def test_revision_3_tells_the_unit(self) -> None:
        assert [entry["unit"] for entry in shown(RESULT_3)] == ["lbf.ft", "deg"]

    @pytest.mark.parametrize("telegram_", [RESULT_6, RESULT_7, longer(RESULT_2, 9, RESULT_7[385:-1], b"58new")])
    def test_later_revisions_are_read_as_far_as_known(self, telegram_: bytes) -> None:
        assert [(entry["value"], entry["identifier_2"]) for entry in shown(telegram_)] == [
            ("5.05", "Identifier result part 2"),
            ("0", "Identifier result part 2"),
        ]

    def test_below_revision_3_the_settings_may_tell_the_unit(self) -> None:
        assert [entry["unit"] for entry in shown(RESULT_1, unit="lbf.in")] == ["lbf.in", "deg"]

    @pytest.mark.parametrize("kind", [2, 3, 4, 6])
    def test_a_loosening_is_no_tightening(self, kind: int) -> None:
        assert [(entry["status"], entry["value"]) for entry in shown(longer(RESULT_2, 3, TAIL_3 % kind))] == [
            ("no_value", None)
        ]

    def test_the_light_revision_999(self) -> None:
        data = b"KPOL3456JKLO897          00003000000001011000739000002001-06-02:09:54:092001-05-29:12:34:330000345675"
        torque, angle = shown(telegram(61, 999, data))
        assert has(torque, value="7.39", ok=False, judgement="ok", pset="003", tightening_id="0000345675")
        assert angle["value"] == "0"

    @pytest.mark.parametrize(("old", "value", "angle"), [(OLD_1, "14.67", "46"), (OLD_2, "10.00", "360")])
    def test_a_fetched_result(self, old: bytes, value: str, angle: str) -> None:
        found = shown(old)
        assert [entry["value"] for entry in found] == [value, angle]
        assert found[0]["tightening_id"] == "0123456789"
        assert found[0]["vin"] == "AIRBAG"

    def test_spindles_are_channels(self) -> None:
        found = shown(MULTI_1)
        assert [(entry["channel"], entry["value"]) for entry in found] == [
            ("torque/spindle01", "8.09"),
            ("angle/spindle01", "0"),
            ("torque/spindle02", "8.09"),
            ("angle/spindle02", "0"),
        ]
        assert all(has(entry, ok=True, sync_id="00913", vin="BM3GA02111900601", judgement="ok") for entry in found)

    def test_a_press_result_is_no_torque(self) -> None:
        assert [(entry["status"], entry["value"]) for entry in shown(PRESS_4)] == [("no_value", None)]

    @pytest.mark.parametrize(
        ("alarm", "code", "when"),
        [
            (ALARM_1, "E851", "2017-12-01T20:12:45"),
            (ALARM_2, "E1021", "2017-12-01T20:12:45"),
            (ALARM_STATUS, "E851", "2017-01-25T10:20:20"),
        ],
    )
    def test_alarms_are_errors_with_their_code(self, alarm: bytes, code: str, when: str) -> None:
        (found,) = shown(alarm)
        assert has(found, status="error", error_code=code, value=None, device_time=when, controller_ready=True)

    def test_a_refusal_names_what_was_refused_and_why(self) -> None:
        (found,) = shown(REFUSED)
        assert has(found, status="error", mid="0004", failed_mid="0018", error_code="02", value=None, rev="001")
        assert found["text"] == ERRORS["02"]

    @pytest.mark.parametrize(
        ("data", "status", "mid"), [(ACCEPTED, "ack", "0005"), (STARTED, "info", "0002"), (ALIVE, "info", "9999")]
    )
    def test_answers_are_no_readings(self, data: bytes, status: str, mid: str) -> None:
        (found,) = shown(data)
        assert has(found, status=status, mid=mid, value=None)

    def test_a_blank_torque_is_no_value(self) -> None:
        torque, angle = shown(RESULT_1.replace(b"15000739", b"15      "))
        assert (torque["status"], torque["value"], angle["status"]) == ("no_value", None, "ok")

    def test_linked_telegrams_are_told_not_read(self) -> None:
        linked = RESULT_1[:18] + b"21" + RESULT_1[20:]
        assert [(entry["status"], entry["value"]) for entry in shown(linked)] == [("info", None)]

    def test_bit_fields_sent_as_raw_bytes_do_not_end_the_telegram(self) -> None:
        errors = b"\xaa\x03\x0a\xd1" + b"\0" * 6
        raw = RESULT_2[:101] + b"\xaa\x03\0\0\0" + RESULT_2[106:147] + errors + RESULT_2[157:]
        assert [entry["value"] for entry in shown(raw)] == ["5.05", "0"]


class TestDamage:
    @pytest.mark.parametrize("count", [1, 4, 19, 20, 100, 231])
    def test_a_tail_cut_off_waits(self, count: int) -> None:
        assert [(entry["status"], entry["value"]) for entry in shown(RESULT_1[:count])] == [("incomplete", None)]

    @pytest.mark.parametrize("lost", [1, 4, 30])
    def test_a_lost_head_is_garbled(self, lost: int) -> None:
        assert [(entry["status"], entry["value"]) for entry in shown(RESULT_1[lost:])] == [("garbled", None)]

    @pytest.mark.parametrize("place", [25, 60, 139, 142, 200])
    def test_a_lost_byte_is_garbled_and_the_next_telegram_is_read(self, place: int) -> None:
        found = shown(RESULT_1[:place] + RESULT_1[place + 1 :] + ALIVE + MULTI_1)
        assert [entry["status"] for entry in found] == ["garbled", "info", "ok", "ok", "ok", "ok"]

    def test_a_length_that_lies_is_garbled(self) -> None:
        assert [entry["status"] for entry in shown(b"0230" + RESULT_1[4:])] == ["garbled"]
        assert [entry["status"] for entry in shown(b"0232" + RESULT_1[4:] + ALIVE)] == ["garbled", "info"]

    def test_a_telegram_behind_noise_is_found(self) -> None:
        assert [entry["status"] for entry in shown(b"\xff\x000x7" + ALARM_1)] == ["garbled", "garbled", "error"]

    def test_fields_that_moved_are_refused_even_if_the_length_fits(self) -> None:
        moved = RESULT_1[:60] + RESULT_1[61:231] + b"0\0"
        (found,) = shown(moved)
        assert (found["status"], found["value"]) == ("garbled", None)
        assert "is not at its place" in str(found["reason"])

    def test_glued_telegrams_split(self) -> None:
        assert [entry["status"] for entry in shown(ACCEPTED + RESULT_1 + ALIVE)] == ["ack", "ok", "ok", "info"]


TELEGRAMS = [
    RESULT_1,
    RESULT_2,
    RESULT_7,
    OLD_1,
    OLD_2,
    MULTI_1,
    PRESS_4,
    ALARM_1,
    ALARM_2,
    STARTED,
    REFUSED,
    ACCEPTED,
    ALIVE,
]
SESSION = [b"00260004            006097\0", b"00240005            0060\0", b"00260004            006415\0"]


@given(data=damaged(TELEGRAMS), places=PLACES)
def test_any_bytes_in_any_pieces(data: bytes, places: list[int]) -> None:
    check_any_pieces(OpenProtocolDriver, data, places)


@given(data=damaged([*TELEGRAMS, *SESSION]), places=PLACES)
def test_any_bytes_in_a_session(data: bytes, places: list[int]) -> None:
    check_any_pieces(lambda: OpenProtocolDriver(Options(last_tightening_id=345_670)), data, places, opened=True)


class TestSerial:
    START = bytes.fromhex("070907090230303230303030313030363020202020202020200003")
    """MTF 6000 manual, chapter on RS-232."""

    def wrap(self, data: bytes) -> bytes:
        return b"\x07\x09\x07\x09\x02" + data + b"\x03"

    def shown(self, data: bytes) -> list[str]:
        return [str(reading.status) for reading in readings(OpenProtocolSerialDriver(), data)]

    def test_the_manuals_start_is_read(self) -> None:
        (found,) = readings(OpenProtocolSerialDriver(), self.START)
        assert (found.status, found.extra["mid"], found.extra["rev"]) == (Status.INFO, "0001", "006")

    def test_what_we_send_is_wrapped_the_same_way(self) -> None:
        greeting = sent(OpenProtocolSerialDriver(Options(start_revision=6)).opened())
        assert greeting == [self.wrap(b"00200001006         \0")]

    def test_a_result_in_its_wrapping(self) -> None:
        assert self.shown(self.wrap(RESULT_1) + self.wrap(ALIVE)) == ["ok", "ok", "info"]

    def test_damage_is_refused_and_the_next_is_read(self) -> None:
        whole = self.wrap(RESULT_1)
        assert self.shown(whole[:100]) == ["incomplete"]
        assert self.shown(whole[:3]) == ["incomplete"]
        assert self.shown(whole[3:] + self.wrap(ALIVE)) == ["garbled", "info"]
        assert self.shown(whole[:100] + whole[101:] + self.wrap(ALIVE)) == ["garbled", "info"]
        assert self.shown(whole[:100] + self.wrap(ALIVE)) == ["garbled", "info"]
        assert self.shown(RESULT_1) == ["garbled"]

    @given(data=damaged([b"\x07\x09\x07\x09\x02" + data + b"\x03" for data in TELEGRAMS]), places=PLACES)
    def test_any_bytes_in_any_pieces(self, data: bytes, places: list[int]) -> None:
        check_any_pieces(OpenProtocolSerialDriver, data, places)


class TestSession:
    """The driver alone: what it sends for what it hears."""

    def started(self, **options: object) -> OpenProtocolDriver:
        driver = OpenProtocolDriver(Options(**options))  # type: ignore[arg-type]
        assert sent(driver.opened()) == [telegram(1)]
        return driver

    def test_start_then_results_then_alarms(self) -> None:
        driver = self.started()
        assert sent(driver.received(STARTED)) == [telegram(60)]
        assert sent(driver.received(b"00240005            0060\0")) == [telegram(70)]
        assert sent(driver.received(b"00240005            0070\0")) == []

    def test_each_result_is_answered_and_told_once(self) -> None:
        driver = self.started()
        driver.received(STARTED)
        first = driver.received(RESULT_1)
        assert (len(said(first)), sent(first)) == (2, [telegram(62)])
        again = driver.received(RESULT_1)
        assert (said(again), sent(again)) == ([], [telegram(62)])
        assert driver.last_tightening_id == 345_675

    def test_alarms_and_spindles_are_answered(self) -> None:
        driver = self.started()
        assert sent(driver.received(ALARM_1)) == [telegram(72)]
        together = driver.received(MULTI_1)
        assert (len(said(together)), sent(together)) == (4, [telegram(102)])
        assert said(driver.received(MULTI_1)) == []

    def test_a_garbled_result_is_not_answered(self) -> None:
        driver = self.started()
        assert sent(driver.received(RESULT_1[:60] + RESULT_1[61:231] + b"0\0")) == []

    def test_a_refused_revision_is_lowered(self) -> None:
        driver = self.started(revision=3)
        assert sent(driver.received(STARTED)) == [telegram(60, 3)]
        step = driver.received(b"00260004            006097\0")
        assert (sent(step), said(step)[0].status) == ([telegram(60, 2)], Status.INFO)
        assert sent(driver.received(b"00260004            006074\0")) == [telegram(60, 1)]

    def test_an_existing_subscription_is_no_fault(self) -> None:
        driver = self.started()
        driver.received(STARTED)
        step = driver.received(b"00260004            006009\0")
        assert (sent(step), said(step)[0].status) == ([telegram(70)], Status.INFO)

    def test_a_refused_session_is_device_gone_with_the_reason(self) -> None:
        driver = self.started()
        assert said(driver.received(b"00260004            000196\0"))[0].error_code == "96"
        with pytest.raises(DeviceGone, match=r"refuses the session: code 96, this client is connected already"):
            driver.ticked(1.0)

    def test_keep_alive_after_seven_seconds_of_our_silence(self) -> None:
        driver = self.started(alarms=False)
        driver.received(STARTED)
        driver.received(b"00240005            0060\0")
        beats = []
        for half_seconds in range(60):
            now = half_seconds / 2
            if sent(driver.ticked(now)):
                beats.append(now)
                driver.received(ALIVE)
        assert beats == [7.0, 14.5, 22.0, 29.5]

    def test_fifteen_seconds_of_silence_lose_the_session(self) -> None:
        driver = self.started(alarms=False)
        driver.received(STARTED)
        driver.received(b"00240005            0060\0")
        for now in range(16):
            driver.ticked(float(now))
        with pytest.raises(DeviceGone, match="silent for 15 s"):
            driver.ticked(15.5)

    def test_a_request_that_was_dropped_is_sent_again_then_the_link_reopened(self) -> None:
        """A controller may acknowledge a damaged telegram and drop the next (MTF 6000 manual)."""
        driver = self.started()
        asked = []
        for now in range(12):
            driver.received(ALIVE)
            asked += sent(driver.ticked(float(now)))
        assert asked == [telegram(1)] * 2
        driver.ticked(12.0)
        with pytest.raises(DeviceGone, match="does not answer MID 0001, asked 3 times"):
            driver.ticked(16.0)

    def test_missed_tightenings_are_fetched_before_subscribing(self) -> None:
        driver = self.started(last_tightening_id=100, alarms=False)
        assert sent(driver.received(STARTED)) == [telegram(64, 1, b"0000000101")]
        first = driver.received(result(101, mid=b"0065"))
        assert (len(said(first)), sent(first)) == (2, [telegram(64, 1, b"0000000102")])
        second = driver.received(result(102, mid=b"0065"))
        assert sent(second) == [telegram(64, 1, b"0000000103")]
        end = driver.received(b"00260004            006415\0")
        assert ([reading.status for reading in said(end)], sent(end)) == ([Status.INFO], [telegram(60)])
        assert driver.last_tightening_id == 102
        assert len(said(driver.received(result(103)))) == 2

    def test_a_controller_that_answers_with_its_latest_instead_does_not_mislead(self) -> None:
        driver = self.started(last_tightening_id=345_675, alarms=False)
        driver.received(STARTED)
        end = driver.received(result(345_675, mid=b"0065"))
        assert ([reading.status for reading in said(end)], sent(end)) == ([Status.INFO], [telegram(60)])

    def test_a_gap_between_fetching_and_subscribing_is_fetched(self) -> None:
        driver = self.started(last_tightening_id=100, alarms=False)
        for answer in (STARTED, b"00260004            006415\0", b"00240005            0060\0"):
            driver.received(answer)
        live = driver.received(result(103, 3))
        assert sent(live) == [telegram(62), telegram(64, 1, b"0000000101")]
        assert driver.last_tightening_id == 100, "101 and 102 are still missing"
        assert sent(driver.received(result(101, 1, b"0065"))) == [telegram(64, 1, b"0000000102")]
        gone = driver.received(b"00260004            006415\0")
        assert [reading.error_code for reading in said(gone)] == ["missing"]
        assert driver.last_tightening_id == 103

    def test_a_session_that_broke_in_a_gap_goes_on_where_it_was(self) -> None:
        driver = self.started(last_tightening_id=100, alarms=False)
        for answer in (STARTED, b"00260004            006415\0", b"00240005            0060\0", result(102, 2)):
            driver.received(answer)
        driver.opened()
        assert sent(driver.received(STARTED)) == [telegram(64, 1, b"0000000101")]
        assert len(said(driver.received(result(101, 1, b"0065")))) == 2
        assert driver.last_tightening_id == 101
        again = driver.received(result(102, 2, b"0065"))
        assert (said(again), sent(again)) == ([], [telegram(64, 1, b"0000000103")])
        assert driver.last_tightening_id == 102

    def test_the_last_result_sent_again_after_a_restart_is_not_told_twice(self) -> None:
        driver = self.started(last_tightening_id=345_675, recover=False, alarms=False)
        driver.received(STARTED)
        again = driver.received(RESULT_1)
        assert (said(again), sent(again)) == ([], [telegram(62)])

    def test_a_counter_set_anew_is_followed(self) -> None:
        driver = self.started(last_tightening_id=5000, recover=False, alarms=False)
        driver.received(STARTED)
        assert len(said(driver.received(result(1)))) == 2
        assert driver.last_tightening_id == 1

    @pytest.mark.parametrize(
        "wrong", [{"revison": "1"}, {"revision": "x"}, {"last_tightening_id": "-1"}, {"alarms": "no"}]
    )
    def test_settings_are_refused_by_name(self, wrong: dict[str, str]) -> None:
        with pytest.raises(ValueError, match=r"open-protocol: "):
            build("open-protocol", wrong)


class TestTightenings:
    def test_a_jump_beyond_any_gap_is_a_new_counter(self) -> None:
        told = Tightenings(10)
        told.add(1_000_000, "t", live=True)
        assert (told.complete_to, told.next_after(recovering=False)) == (1_000_000, None)

    def test_later_jumps_belong_to_other_stations(self) -> None:
        told = Tightenings(10)
        told.add(11, "a", live=True)
        told.add(15, "b", live=True)
        assert (told.complete_to, told.next_after(recovering=False)) == (15, None)


@dataclass
class Controller:
    """A torque controller on a loopback port: keeps its tightenings, wants each answered, drops silent clients."""

    stored: dict[int, bytes] = field(default_factory=dict)
    heard: list[bytes] = field(default_factory=list)
    answered: list[int] = field(default_factory=list)
    writer: asyncio.StreamWriter | None = None
    subscribed: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                message = await reader.readuntil(b"\0")
                self.heard.append(message[4:8])
                for answer in self.answer(message):
                    writer.write(answer)
                await writer.drain()
        writer.close()

    def answer(self, message: bytes) -> list[bytes]:
        mid, data = message[4:8], message[20:-1]
        if mid == b"0001":
            return [STARTED]
        if mid == b"0064":
            stored = self.stored.get(int(data))
            return [stored or b"00260004            006415\0"]
        if mid == b"0060":
            self.subscribed.set()
        if mid in (b"0060", b"0070"):
            return [b"00240005            " + mid + b"\0"]
        return [message] if mid == b"9999" else []

    def tighten(self, number: int, *, live: bool = True) -> None:
        self.stored[number] = result(number, number % 60, b"0065")
        if live:
            assert self.writer is not None
            self.writer.write(result(number, number % 60))

    def pull_the_cable(self) -> None:
        assert self.writer is not None
        self.subscribed.clear()
        self.writer.transport.abort()


@asynccontextmanager
async def running(
    controller: Controller, driver: OpenProtocolDriver
) -> AsyncIterator[Callable[[], Awaitable[Reading]]]:
    server = await asyncio.start_server(controller.serve, "127.0.0.1", 0)
    controller.port = server.sockets[0].getsockname()[1]
    told: asyncio.Queue[Reading] = asyncio.Queue()
    device = StreamDevice(
        "wrench",
        TcpLink(TcpSettings(host="127.0.0.1", port=controller.port)),
        driver,
        emit=lambda _, reading: told.put_nowait(reading) if reading.channel == "torque" else None,
        on_state=lambda *_: None,
        sleep=lambda secs: asyncio.sleep(0.01),
    )
    task = asyncio.create_task(device.run())
    try:
        async with asyncio.timeout(10):
            yield told.get
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        server.close()
        if controller.writer is not None:
            controller.writer.close()


def test_missed_tightenings_come_after_an_outage_each_once() -> None:
    """The whole way on a socket: session, results, a pulled cable, two tightenings meanwhile, all five told once."""

    async def steps() -> list[str]:
        controller, driver = Controller(), OpenProtocolDriver()
        ids = []
        async with running(controller, driver) as told:
            await controller.subscribed.wait()
            for number in (7, 8):
                controller.tighten(number)
                ids.append(str((await told()).extra["tightening_id"]))
            controller.pull_the_cable()
            controller.tighten(9, live=False)
            controller.tighten(10, live=False)
            ids.append(str((await told()).extra["tightening_id"]))
            ids.append(str((await told()).extra["tightening_id"]))
            await controller.subscribed.wait()
            controller.tighten(10)
            controller.tighten(11)
            ids.append(str((await told()).extra["tightening_id"]))
        assert driver.last_tightening_id == 11
        assert controller.heard.count(b"0062") >= 3
        assert controller.heard.index(b"0064") < controller.heard.index(b"0060", controller.heard.index(b"0060") + 1)
        return ids

    assert asyncio.run(steps()) == [f"{number:010d}" for number in (7, 8, 9, 10, 11)]

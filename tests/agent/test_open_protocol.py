"""What a torque controller's telegrams mean, whole, damaged and wrapped for a serial line."""

from __future__ import annotations

import pytest
from hypothesis import given
from open_protocol_telegrams import (
    ACCEPTED,
    ALARM_1,
    ALARM_2,
    ALARM_STATUS,
    ALIVE,
    MULTI_1,
    OLD_1,
    OLD_2,
    PRESS_4,
    REFUSED,
    RESULT_1,
    RESULT_2,
    RESULT_3,
    RESULT_6,
    RESULT_7,
    STARTED,
    TAIL_3,
    longer,
)
from stream_driver_promises import PLACES, check_any_pieces, damaged, readings, sent

from gaugetrail_agent.drivers.open_protocol.driver import (
    OpenProtocolDriver,
    OpenProtocolSerialDriver,
    OpenProtocolSettings,
)
from gaugetrail_agent.drivers.open_protocol.errors import ERRORS
from gaugetrail_agent.drivers.open_protocol.messages import telegram
from gaugetrail_agent.reading import Status


def shown(data: bytes, **options: object) -> list[dict[str, object]]:
    return [reading.as_json() for reading in readings(OpenProtocolDriver(OpenProtocolSettings(**options)), data)]  # type: ignore[arg-type]


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
    check_any_pieces(
        lambda: OpenProtocolDriver(OpenProtocolSettings(last_tightening_id=345_670)), data, places, opened=True
    )


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
        greeting = sent(OpenProtocolSerialDriver(OpenProtocolSettings(start_revision=6)).opened())
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

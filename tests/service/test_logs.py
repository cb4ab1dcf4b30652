"""The log is for somebody at 3 a.m.: what is no fault is not called one."""

from __future__ import annotations

import io

from gaugetrail_service.logs import mqtt_logger, set_up_logging


def test_a_client_that_is_not_connected_yet_is_no_error_but_other_words_of_the_library_show() -> None:
    out = io.StringIO()
    set_up_logging(stream=out)
    log = mqtt_logger("test.mqtt")
    log.error("Client is not connected. Socket: None). Last known Connection State: MQTT_CS_CONNECTING")
    log.error("Caught exception in on_message: boom")
    log.info("Sending PINGREQ")
    assert [line.split(" error ")[1] for line in out.getvalue().splitlines()] == [
        "Caught exception in on_message: boom"
    ]

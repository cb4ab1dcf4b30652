"""The broker of a demo on a machine without mosquitto: rumqttd, as the `iotcore` package brings it, in its own process.

    python -m gaugetrail_sim.servers.embedded_broker CONFIG

It does what Gaugetrail needs: quality of service 1, retained messages, last will, `$share` subscriptions, manual
acknowledgement, messages up to 1 MB. Four things differ from mosquitto: MQTT 5 and 3.1.1 have a port each (a client of
the other version is hung up on without a word); at most 100 messages wait for one client's acknowledgement; messages
held by a client that dies are not given to another one; a client that acknowledges out of order is hung up on. None of
them can lose a record, because agents resend until the receipt comes. For demos: it is no production broker.
"""

from __future__ import annotations

import logging
import sys

from iotcore import IotCoreBroker

CONFIG = """\
id = 0

[router]
id = 0
max_connections = 100
max_outgoing_packet_count = 200
max_segment_size = 16777216
max_segment_count = 8

[v5.1]
name = "mqtt-5"
listen = "127.0.0.1:{port_5}"
next_connection_delay_ms = 1

[v5.1.connections]
connection_timeout_ms = 60000
max_payload_size = 524288
max_inflight_count = 100
dynamic_filters = true

[v4.1]
name = "mqtt-3.1.1"
listen = "127.0.0.1:{port_311}"
next_connection_delay_ms = 1

[v4.1.connections]
connection_timeout_ms = 60000
max_payload_size = 524288
max_inflight_count = 100
dynamic_filters = true
"""
"""rumqttd's own settings file. Without it, messages over 20,480 bytes would be refused and there would be no MQTT 5."""


def main() -> None:
    """Serve until killed; rumqttd has no other end."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # rumqttd reports each message that it routes as an error; iotcore's own start-up silences it in the same way.
    logging.getLogger("rumqttd").setLevel(logging.CRITICAL)
    IotCoreBroker(config_path=sys.argv[1]).run_forever()


if __name__ == "__main__":
    main()

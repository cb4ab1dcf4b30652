"""The collector's connection to the broker: paho's client, reading and acknowledging many messages at a time.

Promise: whichever way is in use, `acknowledge` acknowledges messages in the order given and behind what was published
before, and every message arrives once and whole. The fast way needs two of paho's private names, so `pyproject.toml`
pins paho to the releases that were looked at. Where the names are gone all the same, the plain way takes over, which
uses public names only: messages come and are acknowledged one by one, for some ten times the processor time in paho's
thread (docs/decisions/0032-one-record-a-message.md has the figures).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import paho.mqtt.client as mqtt
from paho.mqtt.enums import MQTTErrorCode, MQTTProtocolVersion

from gaugetrail_collector.intake.mqtt_packets import PacketSocket, Taken

PUBACK = 0x40
PRIVATE_NAMES = ("_create_socket", "_packet_queue")


class PlainConnection(mqtt.Client):
    """paho as documented: every message comes by `on_message`."""

    on_taken: Callable[[Sequence[Taken]], None]

    def acknowledge(self, mids: Sequence[int]) -> None:
        """Acknowledge messages in the order given."""
        for mid in mids:
            self.ack(mid, 1)


class Connection(PlainConnection):
    """Messages of QoS 1 come by `on_taken`, as many as have arrived.

    `loop_read` is a documented hook; `_create_socket` and `_packet_queue` are none, but there are no others where a
    socket can be wrapped and where packets that belong together go out as one.
    """

    _line: PacketSocket

    def _create_socket(self) -> PacketSocket:
        five = self.protocol is MQTTProtocolVersion.MQTTv5
        self._line = PacketSocket(super()._create_socket(), properties=five)  # type: ignore[arg-type]
        return self._line

    def loop_read(self, max_packets: int = 1) -> MQTTErrorCode:
        """What has arrived: messages of QoS 1 to `on_taken`, all else to paho, in the order of arrival."""
        line = self._line
        line.fill()
        while True:
            if taken := line.take():
                self.on_taken(taken)
            if not line.waiting:
                return MQTTErrorCode.MQTT_ERR_SUCCESS
            if (code := super().loop_read(max_packets)) or self.socket() is not line:
                return code

    def acknowledge(self, mids: Sequence[int]) -> None:
        """Acknowledge messages in the order given, behind what was published before."""
        packets = b"".join(b"\x40\x02" + mid.to_bytes(2, "big") for mid in mids)
        self._packet_queue(PUBACK, packets, mids[-1], 1)


def missing_names() -> tuple[str, ...]:
    """What the fast way needs and the installed paho lacks; empty for the releases that were looked at."""
    return tuple(name for name in PRIVATE_NAMES if not hasattr(mqtt.Client, name))


def connection_class() -> type[PlainConnection]:
    """The fast way, or the plain one."""
    return PlainConnection if missing_names() else Connection

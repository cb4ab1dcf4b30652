"""The collector's connection to the broker: paho's client, reading and acknowledging many messages at a time.

Promise: whichever way is in use, `acknowledge` acknowledges messages in the order given and behind what was published
before, and every message arrives once and whole. While there is no room (`has_room`) nothing is read, so that the rest
waits with the broker; the connection is served all the same: what we say goes out, and pings do. The fast way needs two
of paho's private names, so `pyproject.toml` pins paho to the releases that were looked at. Where the names are gone all
the same, the plain way takes over, which uses public names only: messages come and are acknowledged one by one, for
some ten times the processor time in paho's thread (docs/decisions/0032-one-record-a-message.md has the figures).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import paho.mqtt.client as mqtt
from paho.mqtt.enums import MQTTErrorCode, MQTTProtocolVersion

from gaugetrail_collector.intake.receiving.mqtt_packets import PacketSocket, Taken

PUBACK = 0x40
PRIVATE_NAMES = ("_create_socket", "_packet_queue")
A_LOOK_SECS = 0.005
"""How often room is looked for; and what is said meanwhile goes out so late at most."""


class PlainConnection(mqtt.Client):
    """paho as documented: every message comes by `on_message`.

    Nothing is read while there is no room, but no longer than a third of the keep-alive: the broker's answer to a ping
    stands behind the messages, and paho would take the connection for dead. So here memory has no bound but what the
    broker sends unacknowledged.
    """

    on_taken: Callable[[Sequence[Taken]], None]
    has_room: Callable[[], bool] = staticmethod(lambda: True)
    _full_since: float | None = None

    def loop_read(self, max_packets: int = 1) -> MQTTErrorCode:
        """What has arrived, if there is room for it."""
        if self.has_room():
            self._full_since = None
        elif self._full_since is None or time.monotonic() - self._full_since < self.keepalive / 3:
            self._full_since = self._full_since or time.monotonic()
            time.sleep(A_LOOK_SECS)
            return MQTTErrorCode.MQTT_ERR_SUCCESS
        return super().loop_read(max_packets)

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
        if line.between_packets and not self.has_room():
            time.sleep(A_LOOK_SECS)  # or paho would ask again at once
            return mqtt.Client.loop_read(self) if line.answer_ping() else MQTTErrorCode.MQTT_ERR_SUCCESS
        line.fill()
        while True:
            if taken := line.take():
                self.on_taken(taken)
            if not line.waiting:
                return MQTTErrorCode.MQTT_ERR_SUCCESS
            if (code := mqtt.Client.loop_read(self, max_packets)) or self.socket() is not line:
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

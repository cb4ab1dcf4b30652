"""A TCP proxy before the broker that plays the network's tricks: silence, swallowed acknowledgements, drops."""

from __future__ import annotations

import contextlib
import socket
import threading

PUBLISH, PUBACK = 3, 4


class MqttProxy:
    """Passes packets on. What is set below holds from then on; new connections are as good as any."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._silent: set[socket.socket] = set()
        self.swallow_pubacks = 0
        self.drop_on_publish = False
        self.connections = 0
        self._closing = False
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._closing = True
        self._server.close()
        self.drop()

    def drop(self) -> None:
        """End every connection of this moment."""
        for pair in self._pairs:
            for one in pair:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
                one.close()
        self._pairs.clear()

    def go_silent(self) -> None:
        """The connections of this moment stay open, and nothing comes through any more, either way."""
        self._silent |= {one for pair in self._pairs for one in pair}

    def _accept(self) -> None:
        while not self._closing:
            try:
                client, _ = self._server.accept()
                broker = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                return
            self.connections += 1
            self._pairs.append((client, broker))
            threading.Thread(target=self._pump, args=(client, broker), daemon=True).start()
            threading.Thread(target=self._pump, args=(broker, client), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        buffer = b""
        try:
            while data := source.recv(65536):
                if source in self._silent:
                    continue
                buffer += data
                whole, buffer = split_packets(buffer)
                for packet in whole:
                    kind = packet[0] >> 4
                    if kind == PUBACK and self.swallow_pubacks:
                        self.swallow_pubacks -= 1
                        continue
                    if kind == PUBLISH and self.drop_on_publish and b"/records" in packet[:200]:
                        source.shutdown(socket.SHUT_RDWR)
                        break
                    target.sendall(packet)
        except OSError:
            pass
        if source not in self._silent:
            with contextlib.suppress(OSError):
                target.shutdown(socket.SHUT_RDWR)


def split_packets(data: bytes) -> tuple[list[bytes], bytes]:
    """The whole MQTT packets at the front, and the rest."""
    whole = []
    while len(data) >= 2:
        length, shift, at = 0, 0, 1
        while True:
            if at >= len(data):
                return whole, data
            length |= (data[at] & 0x7F) << shift
            shift += 7
            at += 1
            if not data[at - 1] & 0x80:
                break
        if len(data) < at + length:
            break
        whole.append(data[: at + length])
        data = data[at + length :]
    return whole, data

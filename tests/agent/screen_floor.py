"""A station with a screen: a weight from a scale that streams, a look, and a depth that is typed."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

from floor import free_port

PLAN = """id = "CP-7"
revision = "C"
title = "Housing"
part = "HS-7"
approved_by = "QE-3"
approved_on = "2026-10-05"
[[characteristic]]
name = "weight"
title = "Weight"
number = "10"
unit = "g"
nominal = "74.00"
lsl = "73.90"
usl = "74.10"
instruction = "WI-7 step 1: flat on the pan"
[[characteristic]]
name = "looks"
title = "Burr at the edge"
number = "20"
kind = "attribute"
[[characteristic]]
name = "depth"
title = "Depth"
number = "30"
unit = "mm"
nominal = "8.50"
lsl = "8.40"
usl = "8.60"
plausible_high = "20"
capture = "typed"
"""
PEOPLE = "id,name,qualification,language\nOP-1,Ada Berger,all,en\nOP-2,Jörg Voß,all,de\n"
AGENT = """[agent]
id = "pc1"
site = "plant1"
line = "line1"
data_dir = "data"
people = "people.csv"
[mqtt]
port = {broker}
[screen]
port = 0
[[link]]
name = "scale-net"
kind = "tcp"
host = "127.0.0.1"
port = {scale}
[[device]]
name = "scale"
link = "scale-net"
driver = "and-std"
gauge = "G-18"
settle_secs = 0
[[station]]
name = "OP20"
plan = "plan.toml"
unit_pattern = "SN[0-9]+"
[[station.wiring]]
characteristic = "weight"
device = "scale"
"""


class Scale:
    """Listens as a scale's serial server does; what is sent goes to whoever is connected."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        self._clients: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept, name="scale", daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            self._clients.append(client)

    @property
    def connected(self) -> bool:
        return bool(self._clients)

    def shows(self, grams: str, *, moving: bool = False) -> None:
        """One frame: `74.01`, as an A&D scale sends it."""
        frame = f"{'US' if moving else 'ST'},+{float(grams):08.2f}  g\r\n".encode()
        for client in self._clients:
            client.sendall(frame)

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)  # closing alone doesn't wake who accepts
        self._server.close()
        for client in self._clients:
            client.close()
        self._thread.join(10)


def write_screen_shop(folder: Path, scale_port: int, broker_port: int | None = None, more: str = "") -> Path:
    """Settings, plan and people; nobody listens at the broker's port unless one is given."""
    (folder / "plan.toml").write_text(PLAN)
    (folder / "people.csv").write_text(PEOPLE)
    path = folder / "agent.toml"
    path.write_text(AGENT.format(scale=scale_port, broker=broker_port or free_port()) + more)
    return path

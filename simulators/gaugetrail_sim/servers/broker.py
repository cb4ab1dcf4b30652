"""The demo's MQTT broker: mosquitto where it is installed, otherwise the embedded one; on loopback, on a free port."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gaugetrail_sim.servers.embedded_broker import CONFIG as EMBEDDED

Choice = Literal["auto", "mosquitto", "embedded"]

MOSQUITTO = """\
listener {port} 127.0.0.1
allow_anonymous true
persistence false
# 0: no limit. With the defaults the broker discards queued messages that it has acknowledged already.
max_inflight_messages 0
max_queued_messages 0
max_packet_size 524288
# Small messages go out at once instead of waiting up to 40 ms for company.
set_tcp_nodelay true
"""


@dataclass(frozen=True, slots=True)
class BrokerPlan:
    """What to start, and where it will listen. MQTT 3.1.1 may have a port of its own."""

    name: str
    words: tuple[str, ...]
    port: int
    port_311: int


def find_program(name: str) -> str | None:
    """A server program on the PATH or where Debian puts them, which a user's PATH doesn't name."""
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"]))


def free_port(wanted: int = 0) -> int:
    """A loopback port that was free a moment ago: the wanted one, else any. Who takes it must be ready to be second."""
    try:
        with socket.create_server(("127.0.0.1", wanted)) as server:
            port: int = server.getsockname()[1]
            return port
    except OSError:
        if wanted == 0:
            raise
        return free_port()


def plan_broker(folder: Path, choice: Choice = "auto", wanted: int = 0) -> BrokerPlan:
    """Choose a broker, at the wanted port if that is free, and write its settings into `folder`.

    Raises `FileNotFoundError` if `mosquitto` is wanted but not installed.
    """
    path = find_program("mosquitto") if choice != "embedded" else None
    if path is None and choice == "mosquitto":
        raise FileNotFoundError("mosquitto is not on the PATH (Debian: apt-get install mosquitto)")
    if path is not None:
        port = free_port(wanted)
        conf = folder / "mosquitto.conf"
        conf.write_text(MOSQUITTO.format(port=port))
        return BrokerPlan("mosquitto", (path, "-c", str(conf)), port, port)
    port, port_311 = free_port(wanted), free_port()
    conf = folder / "rumqttd.toml"
    conf.write_text(EMBEDDED.format(port_5=port, port_311=port_311))
    words = (sys.executable, "-m", "gaugetrail_sim.servers.embedded_broker", str(conf))
    return BrokerPlan("embedded (rumqttd)", words, port, port_311)

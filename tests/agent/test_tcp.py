from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import pytest
from byte_link_promises import ByteLinkPromises, SocketWire, read_until_gone
from pydantic import ValidationError

from gaugetrail_agent.errors import DeviceGone
from gaugetrail_agent.links.tcp import TcpLink, TcpSettings


class TestTcpLink(ByteLinkPromises):
    @pytest.fixture
    def wire(self) -> Iterator[SocketWire]:
        wire = SocketWire()
        yield wire
        wire.end()

    def test_a_closed_port_is_named_with_what_to_check(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        link = TcpLink(TcpSettings(host="127.0.0.1", port=port))
        with pytest.raises(DeviceGone, match=rf"127\.0\.0\.1:{port}: connection refused.*check host"):
            asyncio.run(link.open())

    def test_a_reset_by_the_device_is_no_crash(self, wire: SocketWire) -> None:
        async def steps(link: object) -> None:
            assert wire.peer is not None
            # Linger 0: closing sends RST, as a controller does that is switched off and on.
            wire.peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            wire.cut()
            with pytest.raises(DeviceGone, match=r"reset by the device|closed by the device"):
                await read_until_gone(wire.link)

        self.on_open_wire(wire, steps)

    def test_keep_alive_is_on_so_that_a_dead_peer_shows(self, wire: SocketWire) -> None:
        async def steps(link: object) -> None:
            assert isinstance(wire.link, TcpLink)
            streams = wire.link._streams
            assert streams is not None
            connection = streams[1].get_extra_info("socket")
            assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1

        self.on_open_wire(wire, steps)

    def test_an_ipv6_address_shows_in_brackets(self) -> None:
        assert TcpLink(TcpSettings(host="::1", port=4545)).name == "[::1]:4545"

    @pytest.mark.parametrize("wrong", [{"port": 0}, {"port": 65536}, {"host": ""}, {"speed": 1}])
    def test_settings_refuse_what_cannot_be(self, wrong: dict[str, object]) -> None:
        with pytest.raises(ValidationError):
            TcpSettings.model_validate({"host": "h", "port": 1} | wrong)

    def test_a_host_name_that_is_none_is_device_gone(self) -> None:
        with pytest.raises(DeviceGone, match="name"):
            asyncio.run(TcpLink(TcpSettings(host="a" * 80 + ".invalid", port=1)).open())

"""Many line PCs in one process, as far as documents go: each has the agent's own receiver and cabinet, a connection to
a real broker, and says its status as an agent does. Nothing is measured there.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import paho.mqtt.client as mqtt
from floor import until
from paho.mqtt.enums import CallbackAPIVersion

from gaugetrail_agent.documents.cabinet import DocumentCabinet
from gaugetrail_agent.documents.receiving import DocumentReceiver
from gaugetrail_agent.documents.settings import DocumentsSettings
from gaugetrail_agent.health.heartbeat import NEWS_SECS
from gaugetrail_contract import topics
from gaugetrail_contract.clock import WallClock, utc_text
from gaugetrail_contract.status import AgentStatus, DocumentsHeld, agent_offline


class SimulatedAgent:
    """One of them. Off at first."""

    def __init__(self, name: str, port: int, folder: Path, line: str = "l") -> None:
        self.name = name
        self._port = port
        cabinet = DocumentCabinet(folder / name, DocumentsSettings().max_mb)
        self.documents = DocumentReceiver(cabinet, DocumentsSettings(), line, WallClock())
        self.documents.open()
        self._told: DocumentsHeld | None = None
        self._client: mqtt.Client | None = None

    def on(self) -> None:
        """Connect, and hear what the broker has kept."""
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=self.name, protocol=mqtt.MQTTv5)
        client.will_set(topics.status(self.name), agent_offline(self.name), 1, retain=True)
        client.on_message = lambda _, __, message: self.documents.hear(message.topic, bytes(message.payload))
        client.on_connect = lambda *_: _subscribe(client, self.documents.topics())
        self.documents.subscribe = lambda wanted: _subscribe(client, wanted)
        self.documents.unsubscribe = lambda left: _unsubscribe(client, left)
        client.connect("127.0.0.1", self._port)
        client.loop_start()
        self._client, self._told = client, None

    def off(self) -> None:
        """Stop as an agent does, which says that it is gone."""
        client, self._client = self._client, None
        if client is not None:
            client.publish(topics.status(self.name), agent_offline(self.name), 1, retain=True).wait_for_publish(10)
            client.disconnect()
            client.loop_stop()

    def tell_news(self) -> None:
        """Say how it stands, if that has changed."""
        client, held = self._client, self.documents.state()
        if client is None or not client.is_connected() or held == self._told:
            return
        self._told = held
        status = AgentStatus(online=True, agent=self.name, time=utc_text(WallClock().now_us()), documents=held)
        client.publish(topics.status(self.name), status.model_dump_json(exclude_none=True), 1, retain=True)

    def works_by(self, document: str) -> str | None:
        """The revision that holds there, with its text; null where there is none."""
        standing = self.documents.shelf().here.standing(document)
        return standing.edition.revision if standing.how == "holds" and standing.edition is not None else None


def _subscribe(client: mqtt.Client, wanted: Sequence[str]) -> None:
    if wanted:
        client.subscribe([(topic, 1) for topic in wanted])


def _unsubscribe(client: mqtt.Client, left: Sequence[str]) -> None:
    if left:
        client.unsubscribe(list(left))


@contextmanager
def simulated_agents(count: int, port: int, folder: Path) -> Iterator[list[SimulatedAgent]]:
    """So many, on; each says its news as often as an agent does, until the block ends."""
    agents = [SimulatedAgent(f"pc{number:02}", port, folder) for number in range(1, count + 1)]
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(NEWS_SECS):
            for one in agents:
                one.tell_news()

    beating = threading.Thread(target=beat)
    try:
        for one in agents:
            one.on()
        beating.start()
        yield agents
    finally:
        ended.set()
        if beating.is_alive():
            beating.join()
        for one in agents:
            one.off()


def all_work_by(agents: Sequence[SimulatedAgent], document: str, revision: str) -> None:
    """Wait until that revision holds at each of them."""
    until(lambda: all(one.works_by(document) == revision for one in agents), f"{document} {revision} holds everywhere")

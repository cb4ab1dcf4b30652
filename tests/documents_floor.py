"""Somebody at the broker who hears what is said of documents and of agents, and says what they like; and a plant that
plays the collector that writes documents, with its key.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Sequence

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from gaugetrail_contract import topics
from gaugetrail_contract.clock import WallClock, utc_text
from gaugetrail_contract.distribution.listing import ListedEdition
from gaugetrail_contract.distribution.pages import pages_of
from gaugetrail_contract.distribution.root import root_of, write_root
from gaugetrail_contract.distribution.text_parts import text_part, text_part_count
from gaugetrail_contract.signing import Signer

HOUR_US = 3_600_000_000


class Somebody:
    """A connection of nobody's: hears what is said of documents and of agents, and says what it likes."""

    def __init__(self, port: int) -> None:
        self.heard: dict[str, bytes] = {}
        self.roots: list[bytes] = []
        self.status: dict[str, object] = {}
        self._news = threading.Condition()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        self._client.on_message = self._on_message
        self._client.connect("127.0.0.1", port)
        self._client.subscribe([(topics.ALL_DOCUMENTS + "#", 1), (topics.ALL_AGENT_STATUS, 1)])
        self._client.loop_start()

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def say(self, topic: str, payload: bytes) -> None:
        self._client.publish(topic, payload, qos=1, retain=True).wait_for_publish(20)

    def shout(self, topic: str, payload: bytes) -> None:
        """Many words, none of which is waited for or kept at the broker."""
        self._client.publish(topic, payload, qos=0)

    def documents(self) -> dict[str, object]:
        """What the agent says of them."""
        told = self.status.get("documents")
        return dict(told) if isinstance(told, dict) else {}

    def _on_message(self, _: object, __: object, message: mqtt.MQTTMessage) -> None:
        if message.topic.endswith("/status"):
            self.status = json.loads(message.payload)
            return
        payload = bytes(message.payload)
        self.heard[message.topic] = payload
        if message.topic == topics.DOCUMENTS_ROOT and payload:
            self.roots.append(payload)


def listed(document: str, text: bytes, edition: int = 1, **more: object) -> ListedEdition:
    """An edition that holds since an hour."""
    said = {"kind": "plan", "state": "effective", "effective": utc_text(WallClock().now_us() - HOUR_US)}
    digest = {"sha256": hashlib.sha256(text).hexdigest(), "size": len(text), "revision": chr(64 + edition)}
    return ListedEdition.model_validate({"id": document, "edition": edition, **said, **digest, **more})


class PlayedPlant:
    """Says lists and texts as the collector that writes would, by the key that line PCs have pinned."""

    def __init__(self, somebody: Somebody) -> None:
        self.key = Signer.new()
        self.issue = 0
        self._somebody = somebody

    def root(self, pages: Sequence[bytes], issue: int | None = None, signer: Signer | None = None) -> bytes:
        """A root over these pages, said by whom that is."""
        self.issue = self.issue + 1 if issue is None else self.issue
        root = root_of(list(pages), self.issue if issue is None else issue, WallClock().now_us())
        return write_root(root, signer or self.key, "collector")

    def says(self, texts: Sequence[bytes], *entries: ListedEdition) -> bytes:
        """A list, its pages and these texts; the root as it was sent."""
        pages = pages_of(entries)
        root = self.root(pages)
        self._somebody.say(topics.DOCUMENTS_ROOT, root)
        for number, page in enumerate(pages):
            self._somebody.say(topics.document_page(number), page)
        for text in texts:
            self.text(text)
        return root

    def text(self, text: bytes, sha256: str | None = None) -> None:
        """A text in its parts; under another digest where one is given."""
        for number in range(1, text_part_count(len(text)) + 1):
            topic = topics.document_part(sha256 or hashlib.sha256(text).hexdigest(), number)
            self._somebody.say(topic, text_part(text, number))

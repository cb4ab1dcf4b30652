"""Says verdicts on a connection of its own, and counts those that nobody heard."""

from __future__ import annotations

import logging
import threading

from gaugetrail_agent.delivery.mqtt_settings import MqttSettings
from gaugetrail_contract import topics
from gaugetrail_contract.status import VerdictsTold
from gaugetrail_contract.verdicts import ToldVerdict
from gaugetrail_service.mqtt.connection import BrokerCalls, BrokerConnection, plain_client

log = logging.getLogger(__name__)

MOST_ON_WAY = 200
"""Verdicts that the broker has not acknowledged; more are lost, and not kept for a display of half an hour ago."""


class VerdictSender:
    """One for each agent. `tell` never waits; `start` and `stop` never wait for the broker."""

    def __init__(self, settings: MqttSettings, agent: str) -> None:
        self._topic = topics.verdicts(agent)
        client_id = f"{settings.client_id or f'gaugetrail-agent-{agent}'}-verdicts"
        calls = BrokerCalls(
            up=self._up, refused=self._refused, absent=self._down_for, down=self._ended, delivered=self._delivered
        )
        self._broker = BrokerConnection(
            settings, calls, plain_client, client_id=client_id, will=None, unacknowledged=MOST_ON_WAY
        )
        self._lock = threading.Lock()
        self._connected = False
        self._on_way: set[int] = set()
        self._early: dict[int, str | None] | None = None
        """While a message is handed over: what is acknowledged before its number is known here."""
        self._told = self._lost = 0
        self._trouble = ""
        """Of the connection."""
        self._refusal = ""
        """Of the topic; stands until a verdict is taken, for a broker may hang up behind it as well."""

    def start(self) -> None:
        """Begin to connect, in the background, for ever."""
        self._broker.start()

    def stop(self) -> None:
        """Disconnect; what is on its way may be lost."""
        self._broker.stop()

    def renew(self, settings: MqttSettings) -> None:
        """Other users, passwords and certificates from now on."""
        self._broker.renew(settings)

    def state(self) -> VerdictsTold:
        """The figures of this moment."""
        with self._lock:
            return VerdictsTold(told=self._told, lost=self._lost, detail=self._refusal or self._trouble)

    def tell(self, verdict: ToldVerdict) -> None:
        """Say it now, or never. One thread calls this."""
        with self._lock:
            if not self._connected or len(self._on_way) >= MOST_ON_WAY:
                self._lost += 1
                return
            self._early = {}
        # Not under the lock: the library calls back while it holds its own.
        number = self._broker.publish(self._topic, verdict.to_bytes())
        with self._lock:
            early, self._early = self._early or {}, None
            if number is None:
                self._lost += 1
                return
            self._on_way.add(number)
            if number in early:
                self._settle(number, early[number])

    # --- what the connection tells

    def _up(self) -> None:
        with self._lock:
            self._connected, self._trouble = True, ""

    def _down_for(self, why: str) -> None:
        with self._lock:
            self._connected = False
            news, self._trouble = self._trouble != why, why
        if news and not self._refusal:
            log.warning("verdicts are not told: %s", why, extra={"event": "verdicts_not_told"})

    def _refused(self, why: str) -> None:
        """Another client may take over, in an older version of the protocol: it knows nothing of what is on its way."""
        with self._lock:
            self._lost += len(self._on_way)
            self._on_way.clear()
        self._down_for(f"the broker {self._broker.where} refuses the connection: {why}")

    def _ended(self, _: int, why: str) -> None:
        """What is on its way goes out again with the next connection."""
        self._down_for(f"the connection for verdicts ended: {why}")

    def _delivered(self, number: int, refusal: str | None) -> None:
        with self._lock:
            if number in self._on_way:
                self._settle(number, refusal)
            elif self._early is not None:
                self._early[number] = refusal

    def _settle(self, number: int, refusal: str | None) -> None:
        """Under the lock: the broker has it, or has said why it doesn't want it."""
        self._on_way.discard(number)
        if refusal is None:
            self._told += 1
            self._refusal = ""
            return
        self._lost += 1
        why = f"the broker refuses the topic {self._topic}: {refusal}; look at its access rules"
        if self._refusal != why:
            self._refusal = why
            log.warning("verdicts are not told: %s", why, extra={"event": "verdicts_not_told"})

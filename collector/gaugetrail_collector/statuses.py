"""What agents and collectors say of themselves on their retained status topics, as last heard. Nothing here is durable:
a restart hears it again at once. A document that can't be read is counted and passed over, never believed in part.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from pydantic import ValidationError

from gaugetrail_contract import topics
from gaugetrail_contract.status import AgentStatus, CollectorStatus

log = logging.getLogger(__name__)

Document = TypeVar("Document", AgentStatus, CollectorStatus)


@dataclass(frozen=True, slots=True)
class Heard(Generic[Document]):
    """A status document and when it came, microseconds since 1970."""

    document: Document
    heard_us: int


@dataclass
class Neighbours:
    """Everybody on the broker by name. Thread-safe; `on_change` and `on_agent` are called on the hearing thread."""

    now_us: Callable[[], int]
    on_change: Callable[[], None] = lambda: None
    on_agent: Callable[[str], None] = lambda _: None
    """Hears the name of an agent that says that it is there."""
    ignored: int = 0
    _agents: dict[str, Heard[AgentStatus]] = field(default_factory=dict)
    _collectors: dict[str, Heard[CollectorStatus]] = field(default_factory=dict)
    _fresh: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def hear(self, topic: str, payload: bytes) -> None:
        """Take one message of a status topic; an empty one means that somebody has cleared it."""
        agent = topics.agent_of(topic)
        try:
            if agent is not None:
                self._hear_agent(agent, payload)
            else:
                self._hear_collector(topic.split("/")[-2], payload)
        except ValidationError as error:
            self.ignored += 1
            reason = error.errors(include_url=False, include_input=False)[0]["msg"]
            told = {"event": "status_ignored", "cause": topic}
            log.warning("%s: no status document (%s)", topic, reason, extra=told)
            return
        self.on_change()

    def _hear_agent(self, agent: str, payload: bytes) -> None:
        document = AgentStatus.model_validate_json(payload) if payload else None
        with self._lock:
            if document is None or document.agent != agent:
                self._agents.pop(agent, None)
            else:
                self._agents[agent] = Heard(document, self.now_us())
                self._fresh.add(agent)
        if document is not None and document.online and document.agent == agent:
            self.on_agent(agent)

    def _hear_collector(self, collector: str, payload: bytes) -> None:
        document = CollectorStatus.model_validate_json(payload) if payload else None
        with self._lock:
            if document is None or document.collector != collector:
                self._collectors.pop(collector, None)
            else:
                self._collectors[collector] = Heard(document, self.now_us())

    def agents(self) -> dict[str, Heard[AgentStatus]]:
        """Agents by name, sorted."""
        with self._lock:
            return dict(sorted(self._agents.items()))

    def collectors(self) -> dict[str, Heard[CollectorStatus]]:
        """Collectors by name, sorted; this one too."""
        with self._lock:
            return dict(sorted(self._collectors.items()))

    def fresh_agents(self) -> list[Heard[AgentStatus]]:
        """The agents heard since the last call."""
        with self._lock:
            fresh = [self._agents[name] for name in sorted(self._fresh) if name in self._agents]
            self._fresh.clear()
        return fresh

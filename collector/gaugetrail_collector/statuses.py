"""What agents and collectors say of themselves on their retained status topics, as last heard. Nothing here is durable:
a restart hears it again at once. A document that can't be read is counted and passed over, never believed in part.

Anybody on the broker may say something under any name. So at most `MOST_STRANGERS` agents are kept that have no key
here and no record stored since the start (the first that came), and as many collectors (the last that came); what is
kept is shown and noted for the charts, and decides nothing.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from pydantic import ValidationError

from gaugetrail_contract import topics
from gaugetrail_contract.escapes import visible
from gaugetrail_contract.signed_status import read_status
from gaugetrail_contract.signing import BadSignature
from gaugetrail_contract.status import AgentStatus, CollectorStatus
from gaugetrail_service.logs.repeats import same_words

log = logging.getLogger(__name__)

MOST_STRANGERS = 100

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
    has_key: Callable[[str], bool] = lambda _: False
    """Whether an agent of that name is known by a key."""
    ignored: int = 0
    _agents: dict[str, Heard[AgentStatus]] = field(default_factory=dict)
    _collectors: dict[str, Heard[CollectorStatus]] = field(default_factory=dict)
    _fresh: set[str] = field(default_factory=set)
    _met: set[str] = field(default_factory=set)
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
            reason = error.errors(include_url=False, include_input=False)[0]["msg"]
            self._ignore(topic, f"it is no status document ({reason})")
        except BadSignature as error:
            self._ignore(topic, str(error))
        else:
            self.on_change()

    def meet(self, agents: Iterable[str]) -> None:
        """Records of these have just been stored: they are no strangers."""
        self._met.update(agents)

    def _ignore(self, topic: str, why: str) -> None:
        self.ignored += 1
        told = {"event": "status_ignored", "cause": same_words(why)}
        log.warning("%s is passed over: %s", visible(topic)[:200], why, extra=told)

    def _hear_agent(self, agent: str, payload: bytes) -> None:
        document = AgentStatus.model_validate_json(payload) if payload else None
        gone = document is None or document.agent != agent
        if not gone and not self._has_room(agent):
            self._ignore(topics.status(agent), f"{MOST_STRANGERS} agents without a key and a record are kept already")
            return
        with self._lock:
            if document is None or gone:
                self._agents.pop(agent, None)
            else:
                self._agents[agent] = Heard(document, self.now_us())
                self._fresh.add(agent)
        if document is not None and document.online and not gone:
            self.on_agent(agent)

    def _has_room(self, agent: str) -> bool:
        if agent in self._agents or not self._is_stranger(agent):
            return True
        with self._lock:
            return sum(map(self._is_stranger, self._agents)) < MOST_STRANGERS

    def _is_stranger(self, agent: str) -> bool:
        return agent not in self._met and not self.has_key(agent)

    def _hear_collector(self, collector: str, payload: bytes) -> None:
        document = read_status(payload).status if payload else None
        with self._lock:
            self._collectors.pop(collector, None)
            if document is not None and document.collector == collector:
                self._collectors[collector] = Heard(document, self.now_us())
            if len(self._collectors) > MOST_STRANGERS:
                del self._collectors[next(iter(self._collectors))]

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

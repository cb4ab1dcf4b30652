"""Questions that wait for their answer: each line PC in its turn. Pure.

Promise: whoever asks too much waits behind nobody but themselves: the next answer is another's, and where all that may
wait do wait, the oldest of whoever has most is let go of.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class WaitingQuestion:
    """A question as it came, and since when it waits."""

    agent: str
    payload: bytes
    since: float


@dataclass(slots=True)
class WaitingQuestions:
    """At most `most` of them."""

    most: int
    _by_agent: dict[str, deque[WaitingQuestion]] = field(default_factory=dict)
    """The agent whose turn is next comes first."""
    _count: int = 0

    def put(self, one: WaitingQuestion) -> bool:
        """It waits; true where another is let go of for it."""
        self._by_agent.setdefault(one.agent, deque()).append(one)
        self._count += 1
        if self._count <= self.most:
            return False
        self._pop(max(self._by_agent, key=lambda agent: len(self._by_agent[agent])))
        return True

    def take(self) -> WaitingQuestion | None:
        """The next one; null where none waits."""
        agent = next(iter(self._by_agent), None)
        if agent is None:
            return None
        found = self._pop(agent)
        if agent in self._by_agent:  # behind all others
            self._by_agent[agent] = self._by_agent.pop(agent)
        return found

    def _pop(self, agent: str) -> WaitingQuestion:
        found = self._by_agent[agent].popleft()
        self._count -= 1
        if not self._by_agent[agent]:
            del self._by_agent[agent]
        return found

"""Who writes and who reads each topic: what a broker's access rules must say, in one table.

The rules that are shipped for mosquitto, and the page that explains them, are written from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gaugetrail_contract import topics

Party = Literal["agent", "collector", "display"]
"""A line PC; a collector; whoever shows verdicts, an MES among them."""

AGENT, COLLECTOR, LINE = "<agent>", "<collector>", "<line>"


@dataclass(frozen=True, slots=True)
class TopicAccess:
    """One topic, or several of a kind. A line PC stands for itself in `<agent>`, and reads what is its line's; a
    collector speaks for itself in `<collector>`. Else a name means everybody's.
    """

    topic: str
    what: str
    writes: Party
    reads: tuple[Party, ...]

    def written_by(self, party: Party, name: str) -> str | None:
        """The topic as that one writes it; null: it may not."""
        return self._as(party, name, name) if self.writes == party else None

    def read_by(self, party: Party, name: str, line: str = "+") -> str | None:
        """The topic as that one reads it: of collectors everybody's; null: it may not."""
        return self._as(party, name, "+", line) if party in self.reads else None

    def _as(self, party: Party, agent: str, collector: str, line: str = "+") -> str:
        agent = agent if party == "agent" else "+"
        collector = collector if party == "collector" else "+"
        return self.topic.replace(AGENT, agent).replace(COLLECTOR, collector).replace(LINE, line)


ACCESS = (
    TopicAccess(topics.records(AGENT), "sealed records", "agent", ("collector",)),
    TopicAccess(topics.receipts(AGENT), "what is stored", "collector", ("agent",)),
    TopicAccess(topics.status(AGENT), "how the line PC is, retained", "agent", ("agent", "collector")),
    TopicAccess(topics.commands(AGENT), "what is wanted again", "collector", ("agent",)),
    TopicAccess(topics.pins(AGENT), "PINs in a closed box", "collector", ("agent",)),
    TopicAccess(topics.questions(AGENT), "what stations ask of the store", "agent", ("collector",)),
    TopicAccess(topics.answers(AGENT), "what the store knows", "collector", ("agent",)),
    TopicAccess(topics.verdicts(AGENT), "verdicts for displays and an MES", "agent", ("display",)),
    TopicAccess(topics.agent_trial(AGENT), "what `doctor` tries, read by nobody", "agent", ()),
    TopicAccess(
        topics.collector_status(COLLECTOR), "how a collector is, retained", "collector", ("agent", "collector")
    ),
    TopicAccess(topics.introductions(COLLECTOR), "whom it knows, retained", "collector", ("agent",)),
    TopicAccess(topics.collector_trial(COLLECTOR), "what `doctor` tries, read by nobody", "collector", ()),
    TopicAccess(topics.DOCUMENTS_ROOT, "which documents count, retained", "collector", ("agent",)),
    TopicAccess(topics.DOCUMENT_PAGES, "their list, retained", "collector", ("agent",)),
    TopicAccess(topics.document_parts("+"), "their texts, retained", "collector", ("agent",)),
    TopicAccess(topics.line_holds(LINE), "what is held on the line, retained", "collector", ("agent",)),
    TopicAccess(topics.line_hold_pages(LINE), "its pages, retained", "collector", ("agent",)),
)


def writes(party: Party, name: str) -> list[str]:
    """Every topic that one may write."""
    return [topic for one in ACCESS if (topic := one.written_by(party, name)) is not None]


def reads(party: Party, name: str, line: str = "+") -> list[str]:
    """Every topic that one may read."""
    return [topic for one in ACCESS if (topic := one.read_by(party, name, line)) is not None]

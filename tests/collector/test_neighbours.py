"""What agents and collectors say of themselves: the last word counts, nonsense is passed over."""

from __future__ import annotations

from gaugetrail_collector.statuses import Neighbours
from gaugetrail_contract import topics
from gaugetrail_contract.status import AgentStatus, CollectorStatus, agent_offline


def said(status: AgentStatus | CollectorStatus) -> bytes:
    return status.model_dump_json(exclude_none=True).encode()


def test_the_last_word_counts_and_the_last_will_is_one() -> None:
    changes: list[int] = []
    near = Neighbours(lambda: 7, lambda: changes.append(1))
    near.hear(topics.status("pc1"), said(AgentStatus(online=True, agent="pc1", version="0.1.0")))
    near.hear(topics.status("pc1"), agent_offline("pc1"))
    near.hear(topics.collector_status("c1"), said(CollectorStatus(online=True, collector="c1", store="up")))
    assert [(heard.document.online, heard.heard_us) for heard in near.agents().values()] == [(False, 7)]
    assert list(near.collectors()) == ["c1"]
    assert len(changes) == 3


def test_fresh_agents_are_told_once() -> None:
    near = Neighbours(lambda: 0)
    for name in ("pc2", "pc1"):
        near.hear(topics.status(name), said(AgentStatus(online=True, agent=name)))
    assert [heard.document.agent for heard in near.fresh_agents()] == ["pc1", "pc2"]
    assert near.fresh_agents() == []
    assert list(near.agents()) == ["pc1", "pc2"]


def test_nonsense_and_documents_under_another_name_are_passed_over() -> None:
    near = Neighbours(lambda: 0)
    near.hear(topics.status("pc1"), b"\xff{")
    near.hear(topics.status("pc1"), b'{"online": "perhaps", "agent": "pc1"}')
    near.hear(topics.status("pc1"), said(AgentStatus(online=True, agent="pc2")))
    near.hear(topics.collector_status("c1"), b"[]")
    assert (near.agents(), near.collectors(), near.ignored) == ({}, {}, 3)


def test_a_cleared_topic_forgets() -> None:
    near = Neighbours(lambda: 0)
    near.hear(topics.status("pc1"), said(AgentStatus(online=True, agent="pc1")))
    near.hear(topics.status("pc1"), b"")
    assert near.agents() == {}

"""What agents and collectors say of themselves: the last word counts, nonsense is passed over."""

from __future__ import annotations

from gaugetrail_collector.statuses import MOST_STRANGERS, Neighbours
from gaugetrail_contract import topics
from gaugetrail_contract.signed_status import write_status
from gaugetrail_contract.signing import Signer
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


def test_a_hundred_agents_that_nobody_knows_are_kept_and_every_known_one() -> None:
    """A flood of names neither fills the memory nor the charts, nor hides a line PC."""
    near = Neighbours(lambda: 0, has_key=lambda agent: agent.startswith("pc"))
    for number in range(3 * MOST_STRANGERS):
        near.hear(topics.status(f"x{number:03}"), said(AgentStatus(online=True, agent=f"x{number:03}")))
    assert len(near.agents()) == MOST_STRANGERS
    assert near.ignored == 2 * MOST_STRANGERS
    near.meet(["line7"])
    for name in ("pc1", "line7", "x000"):
        near.hear(topics.status(name), said(AgentStatus(online=True, agent=name, version="0.2.0")))
    heard = near.agents()
    assert len(heard) == MOST_STRANGERS + 2
    assert [heard[name].document.version for name in ("pc1", "line7", "x000")] == ["0.2.0"] * 3
    assert len(near.fresh_agents()) == MOST_STRANGERS + 2


def test_a_hundred_collectors_are_kept_those_heard_last() -> None:
    near = Neighbours(lambda: 0)
    for number in range(3 * MOST_STRANGERS):
        name = f"c{number:03}"
        near.hear(topics.collector_status(name), said(CollectorStatus(online=True, collector=name)))
    assert list(near.collectors()) == [f"c{number}" for number in range(2 * MOST_STRANGERS, 3 * MOST_STRANGERS)]


def test_a_status_whose_signature_does_not_hold_is_passed_over() -> None:
    near = Neighbours(lambda: 0)
    signed = write_status(CollectorStatus(online=True, collector="c1", store="down"), Signer.new())
    near.hear(topics.collector_status("c1"), signed.replace(b"down", b"up"))
    assert (near.collectors(), near.ignored) == ({}, 1)
    near.hear(topics.collector_status("c1"), signed)
    assert [heard.document.store for heard in near.collectors().values()] == ["down"]

from __future__ import annotations

from pathlib import Path

from gaugetrail_agent.app import Agent
from gaugetrail_agent.clock_trust import Trust, kernel_synced, system_clock
from gaugetrail_agent.config import load
from gaugetrail_contract.clock import ClockTrust


def test_a_jump_of_the_wall_clock_shows_once() -> None:
    wall, mono = [1_000_000_000_000], [5]
    trust = Trust(lambda: True, lambda: wall[0], lambda: mono[0])
    assert trust() is ClockTrust.SYNCED
    for jump in (-3_600_000_000_000, 86_400_000_000_000):
        wall[0] += jump + 1_000_000
        mono[0] += 1_000_000
        assert trust() is ClockTrust.STEPPED
        assert trust() is ClockTrust.SYNCED


def test_slewing_is_no_jump_and_an_unknown_source_is_unsynced() -> None:
    wall, mono = [0], [0]
    trust = Trust(lambda: False, lambda: wall[0], lambda: mono[0])
    for _ in range(10):
        wall[0] += 1_000_500_000
        mono[0] += 1_000_000_000
        assert trust() is ClockTrust.UNSYNCED


def test_the_real_clock_answers() -> None:
    clock = system_clock()
    assert clock.trust() in (ClockTrust.SYNCED, ClockTrust.UNSYNCED)
    assert isinstance(kernel_synced(), bool)
    assert clock.boot() == system_clock().boot()


def test_a_status_document_takes_no_clock_step_away_from_the_next_record(tmp_path: Path) -> None:
    """Each clock tells a step once: one for records, another for what the agent says of itself every second."""
    (tmp_path / "agent.toml").write_text('[agent]\nid = "pc1"\nsite = "s"\nline = "l"\ndata_dir = "data"\n')
    agent = Agent(load(tmp_path / "agent.toml", {}))
    assert agent.health.clock is not agent.clock

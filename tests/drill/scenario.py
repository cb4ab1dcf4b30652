"""What a drill is: a function that runs a plant, does damage, lets everything recover and is judged."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from judge import Finding
from plant import DRAIN_SECS, Plant


@dataclass(slots=True)
class Result:
    """A scenario's line in the table. `notes` are said below it; `figures` are what only this scenario measures."""

    id: str
    faults: int
    acknowledged: int = 0
    stored: int = 0
    lost: int = 0
    duplicated: int = 0
    set_aside: int = 0
    chain_ok: bool = True
    recover_s: float = 0.0
    secs: float = 0.0
    trouble: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    figures: dict[str, float] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        """Nothing lost, nothing doubled, every chain whole, and nothing else to complain of."""
        return not (self.lost or self.duplicated or self.trouble) and self.chain_ok

    def document(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One drill by its name. `faults` is how many it injects in the published run."""

    name: str
    run: Callable[[Path, int, int], Result]
    faults: int
    numbers: Sequence[int]
    servers: Sequence[str]
    alone: bool
    long: bool

    @property
    def about(self) -> str:
        """The first sentence of its docstring."""
        return " ".join((self.run.__doc__ or "").split("\n\n")[0].split())


SUMMED = ("faults", "acknowledged", "stored", "lost", "duplicated", "set_aside")

SCENARIOS: dict[str, Scenario] = {}


def scenario(
    *,
    faults: int,
    numbers: Sequence[int] = (),
    servers: Sequence[str] = ("mosquitto",),
    alone: bool = False,
    long: bool = False,
) -> Callable[[Callable[[Path, int, int], Result]], Callable[[Path, int, int], Result]]:
    """Register a drill. `numbers` are of the failures listed in docs/drills.md; `alone`: it measures time, so nothing
    else runs beside it; `long`: only in the soak.
    """

    def register(run: Callable[[Path, int, int], Result]) -> Callable[[Path, int, int], Result]:
        name = run.__name__.replace("_", "-")
        SCENARIOS[name] = Scenario(name, run, faults, numbers, servers, alone, long)
        return run

    return register


def closing(plant: Plant, faults: int, secs: float = DRAIN_SECS) -> Result:
    """Everything runs again: wait until what was told has arrived, send everybody home, and judge."""
    recover = plant.arrived(secs)
    plant.crew.finish()
    plant.arrived(secs)
    plant.settle(secs)
    fallen = [
        f"{name} has ended by itself ({code})"
        for name, process in plant.processes.items()
        if (code := process.poll()) is not None
    ]
    result = result_of(plant.judge(), faults, recover)
    result.trouble += fallen
    return result


def result_of(found: Finding, faults: int, recover_s: float) -> Result:
    """A judgement as a line of the table."""
    return Result(
        "",
        faults,
        found.acknowledged,
        found.stored,
        found.lost,
        found.duplicated,
        found.set_aside,
        found.chain_ok,
        recover_s,
        trouble=found.trouble[:20],
    )


def combined(results: Sequence[Result]) -> Result:
    """Several plants' results as one line; the slowest recovery counts."""
    return Result(
        "",
        *(sum(getattr(one, name) for one in results) for name in SUMMED),
        chain_ok=all(one.chain_ok for one in results),
        recover_s=max(one.recover_s for one in results),
        trouble=[line for one in results for line in one.trouble][:20],
    )


def play(one: Scenario, folder: Path, seed: int, faults: int | None = None) -> Result:
    """Run a scenario in an empty folder. Whatever goes wrong is a line of its own, so that the others still run."""
    begun = time.monotonic()
    count = one.faults if faults is None else faults
    try:
        result = one.run(folder, seed, count)
    except Exception as error:  # noqa: BLE001 - the top of a drill: its failure is its result
        result = Result(one.name, count, chain_ok=False, trouble=[f"{type(error).__name__}: {error}"])
    result.id = one.name
    result.secs = round(time.monotonic() - begun, 1)
    return result

"""Writing both histories of an epoch: records that a store finds to be of another one are let in if they are believed.

Whom to believe is the caller's matter: the collector believes the signature by a key that it knows (`intake.storing`),
a person may vouch (`intake.retry`). Who reads records of a second history from an archive or another store sets their
branch beforehand and writes them as any other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gaugetrail_collector.stores import Doubt, Fate, Outcome, Store
from gaugetrail_contract.seal import Opened

TRIES = 3
"""A history that was named for a record may be taken by another record of the same batch."""


def write_histories(
    store: Store,
    batch: Sequence[Opened],
    believed: Callable[[int], bool],
    *,
    vouched: bool = False,
    doubt: Doubt | None = None,
) -> list[Outcome]:
    """`Store.write`, and then once more for the forks that are believed, told by their places in the batch."""
    outcomes = store.write(batch, vouched=vouched, doubt=doubt)
    for _ in range(TRIES):
        forks = [at for at, one in enumerate(outcomes) if one.fate is Fate.FORK and believed(at)]
        if not forks:
            break
        for at in forks:
            batch[at].branch = outcomes[at].branch
        again = store.write([batch[at] for at in forks], vouched=vouched, doubt=doubt)
        for at, outcome in zip(forks, again, strict=True):
            outcomes[at] = outcome
    return outcomes

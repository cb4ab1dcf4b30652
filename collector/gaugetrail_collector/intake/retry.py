"""Set-aside entries back through the collector's door, once their cause is mended.

What goes into the store, or stands there already under the same seal, leaves the list; everything else stays, with the
reason of today. A line that was set aside because its message was not signed as it must be is not believed for being
asked again: it leaves the list when the agent has sent the record itself meanwhile, or when a person vouches for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from gaugetrail_collector.intake.agent_keys import Keys
from gaugetrail_collector.intake.decoding import Decoded, Message, decode
from gaugetrail_collector.intake.set_aside import Entry, SetAside
from gaugetrail_collector.stores import Fate, Store
from gaugetrail_contract.record import identifiers
from gaugetrail_contract.seal import Opened


@dataclass(slots=True)
class Retried:
    """What became of the entries: those that have left the list, and the others with the reason."""

    settled: list[int] = field(default_factory=list)
    left: list[tuple[Entry, str]] = field(default_factory=list)


def retry(store: Store, set_aside: SetAside, entries: Sequence[Entry], keys: Keys | None) -> Retried:
    """Try these entries; `keys` null: a person vouches for unsigned ones. Raises `StoreDown`, `SetAsideFull` or
    `KeysBroken`, with nothing taken off the list that isn't in the store.
    """
    done = Retried()
    ready: list[tuple[Entry, Decoded]] = []
    for entry in entries:
        decoded = decode(Message(entry.topic, entry.raw, 0))
        reason = _refusal(store, decoded, keys)
        if reason is None:
            ready.append((entry, decoded))
        else:
            done.left.append((entry, reason))
    records = [opened for _, decoded in ready for opened in decoded.records]
    outcomes = iter(store.write(records) if records else ())
    for entry, decoded in ready:
        fates = [next(outcomes) for _ in decoded.records]
        wrong = [fate.reason for fate in fates if fate.fate in (Fate.FORK, Fate.REJECTED)]
        if wrong:
            done.left.append((entry, wrong[0]))
        else:
            done.settled.append(entry.id)
    set_aside.settled(done.settled)
    set_aside.explain([(entry.id, reason) for entry, reason in done.left])
    return done


def _refusal(store: Store, decoded: Decoded, keys: Keys | None) -> str | None:
    """Why the entry can't go to the store; null when it can, or is there."""
    if decoded.bad:
        return decoded.bad[0][1]
    if keys is None or decoded.agent is None:
        return None
    key = decoded.signature.key if decoded.signature is not None else None
    reason = keys.refuse(decoded.agent, key, decoded.doubt)
    if reason is None or all(_there(store, opened) for opened in decoded.records):
        return None
    return reason


def _there(store: Store, opened: Opened) -> bool:
    """Whether the store has just this record."""
    record = opened.record
    return any(
        (row.agent, row.epoch, row.seq, row.sha256) == (record.agent, record.epoch, record.seq, opened.sealed.sha256)
        for kind, identifier in identifiers(record)[:1]
        for row in store.find(identifier, kind)
    )

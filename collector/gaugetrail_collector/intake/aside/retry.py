"""Set-aside entries back through the collector's door, once their cause is mended.

What goes into the store, or stands there already under the same seal, leaves the list; everything else stays, with the
reason of today. A line that was set aside because its message was not signed as it must be is not believed for being
asked again: it leaves the list when the agent has sent the record itself meanwhile, or when a person vouches for it. So
does a fork, unless its message was signed when it was set aside: a line on the list carries no signature, but where the
agent was known by a key by then, no other message of it came as far as to be found a fork. A record that was held for
its time is taken in, for somebody has looked at it, if it takes no other one's place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from gaugetrail_collector.intake.aside.set_aside import Entry, SetAside
from gaugetrail_collector.intake.decoding import Decoded, Message, decode
from gaugetrail_collector.intake.keys.agent_keys import Keys
from gaugetrail_collector.intake.storing import LEFT_OUT, UNPROVEN, explained
from gaugetrail_collector.stores import Store
from gaugetrail_collector.stores.letting_in import write_histories
from gaugetrail_collector.stores.placing import TIME
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
        reason = _refusal(store, decoded, None if _was_signed(entry, keys) else keys)
        if reason is None:
            ready.append((entry, decoded))
        else:
            done.left.append((entry, reason))
    ready.sort(key=lambda one: (one[0].agent or "", one[0].epoch or "", one[0].seq or 0))
    records = [opened for _, decoded in ready for opened in decoded.records]
    believed = [keys is None or _was_signed(entry, keys) for entry, decoded in ready for _ in decoded.records]
    # Who tries them again has looked at them: a time that contradicts its neighbours' is taken, another's place never.
    written = write_histories(store, records, believed.__getitem__, vouched=True) if records else []
    outcomes = iter(written)
    for entry, decoded in ready:
        fates = [next(outcomes) for _ in decoded.records]
        wrong = [explained(fate).reason for fate in fates if fate.fate in LEFT_OUT]
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


def _was_signed(entry: Entry, keys: Keys | None) -> bool:
    """Whether it is a fork, or held for its time, and its message was signed by a key of its agent; see the module's
    word on forks.
    """
    if keys is None or entry.agent is None or not entry.reason.startswith(("fork: ", TIME)) or UNPROVEN in entry.reason:
        return False
    return keys.knew(entry.agent, entry.first_us)


def _there(store: Store, opened: Opened) -> bool:
    """Whether the store has just this record."""
    record = opened.record
    return any(
        (row.agent, row.epoch, row.seq, row.sha256) == (record.agent, record.epoch, record.seq, opened.sealed.sha256)
        for kind, identifier in identifiers(record)[:1]
        for row in store.find(identifier, kind)
    )

"""Anchors: the heads of all chains, sealed into a chain of the collector's own and signed with its key.

A chain proves that its records belong together. Somebody who can write to the store could still seal a whole chain
anew from any record on, and nothing in it would tell. An anchor names, at a moment, the newest number of each chain
with its seal, as this collector proved and stored it; exported and kept elsewhere, it contradicts every later
rewriting. It is an ordinary event record (type `anchor`) of the agent `collector:<id>`, so it stands in the store like
any other; its payload (see `events.anchors`) carries the collector's signature over the heads, which nobody who only
has the store can make.

State: `anchors.json` in the collector's folder: epoch, last number and seal, and the record that is on its way into
the store, written and synced before the store gets it. A kill at any moment leaves a chain that goes on. Where the file
is lost or older than the store, or where a clock that is known to be right stands more than a day before the last
anchor, a new epoch begins. It also remembers that there were anchors, where the store has none any more.
"""

from __future__ import annotations

import logging
import re
import secrets
import threading
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gaugetrail_collector.evidence.own_chain import PREFIX, grown_heads
from gaugetrail_collector.intake.spans import RecordSpan
from gaugetrail_collector.stores import Fate, Store
from gaugetrail_contract.clock import DAY_US, Clock, ClockTrust, Ticker, utc_text
from gaugetrail_contract.events.anchors import ChainHead, HeadsAnchored
from gaugetrail_contract.events.registry import payload_of
from gaugetrail_contract.files import write_whole
from gaugetrail_contract.record import FIRST_PREV, Event, EventBody, Head, Record, Subject
from gaugetrail_contract.seal import BadRecord, ChainName, open_line, seal
from gaugetrail_contract.signing import BadSignature, Signer, check

log = logging.getLogger(__name__)

EPOCH = re.compile("[0-9a-f]{12}")
"""What an epoch of anchors is called; chains for other purposes have other names (`own_chain`)."""
MOST_HEADS = 200
"""In one anchor; a plant with more chains makes several."""

Heads = dict[ChainName, dict[int, str]]
"""Chain -> number -> seal."""


class StateUnreadable(Exception):
    """What this collector noted of its own anchors can't be read; the text says why."""


class _State(BaseModel):
    """What `anchors.json` holds."""

    model_config = ConfigDict(extra="forbid")

    epoch: str = Field(default_factory=lambda: secrets.token_hex(6))
    seq: int = 0
    prev: str = FIRST_PREV
    last_us: int = 0
    pending: str | None = None


class Anchors:
    """Makes anchors. `there` may be called from any thread, `seal_heads` from one."""

    def __init__(self, collector: str, path: Path, signer: Signer | None, clock: Clock) -> None:
        self.agent = PREFIX + collector
        self.last: str | None = None
        """When the last anchor was made, since start."""
        self._collector = collector
        self._path = path
        self._signer = signer
        self._clock = clock
        self._grown: dict[ChainName, tuple[int, str]] = {}
        self._newest: dict[ChainName, int] = {}
        self._office: dict[ChainName, tuple[int, str]] = {}
        self._unanchored = 0
        self._lock = threading.Lock()

    @property
    def unanchored(self) -> int:
        """How many records came into the store since the last anchor, those that came again included."""
        with self._lock:
            return self._unanchored

    def there(self, spans: Iterable[RecordSpan]) -> None:
        """These were proven, and the store has them."""
        with self._lock:
            for span in spans:
                newest = span.last
                if newest.agent != self.agent:
                    self._unanchored += newest.seq - span.first.seq + 1
                if newest.seq > self._newest.get(span.chain, 0) and newest.agent != self.agent:
                    self._newest[span.chain] = newest.seq
                    self._grown[span.chain] = newest.seq, newest.sealed.sha256

    def seal_heads(self, store: Store) -> int:
        """Put the heads of all chains that have grown since the last anchor into the store; how many there were.

        Raises `StoreDown`, and `OSError` when the state can't be kept; the heads then wait for the next time.
        """
        state = self._read()
        if state.pending is not None:
            self._store(store, state)
        self._leave_wrong_year(state)
        with self._lock:
            grown, counted = dict(self._grown), self._unanchored
        # What was decided in the office goes into the store past the collecting, perhaps at another collector, whose
        # clock may be behind.
        office = {chain: (head.seq, head.sha256) for chain, head in grown_heads(store, state.last_us - DAY_US)}
        grown |= {chain: head for chain, head in office.items() if self._office.get(chain) != head}
        names = sorted(grown)
        for start in range(0, len(names), MOST_HEADS):
            part = {name: grown[name] for name in names[start : start + MOST_HEADS]}
            state.pending = self._sealed(state, part)
            self._keep(state)
            self._store(store, state)
            with self._lock:
                for name, head in part.items():
                    if self._grown.get(name) == head:
                        del self._grown[name]
        self._office |= office
        with self._lock:
            self._unanchored -= counted
        return len(grown)

    def _leave_wrong_year(self, state: _State) -> None:
        """Times only rise in an epoch: behind an anchor of 2040 they would creep on from there."""
        now_us = self._clock.now_us()
        if state.last_us - now_us > DAY_US and self._clock.trust() is ClockTrust.SYNCED:
            log.warning("the last anchor is of %s; a new chain of anchors begins", utc_text(state.last_us)[:10])
            state.epoch, state.seq, state.prev, state.last_us = secrets.token_hex(6), 0, FIRST_PREV, 0

    def _sealed(self, state: _State, heads: dict[ChainName, tuple[int, str]]) -> str:
        """The next record of our chain, as a wire line."""
        ticker = Ticker(self._clock.now_us, state.last_us)
        time = utc_text(ticker.next())
        payload = HeadsAnchored(heads=tuple(_head(chain, *head) for chain, head in heads.items()))
        if self._signer is not None:
            signed = self._signer.sign(payload.TYPE, self.agent, time, *payload.signed_parts)
            payload = payload.model_copy(update={"key": self._signer.key, "ed25519": signed})
        body = EventBody(
            site="collectors",
            line=self._collector,
            station="anchors",
            type=payload.TYPE,
            subject=Subject(kind=payload.SUBJECT, id=self.agent),
            payload=payload.written(),
        )
        head = Head(
            kind=body.KIND,
            agent=self.agent,
            epoch=state.epoch,
            seq=state.seq + 1,
            prev=state.prev,
            time=time,
            utc_offset_min=self._clock.utc_offset_min(),
            clock=self._clock.trust(),
            mono_ns=self._clock.mono_ns(),
            boot=self._clock.boot(),
            slot=zlib.crc32(self.agent.encode()) % 1000,
        )
        return seal(head, body).line().decode("utf-8")

    def _store(self, store: Store, state: _State) -> None:
        assert state.pending is not None
        opened = open_line(state.pending.encode("utf-8"))
        (outcome,) = store.write([opened])
        if outcome.fate is Fate.FORK:
            log.error("%s is older than the store (%s); a new chain of anchors begins", self._path, outcome.reason)
            state.epoch, state.seq, state.prev = secrets.token_hex(6), 0, FIRST_PREV
        elif outcome.fate in (Fate.REJECTED, Fate.HELD):
            log.error("an anchor can't be stored: %s", outcome.reason, extra={"event": "anchor_rejected"})
        else:
            state.seq, state.prev = opened.record.seq, opened.sealed.sha256
            self.last = opened.record.time
            log.info("anchored: %s", opened.record.id, extra={"event": "anchored"})
        state.pending, state.last_us = None, opened.record.time_us
        self._keep(state)

    # --- the state

    def _read(self) -> _State:
        try:
            return _State.model_validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return _State()
        except ValidationError as error:
            log.error("%s can't be read (%s); a new chain of anchors begins", self._path, error.errors()[0]["msg"])
            return _State()

    def _keep(self, state: _State) -> None:
        write_whole(self._path, state.model_dump_json().encode("utf-8"))


# --- reading them


def own_head(collector: str, path: Path) -> Heads:
    """The newest anchor that this collector knows to be in the store, by its own state: somebody who takes every anchor
    out of the store can't take it out of here. Empty where it has made none yet. Raises `StateUnreadable`.
    """
    try:
        state = _State.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValidationError) as error:
        raise StateUnreadable(
            f"{path} can't be read, so whether anchors were taken out can't be told: {error}"
        ) from error
    return {ChainName(PREFIX + collector, state.epoch): {state.seq: state.prev}} if state.seq else {}


def stored_anchors(store: Store) -> Iterator[bytes]:
    """Every anchor in the store as a wire line, chain by chain. Raises `StoreDown`."""
    for chain in store.chains():
        if chain.agent.startswith(PREFIX) and EPOCH.fullmatch(chain.epoch):
            for row in store.rows(*chain):
                yield b'{"sha256":"' + row.sha256.encode() + b'","record":' + row.data + b"}"


def heads_of(lines: Iterable[bytes], keys: Sequence[str]) -> tuple[Heads, list[str]]:
    """What anchors say of the chains, the anchors themselves included; and what is wrong with them, each in a sentence.
    Only anchors that one of `keys` has signed say anything.
    """
    heads: Heads = {}
    faults: list[str] = []
    for number, line in enumerate(lines, 1):
        try:
            opened = open_line(line)
            _take(opened.record, keys, heads)
        except (BadRecord, BadSignature) as error:
            faults.append(f"anchor {number}: {error}")
            continue
        record = opened.record
        heads.setdefault(ChainName(record.agent, record.epoch), {})[record.seq] = opened.sealed.sha256
    return heads, faults


def _head(chain: ChainName, seq: int, sha256: str) -> ChainHead:
    head = (chain.agent, chain.epoch, seq, sha256)
    return (*head, chain.branch) if chain.branch else head


def _take(record: Record, keys: Sequence[str], heads: Heads) -> None:
    if not isinstance(record, Event) or record.type != HeadsAnchored.TYPE:
        raise BadRecord("it is another record")
    payload = payload_of(record.type, record.subject.kind, record.payload)
    if not isinstance(payload, HeadsAnchored):
        raise BadRecord("it names no heads")
    if payload.key is None or payload.ed25519 is None:
        raise BadSignature(f"{record.id} is not signed")
    if payload.key not in keys:
        raise BadSignature(f"{record.id} is signed by the key {payload.key}, which is not among those given")
    check(payload.key, payload.ed25519, payload.TYPE, record.agent, record.time, *payload.signed_parts)
    for agent, epoch, seq, sha256, *branch in payload.heads:
        heads.setdefault(ChainName(agent, epoch, *branch), {})[seq] = sha256

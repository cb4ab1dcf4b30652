"""What the status documents on the broker say of a plant: versions apart, clocks apart, two services with one id.

Pure: what was heard on a visit goes in, findings come out. A document that can't be read is passed over: the services
themselves say so in their logs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from gaugetrail_contract import topics
from gaugetrail_contract.clock import utc_us
from gaugetrail_contract.findings import Finding
from gaugetrail_contract.status import AgentStatus, CollectorStatus
from gaugetrail_service.mqtt.broker_limits import NO_RETAIN, NO_SHARES, cure_of
from gaugetrail_service.mqtt.broker_visit import StatusWord, Visit

CLOCK_SECS = 2.0
"""Two clocks that are further apart than this are not set by the same time source; a message takes far less."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """One status document as it was heard."""

    kind: str
    name: str
    document: AgentStatus | CollectorStatus
    retained: bool
    at_us: int


def neighbours(words: Sequence[StatusWord]) -> list[Neighbour]:
    """Every status document that can be read, in the order heard."""
    found = []
    for word in words:
        agent = topics.agent_of(word.topic)
        model: type[AgentStatus | CollectorStatus] = CollectorStatus if agent is None else AgentStatus
        try:
            document = model.model_validate_json(word.payload)
        except ValidationError:
            continue
        name = agent if agent is not None else word.topic.split("/")[-2]
        kind = "collector" if agent is None else "agent"
        found.append(Neighbour(kind, name, document, word.retained, word.at_us))
    return found


def latest(heard: Sequence[Neighbour], kind: str) -> dict[str, Neighbour]:
    """The last word of each of a kind, by name."""
    return {one.name: one for one in sorted(heard, key=lambda one: one.name) if one.kind == kind}


def two_with_one_id(heard: Sequence[Neighbour]) -> Iterator[Finding]:
    """Services that call themselves alike throw each other out: their documents have different starts."""
    starts: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for one in heard:
        if one.document.online and one.document.started is not None:
            starts[one.kind, one.name].add(one.document.started)
    for (kind, name), found in sorted(starts.items()):
        if len(found) > 1:
            what = f"two {kind}s have one id: both call themselves {name!r} and take the connection from each other"
            yield Finding(f"{kind} {name}", what, "stop one of them, and give it another id")


def clocks_apart(heard: Sequence[Neighbour], kind: str) -> Iterator[Finding]:
    """A neighbour whose clock says another time than this PC's; only words that came fresh can tell."""
    fresh = {one.name: one for one in heard if one.kind == kind and not one.retained and one.document.time}
    for name, one in sorted(fresh.items()):
        assert one.document.time is not None
        apart = (utc_us(one.document.time) - one.at_us) / 1e6
        if abs(apart) > CLOCK_SECS:
            way = "ahead of" if apart > 0 else "behind"
            what = f"the clock of {kind} {name} is {abs(apart):.1f} s {way} this PC's"
            yield Finding(
                "clock", what, "let both reach one time source; timedatectl on either says which is set by none"
            )


def versions_apart(heard: Sequence[Neighbour], own: str, kind: str, of: str) -> Iterator[Finding]:
    """Neighbours of another release. Records of a newer agent are stored as they came, so agents may go first."""
    for name, one in latest(heard, kind).items():
        theirs = one.document.version
        if one.document.online and theirs is not None and _release(theirs) != _release(own):
            newer = _release(theirs) > _release(own)
            cure = f"update this {of}" if newer else f"update {kind} {name}"
            yield Finding(f"{kind} {name}", f"it has version {theirs}, this {of} has {own}", cure, wrong=False)


def _release(version: str) -> tuple[int, ...]:
    """Major and minor: what may change the contract."""
    return tuple(int(part) for part in version.split(".")[:2] if part.isdigit())


def broker_limits(found: Visit, where: str, *, needs_bytes: int, window: int, shared: bool) -> Iterator[Finding]:
    """What the broker doesn't allow and the service needs."""
    about = f"broker {where}"
    if found.refusal:
        yield Finding("broker", found.refusal, found.cure)
        return
    if found.largest_bytes is not None and found.largest_bytes < needs_bytes:
        what = f"takes messages of {found.largest_bytes} bytes at most, {needs_bytes} are needed"
        yield Finding(about, what, "raise max_packet_size in the broker's settings, or leave it out")
    if found.too_large:
        what = f"refuses a message of {needs_bytes} bytes: {found.too_large}"
        yield Finding(about, what, "raise message_size_limit in the broker's settings, or leave it out")
    if not found.retains:
        yield Finding(about, NO_RETAIN, cure_of(NO_RETAIN), wrong=False)
    if found.best_qos < 1:
        yield Finding(about, "has no QoS 1, so no record is acknowledged", "set max_qos 2 in the broker's settings")
    if shared and not found.shares:
        yield Finding(about, NO_SHARES, cure_of(NO_SHARES), wrong=False)
    if found.on_way is not None and found.on_way < window:
        what = f"takes {found.on_way} messages at once, {window} would be sent: a backlog goes slower"
        yield Finding(about, what, "raise max_inflight_messages in the broker's settings", wrong=False)

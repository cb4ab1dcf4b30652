"""Decoding: a message into records whose seals hold, and lines that are none.

Promise: any bytes on any topic give one or the other, never an exception. Nothing is stored, acknowledged or thrown
away here; it runs on the taker's thread (`batches`), ahead of the store.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import NamedTuple

from gaugetrail_contract import topics
from gaugetrail_contract.seal import BadRecord, Opened, cut_line, open_line, split_message
from gaugetrail_contract.signing import BadSignature, Signature, cut_signature

MOST_LINES = 501
"""Agents send 500 records and a signature at most. A message of more lines is looked at no further."""


class Message(NamedTuple):
    """One MQTT message as it came; `token` is what acknowledges it."""

    topic: str
    payload: bytes
    token: int


class Decoded(NamedTuple):
    """A message's lines: records whose seals hold, and the lines that are none, with the reason."""

    message: Message
    records: tuple[Opened, ...]
    bad: tuple[tuple[bytes, str], ...]
    agent: str | None = None
    """Whose topic it came on; null where it is no agent's."""
    signature: Signature | None = None
    """What the message was signed with, where the signature holds."""
    doubt: str | None = None
    """Why the signature that the message carries doesn't hold."""
    deferred: bool = False
    """The signature hasn't been looked at yet: `prove` must, before the message goes any further."""


def decode(message: Message, prepare: Callable[[Opened], Opened] | None = None, *, defer: bool = False) -> Decoded:
    """Split a message into records and bad lines. Any bytes on any topic give one or the other, never an exception.

    `prepare` is done to each record. With `defer` the signature of a message without bad lines is left to `prove`.
    """
    agent = topics.agent_of(message.topic)
    if agent is None:
        return Decoded(message, (), ((message.payload, f"{message.topic} is no agent's topic"),))
    if (ends := message.payload.count(b"\n")) >= MOST_LINES:
        whole = f"the message has {ends + 1} lines, and {MOST_LINES} are the most: none of them was looked at"
        return Decoded(message, (), ((message.payload, whole),), agent)
    lines = split_message(message.payload)
    if not lines:
        return Decoded(message, (), ((message.payload, "the message holds no record"),), agent)
    records: list[Opened] = []
    bad: list[tuple[bytes, str]] = []
    signature, doubt = None, None
    try:
        lines, signature = cut_signature(lines)
    except BadSignature as error:
        doubt = str(error)
        bad.append((lines.pop(), doubt))
    for line in lines:
        try:
            opened = open_line(line)
        except BadRecord as error:
            bad.append((line, str(error)))
            continue
        if opened.agent != agent:
            bad.append((line, f"the record says it is {opened.agent}'s, but it came on {agent}'s topic"))
        else:
            records.append(opened if prepare is None else prepare(opened))
    deferred = defer and signature is not None and not bad and bool(records)
    if signature is not None and not deferred:
        doubt = _doubt(agent, lines, signature)
    return Decoded(message, tuple(records), tuple(bad), agent, None if doubt else signature, doubt, deferred)


def prove(batch: Sequence[Decoded]) -> list[Decoded]:
    """The batch with every signature looked at, checking as few as prove them all.

    A record's bytes name the seal before it. So a signature that holds over a message proves the message before it too,
    where that one ends with the very seal that this one begins behind, and says that it is of the same key.
    """
    proven: dict[tuple[str, str], str] = {}
    """Agent and key -> the seal that the earliest proven record names as the one before it."""
    looked_at = list(batch)
    for index in range(len(batch) - 1, -1, -1):
        decoded = batch[index]
        signature, agent = decoded.signature, decoded.agent
        if not decoded.deferred or signature is None or agent is None:
            continue
        seals = [opened.sealed.sha256 for opened in decoded.records]
        name, doubt = (agent, signature.key), None
        linked = _linked(decoded.records)
        if not (linked and seals[-1] == signature.sha256 == proven.get(name)):
            try:
                signature.check(agent, seals)
            except BadSignature as error:
                doubt = str(error)
        if linked and doubt is None:
            proven[name] = decoded.records[0].prev
        else:
            proven.pop(name, None)
        kept = None if doubt else signature
        looked_at[index] = decoded._replace(signature=kept, doubt=doubt, deferred=False)
    return looked_at


def _linked(records: Sequence[Opened]) -> bool:
    """Whether each record names the one before it."""
    return len(records) == 1 or all(after.prev == before.sealed.sha256 for before, after in itertools.pairwise(records))


def _doubt(agent: str, lines: list[bytes], signature: Signature) -> str | None:
    """Why the signature doesn't hold for just these lines; null when it does.

    Signed are the seals that the lines state. That each line's bytes have the seal it states is proven line by line.
    """
    try:
        signature.check(agent, [cut_line(line).sha256 for line in lines])
    except (BadSignature, BadRecord) as error:
        return str(error)
    return None


def points_of(decoded: Decoded) -> int:
    """About how many points the message will make, for the size of a batch."""
    return sum(2 + opened.measured for opened in decoded.records) + len(decoded.bad)

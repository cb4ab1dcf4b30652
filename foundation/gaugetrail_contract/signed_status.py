"""A collector's status with its signature: who says it, and which of two words is the later one.

The document stays one JSON object, so that a reader of before signatures reads it as ever. `signature` is its last key,
in the form that receipts carry, over the exact bytes of the document without it; there `agent` is `+`, for it is said
to every agent. A last will is signed like any other word, when it is handed to the broker.

Order, so that an old word that somebody says again isn't taken for a new one: lives by `started`, in a life by
`connection`, on a connection by `beat`; offline comes after all that was said on the same connection. No clock counts
within a life.
"""

from __future__ import annotations

from dataclasses import dataclass

from gaugetrail_contract.signing import BadSignature, Signer, open_word
from gaugetrail_contract.status import CollectorStatus

KIND = "status"
EVERY_AGENT = "+"
"""No agent's name: it can't stand in a topic."""
_BEGINS = b',"signature":{'

Order = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class CollectorWord:
    """A status document, and the key whose signature on it holds; null where it carries none."""

    status: CollectorStatus
    key: str | None = None

    @property
    def order(self) -> Order:
        """Which word of its life it is."""
        return self.status.connection, int(not self.status.online), self.status.beat


def write_status(status: CollectorStatus, signer: Signer | None) -> bytes:
    """The payload; unsigned where there is no signer."""
    body = status.model_dump_json(exclude_none=True).encode("utf-8")
    if signer is None:
        return body
    _, line = signer.word(KIND, EVERY_AGENT, status.collector, body).split(b"\n")
    return body[:-1] + b"," + line[1:]


def read_status(payload: bytes) -> CollectorWord:
    """The word in a message. Raises `BadSignature` for a signature that doesn't hold, or is another collector's, and
    `pydantic.ValidationError` where there is no status document.
    """
    head, found, tail = payload.rpartition(_BEGINS)
    if not found:
        return CollectorWord(CollectorStatus.model_validate_json(payload))
    word = open_word(KIND, EVERY_AGENT, head + b"}\n{" + found[1:] + tail)
    status = CollectorStatus.model_validate_json(word.body)
    if word.collector != status.collector:
        raise BadSignature(f"the status of {status.collector!r} is signed by {word.collector!r}")
    return CollectorWord(status, word.key)


def collector_offline(
    collector: str, started: str | None = None, signer: Signer | None = None, connection: int = 0
) -> bytes:
    """A collector's last will. It names the life that ended, so that one of another collector of that name shows."""
    gone = CollectorStatus(online=False, collector=collector, started=started, connection=connection)
    return write_status(gone, signer)

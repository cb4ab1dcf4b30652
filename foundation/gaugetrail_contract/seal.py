"""Seals and wire lines: the exact bytes of a record, what they hash to, and how they travel.

On the wire a record is one line: `{"sha256":"<64 hex>","record":<the bytes>}`; several lines in one message are
separated by a line feed, and the last line may be the agent's signature (see `signing`). The seal is the SHA-256 of
`<the bytes>`, which name the previous record's seal in `prev`, so the records of an epoch form a chain. The line's
frame is fixed to the letter: the record's bytes are cut out of it, never parsed and written again. A record's bytes
hold no raw line feed (JSON escapes it), so splitting is safe.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import NamedTuple

from gaugetrail_contract.record import MAX_RECORD_BYTES, Body, Head, Inspection, Record, write
from gaugetrail_contract.record.reading import BadRecord as BadRecord
from gaugetrail_contract.record.reading import parse_record as parse_record
from gaugetrail_contract.record.reading import read_record

_FRONT = b'{"sha256":"'
_MIDDLE = b'","record":'
_DATA_AT = len(_FRONT) + 64 + len(_MIDDLE)
_HEX = re.compile(rb"[0-9a-f]{64}")
_LINK = re.compile(rb'"epoch":"([0-9a-z]{8,32})","seq":([0-9]{1,16}),"prev":"')
MAX_LINE_BYTES = MAX_RECORD_BYTES + _DATA_AT + 1


class RecordTooLarge(ValueError):
    """A record would pass `MAX_RECORD_BYTES`; the station splits such an inspection into pieces."""


class Sealed(NamedTuple):
    """A record's exact bytes and their seal."""

    sha256: str
    data: bytes

    def line(self) -> bytes:
        """The wire line, without a line end."""
        return _FRONT + self.sha256.encode("ascii") + _MIDDLE + self.data + b"}"


class ChainName(NamedTuple):
    """One history of an epoch of an agent. `branch` is empty for the one that was stored first; another one has the
    first twelve digits of the seal with which it parts from what was there.
    """

    agent: str
    epoch: str
    branch: str = ""

    def __str__(self) -> str:
        """For people."""
        return f"{self.agent} epoch {self.epoch}" + (f" history {self.branch}" if self.branch else "")


@dataclass(frozen=True, slots=True)
class Link:
    """A record's place in its chain, as its bytes say."""

    epoch: str
    seq: int


@dataclass(slots=True, unsafe_hash=True)
class Opened:
    """A wire line whose seal holds, with the record it carries. `unknown` are the keys of its bytes that this reader
    doesn't know, `made` is what a store has made of it beforehand. `branch` is the history that a store has found it
    in, or that it is to be written under; who sets it believes that the agent sealed it.
    """

    sealed: Sealed
    record: Record = field(hash=False)
    unknown: tuple[str, ...] = field(default=(), compare=False)
    made: bytes | None = field(default=None, compare=False, repr=False)
    branch: str = field(default="", compare=False)
    _time_us: int | None = field(default=None, init=False, compare=False, repr=False)

    @property
    def agent(self) -> str:
        """Whose record it is."""
        return self.record.agent

    @property
    def epoch(self) -> str:
        """Its chain."""
        return self.record.epoch

    @property
    def chain(self) -> ChainName:
        """The history that it stands in."""
        return ChainName(self.record.agent, self.record.epoch, self.branch)

    @property
    def seq(self) -> int:
        """Its number in the chain."""
        return self.record.seq

    @property
    def prev(self) -> str:
        """The seal before it."""
        return self.record.prev

    @property
    def time_us(self) -> int:
        """Its time as microseconds since 1970; a store asks for it again and again."""
        if self._time_us is None:
            self._time_us = self.record.time_us
        return self._time_us

    @property
    def measured(self) -> int:
        """How many measurements it holds."""
        return len(self.record.measurements) if isinstance(self.record, Inspection) else 0


def branch_name(sha256: str) -> str:
    """What a history is called that begins with the record of this seal."""
    return sha256[:12]


def seal_of(data: bytes) -> str:
    """The seal of a record's bytes: SHA-256 as 64 lower-case hex digits."""
    return hashlib.sha256(data).hexdigest()


def seal(head: Head, body: Body) -> Sealed:
    """Write a record's bytes, once, and seal them. Raises `RecordTooLarge`, or `BadRecord` for what is no record.

    The bytes are the head's keys, then the body's, as compact JSON in UTF-8 with nulls left out. They are read back
    before they are sealed: making a head or a body checks nothing, and what no reader takes must not enter a chain.
    """
    data = write(head)[:-1] + b"," + write(body)[1:]
    if len(data) > MAX_RECORD_BYTES:
        raise RecordTooLarge(f"the record has {len(data)} bytes; {MAX_RECORD_BYTES} are allowed")
    parse_record(data)
    return Sealed(seal_of(data), data)


def link_of(data: bytes) -> Link:
    """The place in the chain that a record's bytes name, read without parsing them. Raises `BadRecord`.

    The keys follow one another in every record that was ever sealed, and no text before them can look like them: a
    quotation mark inside a JSON text is escaped.
    """
    found = _LINK.search(data)
    if found is None:
        raise BadRecord("the bytes name no place in a chain")
    return Link(found[1].decode("ascii"), int(found[2]))


def split_message(payload: bytes) -> list[bytes]:
    """The lines of one MQTT message; empty ones are no lines."""
    return [line for line in payload.split(b"\n") if line]


def open_line(line: bytes) -> Opened:
    """A wire line's record, once its seal is proven. Raises `BadRecord` with the reason."""
    return _opened(cut_line(line))


def cut_line(line: bytes) -> Sealed:
    """Cut seal and record bytes out of a wire line, proving nothing yet. Raises `BadRecord` for any other frame."""
    if len(line) > MAX_LINE_BYTES:
        raise BadRecord(f"the line has {len(line)} bytes; {MAX_LINE_BYTES} are allowed")
    sha = line[len(_FRONT) : len(_FRONT) + 64]
    if (
        not line.startswith(_FRONT)
        or line[len(_FRONT) + 64 : _DATA_AT] != _MIDDLE
        or not line.endswith(b"}")
        or _HEX.fullmatch(sha) is None
    ):
        raise BadRecord('not a wire line: it must read {"sha256":"<64 hex>","record":{...}}')
    return Sealed(sha.decode("ascii"), line[_DATA_AT:-1])


def open_sealed(sealed: Sealed) -> Record:
    """The record in sealed bytes. Raises `BadRecord` when the seal doesn't hold or the bytes are no record."""
    return _opened(sealed).record


def _opened(sealed: Sealed) -> Opened:
    if seal_of(sealed.data) != sealed.sha256:
        raise BadRecord(
            f"the seal doesn't hold: the bytes hash to {seal_of(sealed.data)}, the line says {sealed.sha256}"
        )
    return Opened(sealed, *read_record(sealed.data))

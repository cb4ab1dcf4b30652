"""The PLC handshake (DESIGN section 8): what a seq means and what is answered. Pure.

The PLC writes data, then seq. The agent reads seq, data, seq; a block during which seq moved is torn and read again.
The result code is written first, then echo = seq, so an echo always stands beside its own result. The same seq with
the same data again is answered from the log with the code it had, so the PLC learns the verdict even if the first
answer got lost; with other data it is a duplicate and nothing is stored. A jump means parts that were never offered;
0 is a restart.

A PLC that offers by a flag writes 1 for each part and takes it back to 0 when it has seen the echo; the echo goes back
with it, for until then the next part's 1 would stand beside the last part's echo. Beside a flag, other data are another
part: its 0 fell between two polls.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gaugetrail_contract.plc_codes import ResultCode

LAST_SEQ = 65_535


@dataclass(frozen=True, slots=True)
class Log:
    """The last seq that was answered for good, with what, and for which data; kept durably with the record."""

    seq: int = 0
    code: ResultCode = ResultCode.NONE
    digest: str = "-"

    def text(self) -> str:
        """For the spool's memory."""
        return f"{self.seq} {int(self.code)} {self.digest}"

    @classmethod
    def read(cls, text: str | None) -> Log:
        """From the spool's memory; nothing there is a fresh start."""
        if text is None:
            return cls()
        seq, code, digest = text.split()
        return cls(int(seq), ResultCode(int(code)), digest)


@dataclass(frozen=True, slots=True)
class Seen:
    """The agent's view of one poll: seq before and after the data, the echo that stands, the data's digest."""

    before: int
    after: int
    echo: int
    digest: str


@dataclass(frozen=True, slots=True)
class Act:
    """What to do: offer the block to the station, answer with a code, or nothing; with `lost` parts to be alarmed."""

    do: Literal["nothing", "offer", "answer", "restart", "read_again"]
    code: ResultCode = ResultCode.NONE
    lost: int = 0


NOTHING = Act("nothing")


def looks_new(log: Log, seq: int, echo: int) -> bool:
    """Whether the data need reading at all: not while the answered seq still stands beside its echo, nor at 0."""
    return seq != 0 and not (seq == log.seq and echo == seq)


def judge(log: Log, seen: Seen, *, flag: bool = False) -> Act:
    """What a poll means against what was answered last."""
    seq = seen.after
    if seen.before != seq:
        return Act("read_again")
    if flag and seq == log.seq and seen.echo != seq and seen.digest != log.digest:
        return Act("offer")
    if seq == 0:
        return Act("restart") if log.seq else NOTHING
    if seq == log.seq:
        if seen.echo == seq:
            return NOTHING
        return Act("answer", log.code if seen.digest == log.digest else ResultCode.DUPLICATE)
    if log.seq == 0:
        return Act("offer")
    ahead = (seq - log.seq - 1) % LAST_SEQ
    # More than half the range ahead is behind: the PLC has been set back without passing through 0.
    return Act("offer", lost=ahead if ahead < LAST_SEQ // 2 else 0)


def answered(log: Log, seq: int, code: ResultCode, digest: str) -> Log:
    """The log after an answer. Not ready is none for good: the same seq is offered to the station again."""
    return log if code is ResultCode.NOT_READY else Log(seq, code, digest)

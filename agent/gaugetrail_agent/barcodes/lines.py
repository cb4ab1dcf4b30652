"""What a code reader says that is no code: answers to commands, and the word for "nothing read".

Promise: a reader's own words never pass for a scanned identifier. Decided on the whole line, so a code that merely
begins like an answer stays a code. Texts that only one reader sends go into the scanner's `no_read` setting.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class LineKind(StrEnum):
    """What one line from a code reader is."""

    CODE = "code"
    EMPTY = "empty"
    ACK = "ack"
    READER_ERROR = "reader_error"
    NO_READ = "no_read"


@dataclass(frozen=True, slots=True)
class CodeLine:
    """A classified line; `error_code` is what the reader gave with a reader error."""

    kind: LineKind
    error_code: str | None = None


# Keyence SR-750 user's manual, chapter 8: `OK,<command>[,...]` and `ER,<command>,<two digits>`. The command is
# letters, sometimes with digits behind (LON, LOFF, BLOAD, RP, TEST1); at most one value follows in an answer.
_ACK = re.compile(r"OK,[A-Z]{1,8}\d{0,2}(,[\x20-\x7e]{0,40})?")
_READER_ERROR = re.compile(r"ER,[A-Z0-9]{0,8},(?P<code>\d{1,3})")

# Default no-read texts: Keyence SR "ERROR"; Cognex, Datalogic, SICK, Microscan and Honeywell families "NOREAD" and
# "NR" in several spellings; Leuze fills with "?"; Datalogic also sends the control character CAN.
_NO_READ_WORDS = frozenset({"ERROR", "NR", "NOREAD", "BADREAD", "READERROR", "NOCODE"})
_NO_READ_FILL = re.compile(r"\?+|\x18+")
_WORD_BREAKS = re.compile(r"[ _-]")

_ENDS = "\r\n\x00"
_AROUND = "\x02\x03 \t"


def classify(line: str, *, no_read: frozenset[str] = frozenset()) -> CodeLine:
    """What `line` is. `no_read` adds whole texts (as configured in the reader) that mean "nothing read"."""
    text = line.strip(_ENDS + _AROUND)
    if not text:
        return CodeLine(LineKind.EMPTY)
    if text in no_read or _NO_READ_FILL.fullmatch(text):
        return CodeLine(LineKind.NO_READ)
    if _WORD_BREAKS.sub("", text).upper() in _NO_READ_WORDS:
        return CodeLine(LineKind.NO_READ)
    error = _READER_ERROR.fullmatch(text)
    if error is not None:
        return CodeLine(LineKind.READER_ERROR, error["code"])
    if _ACK.fullmatch(text):
        return CodeLine(LineKind.ACK)
    return CodeLine(LineKind.CODE)

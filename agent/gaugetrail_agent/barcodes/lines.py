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

# What readers say when they read nothing, by their manuals: Keyence SR "ERROR" (SR-750, chapter 8); Microscan "NOREAD"
# and "BADCODE" (MS-820, p. 8-5 and 8-6), in detail "No Read d_1, E_2" (MS-4, Detailed No Read Message); Honeywell "NR"
# (2020, p. 3-14), as Allen-Bradley (2755, p. 7-10); SICK, Cognex and Datalogic "NoRead" in several spellings; Leuze
# fills with "?"; Datalogic also sends the control character CAN.
_NO_READ_WORDS = frozenset(
    {"ERROR", "NR", "NOREAD", "BADREAD", "READERROR", "READFAIL", "NOCODE", "BADCODE", "NODECODE", "NOSYMBOL"}
    | {"BADSYMBOL", "NOLABEL", "NOBARCODE", "MULTIPLEREAD", "MULTIPLEREADS", "PARTIALREAD"}
)
_NO_READ_FILL = re.compile(r"\?+|\x18+")
_NO_READ_DETAIL = re.compile(
    r"no[ _-]?read [0-9A-Za-z]_[0-9]+(?:\.[0-9]+)?(?:, ?[0-9A-Za-z]_[0-9]+(?:\.[0-9]+)?)*", re.IGNORECASE
)
_WORD_BREAKS = re.compile(r"[ _-]")
_AROUND_WORDS = "<>[](){}#*!.:"
# Several codes in one line: one that wasn't read stands among those that were (Keyence SR, multi reading).
_SEVERAL = re.compile(r"[,;|\t]")
_UNREAD_AMONG = frozenset({"ERROR", "NOREAD"})

_ENDS = "\r\n\x00"
_AROUND = "\x02\x03 \t"


def classify(line: str, *, no_read: frozenset[str] = frozenset()) -> CodeLine:
    """What `line` is. `no_read` adds whole texts (as configured in the reader) that mean "nothing read"."""
    text = line.strip(_ENDS + _AROUND)
    if not text:
        return CodeLine(LineKind.EMPTY)
    if text in no_read or _says_no_read(text):
        return CodeLine(LineKind.NO_READ)
    error = _READER_ERROR.fullmatch(text)
    if error is not None:
        return CodeLine(LineKind.READER_ERROR, error["code"])
    if _ACK.fullmatch(text):
        return CodeLine(LineKind.ACK)
    return CodeLine(LineKind.CODE)


def _says_no_read(text: str) -> bool:
    """The word alone, in whatever brackets; several of them; or one among the codes of one line."""
    if _NO_READ_FILL.fullmatch(text) or _NO_READ_DETAIL.fullmatch(text):
        return True
    parts = _SEVERAL.split(text)
    words = [_WORD_BREAKS.sub("", part.strip().strip(_AROUND_WORDS)).upper() for part in parts]
    if all(word in _NO_READ_WORDS or _NO_READ_FILL.fullmatch(part) for word, part in zip(words, parts, strict=True)):
        return True
    return len(parts) > 1 and any(word in _UNREAD_AMONG for word in words)

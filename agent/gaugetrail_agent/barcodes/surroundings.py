"""What stands around a code without being part of it, taken off at both ends before anything is asked of the code.

Promise: `bare` takes off AIM identifiers (`]C0`, ISO/IEC 15424), ECI prefixes (`\\000026`), byte order marks, and
characters that nobody sees (zero-width, no-break and other blanks of Unicode); doing it twice changes nothing. Inside
the code they are left and named in `inside`: the code is then refused, since two such codes would look the same and
be two serials. Blanks and control characters that can belong to a code (GS, RS, EOT) stay.

`decoded` makes text of a scanner's bytes: a byte order mark or an ECI says how they are meant, else the scanner's
settings do.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

FRAME = "\r\n\t\x00\x02\x03"
"""What the line puts around a code: its ends, NUL fill, STX and ETX."""
BOM = b"\xef\xbb\xbf"

_AIM = re.compile(r"\][A-Za-z][0-9A-Za-z]")
_AIM_ENDS = 3
_ECI = re.compile(r"\\([0-9]{6})")
# The registered ECI numbers (AIM ITS/04-023); `\123456` inside a code or alone before it may be anything.
_ECI_INSIDE = re.compile(r"\\(?:0000[0-3][0-9]|000170|000899)")
_REGISTERED = 1000
# Symbologies whose identifiers are met in plants. One inside a code means that two scans came as one.
_AIM_INSIDE = re.compile(r"\](?:A[0-7]|C[0124]|E[0-4]|I[0-3]|L[0-5]|Q[0-6]|d[0-6]|e[0-3]|z[0-9A-C])")
_ENVELOPE = re.compile(r">?\[[)\]]>")

# Unseen, though Unicode counts them as marks, letters or symbols.
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2028\u2029\u2800\u3164\uffa0") | {
    chr(n) for n in range(0xFE00, 0xFE10)
}
# Blanks that are seen as such; they are taken off at the ends, and allowed between words.
_SEEN_INSIDE = frozenset(" \u3000")

_CODECS: Mapping[int, str] = {
    0: "cp437", 1: "latin-1", 2: "cp437", 3: "latin-1", 4: "iso8859-2", 5: "iso8859-3", 6: "iso8859-4",
    7: "iso8859-5", 8: "iso8859-6", 9: "iso8859-7", 10: "iso8859-8", 11: "iso8859-9", 12: "iso8859-10",
    13: "iso8859-11", 15: "iso8859-13", 16: "iso8859-14", 17: "iso8859-15", 18: "iso8859-16", 20: "cp932",
    21: "cp1250", 22: "cp1251", 23: "cp1252", 24: "cp1256", 26: "utf-8", 27: "ascii", 28: "big5", 29: "gb18030",
    30: "cp949", 31: "gbk", 32: "gb18030", 170: "ascii",
}  # fmt: skip
"""ECI number -> how the bytes behind it are meant (AIM ITS/04-023); UTF-16 and binary are not read as text."""

ENCODINGS: Mapping[str, str] = {
    "utf-8": "utf-8", "ascii": "ascii", "latin-1": "latin-1", "latin-2": "iso8859-2", "latin-9": "iso8859-15",
    "cp1250": "cp1250", "cp1251": "cp1251", "cp1252": "cp1252", "cp437": "cp437", "cp850": "cp850",
    "gbk": "gbk", "gb18030": "gb18030", "big5": "big5", "shift-jis": "cp932", "euc-jp": "euc_jp", "euc-kr": "cp949",
}  # fmt: skip
"""Character sets that a scanner can be set to, as the settings name them, and as Python does."""

_OTHER_NAMES: Mapping[str, str] = {
    "utf8": "utf-8", "us-ascii": "ascii", "latin1": "latin-1", "iso-8859-1": "latin-1", "iso-8859-2": "latin-2",
    "latin2": "latin-2", "latin9": "latin-9", "iso-8859-15": "latin-9", "windows-1250": "cp1250",
    "windows-1251": "cp1251", "windows-1252": "cp1252", "ibm437": "cp437", "gb2312": "gb18030", "cp936": "gbk",
    "sjis": "shift-jis", "cp932": "shift-jis", "windows-31j": "shift-jis", "cp949": "euc-kr", "ks-c-5601": "euc-kr",
}  # fmt: skip

_HEAD = re.compile(
    rb"[\r\n\t\x00\x02\x03 ]*(?P<bom>\xef\xbb\xbf)?(?:\][A-Za-z][0-9A-Za-z])?(?P<inner>\xef\xbb\xbf)?"
    rb"(?:\\(?P<eci>[0-9]{6}))?(?P<last>\xef\xbb\xbf)?"
)


@dataclass(frozen=True, slots=True)
class BareCode:
    """A code without what stood around it."""

    text: str
    symbology: str | None = None
    """The AIM identifier that stood before it: `]C1`."""
    eci: int | None = None
    inside: str | None = None
    """Why the code can't be used: `unseen` (a character that nobody sees) or `glued` (two codes in one)."""


def bare(text: str) -> BareCode:
    """Take off what stands around the code, however often, and look what stands within."""
    symbology: str | None = None
    eci: int | None = None
    while True:
        text = _without_unseen(text)
        if _AIM.match(text):
            symbology, text = symbology or text[:_AIM_ENDS], text[_AIM_ENDS:]
        elif (found := _ECI.match(text)) and (symbology or int(found[1]) < _REGISTERED):
            eci = int(found[1]) if eci is None else eci
            # A scanner that sends ECIs doubles each backslash of the code (AIM ITS/04-001).
            text = text[found.end() :].replace("\\\\", "\\")
        else:
            break
    return BareCode(text, symbology, eci, _within(text))


def codec_of(encoding: str) -> str:
    """Python's name of a character set as settings name it. Raises `ValueError` that lists the known ones."""
    plain = encoding.strip().lower().replace("_", "-")
    codec = ENCODINGS.get(_OTHER_NAMES.get(plain, plain))
    if codec is None:
        raise ValueError(f"encoding = {encoding!r}; allowed are {', '.join(ENCODINGS)}")
    return codec


def decoded(raw: bytes, codec: str) -> str:
    """The bytes as text, byte order marks left out. Raises `UnicodeDecodeError`."""
    head = _HEAD.match(raw)
    assert head is not None
    rest = raw[head.end() :]
    marked = any(head[name] for name in ("bom", "inner", "last"))
    meant = "utf-8" if marked else _CODECS.get(int(head["eci"])) if head["eci"] else None
    front = head[0].replace(BOM, b"").decode("ascii")
    if meant is not None and meant != codec:
        try:
            return front + rest.decode(meant)
        except UnicodeDecodeError:
            pass  # the scanner has made its own set of it, and sent the old ECI along
    return front + rest.decode(codec)


def _without_unseen(text: str) -> str:
    """Without line ends and the unseen at both ends. Ordinary blanks go with them, and before an identifier; blanks
    alone stay, since they may be a code's own.
    """
    start = _end_of_run(text)
    behind = text[start:]
    if not text[:start].strip(" ") and not _AIM.match(behind) and not _ECI.match(behind):
        behind = text
    end = len(behind) - _end_of_run(behind[::-1])
    return behind[:end] if behind[end:].strip(" ") else behind


def _end_of_run(text: str) -> int:
    return next((place for place, char in enumerate(text) if not _is_around(char)), len(text))


def _is_around(char: str) -> bool:
    return char == " " or char in FRAME or _is_unseen(char)


def _is_unseen(char: str) -> bool:
    if char.isascii():
        return False
    return char in _UNSEEN or unicodedata.category(char) in ("Cf", "Zs")


def _within(text: str) -> str | None:
    """What of the above stands within the code."""
    if not text.isascii() and any(_is_unseen(char) for char in text if char not in _SEEN_INSIDE):
        return "unseen"
    if _ENVELOPE.match(text):
        return None  # its `]` may stand for a lost GS, and free text in it is the label's own
    if _ECI_INSIDE.search(text):
        return "glued"
    for found in _AIM_INSIDE.finditer(text):
        before = text[: found.start()]
        if before.count("[") <= before.count("]"):  # else it closes a bracket
            return "glued"
    return None

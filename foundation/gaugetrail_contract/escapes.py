"""What came from outside as it may be shown: control characters as escapes, so that no text rules a terminal.

Stands alone, because every command shows something and few need more.
"""

from __future__ import annotations


def visible(text: str) -> str:
    """`text` as it may be shown on a terminal or in a message: control characters as escapes (`\\x1b`, `\\n`)."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def visible_bytes(raw: bytes) -> str:
    """Raw bytes for people: printable ASCII as it is, everything else as `\\xNN`, `\\r`, `\\n`, `\\t`."""
    names = {0x0D: "\\r", 0x0A: "\\n", 0x09: "\\t", 0x5C: "\\\\"}
    return "".join(names.get(b) or (chr(b) if 0x20 <= b < 0x7F else f"\\x{b:02x}") for b in raw)

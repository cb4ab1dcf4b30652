"""What a keyboard, a host or a printer did to a scan on its way: printed control characters, caps lock, a wrong layout.

Promise: only damage that can be undone without a guess is undone, and the caller is told; a wrong keyboard layout is
named and never undone, since it loses characters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

GS = "\x1d"
RS = "\x1e"
EOT = "\x04"

_CHARACTERS: Mapping[str, str] = {"GS": GS, "RS": RS, "EOT": EOT, "FS": "\x1c", "US": "\x1f", "FNC1": GS, "F1": GS}

# Spellings that mean nothing else: <GS> {GS} [GS] (DataMan and Keyence set-up tools), pictures of U+2400, C escapes.
_NAMED = re.compile(r"[<{\[](?P<name>GS|RS|EOT|FS|US|FNC1|F1)[>}\]]", re.IGNORECASE)
_PICTURES = str.maketrans({"␝": GS, "␞": RS, "␄": EOT, "␜": "\x1c", "␟": "\x1f"})
_ESCAPED = re.compile(r"\\x(?P<x>1[c-fC-F]|04)|\\u00(?P<u>1[c-fC-F]|04)|[<{]0x(?P<b>1[c-fC-F]|04)[>}]")
# Only behind an envelope's header do these mean control characters: ZPL's _1D, URL's %1D, ~d029, caret notation.
_IN_ENVELOPE = re.compile(r"[_%](?P<x>1[c-fC-F]|04)|~d?(?P<decimal>029|030|004)|(?P<caret>\^[\\\]^_D])")
_HEADER = re.compile(r">?\[[)\]]>")

# Control keys whose Ctrl was lost on the way: GS arrives as "]", RS as "^" or not at all, EOT as "D".
_LOST_CONTROL = re.compile(
    r"(?P<header>>?\[\)>)(?P<rs>\^?)(?P<format>[0-9]{2})\](?P<fields>.*?)(?:\^[Dd]?)?", re.DOTALL
)
# One printable character for RS and GS alike, as on material labels of electronics: [)>@06@P…@@
_ONE_SIGN = re.compile(
    r"(?P<header>>?\[\)>)(?P<sign>[^\w\s\x00-\x1f])(?P<format>[0-9]{2})(?P=sign)(?P<fields>.*)", re.DOTALL
)

_SHIFTED = dict(zip("`1234567890-=[]\\;',./", '~!@#$%^&*()_+{}|:"<>?', strict=True))
_UNSHIFT = str.maketrans(_SHIFTED | {shifted: plain for plain, shifted in _SHIFTED.items()})

_LAYOUTS: Mapping[str, str] = {
    "ü=:": "German", "Ü=:": "German", "\x81=:": "German", "è=:": "Italian or Swiss French", "å=:": "Nordic",
    "`=:": "Spanish", "^=:": "Hungarian or Spanish", "+=:": "Portuguese", "ğ=:": "Turkish", "ú0:": "Czech",
    "^0/": "French", "^à/": "French", "š=:": "Croatian or Slovenian", "ő=:": "Hungarian", "[=:": "Latin American",
}  # fmt: skip
# https:// typed with a US map on another layout: the colon and the slashes move.
_LINK = re.compile(r"https?(?:[öÖ]--|[ñÑ]--|[çÇ]--|[éÉ]--|M!!|m!!|ö__|Ö__)")
# "]" of an AIM identifier typed on a German ("+") or French ("$") host; HIBC codes begin with + and a capital too.
_AIM_MOVED = re.compile(r"[+$](?:[de][0-4]|C1(?=0[0-2][0-9]{14})|Q3(?=01[0-9]{14}))")
_SHIFTED_DIGITS = re.compile(r"[!@#$%^&*()]{6,}")
_FRENCH_DIGITS = re.compile("[&é\"'(\\-è_çà]{6,}")


def printed_controls(text: str) -> tuple[str, bool]:
    """Control characters that came as text, made control characters again; and whether there were any."""
    result = _NAMED.sub(lambda match: _CHARACTERS[match["name"].upper()], text.translate(_PICTURES))
    result = _ESCAPED.sub(lambda match: chr(int(match["x"] or match["u"] or match["b"], 16)), result)
    if _HEADER.match(result) and GS not in result:
        result = _in_envelope(result)
    if result.endswith(f"{RS}EOT"):
        result = result.removesuffix("EOT") + EOT
    return result, result != text


def _in_envelope(text: str) -> str:
    lost = _LOST_CONTROL.fullmatch(text)
    if lost is not None:
        return f"{lost['header']}{RS}{lost['format']}{GS}{lost['fields'].replace(']', GS)}{RS}{EOT}"
    result = _IN_ENVELOPE.sub(_control, text)
    sign = _ONE_SIGN.fullmatch(result)
    if GS not in result and sign is not None:
        fields = sign["fields"].rstrip(sign["sign"]).replace(sign["sign"], GS)
        return f"{sign['header']}{RS}{sign['format']}{GS}{fields}{RS}{EOT}"
    return result if GS in result else text


def _control(match: re.Match[str]) -> str:
    if match["x"]:
        return chr(int(match["x"], 16))
    return chr(int(match["decimal"])) if match["decimal"] else chr(ord(match["caret"][1]) & 0x1F)


def turned_shift(text: str) -> tuple[str, bool]:
    """Shift held the wrong way round turns `[)>` into `{0.` and 06 into `)^`: turn everything back."""
    if text.startswith("{0.") or _SHIFTED_DIGITS.fullmatch(text):
        return text.translate(_UNSHIFT).swapcase(), True
    return text, False


def turned_case(symbology: str, text: str) -> tuple[str, str, bool]:
    """Caps lock turned the letters round: seen by a symbology identifier that does not exist that way."""
    turned = symbology.swapcase()
    impossible = symbology[1] in "aiql" or symbology in ("]c1", "]D1", "]D2")
    if impossible or (symbology == "]E0" and len(text) > 18 and text.startswith("01")):
        return turned, text.swapcase(), True
    return symbology, text, False


def wrong_layout(text: str) -> str | None:
    """The keyboard layout that changed this text's characters, or null."""
    head = text.lstrip(":>")[:3]
    if head in _LAYOUTS:
        return _LAYOUTS[head]
    if len(head) == 3 and ord(head[0]) > 0x7F and head[1:] == "=:":
        return "another"
    if _LINK.match(text) or _AIM_MOVED.match(text):
        return "another"
    return "French" if _FRENCH_DIGITS.fullmatch(text) else None

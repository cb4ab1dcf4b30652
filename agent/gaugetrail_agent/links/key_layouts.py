"""Keyboard layouts: which character each key of a keyboard types, by the country that the scanner is set to.

A layout is four rows of keys, each as the characters without a modifier, with Shift and with AltGr, in the order of the
kernel's key codes in `ROWS`; a blank types nothing. What was looked up: the layouts of xkeyboard-config, and Windows'
where AltGr differs there, since scanners are set for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

ROWS: tuple[tuple[int, ...], ...] = (
    (41, *range(2, 14)),
    tuple(range(16, 28)),
    (*range(30, 41), 43),
    (86, *range(44, 54)),
)
"""Key codes of the rows (input-event-codes.h): digits, upper, middle and lower letters, each from the left."""

DEAD: Mapping[str, tuple[str, str]] = {
    "ˆ": ("^", "\u0302"),
    "ˋ": ("`", "\u0300"),
    "ˊ": ("´", "\u0301"),
    "¨": ("¨", "\u0308"),
    "˜": ("~", "\u0303"),
}
"""How a dead key stands in the rows: what it types before a blank, and the accent that it puts on the next letter."""


@dataclass(frozen=True, slots=True)
class KeyLayout:
    """Characters by key code: `levels` without modifier, with Shift, with AltGr, with both."""

    levels: tuple[Mapping[int, str], Mapping[int, str], Mapping[int, str], Mapping[int, str]]
    decimal: str
    """What the keypad's decimal key types."""

    @property
    def has_alt_gr(self) -> bool:
        """Whether the right Alt key is AltGr; where it isn't, it is one more Alt."""
        return bool(self.levels[2])


def _layout(rows: str, *, decimal: str = ".", both: Mapping[int, str] | None = None) -> KeyLayout:
    """From twelve lines: plain, Shift, AltGr of each row; a line is as long as its row or ends early."""
    lines = rows.strip("\n").split("\n")
    levels: tuple[dict[int, str], dict[int, str], dict[int, str]] = ({}, {}, {})
    for number, line in enumerate(lines):
        row, level = divmod(number, 3)
        assert len(line) <= len(ROWS[row]), line
        levels[level].update((code, char) for code, char in zip(ROWS[row], line, strict=False) if char != " ")
    return KeyLayout((*levels, both or {}), decimal)


LAYOUTS: Mapping[str, KeyLayout] = {
    "us": _layout(
        r"""
`1234567890-=
~!@#$%^&*()_+

qwertyuiop[]
QWERTYUIOP{}

asdfghjkl;'\
ASDFGHJKL:"|

\zxcvbnm,./
|ZXCVBNM<>?

"""
    ),
    "uk": _layout(
        r"""
`1234567890-=
¬!"£$%^&*()_+
¦   €
qwertyuiop[]
QWERTYUIOP{}
  é   úíó
asdfghjkl;'#
ASDFGHJKL:@~
á
\zxcvbnm,./
|ZXCVBNM<>?

"""
    ),
    "de": _layout(
        r"""
ˆ1234567890ßˊ
°!"§$%&/()=?ˋ
  ²³   {[]}\
qwertzuiopü+
QWERTZUIOPÜ*
@ €        ~
asdfghjklöä#
ASDFGHJKLÖÄ'

<yxcvbnm,.-
>YXCVBNM;:_
|      µ
""",
        decimal=",",
    ),
    "ch": _layout(
        r"""
§1234567890'ˆ
°+"*ç%&/()=?ˋ
 ¦@#  ¬|¢  ˊ˜
qwertzuiopü¨
QWERTZUIOPè!
  €       []
asdfghjklöä$
ASDFGHJKLéà£
          {}
<yxcvbnm,.-
>YXCVBNM;:_
\
"""
    ),
    "fr": _layout(
        r"""
²&é"'(-è_çà)=
 1234567890°+
  ˜#{[|ˋ\^@]}
azertyuiopˆ$
AZERTYUIOP¨£
  €        ¤
qsdfghjklmù*
QSDFGHJKLM%µ

<wxcvbn,;:!
>WXCVBN?./§

"""
    ),
    "be": _layout(
        r"""
²&é"'(§è!çà)-
³1234567890°_
 |@#  ^  {}
azertyuiopˆ$
AZERTYUIOP¨*
  €       []
qsdfghjklmùµ
QSDFGHJKLM%£
          ˊˋ
<wxcvbn,;:=
>WXCVBN?./+
\         ˜
"""
    ),
    "es": _layout(
        r"""
º1234567890'¡
ª!"·$%&/()=?¿
\|@#˜€¬
qwertyuiopˋ+
QWERTYUIOPˆ*
  €       []
asdfghjklñˊç
ASDFGHJKLÑ¨Ç
          {}
<zxcvbnm,.-
>ZXCVBNM;:_

"""
    ),
    "it": _layout(
        r"""
\1234567890'ì
|!"£$%&/()=?^

qwertyuiopè+
QWERTYUIOPé*
  €       []
asdfghjklòàù
ASDFGHJKLç°§
         @#
<zxcvbnm,.-
>ZXCVBNM;:_

""",
        both={26: "{", 27: "}"},
    ),
    "pt": _layout(
        r"""
\1234567890'«
|!"#$%&/()=?»
  @£§€ {[]}
qwertyuiop+ˊ
QWERTYUIOP*ˋ
  €       ¨
asdfghjklçº˜
ASDFGHJKLÇªˆ

<zxcvbnm,.-
>ZXCVBNM;:_

"""
    ),
    "dk": _layout(
        r"""
½1234567890+ˊ
§!"#¤%&/()=?ˋ
  @£$€ {[]} |
qwertyuiopå¨
QWERTYUIOPÅˆ
  €        ˜
asdfghjklæø'
ASDFGHJKLÆØ*

<zxcvbnm,.-
>ZXCVBNM;:_
\      µ
""",
        decimal=",",
    ),
    "no": _layout(
        r"""
|1234567890+\
§!"#¤%&/()=?ˋ
  @£$€ {[]} ˊ
qwertyuiopå¨
QWERTYUIOPÅˆ
  €        ˜
asdfghjkløæ'
ASDFGHJKLØÆ*

<zxcvbnm,.-
>ZXCVBNM;:_
       µ
""",
        decimal=",",
    ),
    "se": _layout(
        r"""
§1234567890+ˊ
½!"#¤%&/()=?ˋ
  @£$€ {[]}\
qwertyuiopå¨
QWERTYUIOPÅˆ
  €        ˜
asdfghjklöä'
ASDFGHJKLÖÄ*

<zxcvbnm,.-
>ZXCVBNM;:_
|      µ
""",
        decimal=",",
    ),
}
"""By the country's usual short name; `se` is Finland's too."""

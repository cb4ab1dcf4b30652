"""Whether what is typed at this console is shown: not while a PIN is."""

from __future__ import annotations

import sys
from typing import TextIO


def hide_typing(hidden: bool, stream: TextIO = sys.stdin) -> bool:
    """Hide what is typed from now on, or show it again; false where that can't be done."""
    if not stream.isatty():
        return True  # nobody's keys
    try:
        import termios
    except ImportError:  # not on Windows
        return False
    try:
        mode = termios.tcgetattr(stream.fileno())
        mode[3] = mode[3] & ~termios.ECHO if hidden else mode[3] | termios.ECHO
        termios.tcsetattr(stream.fileno(), termios.TCSANOW, mode)
    except termios.error:
        return False
    return True

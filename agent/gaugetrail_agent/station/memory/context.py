"""Context that holds until it is changed: which tool, machine, material lot is in use, as somebody scanned it."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

MOST_BUILT_IN = 500
"""Serials that are remembered of components."""


class Context(msgspec.Struct, frozen=True, omit_defaults=True):
    """What holds, and which serials of components are in which unit."""

    holds: Mapping[str, str] = {}
    """Kind -> value; of a component's lot `component` and its part number."""
    built_in: Mapping[str, str] = {}
    """Part and serial of a component -> the unit that it is in; the last `MOST_BUILT_IN`."""

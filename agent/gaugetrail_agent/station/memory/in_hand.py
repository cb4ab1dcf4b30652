"""What a half measured unit's journal doesn't hold: what of the plan is wanted of it, and values before those it has.

The journal is the record that would be sealed if nothing more came, and that names neither what isn't wanted nor the
earlier values of what isn't measured yet.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from gaugetrail_contract.record.parts import EarlierValue, Subgroup


class InHand(msgspec.Struct, frozen=True, omit_defaults=True):
    """Of the unit in hand."""

    wanted: tuple[str, ...] | None = None
    """Names of characteristics, in order of the alphabet; null: all of the plan."""
    subgroups: Mapping[str, Subgroup] = {}
    """Characteristic -> the unit's place in a check of several units."""
    earlier: Mapping[str, tuple[EarlierValue, ...]] = {}
    """Characteristic -> values that were refused or replaced."""

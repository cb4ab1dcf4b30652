"""Which answers to suggestions were read here, of those that are on the line's list still."""

from __future__ import annotations

import msgspec


class AnswersRead(msgspec.Struct, frozen=True, omit_defaults=True):
    """Ids of the records of the answers."""

    records: tuple[str, ...] = ()

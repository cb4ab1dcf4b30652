"""What a PLC is told of the block that it offered: the numbers of docs/drivers/plc-handshake.md, in one place.

A PLC's program is written against these numbers: they never change, and a new meaning takes a new number.
"""

from __future__ import annotations

from enum import IntEnum


class ResultCode(IntEnum):
    """The result register. Only the two `STORED` say that a part's record is on disk, and only `STORED_PASS` releases.
    The two `MASTER` answer a master piece, which is no part: they release nothing.
    """

    NONE = 0
    STORED_PASS = 1
    STORED_FAIL = 2
    DUPLICATE = 3
    REJECTED = 4
    NOT_READY = 5
    MASTER_PASS = 6
    MASTER_FAIL = 7

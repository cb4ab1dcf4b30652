"""What every driver of a byte stream promises, for the property tests of the drivers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from fuzz_count import FRAMES
from hypothesis import strategies as st

from gaugetrail_agent.drivers import Action, Send, StreamDriver
from gaugetrail_agent.reading import WITH_VALUE, Reading

MakeDriver = Callable[[], StreamDriver]


def readings(driver: StreamDriver, data: bytes) -> list[Reading]:
    """All of a recording: what came, the silence behind it, what is left over."""
    actions = [*driver.received(data), *driver.quiet()]
    left = driver.rest()
    return [action for action in (*actions, *([left] if left else [])) if isinstance(action, Reading)]


def cut(data: bytes, places: Sequence[int]) -> list[bytes]:
    edges = [0, *sorted({place % (len(data) + 1) for place in places}), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


def said(actions: Sequence[Action]) -> list[Reading]:
    return [action for action in actions if isinstance(action, Reading)]


def sent(actions: Sequence[Action]) -> list[bytes]:
    return [action.data for action in actions if isinstance(action, Send)]


def check_any_pieces(make: MakeDriver, data: bytes, places: Sequence[int], *, opened: bool = False) -> list[Reading]:
    """Never raises, says the same whole or in pieces, values only where the status allows one."""
    FRAMES.add()
    whole, pieces = make(), make()
    if opened:
        whole.opened()
        pieces.opened()
    at_once = [*whole.received(data)]
    bit_by_bit = [action for piece in cut(data, places) for action in pieces.received(piece)]
    assert at_once == bit_by_bit
    assert whole.rest() == pieces.rest()
    assert list(whole.quiet()) == list(pieces.quiet())
    found = said(at_once)
    assert all(reading.value is None or reading.status in WITH_VALUE for reading in found)
    return found


def damaged(frames: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """Frames in any order, glued, with bytes lost, changed and put in, and noise between."""
    glued = st.lists(st.one_of(st.sampled_from(frames), st.binary(max_size=12)), max_size=6).map(b"".join)
    change = st.tuples(st.sampled_from(["drop", "set", "add", "cut"]), st.integers(0, 5000), st.integers(0, 255))

    def apply(data: bytes, changes: list[tuple[str, int, int]]) -> bytes:
        bytes_ = bytearray(data)
        for what, where, byte in changes:
            place = where % (len(bytes_) + 1)
            if what == "add":
                bytes_.insert(place, byte)
            elif what == "cut":
                del bytes_[place : place + byte]
            elif place < len(bytes_):
                if what == "drop":
                    del bytes_[place]
                else:
                    bytes_[place] = byte
        return bytes(bytes_)

    return st.builds(apply, glued, st.lists(change, max_size=4)) | st.binary(max_size=200)


PLACES = st.lists(st.integers(0, 5000), max_size=8)

"""Which registers are read together: declared values coalesced into blocks, none of them split. Pure.

A block holds values of one function whose addresses lie close (`span`), up to `max_registers` (125 is the standard's
ceiling; many units allow less). Gaps between values are read too, unless `no_span`, for units where one unmapped
register makes the whole block an error. Addresses are 0-based here; `zero_based` turns what a manual prints into that.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from gaugetrail_agent.links.modbus_settings import Function

LAST_ADDRESS = 65_535
Numbering = Literal["zero", "one", "modicon"]

_MODICON: dict[str, Function] = {"0": "coil", "1": "discrete", "3": "input", "4": "holding"}

WORDS: dict[Function, str] = {
    "coil": "a coil",
    "discrete": "a discrete input",
    "input": "an input register",
    "holding": "a holding register",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A value's place: `count` registers (or bits) from a 0-based address."""

    name: str
    function: Function
    address: int
    count: int


@dataclass(frozen=True, slots=True)
class Block:
    """One request and the values that lie in its answer."""

    function: Function
    address: int
    count: int
    values: tuple[Wanted, ...]

    @property
    def gaps(self) -> bool:
        """Whether it reads registers that no value declares."""
        covered = {at for value in self.values for at in range(value.address, value.address + value.count)}
        return len(covered) < self.count

    def cut(self, answer: Sequence[int], wanted: Wanted) -> Sequence[int]:
        """The value's own registers out of the block's answer."""
        start = wanted.address - self.address
        return answer[start : start + wanted.count]


def zero_based(address: int, numbering: Numbering, function: Function) -> tuple[Function, int]:
    """Function and PDU address of what a manual prints: 0-based, 1-based, or a 5- or 6-digit number such as 40001.

    Raises `ValueError` for an address that is none in that numbering.
    """
    if numbering == "modicon":
        digits = str(address)
        width = 6 if len(digits) == 6 else 5
        digits = digits.zfill(width)
        if len(digits) > 6 or digits[0] not in _MODICON or int(digits[1:]) == 0:
            raise ValueError(f"{address} is no 5- or 6-digit address such as 40001 or 400001")
        function, found = _MODICON[digits[0]], int(digits[1:]) - 1
    else:
        found = address - 1 if numbering == "one" else address
    if not 0 <= found <= LAST_ADDRESS:
        raise ValueError(f"the address {address} lies outside 0 to {LAST_ADDRESS}")
    return function, found


def refuse_contradiction(function: Function, address: int, numbering: Numbering, *, said: bool) -> None:
    """Raises `ValueError` where a manual's address names another function than the settings do.

    40001 is an address on the wire, too: with a function that it can't be, `said` must tell which of the two is meant.
    """
    digits = str(address).zfill(6 if len(str(address)) == 6 else 5)
    named = _MODICON.get(digits[0])
    if numbering == "modicon" and named is not None and named != function:
        raise ValueError(
            f"{address} is {WORDS[named]}, and function says {function}; leave function out, or look again"
        )
    if not said and function != "holding" and 40_001 <= address <= 49_999:
        raise ValueError(
            f"{address} is a holding register in manuals, and function says {function}; "
            'say numbering = "modicon" and leave out function, or numbering = "zero" if it is what goes over the wire'
        )


def blocks(values: Sequence[Wanted], *, max_registers: int = 125, span: int = 16, no_span: bool = False) -> list[Block]:
    """The fewest requests in order of address that read every value whole. A value longer than `max_registers` stands
    in a block of its own, since reading it in two requests could tear it.
    """
    made: list[list[Wanted]] = []
    for wanted in sorted(values, key=lambda value: (value.function, value.address, value.count)):
        last = made[-1] if made else []
        if last and _fits(last, wanted, max_registers, 0 if no_span else span):
            last.append(wanted)
        else:
            made.append([wanted])
    return [_block(group) for group in made]


def after_refusal(block: Block, bad: Collection[str]) -> list[Block]:
    """What to ask instead of a block that was refused as a whole, once each value has been asked alone and `bad` are
    those refused even so: these stand alone; the others are read together again, but never with a register between
    them that nobody declared, and in smaller blocks if it can't have been a gap.
    """
    good = [value for value in block.values if value.name not in bad]
    alone = [value for value in block.values if value.name in bad]
    most = block.count if alone or block.gaps else max(block.count // 2, *(value.count for value in good))
    return [*blocks(good, max_registers=most, no_span=True), *(_block([value]) for value in alone)]


def _fits(group: Sequence[Wanted], wanted: Wanted, most: int, span: int) -> bool:
    end = max(value.address + value.count for value in group)
    start = group[0].address
    return (
        group[0].function == wanted.function
        and wanted.address - end <= span
        and max(end, wanted.address + wanted.count) - start <= most
    )


def _block(group: Sequence[Wanted]) -> Block:
    start = group[0].address
    end = max(value.address + value.count for value in group)
    return Block(group[0].function, start, end - start, tuple(group))

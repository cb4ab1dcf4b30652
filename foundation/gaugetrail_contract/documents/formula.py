"""A derived characteristic's formula: a small grammar of its own, read once, computed in decimal digits.

    formula   =  product { ( "+" | "-" | "−" ) product }
    product   =  factor { ( "*" | "×" | "/" | "÷" ) factor }
    factor    =  ( "-" | "−" ) factor  |  number  |  name  |  "(" formula ")"
                 |  function "(" formula { "," formula } ")"
    function  =  abs | sqrt  (of one)  |  min | max | mean | hypot  (of one or more)

A number has a decimal point. A name is a characteristic's, as it is or, where it holds other signs than letters, digits
and `_`, in single quotes: `('wall left' + wall_right) / 2`.

Promise: nothing is evaluated but this; any text gives a formula or a `BadFormula` that says what is wrong at which
sign, in bounded time and depth. Any values give a number or a `NoResult` with its reason. The result is computed with
`DIGITS` digits and rounded once, to the decimals asked for, half to even (ISO 80000-1, rule A): what is judged is what
is recorded. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from enum import StrEnum
from functools import lru_cache

MOST_CHARACTERS = 1000
MOST_DEPTH = 20
MOST_STEPS = 100
"""Operators and functions together."""
DIGITS = 60
LARGEST = Decimal(10) ** 30
"""No measured quantity is larger; a result beyond it is a slip of the formula."""

_CONTEXT = Context(
    prec=DIGITS, rounding=ROUND_HALF_EVEN, Emin=-999, Emax=999, traps=[DivisionByZero, InvalidOperation, Overflow]
)
_TOKEN = re.compile(
    r"\s*(?:(?P<number>[0-9]+(?:\.[0-9]+)?)(?![\w.])|(?P<name>[^\W\d]\w*)|'(?P<quoted>[^']+)'|(?P<sign>[-−+*×/÷(),]))"
)
_PLAIN = {"−": "-", "×": "*", "÷": "/"}


class BadFormula(ValueError):
    """The text is no formula; the message says why, and at which sign."""


class NoResultWhy(StrEnum):
    """NoResultWhy a formula has no result for these values."""

    DIVISION_BY_ZERO = "division_by_zero"
    NEGATIVE_ROOT = "negative_root"
    TOO_LARGE = "too_large"

    @property
    def words(self) -> str:
        """In words, for a record and `check`."""
        return {"negative_root": "the root of what is below zero", "too_large": "a number too large to be true"}.get(
            self.value, "a division by zero"
        )


class NoResult(ArithmeticError):
    """The values have no result."""

    def __init__(self, why: NoResultWhy) -> None:
        super().__init__(why.words)
        self.why = why


@dataclass(frozen=True, slots=True)
class _Number:
    value: Decimal


@dataclass(frozen=True, slots=True)
class _Name:
    name: str


@dataclass(frozen=True, slots=True)
class _Call:
    """An operator or a function, with what it is applied to."""

    what: str
    of: tuple[_Node, ...]


_Node = _Number | _Name | _Call


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula that was read."""

    text: str
    names: tuple[str, ...]
    """The characteristics that it is made of, each once, in the order of the text."""
    _root: _Node

    def result(self, values: Mapping[str, str], decimals: int) -> str:
        """The decimal digits of the result. Raises `NoResult`; `KeyError` for a name that has no value."""
        found = _computed(self._root, {name: Decimal(values[name]) for name in self.names})
        if found.copy_abs() >= LARGEST:
            raise NoResult(NoResultWhy.TOO_LARGE)
        rounded = found.quantize(Decimal(1).scaleb(-decimals), context=_CONTEXT)
        return f"{rounded if rounded else rounded.copy_abs():f}"  # no "-0.00"

    @property
    def never(self) -> NoResultWhy | None:
        """NoResultWhy no values at all have a result: something in it that stands on no name divides by zero."""
        return next(filter(None, map(_fails, _calls(self._root))), None)


@lru_cache(maxsize=4096)
def read_formula(text: str) -> Formula:
    """Read it; what was read stays at hand. Raises `BadFormula`."""
    if len(text) > MOST_CHARACTERS:
        raise BadFormula(f"it has {len(text)} signs; {MOST_CHARACTERS} are allowed")
    reader = _Reader(list(_tokens(text)))
    root = reader.formula(0)
    reader.end()
    return Formula(text, tuple(dict.fromkeys(_names(root))), root)


# --- reading


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    place: int


def _tokens(text: str) -> Iterator[_Token]:
    place = 0
    while text[place:].strip():
        match = _TOKEN.match(text, place)
        if match is None:
            at = place + len(text[place:]) - len(text[place:].lstrip())
            raise BadFormula(f"sign {at + 1}: {text[at]!r} belongs to no number, name or operator")
        kind = str(match.lastgroup)
        yield _Token(kind, _PLAIN.get(match[kind], match[kind]), match.start(kind))
        place = match.end()


class _Reader:
    """Recursive descent, a function a line of the grammar."""

    def __init__(self, tokens: Sequence[_Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._steps = 0

    def formula(self, depth: int) -> _Node:
        if depth > MOST_DEPTH:
            raise BadFormula(f"it is nested more than {MOST_DEPTH} deep")
        return self._chain("+-", lambda: self._chain("*/", lambda: self._factor(depth)))

    def end(self) -> None:
        if self._at < len(self._tokens):
            raise self._bad(f"{self._tokens[self._at].text!r} follows what is whole already")

    def _chain(self, operators: str, part: Callable[[], _Node]) -> _Node:
        """From the left, as arithmetic is read."""
        found = part()
        while (sign := self._taken(operators)) is not None:
            found = self._step(sign, found, part())
        return found

    def _factor(self, depth: int) -> _Node:
        if self._taken("-"):
            if depth > MOST_DEPTH:
                raise BadFormula(f"it is nested more than {MOST_DEPTH} deep")
            return self._step("neg", self._factor(depth + 1))
        if self._taken("("):
            inner = self.formula(depth + 1)
            self._closed()
            return inner
        return self._leaf(depth)

    def _leaf(self, depth: int) -> _Node:
        if self._at >= len(self._tokens):
            raise BadFormula("it ends where a number or a name should follow")
        token = self._tokens[self._at]
        if token.kind == "sign":
            raise self._bad(f"{token.text!r} stands where a number or a name should")
        self._at += 1
        if token.kind == "number":
            return _Number(Decimal(token.text))
        if token.kind == "name" and self._taken("("):
            return self._call(token, depth)
        return _Name(token.text)

    def _call(self, token: _Token, depth: int) -> _Node:
        if token.text not in _FUNCTIONS:
            raise BadFormula(
                f"sign {token.place + 1}: there is no function {token.text!r} (there are: {', '.join(_FUNCTIONS)})"
            )
        of = [self.formula(depth + 1)]
        while self._taken(","):
            of.append(self.formula(depth + 1))
        self._closed()
        if token.text in ("abs", "sqrt") and len(of) != 1:
            raise BadFormula(f"sign {token.place + 1}: {token.text} is of one value, not of {len(of)}")
        return self._step(token.text, *of)

    def _step(self, what: str, *of: _Node) -> _Call:
        self._steps += 1
        if self._steps > MOST_STEPS:
            raise BadFormula(f"it has more than {MOST_STEPS} operators and functions")
        return _Call(what, of)

    def _closed(self) -> None:
        if not self._taken(")"):
            raise self._bad("a parenthesis is not closed")

    def _taken(self, signs: str) -> str | None:
        """The next sign, where it is one of these."""
        if self._at < len(self._tokens):
            token = self._tokens[self._at]
            if token.kind == "sign" and token.text in signs:
                self._at += 1
                return token.text
        return None

    def _bad(self, what: str) -> BadFormula:
        if self._at < len(self._tokens):
            return BadFormula(f"sign {self._tokens[self._at].place + 1}: {what}")
        return BadFormula(f"at its end: {what}")


# --- computing


def _computed(node: _Node, values: Mapping[str, Decimal]) -> Decimal:
    match node:
        case _Number(value):
            return value
        case _Name(name):
            return values[name]
        case _Call(what, of):
            return _applied(what, [_computed(one, values) for one in of])


def _applied(what: str, of: list[Decimal]) -> Decimal:
    try:
        return (_OPERATORS.get(what) or _FUNCTIONS[what])(of)
    except DivisionByZero:
        raise NoResult(NoResultWhy.DIVISION_BY_ZERO) from None
    except Overflow:
        raise NoResult(NoResultWhy.TOO_LARGE) from None
    except InvalidOperation:  # 0 / 0, or the root of what is below zero
        raise NoResult(NoResultWhy.NEGATIVE_ROOT if what == "sqrt" else NoResultWhy.DIVISION_BY_ZERO) from None


def _sum(of: Sequence[Decimal]) -> Decimal:
    total = Decimal(0)
    for one in of:
        total = _CONTEXT.add(total, one)
    return total


_OPERATORS: Mapping[str, Callable[[list[Decimal]], Decimal]] = {
    "+": _sum,
    "-": lambda of: _CONTEXT.subtract(*of),
    "*": lambda of: _CONTEXT.multiply(*of),
    "/": lambda of: _CONTEXT.divide(*of),
    "neg": lambda of: _CONTEXT.minus(of[0]),
}
_FUNCTIONS: Mapping[str, Callable[[list[Decimal]], Decimal]] = {
    "abs": lambda of: _CONTEXT.abs(of[0]),
    "sqrt": lambda of: _CONTEXT.sqrt(of[0]),
    "min": min,
    "max": max,
    "mean": lambda of: _CONTEXT.divide(_sum(of), Decimal(len(of))),
    "hypot": lambda of: _CONTEXT.sqrt(_sum([_CONTEXT.multiply(one, one) for one in of])),
}


def _calls(node: _Node) -> Iterator[_Call]:
    if isinstance(node, _Call):
        yield node
        for one in node.of:
            yield from _calls(one)


def _names(node: _Node) -> Iterator[str]:
    match node:
        case _Name(name):
            yield name
        case _Call(_, of):
            for one in of:
                yield from _names(one)


def _fails(call: _Call) -> NoResultWhy | None:
    """NoResultWhy a part of a formula has no result whatever is measured; null where it stands on a name or has one."""
    divisor = call.of[1] if call.what == "/" else call
    if any(True for _ in _names(divisor)):
        return None
    try:
        value = _computed(divisor, {})
    except NoResult as error:
        return error.why
    return NoResultWhy.DIVISION_BY_ZERO if divisor is not call and not value else None

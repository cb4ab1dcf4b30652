"""A little of InfluxQL, for the stub: the statement forms that the store sends, and a loud no to all else.

Semantics that matter to the store and are kept: a tag that isn't there equals `''`; a field that isn't there compares
as false; a point is returned only if a selected field stands in it; answers come by rising time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from line_protocol import Point, Value

TOKEN = re.compile(
    r"""\s*(?:(?P<string>'(?:[^'\\]|\\.)*')|(?P<quoted>"(?:[^"\\]|\\.)*")|(?P<param>\$\w+)|(?P<number>-?\d+(?:\.\d+)?)"""
    r"""|(?P<word>[A-Za-z_]\w*)|(?P<op><=|>=|!=|<>|[=<>(),*]))"""
)
Row = dict[str, Value | None]
Condition = Callable[[Point], bool]


class BadQuery(ValueError):
    """Not a statement that the stub knows: the store sends something new, or something wrong."""


@dataclass(frozen=True)
class Series:
    """One series of an answer."""

    name: str
    columns: list[str]
    values: list[list[Value | None]]


@dataclass
class _Parser:
    tokens: list[tuple[str, str]]
    bound: Mapping[str, str | int | float]
    fields: Mapping[str, set[str]]
    """Per measurement, the names that are fields: a name that is neither there nor a field is a tag without a value."""
    at: int = 0
    used: set[str] = field(default_factory=set)

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def word(self, *wanted: str) -> bool:
        """Take these words if they come next."""
        texts = [text.upper() for _, text in self.tokens[self.at : self.at + len(wanted)]]
        if texts == list(wanted):
            self.at += len(wanted)
            return True
        return False

    def need(self, *wanted: str) -> None:
        if not self.word(*wanted):
            raise BadQuery(f"{' '.join(wanted)} is missing before {self.peek()!r}")

    def name(self) -> str:
        kind, text = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
        if kind not in ("word", "quoted"):
            raise BadQuery(f"a name is missing before {text!r}")
        self.at += 1
        return re.sub(r"\\(.)", r"\1", text[1:-1]) if kind == "quoted" else text

    def literal(self) -> str | int | float:
        kind, text = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
        self.at += 1
        if kind == "string":
            return re.sub(r"\\(.)", r"\1", text[1:-1])
        if kind == "number":
            return float(text) if "." in text else int(text)
        if kind == "param":
            if text[1:] not in self.bound:
                raise BadQuery(f"missing parameter: {text[1:]}")
            self.used.add(text[1:])
            return self.bound[text[1:]]
        raise BadQuery(f"a value is missing before {text!r}")

    def condition(self) -> Condition:
        found = [self._all()]
        while self.word("OR"):
            found.append(self._all())
        return lambda point: any(one(point) for one in found)

    def _all(self) -> Condition:
        found = [self._one()]
        while self.word("AND"):
            found.append(self._one())
        return lambda point: all(one(point) for one in found)

    def _one(self) -> Condition:
        if self.word("("):
            inner = self.condition()
            self.need(")")
            return inner
        name = self.name()
        operator = self.peek()
        self.at += 1
        value = self.literal()
        return lambda point: _compare(point, self.fields[point.measurement], name, operator, value)


def _compare(point: Point, fields: set[str], name: str, operator: str, value: str | float) -> bool:
    tags = dict(point.tags)
    has: Value | None
    if name == "time":
        if isinstance(value, str):
            raise BadQuery("invalid operation: time and *influxql.StringLiteral are not compatible")
        has = point.time
    elif name in point.fields:
        has = point.fields[name]
    else:
        has = tags.get(name, "") if isinstance(value, str) and name not in fields else None
    if has is None or isinstance(has, str) != isinstance(value, str):
        return False
    if operator in ("=", "!=", "<>"):
        return (has == value) is (operator == "=")
    if isinstance(has, str) or isinstance(value, str):
        raise BadQuery(f"strings don't compare by {operator}")
    return {"<": has < value, "<=": has <= value, ">": has > value, ">=": has >= value}[operator]


def answer(text: str, bound: Mapping[str, str | int | float], stored: Iterable[Point]) -> list[Series]:
    """What a server with these points answers. Raises `BadQuery`."""
    tokens = []
    at = 0
    while at < len(text.rstrip()):
        match = TOKEN.match(text, at)
        if match is None:
            raise BadQuery(f"not understood: {text[at:]!r}")
        tokens.append((str(match.lastgroup), match[str(match.lastgroup)]))
        at = match.end()
    points = sorted(stored, key=lambda point: point.time)
    fields: dict[str, set[str]] = {}
    for point in points:
        fields.setdefault(point.measurement, set()).update(point.fields)
    parser = _Parser(tokens, bound, fields)
    if parser.word("SHOW", "MEASUREMENTS"):
        found = _show("measurements", ["name"], [[name] for name in sorted({point.measurement for point in points})])
        _limit(parser)
    elif parser.word("SHOW", "SERIES", "EXACT", "CARDINALITY"):
        found = _series_counts(points)
    elif parser.word("SHOW", "TAG", "VALUES"):
        found = _tag_values(parser, points)
    elif parser.word("SELECT"):
        found = _select(parser, points)
    else:
        raise BadQuery(f"unknown statement: {text!r}")
    if parser.at != len(tokens):
        raise BadQuery(f"unexpected {parser.peek()!r} in {text!r}")
    if unused := set(bound) - parser.used:
        raise BadQuery(f"bound and not used: {unused}")
    return found


def _show(name: str, columns: list[str], values: list[list[Value | None]]) -> list[Series]:
    return [Series(name, columns, values)] if values else []


def _limit(parser: _Parser) -> int | None:
    return int(parser.literal()) if parser.word("LIMIT") else None


def _series_counts(points: Sequence[Point]) -> list[Series]:
    """A count for each measurement."""
    found: dict[str, set[object]] = {}
    for point in points:
        found.setdefault(point.measurement, set()).add(point.tags)
    return [Series(name, ["count"], [[len(tags)]]) for name, tags in found.items()]


def _tag_values(parser: _Parser, points: Sequence[Point]) -> list[Series]:
    measurement = None
    if parser.word("FROM"):
        measurement = parser.name()
    parser.need("WITH", "KEY")
    parser.need("=")
    key = parser.name()
    kept = points
    if parser.word("WHERE"):
        condition = parser.condition()
        kept = [point for point in points if condition(point)]
    found: dict[str, set[str]] = {}
    for point in kept:
        if measurement in (None, point.measurement) and key in dict(point.tags):
            found.setdefault(point.measurement, set()).add(dict(point.tags)[key])
    return [
        Series(name, ["key", "value"], [[key, value] for value in sorted(values)]) for name, values in found.items()
    ]


def _select(parser: _Parser, points: Sequence[Point]) -> list[Series]:
    items = [_item(parser)]
    while parser.word(","):
        items.append(_item(parser))
    parser.need("FROM")
    name, kept = _source(parser, points)
    every = _stretch(parser)
    if parser.word("ORDER", "BY", "TIME"):
        kept = kept[::-1] if parser.word("DESC") else kept
        parser.word("ASC")
    limit = _limit(parser)
    offset = int(parser.literal()) if parser.word("OFFSET") else 0
    values = _by_time(items, kept, every) if items[0].function else _raw(items, kept)
    columns = ["time", *(item.label for item in _spread(items, kept))]
    values = values[offset : None if limit is None else offset + limit]
    return [Series(name, columns, values)] if values else []


def _source(parser: _Parser, points: Sequence[Point]) -> tuple[str, list[Point]]:
    """A measurement, or the points of `(SELECT * FROM …)`; then the condition on them."""
    if parser.word("("):
        parser.need("SELECT", "*", "FROM")
        name, kept = _source(parser, points)
        parser.need(")")
    else:
        name = parser.name()
        kept = [point for point in points if point.measurement == name]
    if parser.word("WHERE"):
        condition = parser.condition()
        kept = [point for point in kept if condition(point)]
    return name, kept


def _stretch(parser: _Parser) -> int | None:
    """`GROUP BY time(6h) fill(none)` as nanoseconds."""
    if not parser.word("GROUP", "BY", "TIME", "("):
        return None
    hours = int(parser.literal())
    parser.need("H", ")", "FILL", "(", "NONE", ")")
    return hours * 3600 * 10**9


@dataclass(frozen=True)
class _Item:
    name: str
    label: str
    function: str = ""


def _item(parser: _Parser) -> _Item:
    if parser.word("*"):
        return _Item("*", "*")
    name, function = parser.name(), ""
    if parser.word("("):
        function, name = name.lower(), parser.name()
        parser.need(")")
    return _Item(name, parser.name() if parser.word("AS") else function or name, function)


def _spread(items: Sequence[_Item], points: Sequence[Point]) -> list[_Item]:
    """`*` is every field and tag, by name."""
    if items[0].name != "*":
        return list(items)
    names = {name for point in points for name in (*point.fields, *(key for key, _ in point.tags))}
    return [_Item(name, name) for name in sorted(names)]


def _raw(items: Sequence[_Item], points: Sequence[Point]) -> list[list[Value | None]]:
    wanted = _spread(items, points)
    return [
        [point.time, *(point.fields.get(item.name, dict(point.tags).get(item.name)) for item in wanted)]
        for point in points
        if any(item.name in point.fields for item in wanted)
    ]


def _by_time(items: Sequence[_Item], points: Sequence[Point], every: int | None) -> list[list[Value | None]]:
    """One row for all points, or one for each stretch of time that has any; its time is the stretch's beginning."""
    if every is None:
        return _aggregated(items, points)
    stretches: dict[int, list[Point]] = {}
    for point in points:
        stretches.setdefault(point.time - point.time % every, []).append(point)
    return [[start, *row[1:]] for start, some in stretches.items() for row in _aggregated(items, some)]


def _aggregated(items: Sequence[_Item], points: Sequence[Point]) -> list[list[Value | None]]:
    if len(items) > 1:
        rows = [_aggregated([item], points) for item in items]
        return [[0, *(row[0][1] for row in rows)]] if all(rows) else []
    name, function = items[0].name, items[0].function
    with_it = [point for point in points if name in point.fields]
    if not with_it:
        return []
    values = [point.fields[name] for point in with_it]
    if function == "count":
        return [[0, len(values)]]
    if function == "distinct":
        return [[0, value] for value in dict.fromkeys(values)]
    if function in ("max", "min"):
        best = (max if function == "max" else min)(with_it, key=lambda point: point.fields[name])
        return [[best.time, best.fields[name]]]
    raise BadQuery(f"unknown function {function}")

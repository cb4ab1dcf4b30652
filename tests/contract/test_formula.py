"""Formulas of derived characteristics: what they come to, in whole digits, and that no text and no value harms."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaugetrail_contract.documents.formula import (
    LARGEST,
    MOST_CHARACTERS,
    MOST_DEPTH,
    MOST_STEPS,
    BadFormula,
    Formula,
    NoResult,
    NoResultWhy,
    read_formula,
)

VALUES = {"a": "3", "b": "4.50", "wall left": "1.25", "nil": "0", "neg": "-2.5"}


def outcome(formula: Formula, values: dict[str, str], decimals: int) -> str | NoResultWhy:
    """The result, or why there is none."""
    try:
        return formula.result(values, decimals)
    except NoResult as error:
        return error.why


@pytest.mark.parametrize(
    ("text", "decimals", "result"),
    [
        ("a + b * 2", 2, "12.00"),
        ("(a + b) × 2", 1, "15.0"),
        ("b − a − 1", 1, "0.5"),
        ("12 ÷ a / 2", 0, "2"),
        ("-a + b", 2, "1.50"),
        ("--a", 0, "3"),
        ("b - -a", 1, "7.5"),
        ("'wall left' * 2", 2, "2.50"),
        ("abs(neg)", 1, "2.5"),
        ("sqrt(a)", 6, "1.732051"),
        ("min(a, b, neg)", 1, "-2.5"),
        ("max(a, b)", 1, "4.5"),
        ("mean(a, b, 0)", 4, "2.5000"),
        ("mean(a, b, neg) / 3", 5, "0.55556"),
        ("hypot(a, 4)", 1, "5.0"),
        ("hypot(neg)", 1, "2.5"),
        ("min * 2 + max", 0, "25"),
        ("neg / 1000", 1, "0.0"),
        ("a / 20", 1, "0.2"),
        ("(a + 2) / 20", 1, "0.2"),
        ("0.1 + 0.2 - 0.3", 20, "0.00000000000000000000"),
    ],
)
def test_a_formula_comes_to_its_decimals(text: str, decimals: int, result: str) -> None:
    """Operators bind as in arithmetic, from the left; a half goes to the even digit; a name may be a function's."""
    assert result == read_formula(text).result(VALUES | {"min": "10", "max": "5"}, decimals)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "ends where a number or a name should follow"),
        ("a +", "ends where a number or a name should follow"),
        ("a b", "sign 3: 'b' follows what is whole already"),
        ("a ** b", "sign 4: '*' stands where a number or a name should"),
        ("(a", "at its end: a parenthesis is not closed"),
        ("min(a", "at its end: a parenthesis is not closed"),
        ("min()", "sign 5: ')' stands where"),
        ("a)", "sign 2: ')' follows"),
        ("round(a)", "sign 1: there is no function 'round' (there are: abs, sqrt, min, max, mean, hypot)"),
        ("a + sin(b)", "sign 5: there is no function 'sin'"),
        ("abs(a, b)", "sign 1: abs is of one value, not of 2"),
        ("1 + sqrt(a, b)", "sign 5: sqrt is of one value, not of 2"),
        ("1e5", "sign 1: '1' belongs to no number"),
        ("a + 1,5", "sign 6: ',' follows"),
        ("a.b", "sign 2: '.' belongs to no number"),
        ("a == b", "sign 3: '=' belongs"),
        ("  'a", "sign 3:"),
        ("a" * (MOST_CHARACTERS + 1), f"{MOST_CHARACTERS} are allowed"),
        ("(" * (MOST_DEPTH + 2) + "a" + ")" * (MOST_DEPTH + 2), f"more than {MOST_DEPTH} deep"),
        ("abs(" * (MOST_DEPTH + 2) + "a" + ")" * (MOST_DEPTH + 2), f"more than {MOST_DEPTH} deep"),
        ("min(a," * (MOST_DEPTH + 2) + "a" + ")" * (MOST_DEPTH + 2), f"more than {MOST_DEPTH} deep"),
        ("-" * (MOST_DEPTH + 2) + "a", f"more than {MOST_DEPTH} deep"),
        ("+".join("a" * (MOST_STEPS + 2)), f"more than {MOST_STEPS} operators"),
    ],
)
def test_what_is_no_formula_is_told_with_its_place(text: str, words: str) -> None:
    with pytest.raises(BadFormula) as caught:
        read_formula(text)
    assert words in str(caught.value)


def test_the_bounds_themselves_are_allowed() -> None:
    assert read_formula("(" * MOST_DEPTH + "1" + ")" * MOST_DEPTH).result({}, 0) == "1"
    assert read_formula("-" * (MOST_DEPTH + 1) + "1").result({}, 0) == "-1"
    assert str(MOST_STEPS + 1) == read_formula("+".join("1" * (MOST_STEPS + 1))).result({}, 0)
    assert read_formula("a" + " " * (MOST_CHARACTERS - 1)).result(VALUES, 0) == "3"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a / nil", NoResultWhy.DIVISION_BY_ZERO),
        ("nil / nil", NoResultWhy.DIVISION_BY_ZERO),
        ("a / (b - b)", NoResultWhy.DIVISION_BY_ZERO),
        ("sqrt(neg)", NoResultWhy.NEGATIVE_ROOT),
        ("big", NoResultWhy.TOO_LARGE),
        ("0 - big", NoResultWhy.TOO_LARGE),
        ("*".join(["big"] * 40), NoResultWhy.TOO_LARGE),
    ],
)
def test_values_without_a_result_say_why(text: str, why: NoResultWhy) -> None:
    assert outcome(read_formula(text), VALUES | {"big": f"{LARGEST:f}"}, 2) is why


def test_just_below_the_largest_has_all_its_decimals() -> None:
    assert read_formula("big").result({"big": "9" * 30}, 15) == "9" * 30 + "." + "0" * 15


def test_a_reason_is_said_in_words() -> None:
    with pytest.raises(NoResult, match=r"^a division by zero$"):
        read_formula("a / nil").result(VALUES, 1)


def test_names_are_told_once_in_their_order() -> None:
    assert read_formula("b + a * mean(b, 'wall left', 2)").names == ("b", "a", "wall left")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a / 0", NoResultWhy.DIVISION_BY_ZERO),
        ("a / (2 - 2)", NoResultWhy.DIVISION_BY_ZERO),
        ("a + mean(b, sqrt(1 - 2))", NoResultWhy.NEGATIVE_ROOT),
        ("a / (1 / 0)", NoResultWhy.DIVISION_BY_ZERO),
        ("a / (a - a)", None),
        ("a / b + 1 / 3", None),
        ("0 * a", None),
    ],
)
def test_what_no_value_can_mend_is_found_without_values(text: str, why: NoResultWhy | None) -> None:
    assert why is read_formula(text).never


NUMBERS = st.decimals(min_value=-10_000, max_value=10_000, places=3).map(lambda number: f"{number:f}")
LEAVES = st.sampled_from([("a", "a"), ("b", "b"), ("'wall left'", "wall left")]) | NUMBERS.filter(
    lambda text: not text.startswith("-")
).map(lambda text: (text, text))


def _combined(inner: st.SearchStrategy[tuple[str, object]]) -> st.SearchStrategy[tuple[str, object]]:
    def two(sign: str) -> st.SearchStrategy[tuple[str, object]]:
        return st.tuples(inner, inner).map(lambda of: (f"({of[0][0]}{sign} {of[1][0]})", (sign, of[0][1], of[1][1])))

    def many(name: str) -> st.SearchStrategy[tuple[str, object]]:
        return st.lists(inner, min_size=1, max_size=3).map(
            lambda of: (f"{name}({', '.join(one[0] for one in of)})", (name, *(one[1] for one in of)))
        )

    return st.one_of(*map(two, "+-*/"), *map(many, ("min", "max", "mean")))


def _exact(tree: object, values: dict[str, str]) -> Fraction:
    """The same in fractions: the model that decimals are held against. Raises `ZeroDivisionError`."""
    if isinstance(tree, str):
        return Fraction(values.get(tree, tree))
    assert isinstance(tree, tuple)
    of = [_exact(one, values) for one in tree[1:]]
    match tree[0]:
        case "+":
            return of[0] + of[1]
        case "-":
            return of[0] - of[1]
        case "*":
            return of[0] * of[1]
        case "/":
            return of[0] / of[1]
        case "mean":
            return sum(of, Fraction(0)) / len(of)
        case name:
            return min(of) if name == "min" else max(of)


@given(st.recursive(LEAVES, _combined, max_leaves=12), NUMBERS, NUMBERS, NUMBERS)
def test_the_result_is_that_of_exact_arithmetic(made: tuple[str, object], a: str, b: str, c: str) -> None:
    """To half a unit of the last decimal, whatever is combined; no value ends in anything but a number or a reason."""
    text, tree = made
    values = {"a": a, "b": b, "wall left": c}
    result = outcome(read_formula(text), values, 6)
    if _is_near_nothing(tree, values):
        return  # sixty digits may tell nothing from a divisor that is zero, or the other way round
    try:
        exact = _exact(tree, values)
    except ZeroDivisionError:
        assert result is NoResultWhy.DIVISION_BY_ZERO
        return
    if isinstance(result, NoResultWhy):
        assert result is NoResultWhy.TOO_LARGE
        assert abs(exact) >= LARGEST
        return
    assert len(result.rpartition(".")[2]) == 6
    assert abs(Fraction(result) - exact) <= Fraction(1, 2_000_000) + abs(exact) / 10**40


def _is_near_nothing(tree: object, values: dict[str, str]) -> bool:
    """Whether a divisor in it is so small that sixty digits may take it for zero, or zero for it."""
    if not isinstance(tree, tuple):
        return False
    if tree[0] == "/":
        try:
            if abs(_exact(tree[2], values)) < Fraction(1, 10**20):
                return True
        except ZeroDivisionError:
            return True
    return any(_is_near_nothing(one, values) for one in tree[1:])


@given(st.text(max_size=60) | st.text("ab12.+-*/(),' ×÷−", max_size=60))
def test_any_text_is_a_formula_or_told_why_not(text: str) -> None:
    try:
        formula = read_formula(text)
    except BadFormula:
        return
    result = outcome(formula, dict.fromkeys(formula.names, "1.5"), 3)
    assert isinstance(result, NoResultWhy) or Decimal(result).is_finite()

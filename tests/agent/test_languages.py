"""Each sentence that code says is in the catalogue, with its values; other languages can come as a file."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import pytest

import gaugetrail_agent
from gaugetrail_agent.languages.sentences import (
    ENGLISH,
    Sentence,
    Term,
    placeholders,
    read_language,
    said,
)
from gaugetrail_agent.reading import Status
from gaugetrail_agent.station.display import Display
from gaugetrail_agent.station.setup import IDENTIFIERS
from gaugetrail_agent.station.words import StationState
from gaugetrail_contract.documents.formula import NoResultWhy
from gaugetrail_contract.record import PlanRef, Verdict
from gaugetrail_contract.settings import ConfigError

PLAN = PlanRef(id="CP-1", revision="C", sha256="0" * 64)
PACKAGE = Path(gaugetrail_agent.__file__).parent


def said_in_code() -> list[tuple[str, ast.expr | None, set[str | None]]]:
    """Where, the id and the names of the values of each sentence that the agent's code says."""
    calls = [
        (f"{path.name}:{node.lineno}", node)
        for path in sorted(PACKAGE.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("said", "Sentence")
    ]
    return [
        (where, call.args[0] if call.args else None, {keyword.arg for keyword in call.keywords})
        for where, call in calls
        if "sentences.py" not in where
    ]


def test_code_says_what_the_catalogue_holds_with_the_values_that_it_wants_and_nothing_lies_idle() -> None:
    """A sentence that is asked for and isn't there would end a shift; one that nobody says misleads a translator."""
    wants: defaultdict[str, list[set[str | None]]] = defaultdict(list)
    for where, key, values in said_in_code():
        assert isinstance(key, ast.Constant), f"{where}: the id must stand there as text, so that it can be found"
        wants[str(key.value)].append(values)
    sentences = {key: text for key, text in ENGLISH.templates.items() if not key.startswith("terms.")}
    assert set(sentences) == set(wants)
    for key, uses in wants.items():
        assert [placeholders(sentences[key])] * len(uses) == uses, key


def test_every_word_that_can_stand_in_a_sentence_is_in_the_catalogue() -> None:
    possible = {*map(str, Verdict), *map(str, Status), *IDENTIFIERS, "overdue", "blocked"}
    possible |= {*map(str, NoResultWhy), "implausible"}
    assert {key.removeprefix("terms.") for key in ENGLISH.templates if key.startswith("terms.")} == possible


def test_a_value_is_shown_with_visible_escapes_and_brings_no_placeholder() -> None:
    """A code that holds a terminal's control sequence, or a brace, is only shown."""
    assert ENGLISH.text(said("badge.first", text="\x1b[2J{badge}")) == (
        "scan your badge first (\\x1b[2J{badge} is no badge)"
    )


def test_a_sentence_stands_inside_another_and_words_are_looked_up() -> None:
    inner = said("prompt.measure", characteristic="bore", device="gauge")
    assert ENGLISH.text(said("value.not_wanted", device="scale", prompt=inner)) == (
        "scale sent a value that is not wanted now: measure bore with gauge"
    )
    said_of = said("value.no_value", device="bore", status=Term(Status.NO_VALUE), characteristic="bore")
    assert ENGLISH.text(said_of) == "bore: no value; measure bore again"


GERMAN = """
[badge]
unknown = "{badge} steht nicht in der Personenliste"
[record]
recorded = "{verdict}: {serial} ist aufgezeichnet"
[terms]
pass = "gut"
"""


def test_another_language_is_a_file_and_what_it_lacks_is_english(tmp_path: Path) -> None:
    """The display of the same moment, in two languages; ids and keys are the same."""
    (tmp_path / "de.toml").write_text(GERMAN, "utf-8")
    german = read_language("de", tmp_path)

    def message(says: Sentence, language=german) -> tuple[object, object, object]:
        state = StationState(says=says)
        moment = Display(
            station="OP20",
            waits="wait_unit",
            plan=PLAN,
            asks=said("prompt.scan_unit"),
            light="off",
            next=None,
            state=state,
        )
        shown = moment.document(language)
        return shown["says"], shown["message"], shown["prompt"]

    recorded = said("record.recorded", serial="SN1", verdict=Term(Verdict.PASS))
    assert message(recorded) == ("record.recorded", "gut: SN1 ist aufgezeichnet", "scan the unit")
    assert message(recorded, ENGLISH) == ("record.recorded", "SN1 pass, recorded", "scan the unit")
    failed = said("record.recorded", serial="SN1", verdict=Term(Verdict.FAIL))
    assert message(failed) == ("record.recorded", "fail: SN1 ist aufgezeichnet", "scan the unit")
    assert message(said("badge.logged_off")) == ("badge.logged_off", "logged off", "scan the unit")


def test_english_is_a_language_like_any_other() -> None:
    assert read_language("en").templates == ENGLISH.templates


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[badge]\nunknwon = "x"', "badge.unknwon: there is no such sentence in en.toml"),
        ('[badge]\nunknown = "{bagde} x"', "badge.unknown: there is no {bagde} to fill in (there are: badge)"),
        ('[badge]\nlogged_off = "{badge}"', "badge.logged_off: there is no {badge} to fill in (there are: none)"),
        ("[badge]\nunknown = 1", "badge.unknown: is no text; put it in quotes"),
        ('badge = "x"', "badge: there is no such sentence in en.toml"),
        ("[badge", "is no TOML file"),
        (b"\xff", "is no TOML file"),
        (None, "can't be read: No such file or directory (allowed: en)"),
    ],
)
def test_a_translators_slip_is_named_before_anything_is_said(
    tmp_path: Path, text: str | bytes | None, words: str
) -> None:
    if text is not None:
        (tmp_path / "xx.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError) as raised:
        read_language("xx", tmp_path)
    assert words in str(raised.value)
    assert "xx.toml: " in str(raised.value)


def test_all_slips_of_a_file_are_named_at_once(tmp_path: Path) -> None:
    (tmp_path / "xx.toml").write_text('[badge]\nunknown = 1\nfirts = "x"\n')
    with pytest.raises(ConfigError) as raised:
        read_language("xx", tmp_path)
    assert len(raised.value.problems) == 2

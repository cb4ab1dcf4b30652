"""Each sentence that code says is in the catalogue, with its values; other languages can come as a file."""

from __future__ import annotations

import ast
import re
import tomllib
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import pytest
from station_floor import Floor, setup

import gaugetrail_agent
from gaugetrail_agent.languages.sentences import (
    ENGLISH,
    FOLDER,
    Sentence,
    Term,
    placeholders,
    read_language,
    said,
)
from gaugetrail_agent.languages.spoken import languages, spoken
from gaugetrail_agent.reading import Status
from gaugetrail_agent.station.display import Display, display
from gaugetrail_agent.station.setup import IDENTIFIERS
from gaugetrail_agent.station.words.state import StationState
from gaugetrail_agent.station.workflow.sampling.words import CHOSEN, SAID
from gaugetrail_contract.documents.formula import NoResultWhy
from gaugetrail_contract.documents.people import ROLES, PeopleList
from gaugetrail_contract.record import PlanRef, Verdict
from gaugetrail_contract.record.parts import UnitState
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
    possible = {*map(str, Verdict), *map(str, Status), *IDENTIFIERS, "overdue", "blocked", "hold", "scrap"}
    possible |= {role.replace(" ", "_") for role in ROLES}
    possible |= {*map(str, NoResultWhy), "implausible", *map(str, CHOSEN), *SAID}
    possible |= {str(one).replace(" ", "_") for one in UnitState}
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


@pytest.mark.parametrize("language", sorted(languages() - {"en"}))
def test_a_shipped_language_is_whole(language: str) -> None:
    """Each sentence stands in it, with the same values; a value may be named twice, none may be left out."""
    found = tomllib.loads((FOLDER / f"{language}.toml").read_text("utf-8"))
    there = {f"{table}.{name}": text for table, entries in found.items() for name, text in entries.items()}
    assert there.keys() == ENGLISH.templates.keys()
    wanted = {key: placeholders(text) for key, text in ENGLISH.templates.items()}
    assert {key: placeholders(text) for key, text in there.items()} == wanted
    same = {key for key, text in there.items() if text == ENGLISH.templates[key] and re.search("[a-z]{3}", text)}
    assert {key for key in same if re.sub(r"\{[a-z_]+\}", "", ENGLISH.templates[key]).strip(" ;:,.")} <= SAME[language]
    read_language(language)


SAME = {"de": {"terms.administrator", "terms.auditor"}, "es": {"terms.inspector"}, "zh": set()}
"""Words that are the same in English."""


@pytest.mark.parametrize(
    ("codes", "says"),
    [
        (("de", "en"), "abgemeldet"),
        (("de-AT", "en"), "abgemeldet"),
        ((None, "de"), "abgemeldet"),
        (("fr", "de"), "abgemeldet"),
        (("../de", "x"), "logged off"),
        (("en", "de"), "logged off"),
        ((None,), "logged off"),
        ((), "logged off"),
    ],
)
def test_the_first_code_counts_that_there_is_a_file_for(codes: tuple[str | None, ...], says: str) -> None:
    assert spoken(codes).text(said("badge.logged_off")) == says


def test_a_person_is_spoken_to_in_their_language_while_they_are_there() -> None:
    people = PeopleList.model_validate(
        {
            "qualifications": "not_kept",
            "person": [{"badge": "OP-1", "language": "de"}, {"badge": "OP-2"}, {"badge": "OP-3", "language": "en"}],
        }
    )
    at = Floor(replace(setup(people=people), language="de"))

    def prompt() -> object:
        shown = display(at.setup, at.state)
        return shown.document(spoken(shown.speaks))["prompt"]

    said_to = {}
    for badge in ("OP-1", "OP-2", "OP-3", "OP-9", "%LOGOFF"):
        at.scan(badge)
        said_to[badge] = prompt()
    german, english = "Teil scannen", "scan the unit"
    # OP-9 is nobody: who stands there is still OP-3.
    assert said_to == {"OP-1": german, "OP-2": german, "OP-3": english, "OP-9": english, "%LOGOFF": "Ausweis scannen"}


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
        (None, "can't be read: No such file or directory (allowed: de, en, es, zh)"),
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

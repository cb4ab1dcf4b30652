"""The registry of events: every type that the code writes is in it, and any payload is filed or leads nowhere."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from samples import chain

from gaugetrail_contract.events.clock import ClockStepped
from gaugetrail_contract.events.genealogy import AssemblyBuilt, LotMerge, LotSplit
from gaugetrail_contract.events.registry import EVENT_TYPES, event_schema, meaning, named, payload_of
from gaugetrail_contract.events.spool import RecordsDropped
from gaugetrail_contract.record import EventBody, Subject, identifiers
from gaugetrail_contract.seal import open_sealed

ROOT = Path(__file__).parents[2]
SOURCES = [ROOT / "agent", ROOT / "collector", ROOT / "foundation"]
PAGE = ROOT / "docs" / "reference" / "events.md"


def trees() -> Iterator[ast.Module]:
    for folder in SOURCES:
        for path in folder.rglob("*.py"):
            yield ast.parse(path.read_text("utf-8"))


def written_types() -> set[str]:
    """Types of events as the sources spell them: of classes that say `TYPE`, and of events that are made without."""
    found = set()
    for node in (node for tree in trees() for node in ast.walk(tree)):
        if isinstance(node, ast.ClassDef):
            for line in node.body:
                if isinstance(line, ast.AnnAssign) and ast.unparse(line.target) == "TYPE" and line.value is not None:
                    found.add(ast.literal_eval(line.value))
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("EventBody", "Event"):
            found |= {
                word.value.value
                for word in node.keywords
                if word.arg == "type" and isinstance(word.value, ast.Constant)
            }
    return found


def test_the_page_lists_every_type_that_the_code_writes() -> None:
    page = PAGE.read_text("utf-8")
    types = written_types()
    assert {"block_rejected", "clock.step", "spool.lost", "anchor", "lot.split"} <= types
    assert [name for name in types if f"\n| `{name}` | " not in page] == []
    assert types == set(EVENT_TYPES)


def test_every_type_says_what_it_means_and_what_each_key_is() -> None:
    for name, model in EVENT_TYPES.items():
        assert meaning(name).endswith("."), name
        assert all(field.description for field in model.model_fields.values()), name
    assert meaning("somebody.elses") == ""


def test_each_schema_stands_alone() -> None:
    """A reader of config/schema/events.json takes the part of its type; no part points into another."""
    assert "$ref" not in json.dumps(event_schema())


KEYS = sorted({field.alias or name for model in EVENT_TYPES.values() for name, field in model.model_fields.items()})
payloads = st.dictionaries(
    st.sampled_from(KEYS) | st.text(max_size=5),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
        max_leaves=20,
    ),
    max_size=8,
)
kinds = st.sampled_from(["unit", "lot", "station", "agent", "gauge", ""])


@given(st.sampled_from(sorted(EVENT_TYPES)) | st.text(max_size=10), kinds, payloads)
def test_any_payload_gives_a_list_or_nothing(event_type: str, subject: str, payload: dict[str, object]) -> None:
    """Never an exception: an event that can't be understood is still stored and shown."""
    found = named(event_type, subject, payload)
    assert all(isinstance(kind, str) and isinstance(identifier, str) and identifier for kind, identifier in found)
    if found:
        assert payload_of(event_type, subject, payload) is not None


lots = st.lists(st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=20), min_size=1, max_size=5)


@given(lots, lots)
def test_an_event_is_filed_under_every_identifier_that_it_names(some: list[str], others: list[str]) -> None:
    split = LotSplit(into=tuple(some))
    assert named("lot.split", "lot", split.written()) == [("lot", one) for one in some]
    built = AssemblyBuilt(from_=tuple(some), lots=tuple(others))
    filed = [("component", one) for one in some] + [("lot", one) for one in others]
    assert named("assembly.built", "unit", built.written()) == filed


def test_a_record_is_filed_under_its_subject_and_what_its_payload_names() -> None:
    body = EventBody(
        site="s",
        line="l",
        station="OP10",
        type=LotMerge.TYPE,
        subject=Subject(kind="lot", id="L9"),
        payload=LotMerge(from_=("L7", "L8")).written(),
    )
    assert identifiers(open_sealed(chain([body])[0])) == [("lot", "L9"), ("lot", "L7"), ("lot", "L8")]


def test_keys_of_a_newer_writer_are_passed_over() -> None:
    """A line PC may be ahead of its collector: what is known of the payload is used, as with the record's own keys."""
    assert named("lot.split", "lot", {"into": ["L1"], "reason_code": "R7"}) == [("lot", "L1")]


@pytest.mark.parametrize(
    ("event_type", "subject", "payload"),
    [
        ("lot.split", "unit", {"into": ["L1"]}),
        ("lot.split", "lot", {"into": []}),
        ("lot.split", "lot", {"into": "L1"}),
        ("lot.split", "lot", {"into": ["L1", 2]}),
        ("lot.split", "lot", {"into": ["L1\n"]}),
        ("lot.split", "lot", {"into": ["L"] * 501}),
        ("assembly.built", "unit", {"parts": ["C1"]}),
        ("lot.split", "lot", {"into": ["\ud800"]}),
        ("lot.split", "lot", {"into": ["L1"], "more": 10**5000}),
        ("lot.parted", "lot", {"into": ["L1"]}),
    ],
)
def test_a_payload_of_another_form_leads_nowhere(event_type: str, subject: str, payload: dict[str, object]) -> None:
    assert payload_of(event_type, subject, payload) is None
    assert named(event_type, subject, payload) == []


def test_a_wrong_payload_fails_where_it_is_written() -> None:
    with pytest.raises(ValidationError):
        LotSplit(into=())
    with pytest.raises(ValidationError):
        ClockStepped(wall_before="now", wall_after="then", mono_before_ns=1, mono_after_ns=2, jump_us=3, boot="b")


def test_a_payload_is_written_as_agents_of_0_1_wrote_it() -> None:
    """The keys and values that stores and trails hold already."""
    dropped = RecordsDropped(
        reason="the spool was full", epoch="e1", class_=2, from_=4, to=9, count=3, bytes=99, ranges=((4, 5), (9, 9))
    )
    assert dropped.written() == {
        "reason": "the spool was full",
        "epoch": "e1",
        "class": 2,
        "from": 4,
        "to": 9,
        "count": 3,
        "bytes": 99,
        "ranges": [[4, 5], [9, 9]],
    }
    assert payload_of("records.dropped", "agent", dropped.written()) == dropped

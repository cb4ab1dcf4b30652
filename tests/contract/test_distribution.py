"""Documents on their way: what one page, root or part says is read back as it was, and anything else is refused."""

from __future__ import annotations

import contextlib
import hashlib
import json
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.distribution.judging import RootJudged, TakenBack, judge_root, lacking, older_editions
from gaugetrail_contract.distribution.listing import ListedEdition, for_line, holding
from gaugetrail_contract.distribution.pages import (
    MOST_PAGE_BYTES,
    MOST_PAGES,
    BadPage,
    TooManyDocuments,
    open_page,
    page_digest,
    pages_of,
)
from gaugetrail_contract.distribution.root import (
    MOST_ROOT_BYTES,
    BadRoot,
    DocumentsRoot,
    SignedRoot,
    open_root,
    root_of,
    write_root,
)
from gaugetrail_contract.distribution.text_parts import (
    TEXT_PART_BYTES,
    text_of_parts,
    text_part,
    text_part_count,
    text_part_size,
)
from gaugetrail_contract.signing import Signer

PLANT, STRANGER = Signer.new(), Signer.new()
NOON = 1_795_867_200_000_000
HOUR = 3_600_000_000
NOW = utc_text(NOON)


def listed(document: str = "CP-1", edition: int = 1, state: str = "effective", **more: object) -> ListedEdition:
    sha256 = hashlib.sha256(f"{document} {edition}".encode()).hexdigest()
    said = {"kind": "plan", "revision": chr(64 + edition), "effective": NOW, "sha256": sha256, "size": 100}
    return ListedEdition.model_validate({"id": document, "edition": edition, "state": state, **said, **more})


def signed(issue: int = 7, time_us: int = NOON, signer: Signer = PLANT, pages: list[bytes] | None = None) -> SignedRoot:
    return open_root(write_root(root_of(pages or [b"a page"], issue, time_us), signer, "c1"))


WORDS = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=30)
ENTRIES = st.lists(
    st.builds(listed, WORDS, st.integers(1, 20), st.sampled_from(["effective", "approved", "withdrawn"])),
    max_size=60,
    unique_by=lambda one: (one.id, one.edition),
)


# --- pages


@given(ENTRIES)
def test_what_pages_say_is_what_was_listed(entries: list[ListedEdition]) -> None:
    """In whatever order they were listed, the pages are the same bytes."""
    pages = pages_of(entries)
    assert pages == pages_of(reversed(entries))
    read = [one for page in pages for one in open_page(page)]
    assert sorted(entries, key=str) == sorted(read, key=str)


def test_ten_thousand_documents_fit_and_one_that_changes_changes_one_page() -> None:
    entries = [listed(f"CP-{number:05}") for number in range(10_000)]
    before, after = pages_of(entries), pages_of([*entries[1:], listed("CP-00000", 2)])
    assert max(map(len, before)) <= MOST_PAGE_BYTES
    assert len(before) == len(after) <= MOST_PAGES
    assert sum(one != other for one, other in zip(before, after, strict=True)) == 1
    assert len(write_root(root_of(before, 50_000, NOON), PLANT, "c1")) <= MOST_ROOT_BYTES


def test_more_than_the_pages_hold_is_said() -> None:
    many = [listed(f"{number:0190}", revision="R" * 200) for number in range(6_000)]
    with pytest.raises(TooManyDocuments, match="6,000 editions hold or will"):
        pages_of(many)


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"x" * (MOST_PAGE_BYTES + 1), "60,001 bytes"),
        (b"", "not JSON"),
        (b"[]", "not a JSON object"),
        (b"{}", "must be a list"),
        (b'{"documents":{}}', "must be a list"),
        (b'{"documents":[' + b",".join([b"1"] * 1001) + b"]}", "at most 1000"),
        (b'{"documents":[1]}', "entry 1"),
        (pages_of([listed()])[0].replace(b'"edition":1', b'"edition":"1"'), "edition"),
        (pages_of([listed()])[0].replace(b'"size":100', b'"size":16800001'), "size"),
        (pages_of([listed()])[0].replace(b'"edition":1', b'"edition":1,"edition":2'), "twice"),
    ],
)
def test_what_is_no_page_is_refused_with_a_sentence(payload: bytes, why: str) -> None:
    with pytest.raises(BadPage, match=why):
        open_page(payload)


def test_a_newer_collectors_keys_and_states_are_passed_over() -> None:
    page = pages_of([listed(state="quarantined")])[0].replace(b'"size"', b'"colour":"blue","size"')
    (one,) = open_page(page)
    assert (one.came_to_hold, one.is_wanted) == (False, False)
    assert holding([one], "CP-1", NOW) is None


@given(st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_a_page_or_refused(payload: bytes) -> None:
    refused = None
    try:
        entries = open_page(payload)
    except BadPage as error:
        refused = str(error)
    assert refused != "" if refused is not None else isinstance(entries, tuple)


# --- the root


@given(st.integers(0, 2**53), st.lists(st.binary(max_size=5), min_size=1, max_size=MOST_PAGES))
def test_a_root_is_read_back_as_it_was(issue: int, pages: list[bytes]) -> None:
    root = root_of(pages, issue, NOON)
    read = open_root(write_root(root, PLANT, "c1"))
    assert (root, PLANT.key, "c1") == (read.root, read.key, read.collector)
    assert read.root.pages == tuple(map(page_digest, pages))


def test_the_longest_root_fits() -> None:
    """64 pages, the largest number and a collector of the longest name."""
    payload = write_root(root_of([b"%d" % number for number in range(64)], 2**53, NOON), PLANT, "\U0001f527" * 200)
    assert len(payload) <= MOST_ROOT_BYTES
    assert open_root(payload).collector == "\U0001f527" * 200


def test_its_digest_stays_while_nothing_changes() -> None:
    assert signed(time_us=NOON).root.digest == signed(time_us=NOON + HOUR).root.digest
    assert signed(7).root.digest != signed(8).root.digest
    assert signed(pages=[b"a"]).root.digest != signed(pages=[b"b"]).root.digest


GOOD = signed().payload
BODY = GOOD.split(b"\n")[0]


def signed_body(body: bytes) -> bytes:
    return PLANT.word("documents", "+", "c1", body)


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"", "no signature"),
        (BODY, "no signature"),
        (b" " * 4097, "4,097 bytes"),
        (GOOD.replace(b'"issue":7', b'"issue":8'), "doesn't hold"),
        (GOOD.replace(PLANT.key.encode(), STRANGER.key.encode()), "doesn't hold"),
        (GOOD.replace(b'"c1"', b'"c2"'), "doesn't hold"),
        (PLANT.word("receipt", "+", "c1", BODY), "doesn't hold"),
        (PLANT.word("documents", "pc1", "c1", BODY), "doesn't hold"),
        (signed_body(b"{}"), "issue"),
        (signed_body(b"1"), "not a JSON object"),
        (signed_body(BODY.replace(b'"issue":7', b'"issue":7,"issue":8')), "twice"),
        (signed_body(BODY.replace(b'"issue":7', b'"issue":-1')), "issue"),
        (signed_body(BODY.replace(b'"pages":["', b'"pages":["!')), "pages"),
        (signed_body(b'{"issue":7,"time":"2026-02-31T08:00:00.000000Z","pages":["' + b"A" * 43 + b'"]}'), "no moment"),
        (signed_body(b'{"issue":7,"time":"2026-02-21T08:00:00.000000Z","pages":[]}'), "pages"),
    ],
)
def test_a7_a_forged_or_broken_root_is_refused_with_a_sentence(payload: bytes, why: str) -> None:
    """Attack A7: said by nobody who has the key, or said for something else."""
    with pytest.raises(BadRoot, match=why):
        open_root(payload)


@given(st.binary(max_size=300), st.integers(0, 400))
def test_a7_any_bytes_in_place_of_some_of_a_root_are_refused(noise: bytes, at: int) -> None:
    """Attack A7: no root that was changed on the way is believed as another one."""
    changed = GOOD[:at] + noise + GOOD[at + len(noise) :]
    with contextlib.suppress(BadRoot):
        assert signed().root == open_root(changed).root


# --- what an agent does with it


def test_the_first_root_and_a_later_one_count() -> None:
    assert judge_root(None, signed(), ()) == RootJudged("newer")
    assert judge_root(signed(7).root, signed(8, NOON - HOUR), [PLANT.key]) == RootJudged("newer")
    assert judge_root(signed().root, signed(time_us=NOON + 1), [PLANT.key]) == RootJudged("newer")


def test_the_same_word_again_is_no_news() -> None:
    assert judge_root(signed().root, signed(), [PLANT.key]) == RootJudged("known")
    assert judge_root(signed().root, signed(time_us=NOON - HOUR), [PLANT.key]) == RootJudged("known")


def test_a8_a_root_that_goes_back_is_refused() -> None:
    """Attack A8: an old root said again, with its true signature."""
    judged = judge_root(signed(8).root, signed(7, NOON + HOUR), [PLANT.key])
    assert judged.fate == "refused"
    assert "goes back: number 7" in judged.why
    assert judge_root(signed().root, signed(time_us=NOON - 1, pages=[b"else"]), [PLANT.key]).fate == "refused"


def test_a7_another_key_is_refused_whatever_it_says() -> None:
    """Attack A7: a root of somebody who has a key, but not the plant's."""
    judged = judge_root(signed(8).root, signed(9, signer=STRANGER), [PLANT.key])
    assert judged.fate == "refused"
    assert "keys restore" in judged.why
    assert judge_root(None, signed(signer=STRANGER), [PLANT.key]).fate == "refused"


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.sampled_from([b"x", b"y"])), max_size=30))
@settings(max_examples=50)
def test_a8_whatever_comes_in_whatever_order_what_is_held_never_goes_back(said: list[tuple[int, int, bytes]]) -> None:
    """Attack A8."""
    held: DocumentsRoot | None = None
    history: list[DocumentsRoot] = []
    for issue, time_us, page in said:
        came = SignedRoot(root_of([page], issue, time_us), PLANT.key, "c1", b"")
        judged = judge_root(held, came, [PLANT.key])
        if judged.fate == "newer":
            held = came.root
            history.append(held)
        assert (judged.why == "") == (judged.fate != "refused")
    assert all(one.order < later.order for one, later in combinations(history, 2))


def test_a8_an_edition_older_than_the_one_held_is_named() -> None:
    """Attack A8: under a newer root, too."""
    held = [listed(edition=3), listed("CP-2", 2, "withdrawn"), listed("CP-3", 5, "approved")]
    came = [listed(edition=2), listed("CP-2", 3), listed("CP-4")]
    assert older_editions(held, came) == (
        TakenBack("CP-1", "the list of documents takes CP-1 C, edition 3 back to edition 2"),
    )
    assert older_editions(held, came[:2] + held[:1]) == ()
    assert older_editions(held, [came[0]])[1:] == (
        TakenBack("CP-2", "the list of documents no longer knows CP-2 B, edition 2"),
    )


def test_what_holds_follows_its_moment_without_anybody_saying_so() -> None:
    later = utc_text(NOON + HOUR)
    entries = [listed(edition=1), listed(edition=2, state="approved", effective=later)]
    assert holding(entries, "CP-1", utc_text(NOON + HOUR - 1)) == entries[0]
    assert holding(entries, "CP-1", later) == entries[1]
    assert holding(entries, "CP-2", later) is None


def test_a8_no_older_edition_comes_back_in_the_place_of_a_withdrawn_one() -> None:
    """Attack A8: also where a page lists both."""
    assert holding([listed(edition=1), listed(edition=2, state="withdrawn")], "CP-1", NOW) is None


def test_what_holds_is_asked_for_first_and_nothing_that_is_withdrawn() -> None:
    entries = [listed("B", state="approved"), listed("A", state="withdrawn"), listed("C"), listed("D")]
    assert [one.id for one in lacking(entries, [entries[3].sha256])] == ["C", "B"]


def test_a_line_gets_what_is_for_it_and_for_all() -> None:
    entries = [listed("A"), listed("B", line="line1"), listed("C", line="line2")]
    assert [one.id for one in for_line(entries, "line1")] == ["A", "B"]


def test_a_line_that_has_a_text_of_its_own_gets_that_one_alone() -> None:
    entries = [listed("P"), listed("P", line="line1"), listed("P", 2, state="approved")]
    assert for_line(entries, "line1") == (entries[1], entries[2])
    assert for_line(entries, "line2") == (entries[0], entries[2])


def test_texts_for_more_lines_than_a_page_holds_are_spread() -> None:
    entries = [listed("P", line=f"line{number}") for number in range(1000)]
    assert {one for page in pages_of(entries) for one in open_page(page)} == set(entries)


# --- texts


@given(st.integers(0, 2 * TEXT_PART_BYTES + 2))
@settings(max_examples=30)
def test_a_text_comes_whole_out_of_its_parts(size: int) -> None:
    text = bytes(number % 251 for number in range(size))
    parts = {number: text_part(text, number) for number in range(1, text_part_count(size) + 1)}
    assert all(len(part) == text_part_size(size, number) <= TEXT_PART_BYTES for number, part in parts.items())
    sha256 = hashlib.sha256(text).hexdigest()
    assert text_of_parts(parts, sha256, size) == text
    assert text_of_parts(parts | {1: parts[1] + b"!"}, sha256, size) is None
    assert text_of_parts(parts, sha256, size + 1) is None
    if size:
        assert text_of_parts(parts | {1: b"?" + parts[1][1:]}, sha256, size) is (text if text[:1] == b"?" else None)


def test_a_page_is_plain_json() -> None:
    """Another program may read it."""
    assert json.loads(pages_of([listed()])[0])["documents"][0]["id"] == "CP-1"


def test_a_document_whose_time_was_listed_may_leave_the_list_after_it_and_no_sooner() -> None:
    until = "2027-01-01T00:00:00.000000Z"
    held = (listed("O-1", 3, until=until), listed("CP-1"))
    left = (TakenBack("O-1", "the list of documents no longer knows O-1 C, edition 3"),)
    assert older_editions(held, held[1:], "2026-12-31T23:59:59.999999Z") == left
    assert older_editions(held, held[1:], until) == ()
    assert len(older_editions(held, (), "2030-01-01T00:00:00.000000Z")) == 1, "the plan has no end"

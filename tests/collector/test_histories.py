"""Two histories of one epoch: a spool put back from a snapshot, or copied, goes on from a number that it knows.

Whatever order their records come in, all are stored under their identity, found, and proven; what was stored first
keeps its place.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made import AGENT, EPOCH, chain, opened
from places import Place
from samples import T0

from gaugetrail_collector.evidence.verify import noted_heads, verify
from gaugetrail_collector.stores import Fate, Store
from gaugetrail_collector.stores.letting_in import write_histories
from gaugetrail_collector.stores.question import Asked, position_of
from gaugetrail_contract.seal import ChainName, Opened, branch_name, open_line

FIRST = ChainName(AGENT, EPOCH)


def fresh(records: Sequence[Opened]) -> list[Opened]:
    """As they come on the wire: nobody has written into them where they belong."""
    return [open_line(one.sealed.line()) for one in records]


def let_in(store: Store, records: Sequence[Opened]) -> list[Fate]:
    return [one.fate for one in write_histories(store, fresh(records), lambda _: True)]


def goes_on(before: Sequence[Opened], count: int, mark: str, late_us: int = 0) -> list[Opened]:
    """What a copy of the spool seals from there on; with no delay in the same microseconds as the first."""
    made = list(before)
    for seq in range(len(before) + 1, len(before) + count + 1):
        prev = made[-1].sealed.sha256 if made else None
        at = opened(seq).record.time_us + late_us
        made.append(opened(seq, f"SN-{mark}-{seq}", prev=prev, time_us=at))
    return made[len(before) :]


def stands(store: Store) -> dict[ChainName, list[str]]:
    return {name: [row.sha256 for row in store.rows(*name)] for name in store.chains()}


def seals(records: Sequence[Opened]) -> list[str]:
    return [one.sealed.sha256 for one in records]


MAIN = chain(20)
OTHER = goes_on(MAIN[:7], 9, "B")
BRANCH = branch_name(OTHER[0].sealed.sha256)
BEYOND = goes_on(MAIN[:7], 22, "B", 500_000)
"""A second history that comes further than the first."""
SECOND = branch_name(BEYOND[0].sealed.sha256)


def test_a_fork_is_stored_beside_the_first_once_it_is_believed(place: Place) -> None:
    """Same microseconds, same station, part and verdict: no point of either is lost."""
    store = place.store()
    assert set(let_in(store, MAIN)) == {Fate.STORED}
    outcomes = store.write(fresh(OTHER))
    assert {(one.fate, one.branch) for one in outcomes} == {(Fate.FORK, BRANCH)}
    assert stands(store) == {FIRST: seals(MAIN)}
    assert set(let_in(store, OTHER)) == {Fate.STORED}
    for one in (store, place.store()):
        assert stands(one) == {FIRST: seals(MAIN), FIRST._replace(branch=BRANCH): seals(OTHER)}
        assert set(let_in(one, [*OTHER, *MAIN])) == {Fate.THERE}
    assert store.count() == 29
    assert place.points("measurement") in (-1, 58)


def test_both_are_found_and_marked(place: Place) -> None:
    store = place.store()
    let_in(store, [*MAIN, *OTHER])
    for seq in (8, 12, 16):
        (row,) = store.find(f"SN-B-{seq}", "serial")
        assert (row.branch, row.seq, row.id) == (BRANCH, seq, f"{AGENT}/{EPOCH}/{BRANCH}/{seq}")
        (row,) = store.find(f"SN{seq:06}", "serial")
        assert (row.branch, row.id) == ("", f"{AGENT}/{EPOCH}/{seq}")
    everything = list(store.search(None))
    assert len(everything) == len(MAIN) + len(OTHER)
    assert [row.position for row in everything] == sorted(row.position for row in everything)
    for at, row in enumerate(everything):
        after = position_of(str(row.position))
        assert [one.position for one in store.search(None, after=after)] == [
            one.position for one in everything[at + 1 :]
        ]
    of_the_lot = list(store.search(Asked("lot", "L7")))
    assert len(of_the_lot) == len(everything)
    assert len(list(store.search(Asked("station", MAIN[0].record.station)))) == len(everything)


def test_their_numbers_are_each_its_own(place: Place) -> None:
    store = place.store()
    let_in(store, [*MAIN[:10], *MAIN[12:], *OTHER[:3]])
    put_under(store, BRANCH, *OTHER[5:])
    assert store.numbers(*FIRST) == [(1, 10), (13, 20)]
    assert store.numbers(AGENT, EPOCH, BRANCH) == [(8, 10), (13, 16)]
    assert store.numbers(AGENT, EPOCH, BRANCH, after_seq=9) == [(10, 10), (13, 16)]


def test_what_goes_on_behind_a_second_history_joins_it_though_its_number_is_free(place: Place) -> None:
    store = place.store()
    let_in(store, MAIN)
    let_in(store, BEYOND[:13])
    assert set(let_in(store, BEYOND[13:15])) == {Fate.STORED}
    assert set(let_in(place.store(), BEYOND[15:])) == {Fate.STORED}
    assert stands(store) == {FIRST: seals(MAIN), FIRST._replace(branch=SECOND): seals(BEYOND)}


def test_what_came_before_its_history_was_known_is_gathered_into_it(place: Place) -> None:
    """Live records come before the backlog: of a free number into the first history, of a taken one beginning one."""
    store = place.store()
    let_in(store, MAIN)
    assert set(let_in(store, BEYOND[18:])) == {Fate.STORED}
    assert set(let_in(store, BEYOND[9:12])) == {Fate.STORED}
    assert [name.branch for name in store.chains()] == ["", branch_name(BEYOND[9].sealed.sha256)]
    let_in(place.store(), BEYOND[:9])
    let_in(place.store(), BEYOND[12:18])
    end = place.store()
    assert stands(end) == {FIRST: seals(MAIN), FIRST._replace(branch=SECOND): seals(BEYOND)}
    assert [row.branch for row in end.find("SN-B-29")] == [SECOND]
    assert set(let_in(end, [*BEYOND, *MAIN])) == {Fate.THERE}
    assert end.count() == len(MAIN) + len(BEYOND)
    assert verify(end).ok


def test_a_copy_of_a_copy_and_one_from_the_first_number_on(place: Place) -> None:
    store = place.store()
    third, fourth = goes_on([*MAIN[:7], *OTHER[:4]], 5, "C"), goes_on([], 4, "D")
    let_in(store, MAIN)
    let_in(store, [*OTHER, *third, *fourth])
    assert stands(store) == {
        FIRST: seals(MAIN),
        **{FIRST._replace(branch=branch_name(one[0].sealed.sha256)): seals(one) for one in (OTHER, third, fourth)},
    }
    proof = verify(store)
    assert (proof.ok, proof.lines()[0]) == (
        True,
        f"ok: {AGENT} epoch {EPOCH}: four histories from 1 and 8 and 12 on, all whole",
    )


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cut=st.integers(0, 6),
    lengths=st.tuples(st.integers(1, 8), st.integers(1, 12)),
    together=st.booleans(),
    order=st.randoms(use_true_random=False),
    sizes=st.lists(st.integers(1, 7), min_size=1, max_size=6),
)
def test_in_whatever_order_they_come_every_record_is_stored_found_and_proven(
    new_place: Callable[[str], Place],
    cut: int,
    lengths: tuple[int, int],
    together: bool,
    order: object,
    sizes: list[int],
) -> None:
    """Messages of both in any order, across restarts of the collector: SQLite and InfluxDB say the same in the end."""
    common = MAIN[:cut]
    first = goes_on(common, lengths[0], "A")
    other = goes_on(common, lengths[1], "B", 0 if together else 250_000)
    messages: list[list[Opened]] = []
    for history in (first, other):
        left, size = list(history), itertools.cycle(sizes)
        while left:
            take = next(size)
            messages.append(left[:take])
            left = left[take:]
    order.shuffle(messages)  # type: ignore[attr-defined]
    said = []
    for kind in ("sqlite", "influx1"):
        place = new_place(kind)
        store = place.store()
        let_in(store, common)
        for number, message in enumerate(messages):
            assert Fate.FORK not in let_in(store, message)
            store = place.store() if number % 3 == 2 else store
        sent = [*common, *first, *other]
        assert set(let_in(store, sent)) == {Fate.THERE}
        assert sorted(seals(sent)) == sorted(itertools.chain.from_iterable(stands(store).values()))
        assert all(store.find(f"SN-{mark}-{one.seq}") for mark, some in (("A", first), ("B", other)) for one in some)
        assert verify(store).ok, verify(store).lines()
        said.append(stands(store))
    assert said[0] == said[1]


def test_after_a_restart_a_taken_number_is_one_though_the_latest_record_has_a_lesser(place: Place) -> None:
    """The backlog of a copy lies later than the original's live records, and all stand in one history so far."""
    original, copy = goes_on([], 5, "A"), goes_on([], 3, "B", 250_000)
    before = place.store()
    assert set(let_in(before, [*original[2:], *copy[:2]])) == {Fate.STORED}
    store = place.store()
    (outcome,) = store.write(fresh(copy[2:]))
    assert (outcome.fate, outcome.branch) == (Fate.FORK, branch_name(copy[2].sealed.sha256))
    assert store.count() == 5
    let_in(store, [*copy[2:], *original[:2]])
    again = place.store()
    assert set(let_in(again, [*original, *copy])) == {Fate.THERE}
    assert again.count() == 8
    assert sorted(seals([*original, *copy])) == sorted(itertools.chain.from_iterable(stands(again).values()))


def test_verify_says_two_histories_and_tells_a_forgery_from_them(place: Place) -> None:
    store = place.store()
    let_in(store, [*MAIN, *OTHER])
    proof = verify(store)
    assert proof.ok
    assert proof.lines()[0] == f"ok: {AGENT} epoch {EPOCH}: two histories from 8 on, both whole"
    assert f"ok: {AGENT} epoch {EPOCH} history {BRANCH}: 9 records, 8 to 16" in proof.lines()[2]
    noted = noted_heads(json.dumps(proof.as_json()))
    assert noted == {FIRST: {20: MAIN[-1].sealed.sha256}, FIRST._replace(branch=BRANCH): {16: OTHER[-1].sealed.sha256}}
    assert verify(store, noted).ok


def put_under(store: Store, branch: str, *records: Opened) -> None:
    """What somebody writes who has the store and not the agent's key."""
    for one in fresh(records):
        one.branch = branch
        assert store.write([one])[0].fate is Fate.STORED


def test_a_history_that_hangs_nowhere_or_whose_beginning_is_gone_is_no_whole_one(place: Place) -> None:
    store = place.store()
    let_in(store, MAIN)
    stranger = opened(9, "SN-X", prev="ab" * 32, time_us=T0 + 9_500)
    put_under(store, branch_name(stranger.sealed.sha256), stranger)
    put_under(store, BRANCH, *OTHER[1:])
    broken = [fault for one in verify(store).chains for fault in one.broken]
    assert {fault["seq"] for fault in broken} == {9}
    reasons = " ".join(str(fault["reason"]) for fault in broken)
    assert "no history of this epoch has it" in reasons
    assert f"the history {BRANCH} begins with a record of that seal, and it isn't here" in reasons


def test_a_record_changed_and_sealed_anew_is_found_in_either_history(place: Place) -> None:
    store = place.store()
    forged = opened(10, "SN-FORGED", prev=OTHER[1].sealed.sha256, time_us=T0 + 10_900)
    let_in(store, MAIN)
    let_in(store, OTHER[:2])
    put_under(store, BRANCH, forged, *OTHER[3:])
    proof = verify(store)
    assert not proof.ok
    assert proof.lines()[0].startswith("NOT OK")
    assert [[fault["seq"] for fault in one.broken] for one in proof.chains] == [[], [10]]


def test_a_head_that_was_noted_before_its_history_was_known_still_stands(place: Place) -> None:
    """An anchor may have named a live record of the copy as one of the first history; it was moved since."""
    store = place.store()
    let_in(store, [*MAIN, *BEYOND[18:]])
    noted = {FIRST: {29: BEYOND[-1].sealed.sha256}}
    let_in(store, BEYOND[:18])
    assert verify(store, noted).ok
    assert not verify(store, {FIRST: {29: "ab" * 32}}).ok


@pytest.mark.parametrize("text", ["1:a/bcdefghi/0123456789ab/7", "1:a/bcdefghi/7"])
def test_a_place_in_an_answer_names_the_history(text: str) -> None:
    assert str(position_of(text)) == text

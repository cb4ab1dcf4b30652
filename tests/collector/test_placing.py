"""A record whose time can't be its own takes nobody's place, in either store, and is never confirmed."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made import AGENT, EPOCH, chain, event, opened
from places import InfluxPlace, Place
from samples import T0

from gaugetrail_collector.stores import Fate, Store
from gaugetrail_collector.stores.influx.http import InfluxHttp
from gaugetrail_collector.stores.letting_in import write_histories
from gaugetrail_contract.seal import Opened, open_line, seal_of

SECOND = 1_000_000


def at(seq: int, seconds: float, serial: str | None = None, **more: str) -> Opened:
    """An inspection of that number at that moment; all of one place, part and verdict."""
    return opened(seq, serial or f"SN{seq}", time_us=T0 + round(seconds * SECOND), **more)  # type: ignore[arg-type]


def line_of(*seconds: float, mark: str = "SN", epoch: str = EPOCH, after: Sequence[Opened] = ()) -> list[Opened]:
    """Records that name each the one before, at these moments."""
    made = list(after)
    for moment in seconds:
        prev = {"prev": made[-1].sealed.sha256} if made else {}
        made.append(at(len(made) + 1, moment, f"{mark}{len(made) + 1}", epoch=epoch, **prev))
    return made[len(after) :]


def fates(store: Store, *records: Opened) -> list[Fate]:
    return [outcome.fate for outcome in store.write(records)]


def there(store: Store) -> list[tuple[str, int, str]]:
    return sorted((row.epoch, row.seq, row.sha256) for name in store.chains() for row in store.rows(*name))


def test_a31_a_second_record_at_the_time_of_the_first_takes_nothing_of_it(place: Place) -> None:
    """Same time, place, part and verdict: InfluxDB laid the second over the first, and both had a receipt."""
    store = place.store()
    first, second = line_of(10, 10)
    assert fates(store, first) == [Fate.STORED]
    for one in (store, place.store()):
        outcome = one.write([second])[0]
        assert outcome.fate is Fate.HELD
        for words in ("is not after", f"{AGENT}/{EPOCH}/1", "without a receipt"):
            assert words in outcome.reason
    assert there(store) == [(EPOCH, 1, first.sealed.sha256)]
    assert [row.sha256 for row in store.find("SN1")] == [first.sealed.sha256]
    assert store.find("SN2") == []


@pytest.mark.parametrize("together", [True, False])
def test_a_place_is_taken_by_whatever_number_stands_there(place: Place, together: bool) -> None:
    """It names no seal that is known, so nothing is known of its neighbours: but the moment is another one's."""
    store = place.store()
    pair = [at(1, 10), at(7, 10)]
    outcomes = store.write(pair) if together else [store.write([one])[0] for one in pair]
    assert [one.fate for one in outcomes] == [Fate.STORED, Fate.HELD]
    assert "whose place it would take" in outcomes[1].reason
    assert store.count() == 1


@pytest.mark.parametrize(("second", "words"), [(9.0, "is not after"), (10.0, "is not after"), (30.0, "is not before")])
@pytest.mark.parametrize("anew", [True, False])
def test_a_time_that_does_not_lie_between_its_neighbours_is_held(
    place: Place, second: float, words: str, anew: bool
) -> None:
    """The one before it and the one behind it, as far as they are stored; a collector that was started anew says the
    same.
    """
    store = place.store()
    one, two, three, four = line_of(10, second, 20, 21)
    assert fates(store, one, three, four) == [Fate.STORED] * 3
    outcome = (place.store() if anew else store).write([two])[0]
    assert (outcome.fate, words in outcome.reason) == (Fate.HELD, True), outcome
    assert store.count() == 3


def test_the_last_of_an_epoch_before_is_a_neighbour_too(place: Place) -> None:
    """The agent has begun another epoch since, so that its newest point tells nothing of the first."""
    one, two = line_of(10, 9.5)
    place.store().write([one])
    place.store().write(line_of(40, mark="N", epoch="newepoch1"))
    assert fates(place.store(), two) == [Fate.HELD]


@pytest.mark.parametrize("way", [1, -1])
def test_a_batch_in_any_order_holds_the_same(place: Place, way: int) -> None:
    records = line_of(10, 11, 10.5, 12)
    outcomes = place.store().write(records[::way])[::way]
    assert [one.fate for one in outcomes].count(Fate.HELD) == 1
    assert Fate.HELD in (outcomes[1].fate, outcomes[2].fate)


def test_a_backlog_with_live_records_on_top_is_stored_whole(place: Place) -> None:
    """Live ones first, the backlog from both ends, all in mixed batches: an hour of a line that was cut off."""
    store = place.store()
    records = chain(300)
    live, backlog = records[250:], records[:250]
    mixed = [*live[:20], *backlog[200:], *live[20:], *backlog[:100][::-1], *backlog[100:200]]
    for start in range(0, len(mixed), 40):
        assert fates(store, *mixed[start : start + 40]) == [Fate.STORED] * len(mixed[start : start + 40])
    assert store.count() == 300


def test_a31_the_time_of_another_epochs_record_is_taken(place: Place) -> None:
    """Its clock was set back: another number of another epoch at the very moment would be laid over it."""
    store = place.store()
    first = at(7, 10)
    fates(store, first)
    outcome = store.write([at(1, 10, epoch="newepoch1")])[0]
    assert outcome.fate is Fate.HELD
    assert f"is that of {first.record.time} of {AGENT}/{EPOCH}/7" in outcome.reason
    assert fates(store, *line_of(5, 10.000001, epoch="newepoch1")) == [Fate.STORED] * 2
    assert fates(store, at(1, 10, agent="pc2")) == [Fate.STORED], "another agent has a place of its own"
    assert store.count() == 4


def test_an_event_is_placed_as_an_inspection_is(place: Place) -> None:
    store = place.store()
    fates(store, at(1, 10))
    assert fates(store, event(2, time_us=T0 + 10 * SECOND)) == [Fate.HELD]
    assert fates(store, event(2, time_us=T0 + 11 * SECOND), at(3, 11)) == [Fate.STORED, Fate.HELD]


def test_what_was_held_does_not_stand_in_the_way_of_what_comes(place: Place) -> None:
    """Those behind it are stored, and so is the true record of that number; the held one still isn't."""
    store = place.store()
    one, held, three = line_of(10, 9, 12)
    assert fates(store, one, held, three) == [Fate.STORED, Fate.HELD, Fate.STORED]
    (true,) = line_of(11, mark="true", after=[one])
    assert fates(store, true) == [Fate.STORED]
    assert fates(store, held)[0] in (Fate.FORK, Fate.HELD)
    assert store.count() == 3


def test_who_has_looked_lets_it_stand_against_its_neighbours_and_in_nobodys_place(place: Place) -> None:
    store = place.store()
    one, two, three, four = line_of(10, 9, 12, 10)
    assert fates(store, one, two, three) == [Fate.STORED, Fate.HELD, Fate.STORED]
    (outcome,) = store.write([two], vouched=True)
    assert outcome.fate is Fate.STORED
    (outcome,) = store.write([four], vouched=True)
    assert (outcome.fate, "whose place it would take" in outcome.reason) == (Fate.HELD, True)
    for again in (store, place.store()):
        assert fates(again, one, two, three) == [Fate.THERE] * 3
    assert there(store) == [(EPOCH, one.seq, one.sealed.sha256) for one in (one, two, three)]


def test_a4_a_second_history_is_judged_by_its_own_neighbours(place: Place) -> None:
    """It parts behind the first record, in the same moments as the first; its fourth goes back in time."""
    store = place.store()
    first = line_of(10, 11, 12, 13)
    other = line_of(11, 12, 11.5, 14, mark="B", after=first[:1])

    def let_in(records: Sequence[Opened]) -> list[Fate]:
        sent = [open_line(one.sealed.line()) for one in records]
        return [one.fate for one in write_histories(store, sent, lambda _: True)]

    assert let_in(first) == [Fate.STORED] * 4
    assert let_in(other) == [Fate.STORED, Fate.STORED, Fate.HELD, Fate.STORED]
    assert let_in([*first, *other]) == [Fate.THERE] * 6 + [Fate.HELD, Fate.THERE]
    assert store.count() == 7


def test_moments_that_no_point_can_have_hold_nobody_up(place: Place) -> None:
    """InfluxDB's end in 2262; a question about such a moment would be refused, and the batch tried for ever."""
    store = place.store()
    fates(store, at(5, 10))
    far = [at(seq, years * 366 * 86_400.0) for seq, years in ((3, 900), (4, -900), (9, 950))]
    assert set(fates(store, *far)) <= {Fate.STORED, Fate.REJECTED}
    assert fates(store, at(6, 11)) == [Fate.STORED]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    times=st.lists(st.integers(0, 9), min_size=1, max_size=8),
    order=st.randoms(use_true_random=False),
    size=st.integers(1, 5),
    restarts=st.booleans(),
)
def test_a31_whatever_comes_each_receipted_record_stands_and_linked_times_rise(
    new_place: Callable[[str], Place], times: list[int], order: object, size: int, restarts: bool
) -> None:
    """Two epochs of any moments in any order and batches: what was said to be stored is there as it was, and no two
    share a moment. A collector that wasn't started anew lets no record stand before the one that it names; both stores
    say the same then.
    """
    records = [*line_of(*times), *line_of(*times[1:], mark="N", epoch="otherepoch1")]
    arrivals = records + records[::3]
    order.shuffle(arrivals)  # type: ignore[attr-defined]
    said = []
    for kind in ("sqlite", "influx1"):
        place = new_place(kind)
        store, told, answers = place.store(), set[str](), []
        for start in range(0, len(arrivals), size):
            batch = [open_line(one.sealed.line()) for one in arrivals[start : start + size]]
            good = [one.fate in (Fate.STORED, Fate.THERE) for one in store.write(batch)]
            told |= {one.sealed.sha256 for one, stands in zip(batch, good, strict=True) if stands}
            answers += good
            store = place.store() if restarts and start % 3 == 2 else store
        rows = [row for name in store.chains() for row in store.rows(*name)]
        assert told == {row.sha256 for row in rows}
        assert all(row.sha256 == seal_of(row.data) for row in rows)
        moments = {row.sha256: row.time_us for row in rows}
        assert len(set(moments.values())) == len(rows)
        prevs = {one.sealed.sha256: one.prev for one in records}
        assert restarts or all(moments.get(prevs[one], -1) < time_us for one, time_us in moments.items())
        said.append(answers)
    assert restarts or said[0] == said[1]


def questions(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What InfluxDB is asked from now on."""
    asked: list[str] = []
    ask = InfluxHttp.query

    def counted(http: InfluxHttp, text: str, *more: object, **named: object) -> object:
        asked.append(text)
        return ask(http, text, *more, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(InfluxHttp, "query", counted)
    return asked


def test_records_that_go_on_ask_nothing(influx: InfluxPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor do they after an epoch of a wrong year, behind whose end none of theirs lies."""
    store = influx.store()
    store.write(line_of(5e8, 5.1e8, mark="WRONG", epoch="wrongyear"))
    records = chain(400)
    store.write(records[:100])
    asked = questions(monkeypatch)
    for start in (100, 200, 300):
        assert set(fates(store, *records[start : start + 100])) == {Fate.STORED}
    assert asked == []


def test_a_backlog_asks_no_more_than_six_questions_a_batch(
    influx: InfluxPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between records that a collector before this one has written: its edges are asked for, once each."""
    records = chain(500)
    influx.store().write([*records[:100], *records[400:]])
    store = influx.store()
    store.write(records[-1:])
    asked = questions(monkeypatch)
    counts = []
    for start in (100, 200, 300):
        asked.clear()
        assert set(fates(store, *records[start : start + 100])) == {Fate.STORED}
        counts.append(len(asked))
    whole_chain = 6  # which numbers there are, once
    assert counts[0] <= 6 + whole_chain
    assert counts[1] == 2
    assert counts[2] <= 6


def test_seals_are_told_apart_from_numbers(place: Place) -> None:
    """A record of a number next to another's, which names something else, is nobody's neighbour: it is stored."""
    store = place.store()
    one, two = line_of(10, 11)
    stranger, other = at(3, 9), at(2, 30, prev="2" * 64)
    assert fates(store, one, two, stranger) == [Fate.STORED] * 3
    assert fates(place.store(), other) == [Fate.FORK]
    assert len(set(itertools.chain(there(store)))) == 3

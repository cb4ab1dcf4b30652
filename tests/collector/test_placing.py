"""A record whose time isn't its own takes nobody's place, in either store: it is kept, named, and never confirmed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made import AGENT, EPOCH, chain, event, opened
from places import InfluxPlace, Place, make_place
from samples import T0

from gaugetrail_collector.intake.account import Account
from gaugetrail_collector.intake.decoding import Decoded, Message
from gaugetrail_collector.intake.held import LAPSE_SECS, MOST_SHOWN, Held
from gaugetrail_collector.intake.set_aside import SetAside
from gaugetrail_collector.intake.storing import Storing
from gaugetrail_collector.stores import Fate, Store
from gaugetrail_collector.stores.sqlite import SqliteStore
from gaugetrail_contract import topics
from gaugetrail_contract.seal import Opened, seal_of
from gaugetrail_contract.status import CollectorStatus

SECOND = 1_000_000
KINDS = ["sqlite", pytest.param("influx1", marks=pytest.mark.influxdb), "influx2"]


def at(seq: int, seconds: float, serial: str | None = None, **more: str) -> Opened:
    """An inspection of that number at that moment; all of one place, part and verdict."""
    return opened(seq, serial or f"SN{seq}", time_us=T0 + round(seconds * SECOND), **more)  # type: ignore[arg-type]


def fates(store: Store, *records: Opened) -> list[Fate]:
    return [outcome.fate for outcome in store.write(records)]


def there(store: Store) -> list[tuple[str, int, str]]:
    return sorted(
        (row.epoch, row.seq, row.sha256) for agent_epoch in store.chains() for row in store.rows(*agent_epoch)
    )


def test_a_second_record_at_the_time_of_the_first_takes_nothing_of_it(place: Place) -> None:
    """Same time, place, part and verdict: InfluxDB laid the second over the first, and both had a receipt."""
    store = place.store()
    first = at(1, 10)
    assert fates(store, first) == [Fate.STORED]
    outcome = store.write([at(2, 10)])[0]
    assert outcome.fate is Fate.MISPLACED
    for words in ("is not after", f"{AGENT}/{EPOCH}/1", "without a receipt"):
        assert words in outcome.reason
    assert there(store) == [(EPOCH, 1, first.sealed.sha256)]
    assert [row.sha256 for row in store.find("SN1")] == [first.sealed.sha256]
    assert store.find("SN2") == []


@pytest.mark.parametrize("together", [True, False])
def test_two_in_one_batch_are_told_apart_as_well(place: Place, together: bool) -> None:
    store = place.store()
    pair = [at(1, 10), at(2, 10)]
    found = fates(store, *pair) if together else [fates(store, one)[0] for one in pair]
    assert found == [Fate.STORED, Fate.MISPLACED]
    assert store.count() == 1


@pytest.mark.parametrize(
    ("seq", "seconds", "words"),
    [
        (4, 5.0, "is not after"),
        (4, 10.0, "is not after"),
        (4, 20.0, "is not before"),
        (4, 25.0, "is not before"),
        (1, 10.0, "is not before"),
        (1, 15.0, "is not before"),
        (9, 20.0, "is not after"),
        (9, -5e6, "is not after"),
        (4, 5e7, "is not before"),
    ],
)
def test_a_time_that_does_not_lie_between_its_neighbours_is_held(
    place: Place, seq: int, seconds: float, words: str
) -> None:
    """Its neighbours by number, as far as they are stored: here 3 at ten seconds and 5 at twenty."""
    store = place.store()
    assert fates(store, at(3, 10), at(5, 20)) == [Fate.STORED] * 2
    outcome = store.write([at(seq, seconds)])[0]
    assert (outcome.fate, words in outcome.reason) == (Fate.MISPLACED, True), outcome
    assert store.count() == 2
    assert fates(place.store(), at(seq, seconds)) == [Fate.MISPLACED], "a collector that was started anew says the same"


@pytest.mark.parametrize(("seq", "seconds"), [(4, 10.000001), (4, 19.999999), (1, 9.9), (9, 20.1), (2, -5e6), (6, 5e7)])
def test_records_out_of_order_that_lie_where_they_belong_are_stored(place: Place, seq: int, seconds: float) -> None:
    store = place.store()
    fates(store, at(3, 10), at(5, 20))
    assert fates(store, at(seq, seconds)) == [Fate.STORED]


def test_a_backlog_with_live_records_on_top_is_stored_whole(place: Place) -> None:
    """Live ones first, the backlog from both ends, all in mixed batches: an hour of a line that was cut off."""
    store = place.store()
    records = chain(300)
    live, backlog = records[250:], records[:250]
    mixed = [*live[:20], *backlog[200:], *live[20:], *backlog[:100][::-1], *backlog[100:200]]
    for start in range(0, len(mixed), 40):
        assert fates(store, *mixed[start : start + 40]) == [Fate.STORED] * len(mixed[start : start + 40])
    assert store.count() == 300


def test_a_resend_of_what_is_there_is_no_stranger(place: Place) -> None:
    records = chain(20)
    place.store().write(records)
    again = place.store()
    assert fates(again, *records[5:15]) == [Fate.THERE] * 10
    assert fates(again, *records) == [Fate.THERE] * 20


def test_the_time_of_another_epochs_record_is_taken(place: Place) -> None:
    """Its clock was set back: another number of another epoch at the very moment would be laid over it."""
    store = place.store()
    first = at(7, 10)
    fates(store, first)
    outcome = store.write([at(1, 10, epoch="newepoch1")])[0]
    assert outcome.fate is Fate.MISPLACED
    assert f"is that of {outcome.reason and first.record.time} of {AGENT}/{EPOCH}/7" in outcome.reason
    assert fates(store, at(1, 5, epoch="newepoch1"), at(2, 10.000001, epoch="newepoch1")) == [Fate.STORED] * 2
    assert fates(store, at(1, 10, agent="pc2")) == [Fate.STORED], "another agent has a place of its own"
    assert store.count() == 4


def test_an_event_is_placed_as_an_inspection_is(place: Place) -> None:
    store = place.store()
    fates(store, at(1, 10))
    assert fates(store, event(2, time_us=T0 + 10 * SECOND)) == [Fate.MISPLACED]
    assert fates(store, event(2, time_us=T0 + 11 * SECOND), at(3, 11)) == [Fate.STORED, Fate.MISPLACED]


def test_what_was_held_does_not_stand_in_the_way_of_what_comes(place: Place) -> None:
    """The true record of that number, and those behind it, are stored; the held one still isn't."""
    store = place.store()
    held = at(2, 9)
    assert fates(store, at(1, 10), held, at(3, 12)) == [Fate.STORED, Fate.MISPLACED, Fate.STORED]
    assert fates(store, at(2, 11)) == [Fate.STORED]
    assert fates(store, held)[0] in (Fate.FORK, Fate.MISPLACED)
    assert store.count() == 3


@given(
    st.lists(
        st.tuples(st.integers(1, 8), st.integers(0, 8), st.sampled_from(("", "otherepoch1"))), min_size=1, max_size=14
    ),
    st.integers(1, 6),
)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("kind", KINDS)
def test_whatever_comes_each_receipted_record_stands_and_times_rise(
    kind: str, request: pytest.FixtureRequest, arrivals: Sequence[tuple[int, int, str]], size: int
) -> None:
    """Any numbers at any moments in any batches: what was said to be stored is there as it was, and within a chain the
    times rise with the numbers.
    """
    mine = make_place(kind, request)
    store = mine.store()
    records = [at(seq, moment, f"SN{seq}-{moment}", epoch=epoch or EPOCH) for seq, moment, epoch in arrivals]
    told: set[str] = set()
    try:
        for start in range(0, len(records), size):
            batch = records[start : start + size]
            told |= {
                one.sealed.sha256
                for one, outcome in zip(batch, store.write(batch), strict=True)
                if outcome.fate in (Fate.STORED, Fate.THERE)
            }
        rows = [row for name in store.chains() for row in store.rows(*name)]
        assert told == {row.sha256 for row in rows}
        assert all(row.sha256 == seal_of(row.data) for row in rows)
        for name in store.chains():
            times = [row.time_us for row in sorted(store.rows(*name), key=lambda row: row.seq)]
            assert times == sorted(set(times))
        assert len({row.time_us for row in rows}) == len(rows)
    finally:
        mine.close()


# --- what is said of it


def message(*records: Opened) -> Decoded:
    return Decoded(Message(topics.records(AGENT), b"", 1), records=tuple(records), bad=(), agent=AGENT)


def test_a_held_record_is_kept_once_logged_once_and_named_while_it_comes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """However often its agent sends it again; and its receipt never comes."""
    aside = SetAside(tmp_path / "aside.db")
    aside.open()
    now = [100.0]
    store = SqliteStore(tmp_path / "store.db")
    account = Account(lambda: T0, held=Held(lambda: now[0]))
    storing = Storing(store, aside, lambda: T0)
    store.open()
    first, wrong = at(1, 10), at(2, 10)
    assert [receipt.stored for _, receipt in account.confirm(storing.store_all([message(first)])).receipts] == [
        ((1, 1, first.sealed.sha256),)
    ]
    for _ in range(5):
        done = account.confirm(storing.store_all([message(wrong)]))
        assert done.receipts == ()
        assert len(done.messages) == 1, "the message is acknowledged: the record is kept"
    (entry,) = aside.entries()
    assert (entry.raw, entry.times, entry.told) == (wrong.sealed.line(), 5, False)
    assert len([one for one in caplog.records if vars(one).get("event") == "set_aside"]) == 1
    assert account.figures.set_aside == 1
    (held,) = account.held.shown()
    assert (held.agent, held.seq) == (AGENT, 2)
    assert "is not after" in held.reason
    document = CollectorStatus(online=True, collector="c", held=account.held.shown())
    assert CollectorStatus.model_validate_json(document.model_dump_json()).held == (held,)
    now[0] += LAPSE_SECS + 1
    assert account.held.shown() == (), "nobody sends it any more"
    aside.close()
    store.close()


def test_a_held_record_that_is_stored_after_all_is_no_longer_named() -> None:
    held = Held(lambda: 0.0)
    assert held.came(at(2, 10), "why")
    assert not held.came(at(2, 10), "why")
    assert held.came(at(2, 11), "another one of that number")
    held.stored(at(2, 10))
    assert [one.seq for one in held.shown()] == [2]
    held.stored(at(2, 11))
    assert held.shown() == ()
    for seq in range(1, 100):
        held.came(at(seq, 10), "why")
    assert [one.seq for one in held.shown()] == list(range(99, 99 - MOST_SHOWN, -1))


def test_an_older_agent_passes_over_what_it_does_not_know() -> None:
    """Status documents are read so: a key of a newer writer harms nobody."""
    document = json.loads(CollectorStatus(online=True, collector="c").model_dump_json())
    assert CollectorStatus.model_validate(document | {"tomorrow": 1}).held == ()


def test_a_batch_at_the_end_of_its_epoch_asks_nothing_more(
    influx: InfluxPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ordinary way costs what it did: two questions at the first sight of a chain, then none."""
    from gaugetrail_collector.stores.influx_http import InfluxHttp

    store = influx.store()
    records = chain(400)
    store.write(records[:100])
    asked: list[str] = []
    ask = InfluxHttp.query
    monkeypatch.setattr(
        InfluxHttp, "query", lambda http, text, *more, **named: (asked.append(text), ask(http, text, *more, **named))[1]
    )
    for start in (100, 200, 300):
        store.write(records[start : start + 100])
    assert asked == []

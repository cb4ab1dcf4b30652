"""What every store promises, held against SQLite, a real InfluxDB 1 and the stub of 2 and 3 alike."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made import AGENT, EPOCH, chain, event, opened, twin
from places import InfluxPlace, Place
from samples import T0, measurement

from gaugetrail_collector.stores import Fate, Store
from gaugetrail_collector.stores.influx.http import InfluxHttp
from gaugetrail_collector.stores.lines import bucket
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.record import Inspection
from gaugetrail_contract.seal import Opened

AWKWARD = [
    "00012345",
    "1E5",
    "TRUE",
    "null",
    "with blank",
    " leading and trailing ",
    "quote \" and ' apostrophe",
    "comma, equals=sign",
    "back\\slash",
    "trailing backslash\\",
    "trailing backslash and blank\\ ",
    "\\",
    "\\\\",
    '\\"',
    "' OR 1=1 --",
    '" OR 1=1 --',
    "$serial",
    "{}",
    "/.*/",
    "<script>alert(1)</script>",
    "ÄÖÜ ß 漢字 Ω",
    "emoji \U0001f527",
    "x" * 200,
]


def fates(store: Store, batch: list[Opened]) -> list[Fate]:
    return [outcome.fate for outcome in store.write(batch)]


def seqs(store: Store, agent: str = AGENT, epoch: str = EPOCH) -> list[int]:
    return [row.seq for row in store.rows(agent, epoch)]


def found(store: Store, identifier: str, kind: str | None = None) -> list[int]:
    return [row.seq for row in store.find(identifier, kind)]


def test_an_empty_store_answers(place: Place) -> None:
    store = place.store()
    assert (store.count(), store.chains(), seqs(store), store.find("SN1")) == (0, [], [], [])
    assert store.write([]) == []


def test_the_bytes_come_back_as_they_were_sealed(place: Place) -> None:
    store = place.store()
    batch = [opened(1), event(2), opened(3, "ÄÖÜ \\ \" ' 漢字", lot="1E5")]
    assert fates(store, batch) == [Fate.STORED] * 3
    assert [(one.sealed.sha256, one.sealed.data) for one in batch] == [
        (row.sha256, row.data) for row in store.rows(AGENT, EPOCH)
    ]


def test_a_record_is_stored_once_whatever_is_resent(place: Place) -> None:
    """Again, backwards, twice in one batch, from another collector, after a restart."""
    batch = chain(20)
    store = place.store()
    assert fates(store, batch + batch[:3]) == [Fate.STORED] * 20 + [Fate.THERE] * 3
    assert fates(store, batch) == [Fate.THERE] * 20
    assert fates(store, batch[::-1]) == [Fate.THERE] * 20
    other = place.store()
    assert fates(other, batch) == [Fate.THERE] * 20
    assert fates(place.store(), [*batch[5:10], opened(21)]) == [Fate.THERE] * 5 + [Fate.STORED]
    assert other.count() == 21
    assert list(range(1, 22)) == seqs(other)
    assert found(other, "SN000001") == [1]


def test_a_record_that_comes_late_fills_its_gap(place: Place) -> None:
    """Several collectors share the messages, so numbers come in any order."""
    batch = chain(6)
    store, other = place.store(), place.store()
    assert fates(store, [batch[0], batch[4]]) == [Fate.STORED] * 2
    assert fates(other, [batch[3], batch[1]]) == [Fate.STORED] * 2
    assert fates(store, [batch[5], batch[2]]) == [Fate.STORED] * 2
    assert seqs(store) == [1, 2, 3, 4, 5, 6]


def test_a_backlog_behind_live_records_is_stored_and_a_fork_in_it_is_found(place: Place) -> None:
    """Live records go first after an outage, so the backlog lies behind the head, with gaps and events between."""
    batch = [*chain(20), event(21), *chain(19, first=22)]
    forked = opened(10, time_us=T0 + 987_654_321)
    store = place.store()
    assert fates(store, [batch[39], batch[38]]) == [Fate.STORED] * 2
    assert fates(store, batch[:15]) == [Fate.STORED] * 15
    assert fates(store, [batch[9], forked]) == [Fate.THERE, Fate.FORK]
    again = place.store()
    assert fates(again, [*batch[10:30], forked]) == [Fate.THERE] * 5 + [Fate.STORED] * 15 + [Fate.FORK]
    assert fates(again, batch[30:]) == [Fate.STORED] * 8 + [Fate.THERE] * 2
    assert list(range(1, 41)) == seqs(place.store())


def test_a_backlog_asks_few_questions(influx: InfluxPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    """A question for each record, or a look at every point for each batch, would make a backlog take hours. A batch
    asks what is there of it and whether its epoch has another history, of inspections and of all else.
    """
    store = influx.store()
    store.write(chain(1, first=2000))
    asked: list[str] = []
    ask = InfluxHttp.query

    def counted(http: InfluxHttp, text: str, *more: object, **named: object) -> object:
        asked.append(text)
        return ask(http, text, *more, **named)

    monkeypatch.setattr(InfluxHttp, "query", counted)
    for start in range(1, 1001, 100):
        store.write(chain(100, first=start))
    assert len(asked) <= 4 * 10 + 4
    assert [text for text in asked if "seq >=" in text] == []
    assert store.count() == 1001


def test_the_answers_are_the_same_after_reopening(place: Place) -> None:
    store = place.store()
    store.write([*chain(5), *chain(3, "other-pc"), *chain(2, epoch="zzzzzzzz"), event(6)])

    def answers(one: Store) -> tuple[object, ...]:
        return one.count(), one.chains(), list(one.rows(AGENT, EPOCH)), one.find("SN000002"), one.find("CP-1", "plan")

    before = answers(store)
    store.close()
    assert before == answers(place.store())
    assert before[:2] == (11, [(AGENT, EPOCH, ""), (AGENT, "zzzzzzzz", ""), ("other-pc", EPOCH, "")])
    assert len(before[3]) == 3  # type: ignore[arg-type]
    assert len(before[4]) == 1  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changes",
    [{}, {"time_us": T0 + 987_654_321}, {"serial": "SN000002", "part": "PR-OTHER", "station": "OP99"}],
    ids=["same time", "another time", "another place"],
)
def test_a_fork_is_found_and_never_stored(place: Place, changes: dict[str, object]) -> None:
    """In the batch, in the next one, after a restart: the first stands, the other is never in the store."""
    pair = twin(2, **changes)
    store = place.store()
    assert fates(store, [opened(1), pair.first, pair.other]) == [Fate.STORED, Fate.STORED, Fate.FORK]
    (outcome,) = store.write([pair.other])
    assert Fate.FORK is outcome.fate
    assert pair.first.sealed.sha256 in outcome.reason
    store.write([opened(3)])
    assert fates(place.store(), [pair.other, pair.first]) == [Fate.FORK, Fate.THERE]
    assert [pair.first.sealed.data] == [row.data for row in store.rows(AGENT, EPOCH) if row.seq == 2]
    assert store.count() == 3


def test_the_same_number_in_another_epoch_is_another_record(place: Place) -> None:
    store = place.store()
    assert fates(store, [opened(1), opened(1, epoch="zzzzzzzz"), opened(1, agent="other-pc")]) == [Fate.STORED] * 3
    assert (
        fates(place.store(), [opened(1, epoch="zzzzzzzz"), opened(1), opened(1, agent="other-pc")]) == [Fate.THERE] * 3
    )
    assert store.count() == 3


def test_two_parts_of_the_same_time_and_tags_are_both_stored(place: Place) -> None:
    """Two agents of one station measure in the same microsecond: the slot tells them apart."""
    store = place.store()
    pair = [
        opened(1, "SN-A", agent="pc-a", slot=1, time_us=T0),
        opened(1, "SN-B", agent="pc-b", slot=2, time_us=T0),
    ]
    assert fates(store, pair) == [Fate.STORED] * 2
    assert (
        [row.agent for row in store.find("SN-A")],
        [row.agent for row in store.find("SN-B")],
    ) == (["pc-a"], ["pc-b"])
    assert {"pc-a", "pc-b"} == {row.agent for row in store.find("L7", "lot")}
    assert place.points("measurement") in (-1, 4)


def test_late_data_stand_at_their_own_time(place: Place) -> None:
    """Three days in a spool change nothing of when it was measured."""
    days_ago = T0 - 3 * 86_400_000_000
    store = place.store()
    store.write([opened(5), opened(6, time_us=T0 + 6000)])
    store.write([opened(1, agent="late-pc", time_us=days_ago)])
    assert [days_ago, opened(5).record.time_us, T0 + 6000] == place.record_times()
    assert found(store, "SN000001") == [1]


@pytest.mark.parametrize("text", AWKWARD, ids=lambda text: text[:12])
def test_a14_an_identifier_comes_back_literally(place: Place, text: str) -> None:
    """As serial (a field), as part (a tag), as operator; and a question for it finds this record and no other."""
    store = place.store()
    one = opened(2, text, lot=f"{text[:190]}-lot", operator=text, part=text, components=(f"c-{text[:190]}",))
    assert fates(store, [opened(1), one]) == [Fate.STORED] * 2
    for identifier in (text, f"{text[:190]}-lot", f"c-{text[:190]}"):
        assert [one.sealed.data] == [row.data for row in store.find(identifier)]
    assert found(store, text, "serial") == [2]
    assert found(store, text, "operator") == [2]
    assert found(store, text, "lot") == []
    assert fates(place.store(), [one]) == [Fate.THERE]
    assert store.count() == 2


@pytest.mark.parametrize("name", ["pc 1", "pc,1=2", "pc\\", "pc\\ ", 'pc"', "pc'", "Ünï"])
def test_an_agent_of_an_awkward_name_is_an_agent_like_any_other(place: Place, name: str) -> None:
    store = place.store()
    batch = chain(3, name)
    assert fates(store, batch) == [Fate.STORED] * 3
    assert [(name, EPOCH, "")] == store.chains()
    assert seqs(store, name) == [1, 2, 3]
    assert fates(place.store(), [*batch, twin(2, agent=name).other]) == [Fate.THERE] * 3 + [Fate.FORK]


def of_one_bucket(first: str) -> str:
    """Another identifier that is filed under the same bucket."""
    return next(text for text in map("SN{}".format, count()) if text != first and bucket(text) == bucket(first))


def test_two_identifiers_of_one_bucket_are_both_found(place: Place) -> None:
    """Same record, same kind, same bucket: one trace point would overwrite the other."""
    pair = ("COMP-1", of_one_bucket("COMP-1"))
    store = place.store()
    store.write([opened(1, components=pair), opened(2, components=(pair[1],))])
    assert (found(store, pair[0]), found(store, pair[1])) == ([1], [1, 2])
    assert found(store, pair[1], "component") == [1, 2]
    assert found(store, pair[1], "serial") == []


identifiers = st.text(st.sampled_from("ab0E ,=\\\"'$/ü漢"), min_size=1, max_size=6)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data(), ids=st.lists(identifiers, min_size=1, max_size=4, unique=True), crowded=st.booleans())
def test_whatever_identifies_a_record_finds_it(
    place: Place, data: st.DataObject, ids: list[str], crowded: bool
) -> None:
    """Any identifiers, in any of the places for them; crowded: another of the same bucket beside each."""
    store = place.store()
    agent = f"pc{zlib.crc32(repr((ids, crowded)).encode())}"
    components = [*ids, *([of_one_bucket(one) for one in ids] if crowded else [])]
    one = opened(
        1, data.draw(st.sampled_from(ids)), agent=agent, components=tuple(components), lot=ids[0], tool=ids[-1]
    )
    assert {*fates(store, [one])} <= {Fate.STORED, Fate.THERE, Fate.FORK}
    for identifier in components:
        assert agent in {row.agent for row in store.find(identifier)}
        assert agent in {row.agent for row in store.find(identifier, "component")}


def test_a_record_that_the_store_refuses_is_the_only_one_left_out(influx: InfluxPlace) -> None:
    """5,000 in a batch, one with a field of another type than the database has: 4,999 are stored (scenario 14)."""
    size = 5_000 if influx.address.version == "1" else 300
    poison = event(size // 3)
    batch = [opened(seq) if seq != poison.record.seq else poison for seq in range(1, size + 1)]
    influx.spoil()
    store = influx.store()
    outcomes = store.write(batch)
    assert [poison.record.seq] == [
        one.record.seq for one, out in zip(batch, outcomes, strict=True) if out.fate is not Fate.STORED
    ]
    rejected = outcomes[poison.record.seq - 1]
    assert Fate.REJECTED is rejected.fate
    assert "subject" in rejected.reason
    assert size - 1 == store.count()


def test_a_refused_record_can_be_stored_after_the_fix(influx: InfluxPlace) -> None:
    influx.spoil()
    store = influx.store()
    poison = event(2, "CP-9")
    assert fates(store, [opened(1), poison, poison]) == [Fate.STORED, Fate.REJECTED, Fate.REJECTED]
    influx.mend()
    assert fates(store, [poison]) == [Fate.STORED]
    assert found(store, "CP-9") == [2]


def test_a_record_of_which_only_some_points_were_taken_is_made_whole(influx: InfluxPlace) -> None:
    """A database drops one point of a record and keeps the others; written again after the fix, nothing is missing."""
    store = influx.store()
    store.write([opened(1)])
    whole = opened(2, measurements=(measurement(0, time=utc_text(T0 + 1990)), measurement(1, time=utc_text(T0 + 1991))))
    assert isinstance(whole.record, Inspection)
    half = opened(2, measurements=whole.record.measurements)
    influx.half_write(half, without="measurement")
    assert influx.points("measurement") == 2
    assert fates(influx.store(), [whole]) == [Fate.THERE]
    assert influx.points("measurement") == 4


def test_several_kinds_of_store_give_the_same_rows(new_place: Callable[[str], Place]) -> None:
    """SQLite and the stubs hold the same records, row for row; InfluxDB 1 is compared where it is installed."""
    batch = [*chain(4), event(5), opened(6, "x, y=z\\", components=("A", "B")), *chain(2, "b-pc")]
    answers = []
    for kind in ("sqlite", "influx2", "influx3"):
        store = new_place(kind).store()
        store.write(batch)
        answers.append(
            (
                store.chains(),
                [list(store.rows(*one)) for one in store.chains()],
                store.find("x, y=z\\"),
                store.find("L7"),
            )
        )
    assert answers[0] == answers[1]
    assert answers[0] == answers[2]

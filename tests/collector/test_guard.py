"""The cardinality guard: a tag stays within its bound, loudly, also after a restart; nobody else is held up."""

from __future__ import annotations

import json

import pytest
from made import event, opened
from places import InfluxPlace
from samples import measurement

from gaugetrail_collector.stores import Fate
from gaugetrail_collector.stores import guard as guard_of_tags
from gaugetrail_collector.stores.guard import BOUNDS, TagGuard
from gaugetrail_collector.stores.influx.store import InfluxStore


def guarded(place: InfluxPlace, **bounds: int) -> InfluxStore:
    store = place.opened(InfluxStore(place.address, TagGuard({**BOUNDS, **bounds})))
    assert isinstance(store, InfluxStore)
    return store


def measured(number: int = 0, **changes: object) -> dict[str, object]:
    return {"measurements": (measurement(number, **changes),)}


def test_a_value_beyond_the_bound_is_never_written(influx: InfluxPlace) -> None:
    """A serial scanned into the part number: the first few are parts, the rest is refused with what to do."""
    store = guarded(influx, part=3)
    outcomes = store.write([opened(seq, part=f"PR-{seq}") for seq in range(1, 7)])
    assert [one.fate for one in outcomes] == [Fate.STORED] * 3 + [Fate.HELD] * 3
    for words in ("part 'PR-4'", "value 4", "may have 3", "[guard]", "goes in by itself"):
        assert words in outcomes[3].reason
    assert store.count() == 3
    assert influx.points("measurement") == 6
    assert [one.fate for one in store.write([opened(7, part="PR-2")])] == [Fate.STORED], "known parts go on"


def test_the_bound_holds_after_a_restart(influx: InfluxPlace) -> None:
    """What is in the database counts, whoever wrote it."""
    guarded(influx, part=2).write([opened(1, part="A"), opened(2, part="B\\")])
    store = guarded(influx, part=2)
    outcomes = store.write([opened(3, part="C"), opened(4, part="B\\"), opened(5, part="A")])
    assert [one.fate for one in outcomes] == [Fate.HELD, Fate.STORED, Fate.STORED]
    assert (store.budget()[0].tag, store.budget()[0].values, store.budget()[0].bound) == ("part", 2, 2)


def test_a_refused_record_is_stored_once_the_bound_is_raised(influx: InfluxPlace) -> None:
    one = opened(2, part="B")
    outcomes = guarded(influx, part=1).write([opened(1, part="A"), one])
    assert [out.fate for out in outcomes] == [Fate.STORED, Fate.HELD]
    assert [out.fate for out in guarded(influx, part=2).write([one])] == [Fate.STORED]


@pytest.mark.parametrize(
    ("tag", "first", "second"),
    [
        ("characteristic", measured(), measured(number=1)),
        ("gauge", measured(), measured(gauge="G-99")),
        ("code", measured(defects=("d1",)), measured(defects=("d2",))),
        ("code", measured(found=({"code": "d1", "count": 1},)), measured(found=({"code": "d2", "count": 1},))),
        ("station", {"station": "OP1"}, {"station": "OP2"}),
        ("line", {"line": "l1"}, {"line": "l2"}),
        ("site", {"site": "s1"}, {"site": "s2"}),
    ],
)
def test_every_tag_has_its_bound(tag: str, first: dict[str, object], second: dict[str, object]) -> None:
    guard = TagGuard({**BOUNDS, tag: 1})
    guard.load({})
    assert guard.refuse(opened(1, **first)) is None
    reason = guard.refuse(opened(2, **second))
    assert reason is not None
    assert reason.startswith(f"tag bound: {tag} ")
    assert guard.refuse(opened(3, **first)) is None
    assert guard.refused == 1


def test_a_refused_record_uses_up_nothing() -> None:
    """It brings a new station and one part too many: the station's place stays free."""
    guard = TagGuard({**BOUNDS, "part": 1, "station": 2})
    guard.load({})
    assert guard.refuse(opened(1, part="A", station="OP1")) is None
    assert guard.refuse(opened(2, part="B", station="OP2")) is not None
    assert guard.refuse(opened(3, part="A", station="OP3")) is None


def test_what_was_looked_at_is_remembered_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many stations and parts there are, the guard stays small."""
    monkeypatch.setattr(guard_of_tags, "MOST_PASSED", 10)
    guard = TagGuard()
    guard.load({})
    for seq in range(1, 40):
        assert guard.refuse(opened(seq, part=f"P{seq}")) is None
        assert len(guard._passed) <= 11
    assert guard.refuse(opened(40, part="P39")) is None


def test_types_of_events_are_bounded_too() -> None:
    guard = TagGuard({**BOUNDS, "type": 1})
    guard.load({"type": ["shift_begun"]})
    reason = guard.refuse(event(1))
    assert reason is not None
    assert "plan_changed" in reason


def test_the_bounds_a_plant_starts_with_are_room_for_one() -> None:
    """Every bound has a default, and what decides is listed for the settings."""
    assert json.dumps(dict(BOUNDS))
    assert all(bound >= 50 for bound in BOUNDS.values())

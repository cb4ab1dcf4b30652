"""What a station refuses becomes a record: one for each cause and subject, found by what it names, never a flood."""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import replace
from pathlib import Path

import pytest
from floor import until
from hypothesis import given
from hypothesis import strategies as st
from spool_bodies import events, spool
from station_floor import BORE, FORCE, LOOKS, Floor, block, gauge, on_list, setup
from test_station_runner import Running

from gaugetrail_agent.languages.sentences import ENGLISH, said
from gaugetrail_agent.reading import Reading, Status
from gaugetrail_agent.station.refusing import refusal_book
from gaugetrail_agent.station.refusing.refusal_book import (
    HOUR_NS,
    MINUTE_NS,
    MOST_A_MINUTE,
    MOST_KEYS,
    CountedRefusal,
    RefusalBook,
)
from gaugetrail_agent.station.refusing.refusals import WHOSE
from gaugetrail_agent.station.runner import Doors, StationRunner
from gaugetrail_agent.station.words.effect import Refusal
from gaugetrail_agent.station.words.happening import BatchCame, NotRecorded, Recorded, Scanned, ValueCame
from gaugetrail_contract.clock import WallClock
from gaugetrail_contract.documents.plan import Characteristic
from gaugetrail_contract.events.registry import named, payload_of
from gaugetrail_contract.events.station import StationRefused
from gaugetrail_contract.plc_codes import ResultCode
from gaugetrail_contract.record import Verdict

ANY_PART = re.compile(r"(?P<serial>SN\d{6})(/(?P<part>.+))?")
NOTE = Characteristic.model_validate({"name": "note", "kind": "text"})


def at(*scans: str, wants: tuple[Characteristic, ...] = (BORE,), **more: object) -> Floor:
    floor = Floor(replace(setup(*wants), unit=ANY_PART, **more))  # type: ignore[arg-type]
    for text in scans:
        floor.scan(text)
    return floor


def refused(floor: Floor) -> list[tuple[str, tuple[str, str] | None]]:
    return [(one.why.id, one.subject) for one in floor.refused]


# --- what is a refusal, and whose


@pytest.mark.parametrize(
    ("scans", "cause", "subject"),
    [
        (["SN000001"], "badge.first", None),
        (["OP-99"], "badge.unknown", ("badge", "OP-99")),
        (["OP-12", "hello"], "unit.no_unit", None),
        (["OP-12", "SN000001/PR-75"], "unit.other_part", ("serial", "SN000001")),
        (["OP-12", "]C0SN000001/PR-75\r"], "unit.other_part", ("serial", "SN000001")),
        (["OP-12", "SN000001", "SN000002"], "unit.unfinished", ("serial", "SN000001")),
        (["OP-12", "NOREAD"], "scan.no_read", None),
        (["OP-12", "SN00\u200b0001"], "scan.unusable", None),
    ],
)
def test_a_scan_that_is_refused_is_told_with_whose_matter_it_is(
    scans: list[str], cause: str, subject: tuple[str, str] | None
) -> None:
    floor = at(*scans, people=on_list("OP-12"))
    assert refused(floor) == [(cause, subject)]
    (one,) = floor.refused
    assert one.raw == scans[-1].encode()
    assert one.why == floor.state.says


@pytest.mark.parametrize(
    ("reading", "cause"),
    [
        (Reading(Status.OK, b"raw", value="74.0"), "value.no_unit"),
        (Reading(Status.OK, b"raw", value="74.0", unit="in"), "value.other_unit"),
        (Reading(Status.OVERRANGE, b"raw"), "value.no_value"),
        (Reading(Status.ERROR, b"raw", error_code="E5"), "value.error_code"),
    ],
)
def test_a_value_that_is_refused_is_its_units_matter_and_names_the_gauge(reading: Reading, cause: str) -> None:
    floor = at("OP-12", "SN000001")
    floor.say(ValueCame("bore", reading, **floor.tick()))
    assert refused(floor) == [(cause, ("serial", "SN000001"))]
    (one,) = floor.refused
    assert one.names == {"operator": "OP-12", "serial": "SN000001", "device": "bore", "gauge": "G-17"}
    assert one.raw == b"raw"


def test_a_blocked_gauge_is_its_own_matter_whichever_part_it_met() -> None:
    floor = at("OP-12", "SN000001", gauges={"G-17": gauge("G-17", None, "blocked")})
    floor.gauge("bore", "74.0", "mm")
    floor.scan("%CANCEL")
    floor.say(Recorded("a/e/1", "SN000001", Verdict.INCOMPLETE))
    floor.scan("SN000002")
    floor.gauge("bore", "74.0", "mm")
    assert refused(floor) == [("value.gauge_unfit", ("gauge", "G-17"))] * 2
    assert [one.names["serial"] for one in floor.refused] == ["SN000001", "SN000002"]


def test_a_value_with_nothing_to_measure_is_nobodys_and_one_for_another_characteristic_its_units() -> None:
    floor = at()
    floor.gauge("bore", "74.0", "mm")
    floor.scan("OP-12")
    floor.gauge("bore", "74.0", "mm")
    floor.scan("SN000001")
    floor.gauge("scale", "1.0", "g")
    assert refused(floor) == [
        ("value.before_badge", None),
        ("value.before_unit", None),
        ("value.not_wanted", ("serial", "SN000001")),
    ]


def test_a_typed_result_that_can_not_be_is_its_units_matter() -> None:
    floor = at("OP-12", "SN000001", "maybe", wants=(LOOKS,))
    assert refused(floor) == [("typed.ok_or_nok", ("serial", "SN000001"))]


def test_a_scan_that_waited_for_the_record_before_it_is_told_when_its_turn_comes() -> None:
    floor = at("OP-12")
    floor.state = replace(floor.state, then=(Scanned("SN000009/PR-75", **floor.tick()),))
    floor.say(Recorded("a/e/1", "SN000001", Verdict.INCOMPLETE))
    assert refused(floor) == [("unit.other_part", ("serial", "SN000009"))]


def test_scans_that_a_refusing_spool_kept_out_are_told_once_it_takes_records_again() -> None:
    floor = at("OP-12", "SN000001")
    floor.gauge("bore", "74.0", "mm")
    floor.say(NotRecorded("full"))
    floor.scan("SN000002")
    floor.say(Recorded("a/e/1", "SN000001", Verdict.PASS))
    assert refused(floor) == [("record.recorded_scan_again", ("serial", "SN000002"))]
    assert "Not taken meanwhile: SN000002" in floor.message


def test_a_value_that_comes_while_a_part_is_recorded_is_that_parts_matter() -> None:
    floor = at("OP-12", "SN000001")
    floor.gauge("bore", "74.0", "mm")
    floor.gauge("bore", "74.1", "mm")
    assert refused(floor) == [("value.while_recording", ("serial", "SN000001"))]


def test_what_is_taken_or_waits_is_no_refusal() -> None:
    floor = at("OP-12", "SN000001", "SN000001")
    floor.say(ValueCame("bore", Reading(Status.UNSTABLE, b"", value="74.0", unit="mm"), **floor.tick()))
    floor.gauge("bore", "75.0", "mm")
    assert floor.refused == []


def test_every_sentence_of_the_catalogue_is_known_to_refuse_or_not_to() -> None:
    """A sentence that is added is decided about."""
    told = {"badge.at_station", "badge.logged_off", "unit.in_work", "unit.goes_on", "value.still_moving"}
    told |= {"value.taken", "value.taken_with_unit", "value.taken_and", "value.not_kept", "value.same_again"}
    told |= {"scan.waits", "scan.same_unit", "allow.badge", "allow.either", "allow.allowed", "allow.at_station"}
    told |= {"allow.unlocked", "typed.twice", "again.why", "again.nothing", "again.taken_back"}
    told |= {"skip.why", "skip.nothing", "skip.skipped", "first.passed", "first.not_passed"}
    told |= {"plan.of_operation", "order.taken", "order.due", "order.taken_full", "order.none", "order.more"}
    told |= {"context.which", "component.piece", "component.lot", "component.taken", "repeat.why", "repeat.reason"}
    told |= {"change.what", "change.choice", "change.taken"}
    told |= {"change_over.check", "change_over.ok", "change_over.nok", "change_over.done"}
    tables = ("badge.", "allow.", "plan.", "order.", "document.", "unit.", "scan.", "typed.", "value.")
    tables += ("block.no_automatic", "block.scan_at", "again.", "undo.", "skip.", "first.")
    tables += ("context.", "component.", "change.", "change_over.", "repeat.")
    assert {key for key in ENGLISH.templates if key.startswith(tables)} == {
        key
        for key in WHOSE
        if not key.startswith(("fresh.", "record.", "reaction.", "held.", "state.", "lot.", "amend."))
    } | told


def test_an_automatic_station_tells_each_value_that_it_does_not_take_and_not_what_the_block_lacks() -> None:
    gauges = {"G-19": gauge("G-19", "2020-01-01", "active")}
    floor = Floor(setup(FORCE, mode="automatic", gauges=gauges))
    floor.say(block("SN000001", "15.0"))
    floor.say(block("SN000002", None, Status.NO_VALUE))
    floor.say(block("SN000003", "15.0"))
    assert refused(floor) == [("value.gauge_unfit", ("gauge", "G-19"))] * 2
    assert floor.refused[1].names == {"serial": "SN000003", "device": "press", "gauge": "G-19"}
    floor.scan("SN000004")
    assert refused(floor)[-1] == ("block.scan_at_automatic_station", None)


def test_a_block_at_an_operators_station_is_told_with_its_device() -> None:
    floor = at("OP-12")
    floor.say(BatchCame("press", (Reading(Status.OK, b"\x01", value="1"),), 7, (1,), 5))
    assert refused(floor) == [("block.no_automatic_station", None)]
    assert floor.refused[0].names == {"operator": "OP-12", "device": "press"}


# --- how often it is written


def a(
    cause: str = "unit.no_unit", subject: tuple[str, str] | None = None, at_us: int = 1_790_000_000_000_000
) -> Refusal:
    why = said("unit.no_unit", text="x") if cause == "unit.no_unit" else said("badge.unknown", badge="OP-99")
    return Refusal(why, subject, {}, b"x", at_us)


def test_a_cause_and_subject_is_one_event_and_what_repeats_within_the_hour_is_counted() -> None:
    book, subject = RefusalBook(), ("serial", "SN1")
    first = book.note(a(subject=subject), 0)
    assert first is not None
    assert first.count == 1
    assert [book.note(a(subject=subject), n * MINUTE_NS) for n in range(1, 60)] == [None] * 59
    assert book.note(a(subject=("serial", "SN2")), MINUTE_NS) is not None, "another subject is another event"
    assert book.note(a("badge.unknown", subject), MINUTE_NS) is not None, "and so is another cause"
    assert list(book.due(HOUR_NS - 1)) == []
    (later,) = book.due(HOUR_NS)
    assert (later.count, later.last.subject) == (59, subject)
    assert list(book.due(3 * HOUR_NS)) == []


def test_what_has_no_subject_is_written_at_most_once_a_minute_with_its_count() -> None:
    """A scanner that hammers twenty times a second for ten minutes."""
    book, written = RefusalBook(), 0
    step = MINUTE_NS // 1200
    counts: list[int] = []
    for now in range(0, 10 * MINUTE_NS, step):
        entries = [*book.due(now)]
        noted = book.note(a(at_us=now // 1000), now)
        counts += [one.count for one in (*entries, noted) if one is not None]
        written += 1
    counts += [one.count for one in book.rest(10 * MINUTE_NS)]
    assert sum(counts) == written == 12_000
    assert 10 <= len(counts) <= 11


def test_subjects_without_end_become_an_event_a_minute() -> None:
    book = RefusalBook()
    taken = [book.note(a(subject=("serial", f"SN{n}")), n) for n in range(10_000)]
    written = [one for one in taken if one is not None]
    assert len(written) == MOST_A_MINUTE + 1, "and the first of those that are counted together"
    assert written[-1].last.subject is None
    assert sum(one.count for one in (*written, *book.rest(1))) == 10_000
    assert book.note(a(subject=("serial", "SN-new")), MINUTE_NS + 10_000) is not None


def test_an_entry_says_since_when_and_the_book_when_it_is_due() -> None:
    book = RefusalBook()
    book.note(a(at_us=1_790_000_000_000_000), 0)
    assert book.next_due_ns() is None
    book.note(a(at_us=1_790_000_001_000_000), 5)
    book.note(a(at_us=1_790_000_002_000_000), 6)
    assert book.next_due_ns() == MINUTE_NS
    (entry,) = book.due(MINUTE_NS)
    assert (entry.count, entry.since_us, entry.last.at_us) == (2, 1_790_000_001_000_000, 1_790_000_002_000_000)


def test_an_endless_reason_is_cut_to_what_an_event_takes() -> None:
    why = said("unit.code_unusable", errors="x" * 600)
    event = CountedRefusal(1, 1, Refusal(why, None, {}, b"", 1)).event(setup())
    assert event.payload["reason"] == ("the code can't be used: " + "x" * 600)[:500]


def test_what_the_spool_does_not_take_counts_on() -> None:
    book, subject = RefusalBook(), ("serial", "SN1")
    first = book.note(a(subject=subject, at_us=1), 0)
    assert first is not None
    book.note(a(subject=subject, at_us=2), 1)
    book.put_back(first, 2)
    assert list(book.due(MINUTE_NS + 1)) == []
    (again,) = book.due(MINUTE_NS + 2)
    assert (again.count, again.since_us, again.last.at_us) == (2, 1, 2)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 2 * MINUTE_NS), st.sampled_from(["unit.no_unit", "badge.unknown"]), st.integers(0, 30)
        ),
        max_size=200,
    )
)
def test_nothing_that_is_refused_goes_uncounted(acts: list[tuple[int, str, int]]) -> None:
    book, now, counted = RefusalBook(), 0, 0
    for pause, cause, subject in acts:
        now += pause
        entries: list[CountedRefusal | None] = [*book.due(now)]
        entries.append(book.note(a(cause, ("serial", f"SN{subject}") if subject else None), now))
        for one in entries:
            if one is not None and subject % 7 == 3:
                book.put_back(one, now)
            elif one is not None:
                counted += one.count
    assert counted + sum(one.count for one in book.rest(now)) == len(acts)


def test_the_book_forgets_the_oldest_and_keeps_the_count() -> None:
    book = RefusalBook()
    for n in range(3 * MOST_KEYS):
        assert book.note(a(subject=("serial", f"SN{n}")), n * MINUTE_NS) is not None
    assert len(book._pages) <= MOST_KEYS
    for n in range(2 * MOST_KEYS):
        entry = book.note(a(subject=("badge", f"B{n}")), (5000 + n) * MINUTE_NS)
        assert entry is not None
        book.put_back(entry, (5000 + n) * MINUTE_NS)
    assert len(book._pages) <= MOST_KEYS + 1
    assert sum(one.count for one in book.rest(0)) == 2 * MOST_KEYS


# --- as records


def test_refusals_are_records_found_by_what_they_name_and_the_unit_is_recorded_as_ever(tmp_path: Path) -> None:
    with spool(tmp_path) as one:
        gauges = {"G-17": gauge("G-17", None, "blocked")}
        people = on_list("OP-12")
        running = Running(replace(setup(BORE, gauges=gauges, people=people), unit=ANY_PART), one)
        running.shift(
            *(running.scan(text) for text in ("OP-99", "OP-99", "OP-12", "SN000007/PR-75", "SN000001")),
            running.gauge("74.0"),
            running.gauge("74.0"),
            running.scan("%CANCEL"),
        )
        told = events(one)
        assert {event.type for event in told} == {"station.refused"}
        payloads = [payload_of(event.type, event.subject.kind, event.payload) for event in told]
        assert all(isinstance(payload, StationRefused) for payload in payloads)
        counts = [(payload.cause, payload.count) for payload in payloads if isinstance(payload, StationRefused)]
        assert sorted(counts) == [
            ("badge.unknown", 1),
            ("badge.unknown", 1),
            ("unit.other_part", 1),
            ("value.gauge_unfit", 1),
            ("value.gauge_unfit", 1),
        ]
        found = [named(event.type, event.subject.kind, event.payload) for event in told]
        assert found[0] == [("operator", "OP-99")]
        assert ("serial", "SN000007") in found[2]
        assert {("gauge", "G-17"), ("serial", "SN000001"), ("operator", "OP-12")} <= set(found[3])
        assert told[3].payload["reason"] == "gauge G-17 is blocked for calibration: use another one"
        assert (told[3].by, told[3].subject.id) == ("OP-12", "OP20")


def test_what_repeats_is_written_by_itself_once_its_minute_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The minute of this test is a fifth of a second; nobody does anything more."""
    monkeypatch.setattr(refusal_book, "MINUTE_NS", 200_000_000)
    with spool(tmp_path) as one:

        def counts() -> list[object]:
            return [event.payload["count"] for event in events(one)]

        async def a_shift() -> None:
            doors = Doors(_nobody_is_asked, _no_plc, lambda *_: {}, lambda _: None)
            runner = StationRunner(setup(BORE), one, WallClock(), doors)
            running = asyncio.create_task(runner.run())
            for _ in range(5):
                runner.scanned("SN000001")
            await asyncio.to_thread(until, lambda: counts() == [1, 4], "the four others are one event")
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await runner.finish()

        asyncio.run(a_shift())
        assert counts() == [1, 4]


async def _nobody_is_asked(device: str, channel: str | None) -> None:
    raise AssertionError("nothing is measured")


async def _no_plc(device: str, trigger: int, code: ResultCode) -> None:
    raise AssertionError("there is none")


def test_a_full_spool_holds_nothing_up_and_the_refusals_count_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    at = replace(setup(BORE), unit=ANY_PART)
    with spool(tmp_path) as one:
        running = Running(at, one)
        running.shift(running.scan("OP-12"))
    with spool(tmp_path, max_bytes=1) as one:
        running = Running(at, one)
        with caplog.at_level(logging.WARNING):
            running.shift(running.scan("SN000001"), running.scan("hello"))
        assert running.runner.state.unit is not None, "the unit is in hand, and goes on"
        assert events(one) == []
        told = [vars(record)["event"] for record in caplog.records]
        assert told == ["refusal_not_recorded"]

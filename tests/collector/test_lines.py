"""Our lines against the client's `Point`, over any record: the escaping is theirs, the speed is ours."""

from __future__ import annotations

import functools
import unicodedata
from decimal import Decimal

import line_protocol
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from influxdb_client.client.write.point import Point
from made import event, opened
from samples import T0, amendment, full_amendment, full_event, full_inspection, inspection, measurement
from small_plant import happening

from gaugetrail_collector.stores import lines
from gaugetrail_contract.clock import utc_text, utc_us
from gaugetrail_contract.record import Body, Inspection, Measurement, Verdict
from gaugetrail_contract.seal import Sealed, open_line, seal_of

identifier = st.text(
    st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\u2028\u2029"), min_size=1, max_size=12
)
awkward = st.text(st.sampled_from("a0 ,=\\\"'$/ü漢"), min_size=1, max_size=8)
text = st.one_of(awkward, identifier).map(functools.partial(unicodedata.normalize, "NFC"))
decimal = st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**9), max_value=10**9).map(
    lambda value: f"{value:f}"
)


@st.composite
def measurements(draw: st.DrawFn, number: int) -> Measurement:
    return measurement(
        number,
        characteristic=draw(text),
        value=draw(st.none() | decimal),
        text=draw(st.none() | text),
        unit=draw(st.none() | text),
        nominal=draw(st.none() | decimal),
        lsl=draw(st.none() | decimal),
        usl=draw(st.none() | decimal),
        gauge=draw(st.none() | text),
        verdict=draw(st.sampled_from(list(Verdict))),
        defects=tuple(draw(st.lists(text, max_size=3))),
        time=utc_text(T0 + number),
    )


def theirs(name: str, tags: dict[str, str | None], fields: dict[str, object], time: int) -> str:
    """The same point from the client."""
    point = Point(name)
    for key, value in tags.items():
        point.tag(key, value)
    for key, value in fields.items():
        point.field(key, value)
    return str(point.time(time).to_line_protocol())


def same(ours: str, other: str) -> None:
    """The same point for a server. The letters may differ: the client sorts fields and shortens `1.0e+16`."""
    mine, its = line_protocol.point(ours), line_protocol.point(other)
    assert mine == its
    assert {key: type(value) for key, value in mine.fields.items()} == {
        key: type(value) for key, value in its.fields.items()
    }


values = st.one_of(text, st.integers(-(2**62), 2**62), st.floats(allow_nan=False, allow_infinity=False))


@given(
    st.dictionaries(st.sampled_from(["site", "line", "station", "part", "gauge"]), st.none() | text, min_size=1),
    st.dictionaries(st.sampled_from(["a", "b", "c"]), values, min_size=1),
    st.integers(10**18, 2 * 10**18),
)
def test_a_line_is_what_the_client_would_write(
    tags: dict[str, str | None], fields: dict[str, str | int | float], time: int
) -> None:
    ours = lines.line(lines.tag_set("m", tuple(tags.items())), list(fields.items()), time)
    same(ours, theirs("m", tags, dict(fields), time))


@given(
    st.lists(st.integers(0, 5), max_size=5, unique=True).flatmap(
        lambda numbers: st.tuples(*(measurements(number) for number in numbers))
    ),
    *(text for _ in range(8)),
    st.lists(text, max_size=4, unique=True),
)
def test_any_record_gives_lines_that_a_server_reads_as_the_record(
    taken: tuple[Measurement, ...],
    serial: str,
    lot: str,
    operator: str,
    part: str,
    order: str,
    heat: str,
    tool: str,
    fixture: str,
    components: list[str],
) -> None:
    """Every line is strict line protocol, and what is read back is what the record says, digit for digit."""
    one = opened(
        3,
        serial,
        measurements=taken,
        lot=lot,
        operator=operator,
        part=part,
        order=order,
        heat=heat,
        tool=tool,
        fixture=fixture,
        components=tuple(components),
    )
    record = one.record
    assert isinstance(record, Inspection)
    points = [line_protocol.point(line) for line in lines.lines_of(one)]
    assert len({point.key for point in points}) == len(points), "no point of a record overwrites another"
    own = points[0]
    assert own.measurement == "inspection"
    assert own.fields["record"] == one.sealed.data.decode()
    assert own.fields["sha256"] == one.sealed.sha256
    assert (own.fields["serial"], own.fields["lot"], own.fields["operator"]) == (serial, lot, operator)
    assert dict(own.tags)["part"] == lines.stored_tag(part)
    assert own.time == record.time_us * 1000 + record.slot
    for point, taken_one in zip(points[1 : 1 + len(taken)], record.measurements, strict=True):
        assert point.measurement == "measurement"
        assert dict(point.tags)["characteristic"] == lines.stored_tag(taken_one.characteristic)
        if taken_one.value is not None:
            assert point.fields["text"] == taken_one.value
            assert isinstance(point.fields["value"], float)
            assert point.fields["value"] == float(Decimal(taken_one.value))
    rest = points[1 + len(taken) :]
    failed = [point for point in rest if point.measurement == "defect"]
    assert bool(failed) is any(one.verdict is Verdict.FAIL for one in taken)
    leads = rest[len(failed) :]
    assert {point.measurement for point in leads} == {"trace"}
    assert {key for point in leads for key, _ in point.tags} == {"zb", "id_kind"}


@pytest.mark.parametrize("one", [opened(1), event(2), opened(3, body=amendment())], ids=lambda one: one.record.kind)
def test_lines_depend_on_the_record_alone(one) -> None:
    """Derived again, they are the same letters: that is what makes a resend harmless."""
    assert lines.lines_of(one) == lines.lines_of(one)
    assert all(line_protocol.point(line).time >= 10**18 for line in lines.lines_of(one))


MEASURED = (
    (),
    (measurement(0, verdict="fail", value="80.5"), measurement(1)),
    (measurement(0, verdict="fail", value="-1"), measurement(1, value="74", raw=None)),
    (measurement(0, verdict="fail", kind="attribute", value=None, result="nok", defects=("burr", "dent"), raw=None),),
    (measurement(0, value="74.0", defects=("seen",)), measurement(1, kind="text", value=None, text='bin "3" \\ µ')),
    (measurement(0, characteristic="Höhe, über =Bund", unit="µm", gauge="G 1\\"), measurement(1, unit="°C")),
)
BODIES = (
    *(inspection(serial, measurements=taken) for taken in MEASURED for serial in ("SN 1,=", 'Müller "9" \\', None)),
    inspection("SN1", components=tuple(f"C{number}" for number in range(90)), lot="L,7 =x", heat="é"),
    full_inspection(),
    inspection("SN1", measurements=(measurement(0, verdict="fail", found=({"code": "dent", "count": 2},)),)),
    full_amendment(),
    full_event(),
    amendment(),
    msgspec.structs.replace(amendment(), reason='said "no" \\ Müller', approved_by=None, action="void"),
    happening("plan_changed", "plan", "CP-1"),
    happening("gauge.checked", "gauge", 'G "1", µ\\', text='a "b" \\', list=["Ω"]),
)


@pytest.mark.parametrize("body", BODIES)
def test_each_line_of_any_record_is_what_the_client_would_write(body: Body) -> None:
    """Attributes, defects, amendments and events; quotes, backslashes and letters beyond ASCII."""
    for ours in lines.lines_of(opened(3, body=body)):
        point = line_protocol.point(ours)
        same(ours, theirs(point.measurement, dict(point.tags), dict(point.fields), point.time))


def test_what_the_second_schema_brought_stands_in_fields_never_in_tags() -> None:
    """Machine, shift and customer would make a series for each; as fields they are charted all the same."""
    points = [line_protocol.point(line) for line in lines.lines_of(opened(3, body=full_inspection()))]
    own, measured = points[0], points[1]
    assert {"site", "line", "station", "agent", "part", "plan", "reason", "verdict"} == set(dict(own.tags))
    assert {"site", "line", "station", "part", "characteristic", "gauge", "verdict"} == set(dict(measured.tags))
    wanted = {
        "machine": "M-3",
        "operation": "OP20",
        "shift": "late",
        "customer": "ACME",
        "order_line": "10",
        "verifier": "OP-13",
        "bypass": "BP-9",
        "unit_state": "hold",
        "override": "who QE-3, why first piece after repair, approved by QM-1",
        "conditions": "name temperature, value 21.4, unit °C, gauge T-1",
        "interruptions": 1,
        "instruction": "WI-17 D",
    }
    assert wanted.items() <= own.fields.items()
    wanted = {
        "value": 74.01,
        "class": "CC",
        "lcl": 73.98,
        "cl": 74.0,
        "ucl": 74.02,
        "control_version": "7",
        "signals": 1,
        "signal_rules": "nelson-2",
        "subgroup": "SG-12",
        "subgroup_position": 2,
        "subgroup_size": 5,
        "plausible_low": 0.0,
        "uncertainty": 0.0021,
        "skipped": "gauge at the calibration laboratory",
        "earlier": 1,
        "typed_twice": 1,
        "found": "code burr, place edge B, count 2",
    }
    assert wanted.items() <= measured.fields.items()


def test_a_clock_that_stood_before_1970_gives_the_moment_that_it_says() -> None:
    """A PC without a battery: the points stand where the store looks for them, slot and all."""
    at = utc_us("1969-12-31T23:59:58.999990Z")
    one = opened(3, time_us=at, slot=7)
    own, measured = [int(line.rpartition(" ")[2]) for line in lines.lines_of(one)][:2]
    assert at * 1000 + 7 == own == lines.time_ns(one.time_us, 7)
    assert (at - 10) * 1000 + 7 == measured


def test_counted_defects_are_one_point_a_code_with_their_number() -> None:
    found = ({"code": "dent", "place": "A", "count": 2}, {"code": "dent", "place": "B", "count": 3})
    one = opened(3, measurements=(measurement(0, verdict="fail", defects=("burr",), found=found),))
    points = [line_protocol.point(line) for line in lines.lines_of(one)]
    defects = {dict(point.tags)["code"]: point.fields["n"] for point in points if point.measurement == "defect"}
    assert defects == {"burr": 1, "dent": 5}


def test_what_an_amendment_or_event_says_stands_in_its_fields() -> None:
    for body in (full_amendment(), full_event()):
        own, *traces = [line_protocol.point(line) for line in lines.lines_of(opened(3, body=body))]
        wanted = {"by": "OP-12", "role": "quality engineer", "reason_code": "LABEL", "attachments": 1}
        assert wanted.items() <= own.fields.items()
        assert own.fields["approved_by"] == "QE-3"
        assert {("serial", "SN000001"), ("complaint", "8D-2026-4")} <= {
            (dict(point.tags)["id_kind"], point.fields["id"]) for point in traces
        }


@pytest.mark.parametrize("blank", [b" ", b"\t", b"\r"])
def test_blanks_between_the_keys_of_another_writer_are_stored_as_they_are(blank: bytes) -> None:
    data = opened(3).sealed.data.replace(b'"seq":3', b'"seq":' + blank + b"3")
    one = open_line(Sealed(seal_of(data), data).line())
    assert line_protocol.point(lines.lines_of(one)[0]).fields["record"] == data.decode()


def test_a_whole_number_is_written_as_a_float() -> None:
    """`74` and `74.000` are one field type; a database that saw `74i` first would refuse the next value."""
    one = opened(1, measurements=(measurement(0, value="74", nominal="74", lsl="0", usl="100"),))
    point = line_protocol.point(lines.lines_of(one)[1])
    assert {float} == {type(point.fields[name]) for name in ("value", "nominal", "lsl", "usl")}
    assert point.fields["text"] == "74"


def test_a_split_inspection_and_its_pieces_never_meet() -> None:
    """Two pieces of one inspection are two records; their points stand side by side."""
    bodies = [inspection("SN1", piece=seq, pieces=2, measurements=(measurement(seq),)) for seq in (1, 2)]
    pieces = [opened(seq, body=body) for seq, body in enumerate(bodies, 1)]
    keys = [line_protocol.point(line).key for piece in pieces for line in lines.lines_of(piece)]
    assert len(keys) == len(set(keys))

"""What control charts say at a station: by limits that are documents in force, as the office says it, over restarts."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from documents_on_paper import HOUR, NOW, listed, shelf
from running_agent import AGENT, PLAN
from spool_bodies import body, records, spool
from station_floor import BORE, FORCE, setup
from test_station_runner import Running

from gaugetrail_agent.config import load
from gaugetrail_agent.languages.sentences import ENGLISH
from gaugetrail_agent.papers.limits import station_limits
from gaugetrail_agent.station.given.limits_here import LimitsHere
from gaugetrail_agent.station.setup import StationTable, station_setup
from gaugetrail_agent.station.signals.control_points import PointMemory, judged_record, points_key
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.distribution.listing import ListedEdition
from gaugetrail_contract.record import Capture, CharacteristicKind, Inspection, InspectionBody, Measurement, Verdict
from gaugetrail_contract.record.defect_counts import defectives, defects
from gaugetrail_contract.record.parts import ControlLimits, FoundDefect, Signal
from gaugetrail_contract.record.words import further
from gaugetrail_statistics.charts.attributes import Count, attributes
from gaugetrail_statistics.charts.basis import Basis, positions
from gaugetrail_statistics.charts.chart import ChartStudy
from gaugetrail_statistics.charts.limits_version import Remembered
from gaugetrail_statistics.charts.memory import Reach, cusum, ewma
from gaugetrail_statistics.charts.variables import individuals, xbar
from gaugetrail_statistics.rules import rules_named
from gaugetrail_statistics.subgroups import RationalSubgroup, single_values

CENTER, SPREAD = 74.0, 0.01
SETS = "we,nelson"
RULES = ", ".join(f'"{rule.name}"' for rule in rules_named(SETS))
HEAD = 'id = "CL-1"\ncharacteristic = "bore"\nunit = "mm"\nreason = "first baseline"\nsigma = "0.01"\n'
IMR = (
    f'{HEAD}type = "imr"\nrules = ["we1", "we4"]\n'
    '[[chart]]\nname = "i"\ncenter = "74.00"\nucl = "74.03"\nlcl = "73.97"\n'
    '[[chart]]\nname = "mr"\ncenter = "0.0113"\nucl = "0.0369"\nlcl = "0"\n'
)
XBAR = (
    f'{HEAD}type = "xbar_r"\nsubgroup_size = 2\n'
    '[[chart]]\nname = "xbar"\ncenter = "74.00"\nucl = "74.0212"\nlcl = "73.9788"\n'
    '[[chart]]\nname = "r"\ncenter = "0.0113"\nucl = "0.0369"\nlcl = "0"\n'
)
TABLE = StationTable(name="OP20", plans="documents", operation="OP20")


def limits_listed(text: str, document: str = "CL-1", **more: object) -> ListedEdition:
    return listed(document, text, kind="limits", **more)  # type: ignore[arg-type]


def in_force(*texts: str) -> tuple[LimitsHere, ...]:
    """What a station has of documents that hold, each with an id of its own."""
    found, remarks = station_limits(
        shelf({limits_listed(text, f"CL-{number}"): text for number, text in enumerate(texts, 1)}), TABLE
    )
    assert remarks == ()
    return found


def told(limits: tuple[LimitsHere, ...], values: list[str], kept: dict[str, str]) -> list[Measurement]:
    """A unit for each value, with what is kept written by the one before."""
    found = []
    for at, value in enumerate(values):
        judged = judged_record(limits, unit(value, at), kept.get)
        kept |= judged.remember
        found += judged.body.measurements
    return found


def unit(value: str | None, at: int = 0, **more: Any) -> InspectionBody:
    one = Measurement(
        characteristic="bore",
        kind=CharacteristicKind.VARIABLE,
        capture=Capture.GAUGE,
        value=value,
        unit="mm",
        verdict=Verdict.PASS,
        time=utc_text(NOW + at),
    )
    measured = msgspec.structs.replace(one, **more)
    return msgspec.structs.replace(body(), station="OP20", operation="OP20", measurements=(measured,))


def rules(one: Measurement) -> list[tuple[str, str | None, tuple[int, ...]]]:
    return [(signal.rule, signal.chart, signal.points) for signal in one.signals]


# --- the same as in the office


def drifting(count: int) -> list[str]:
    own = random.Random(15)
    return [f"{CENTER + own.gauss(0, SPREAD) + max(0, at - count // 2) / count * 0.02:.3f}" for at in range(count)]


def document_of(study: ChartStudy, kind: str, size: int, **of_type: float) -> str:
    """The text that `stats limits` would draft of it."""
    charts = ""
    for name, chart in study.charts.items():
        point = next(one for one in chart.points if one.center is not None)
        charts += f'[[chart]]\nname = "{name}"\n' + "".join(
            f'{key} = "{number!r}"\n' for key in ("center", "ucl", "lcl") if (number := getattr(point, key)) is not None
        )
    sigma = "" if study.sigma_within is None else f'sigma = "{study.sigma_within!r}"\n'
    head = HEAD.replace('sigma = "0.01"\n', sigma + "".join(f'{key} = "{one!r}"\n' for key, one in of_type.items()))
    subgroups = f"subgroup_size = {size}\n" if size > 1 else ""
    return f'{head}type = "{kind}"\n{subgroups}rules = [{RULES}]\n{charts}'


@pytest.mark.parametrize(("kind", "size", "count"), [("imr", 1, 10_000), ("xbar_r", 5, 2_000), ("xbar_s", 5, 2_000)])
def test_ten_thousand_values_have_the_same_limits_and_signals_at_the_station_and_in_the_office(
    kind: str, size: int, count: int
) -> None:
    texts = drifting(count)
    values = [float(text) for text in texts]
    basis = Basis(baseline=positions("1-200"), rules=rules_named(SETS))
    groups = [RationalSubgroup(str(at), tuple(values[at : at + size])) for at in range(0, len(values), size)]
    study = individuals(single_values(values), basis) if size == 1 else xbar(groups, basis, kind[-1])
    found = told(in_force(document_of(study, kind, size)), texts, {})
    office = {(name, one.rule, one.points) for name, chart in study.charts.items() for one in chart.signals}
    station = [(signal.chart, signal.rule, signal.points) for one in found for signal in one.signals]
    assert office == set(station)
    assert len(station) == len(office) > 50
    first = next(iter(study.charts.values())).points[0]
    assert {(one.control.lcl, one.control.cl, one.control.ucl) for one in found if one.control is not None} == {
        (repr(first.lcl), repr(first.center), repr(first.ucl))
    }


def by_counts(kind: str) -> tuple[ChartStudy, tuple[LimitsHere, ...], list[InspectionBody]]:
    """Ten thousand units that are ok or not, or have defects; the office's chart, and the limits of its draft."""
    own = random.Random(88)
    found = [own.random() < 0.04 + max(0, at - 5_000) / 150_000 for at in range(10_000)]
    named = [own.choice([("dent",), ("dent", "scratch")]) if one else () for one in found]
    single = kind in ("p", "np", "laney_p")
    counts = [float(one) if single else float(len(codes)) for one, codes in zip(found, named, strict=True)]
    samples = [Count(str(at), sum(counts[at : at + 50]), 50.0) for at in range(0, 10_000, 50)]
    study = attributes(kind, samples, Basis(baseline=positions("1-60"), rules=rules_named(SETS)))
    sigma_z = study.more.get("sigma_z")
    text = document_of(study, kind, 50, **({} if sigma_z is None else {"sigma_z": sigma_z}))
    units = [
        unit(None, at, kind=CharacteristicKind.ATTRIBUTE, result="nok" if one else "ok", defects=codes, unit=None)
        for at, (one, codes) in enumerate(zip(found, named, strict=True))
    ]
    return study, in_force(text.replace('unit = "mm"\n', "")), units


@pytest.mark.parametrize("kind", ["np", "u", "laney_p"])
def test_ten_thousand_counted_units_have_the_same_limits_and_signals(kind: str) -> None:
    study, limits, units = by_counts(kind)
    kept: dict[str, str] = {}
    said_here = []
    for one in units:
        judged = judged_record(limits, one, kept.get)
        kept |= judged.remember
        (measured,) = judged.body.measurements
        said_here += [(signal.rule, signal.points) for signal in measured.signals]
        assert measured.subgroup is not None
        assert (measured.control is not None, measured.subgroup.size) == (True, 50)
    assert [(one.rule, one.points) for one in study.charts[kind].signals] == said_here != []
    assert all(len(text) < 2_000 for text in kept.values())


@pytest.mark.parametrize("kind", ["ewma", "cusum"])
def test_ten_thousand_values_have_the_same_mean_and_sums(kind: str) -> None:
    texts = drifting(10_000)
    values, basis = single_values([float(text) for text in texts]), Basis(baseline=positions("1-200"))
    study = ewma(values, basis, 0.2, "steady") if kind == "ewma" else cusum(values, basis, Reach(0.5, 5.0))
    limits = in_force(document_of(study, kind, 1, **({"lambda": 0.2} if kind == "ewma" else {"k": 0.5})))
    found = told(limits, texts, {})
    office = [(one.rule, one.points[-100:]) for one in study.charts[kind].signals]
    assert office == [(signal.rule, signal.points) for one in found for signal in one.signals]
    assert len(office) > 50


def test_what_an_agent_runs_needs_neither_numpy_nor_scipy() -> None:
    script = (
        "import sys\n"
        "import gaugetrail_agent.app, gaugetrail_agent.station.signals.control_points\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'numpy', 'scipy', 'matplotlib'}))"
    )
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "[]\n"


# --- which value is judged by what


def test_a_record_says_by_which_text_it_was_judged_and_which_rules_spoke() -> None:
    (own,) = in_force(IMR)
    quiet, loud = told((own,), ["74.000", "74.040"], {})
    control = ControlLimits(
        lcl="73.97", cl="74.00", ucl="74.03", version="A", document="CL-1", sha256=own.edition.sha256
    )
    assert (quiet.control, quiet.signals, quiet.subgroup) == (control, (), None)
    assert loud.signals == (
        Signal(rule="we1", limits="A", chart="i", points=(2,)),
        Signal(rule="we1", limits="A", chart="mr", points=(2,)),
    )
    shown = dict(further(loud))
    assert shown["control"].startswith("lcl 73.97, cl 74.00, ucl 74.03, version A, document CL-1, sha256 ")
    assert shown["signals"].startswith("rule we1, limits A, chart i, points 2; rule we1")


def test_a_subgroup_is_complete_with_its_last_value() -> None:
    found = told(in_force(XBAR), ["74.000", "74.001", "74.030", "74.030"], {})
    first, second = utc_text(NOW), utc_text(NOW + 2)
    assert [(one.subgroup.id, one.subgroup.position, one.subgroup.size) for one in found if one.subgroup] == [
        *((first, 1, 2), (first, 2, 2)),
        *((second, 1, 2), (second, 2, 2)),
    ]
    assert [rules(one) for one in found] == [[], [], [], [("we1", "xbar", (2,))]]


@pytest.mark.parametrize(
    "other",
    [
        {"unit": "in"},
        {"characteristic": "width"},
        {"value": None, "verdict": Verdict.INCOMPLETE},
        {"kind": CharacteristicKind.COUNT},
        {"kind": CharacteristicKind.ATTRIBUTE, "value": None, "result": "nok"},
    ],
)
def test_another_value_is_not_judged(other: dict[str, Any]) -> None:
    limits = in_force(IMR)
    assert judged_record(limits, unit("74.000"), lambda _: None).body.measurements[0].control is not None
    plain = unit(**{"value": "74.000", **other})
    judged = judged_record(limits, plain, lambda _: None)
    assert (judged.body, dict(judged.remember), dict(judged.signals)) == (plain, {}, {})


def test_a_unit_that_is_measured_again_is_no_new_point() -> None:
    again = msgspec.structs.replace(unit("75.000"), attempt=2)
    assert judged_record(in_force(IMR), again, lambda _: None).body is again
    assert judged_record((), unit("75.000"), lambda _: None).body == unit("75.000")


def test_a_record_that_the_spool_refused_is_judged_again_with_nothing_counted_twice() -> None:
    kept: dict[str, str] = {}
    told(in_force(IMR), ["74.005"] * 7, kept)
    first, again = (judged_record(in_force(IMR), unit("74.040", 8), kept.get) for _ in range(2))
    assert first == again
    assert rules(first.body.measurements[0])[0] == ("we1", "i", (8,))


def test_a_measurement_holds_as_many_signals_as_a_record_may() -> None:
    """Twenty-two rules of all sets speak at the last of these points; a record with so many would be none."""
    named = ", ".join(f'"{rule.name}"' for rule in rules_named("we,nelson,aiag,juran"))
    text = IMR.replace('"we1", "we4"', named)
    last = told(in_force(text), ["74.029"] * 15 + ["74.200"], {})[-1]
    assert len(last.signals) == 20


def test_the_narrowest_limits_judge() -> None:
    """For this station before any; then part and operation. What is for others judges nothing here."""
    texts = [
        IMR,
        f'operation = "OP20"\n{IMR}',
        f'part = "P"\n{IMR}',
        f'station = "OP20"\n{IMR}',
        f'part = "Q"\nstation = "OP20"\n{IMR}',
        f'station = "OP30"\n{IMR}',
        f'operation = "OP30"\n{IMR}',
    ]
    limits = in_force(*texts)
    order = [one.edition.id for one in limits]
    assert order == ["CL-5", "CL-4", "CL-3", "CL-2", "CL-1"]
    for first in ("CL-4", "CL-3", "CL-2", "CL-1"):
        (found,) = judged_record(limits, unit("74.000"), lambda _: None).body.measurements
        assert found.control is not None
        assert found.control.document == first
        limits = tuple(one for one in limits if one.edition.id != first)


def test_other_limits_begin_their_patterns_anew() -> None:
    kept: dict[str, str] = {}
    seven = ["74.005"] * 7
    told(in_force(IMR), seven, kept)
    assert rules(told(in_force(IMR), ["74.005"], dict(kept))[0])[0] == ("we4", "i", tuple(range(1, 9)))
    assert rules(told(in_force(f"{IMR}# again"), ["74.005"], kept)[0]) == []


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"past": {}}', '{"past": 1, "waiting": [], "group": ""}'])
def test_a_memory_that_cant_be_read_begins_anew(text: str | None) -> None:
    whole = PointMemory(Remembered("A", 3, {"i": ((1.0, 1.0),)}), (74.0,), "g")
    assert PointMemory.read(whole.text(), "A") == whole
    assert PointMemory.read(whole.text(), "B") == PointMemory(Remembered("B"))
    assert PointMemory.read(text, "A") == PointMemory(Remembered("A"))


NP = (
    'id = "CL-1"\ncharacteristic = "bore"\nreason = "set"\ntype = "np"\nsubgroup_size = 50\nrules = ["we1", "we4:3"]\n'
    '[[chart]]\nname = "np"\ncenter = "2"\nucl = "6"\nlcl = "0"\n'
)


def test_a_count_is_a_whole_sample_and_one_that_cant_be_is_told() -> None:
    """Somebody counted the bad ones of fifty: each record is a point. More bad ones than there are is none."""
    limits, kept = in_force(NP), {}
    found = []
    for at, value in enumerate(["3", "3", "60", "3", "7"]):
        judged = judged_record(limits, unit(value, at, kind=CharacteristicKind.COUNT, unit=None), kept.get)
        kept |= judged.remember
        found.append(judged)
    spoken = [rules(one.body.measurements[0]) for one in found]
    assert spoken == [[], [], [], [("we4:3", "np", (1, 2, 3))], [("we1", "np", (4,)), ("we4:3", "np", (2, 3, 4))]]
    (odd,) = found[2].body.measurements
    assert (odd.control, odd.subgroup, found[2].remember) == (None, None, {})
    (notice,) = found[2].signals.values()
    assert "bore 60: no point of its control chart (60 defectives of 50: more than there are)" in ENGLISH.text(
        notice.says
    )


def test_a_unit_that_is_not_ok_has_one_defect_at_least() -> None:
    nok = {"kind": CharacteristicKind.ATTRIBUTE, "value": None, "result": "nok", "unit": None}
    (one,) = unit(**nok).measurements
    placed = (FoundDefect(code="dent", place="rim", count=3), FoundDefect(code="dent", place="edge", count=1))
    many = msgspec.structs.replace(one, defects=("dent", "scratch"), found=placed)
    assert [(int(defectives(each)), int(defects(each))) for each in (one, many)] == [(1, 1), (1, 5)]
    ok = msgspec.structs.replace(one, result="ok")
    assert (defectives(ok), defects(ok)) == (0, 0)
    nothing = msgspec.structs.replace(one, result=None)
    assert (defectives(nothing), defects(nothing)) == (None, None)


# --- from documents


TWICE = IMR.replace('"we4"', '"we1:3"')


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        ({limits_listed(TWICE): TWICE}, "we1:3: we1 looks at one point and takes no count"),
        ({limits_listed(IMR): ""}, "its text hasn't come to this PC yet"),
        ({limits_listed("id = 7"): "id = 7"}, "id: "),
        ({limits_listed(IMR.replace('sigma = "0.01"', "")): IMR.replace('sigma = "0.01"', "")}, "lack sigma"),
        (
            {limits_listed(IMR): IMR, limits_listed(f"{IMR}#", "CL-2"): f"{IMR}#"},
            "another limits document in force is for the same place",
        ),
        ({limits_listed(IMR, state="withdrawn"): IMR}, None),
        ({limits_listed(IMR, state="approved", effective=utc_text(NOW + HOUR)): IMR}, None),
    ],
)
def test_limits_that_a_station_cant_judge_by_are_a_remark(texts: dict[ListedEdition, str], says: str | None) -> None:
    found, remarks = station_limits(shelf(texts), TABLE)
    assert found == ()
    assert bool(remarks) == (says is not None)
    for remark in remarks:
        assert remark.startswith("OP20 judges no value by CL-")
        assert (says or "") in remark


def test_check_says_it_and_the_setup_has_those_in_force(tmp_path: Path) -> None:
    plan = PLAN + 'capture = "typed"\n'
    path = tmp_path / "agent.toml"
    path.write_text(f'{AGENT}[[station]]\nname = "OP10"\nplan = {{document = "CP-1"}}\n')
    texts = {listed("CP-1", plan): plan, limits_listed(IMR): IMR, limits_listed(TWICE, "CL-2"): TWICE}
    config = load(path, {}, shelf=lambda: shelf(texts))
    (table,), here = config.settings.station, config.here["OP10"]
    at = station_setup(table, here, site="s", line="l", devices={}, gauges={}, people=None)
    assert [one.edition.id for one in at.limits] == ["CL-1"]
    (remark,) = config.document_remarks
    assert "OP10 judges no value by CL-2 A, edition 1" in str(remark)
    assert remark.warning


# --- in a runner, over a real spool


def measured(at: Running, serial: int, value: str) -> tuple[Callable[[], None], ...]:
    return at.scan(f"SN{serial:06d}"), at.gauge(value)


def signals_shown(at: Running) -> list[str]:
    return [ENGLISH.text(one.says) for about, one in at.runner.state.notices.items() if about.startswith("signal ")]


def test_patterns_go_on_after_a_restart_and_a_signal_is_told_until_the_next_unit(tmp_path: Path) -> None:
    """Seven values on one side before the restart, and the eighth after it signals."""
    limits = in_force(IMR)
    with spool(tmp_path) as one:
        at = Running(replace(setup(BORE), limits=limits), one)
        at.shift(at.scan("OP-12"), *(act for serial in range(1, 8) for act in measured(at, serial, "74.005")))
        assert signals_shown(at) == []
    with spool(tmp_path) as one:
        at = Running(replace(setup(BORE), limits=limits), one)
        at.shift(at.scan("OP-12"), *measured(at, 8, "74.005"))
        (says,) = signals_shown(at)
        assert says.startswith("bore 74.005: its control chart signals (we4 i; limits CL-1 A)")
        assert at.runner.state.light == "green"
        at.shift(at.scan("SN000009"))
        assert signals_shown(at) == []
        found = [record for record in records(one) if isinstance(record, Inspection)]
        assert [len(record.measurements[0].signals) for record in found] == [0] * 7 + [1]
        assert rules(found[-1].measurements[0]) == [("we4", "i", tuple(range(1, 9)))]


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path[:0] = sys.argv[2:]
from test_control_points import seven_of_a_shift
with_spool, at = seven_of_a_shift(Path(sys.argv[1]))
os.kill(os.getpid(), signal.SIGKILL)
"""


def seven_of_a_shift(folder: Path) -> tuple[Any, Running]:
    """Seven units are recorded; the spool stays open."""
    opened = spool(folder)
    at = Running(replace(setup(BORE), limits=in_force(IMR)), opened.__enter__())
    at.shift(at.scan("OP-12"), *(act for serial in range(1, 8) for act in measured(at, serial, "74.005")))
    return opened, at


def test_patterns_go_on_after_kill_9(tmp_path: Path) -> None:
    """The eighth value on one side signals, although the seven before it were another process's, which was killed."""
    words = [sys.executable, "-c", KILLED, str(tmp_path), *sys.path]
    killed = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    with spool(tmp_path) as one:
        at = Running(replace(setup(BORE), limits=in_force(IMR)), one)
        at.shift(at.scan("OP-12"), *measured(at, 8, "74.005"))
        found = [record for record in records(one) if isinstance(record, Inspection)]
        assert rules(found[-1].measurements[0]) == [("we4", "i", tuple(range(1, 9)))]
        assert len(found) == 8


def test_blocks_that_come_close_together_are_points_one_after_the_other(tmp_path: Path) -> None:
    """None is judged before the one before it is remembered."""
    text = IMR.replace('"bore"', '"force"').replace('unit = "mm"\n', "")
    with spool(tmp_path) as one:
        at = Running(replace(setup(FORCE, mode="automatic"), limits=in_force(text)), one)
        offers = [at.offer(trigger, f"SN{trigger:06d}", "74.005") for trigger in range(1, 10)]
        at.shift(lambda: [offer() for offer in offers] and None)
        found = [record for record in records(one) if isinstance(record, Inspection)]
        assert [len(record.measurements[0].signals) for record in found] == [0] * 7 + [1, 2]
        assert PointMemory.read(one.recall(points_key("OP20", "CL-1")), in_force(text)[0].version.version).past.at == 9


def test_without_limits_a_record_is_what_it_was(tmp_path: Path) -> None:
    with spool(tmp_path) as one:
        at = Running(setup(BORE), one)
        at.shift(at.scan("OP-12"), *measured(at, 1, "75.9"))
        (record,) = [record for record in records(one) if isinstance(record, Inspection)]
        assert {b"control", b"signals", b"subgroup"}.isdisjoint(
            key.encode() for key in msgspec.to_builtins(record.measurements[0])
        )
        assert one.recall(points_key("OP20", "CL-1")) is None

"""`--cases FILE` of `decode`, `registers` and `scan`: each case as the command alone would answer it."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gaugetrail_agent.cli import app

DECODE = [
    # Mitutoyo QM-Height manual 99MAF600B, p. 67; a scale's unit stands in its frame, this gauge's doesn't.
    {"id": "bore", "protocol": "digimatic-13", "bytes_hex": "3031412b303030302e3132330d", "config": {"unit": "mm"}},
    {"id": "cut", "protocol": "digimatic-13", "bytes_hex": "412b303030302e3132330d", "note": "two bytes are lost"},
    # METTLER TOLEDO, MT-SICS reference manual: a stable and an unstable weight in one go.
    {"id": "two", "protocol": "mt-sics", "bytes_hex": b"S S     100.00 g\r\nS D     100.01 g\r\n".hex()},
    # A driver in Python, a setting that is true or false.
    {"id": 7, "protocol": "toledo-cont", "bytes_hex": "02", "config": {"checksum": True}},
    {"id": "none", "protocol": "mt-sics", "bytes_hex": "", "source": "nothing came"},
]
DECODED = {
    "bore": ["decode", "--hex", DECODE[0]["bytes_hex"], "--profile", "digimatic-13", "--set", "unit=mm"],
    "cut": ["decode", "--hex", DECODE[1]["bytes_hex"], "--profile", "digimatic-13"],
    "two": ["decode", "--hex", DECODE[2]["bytes_hex"], "--profile", "mt-sics"],
    7: ["decode", "--hex", "02", "--driver", "toledo-cont", "--set", "checksum=true"],
    "none": ["decode", "--hex", "", "--profile", "mt-sics"],
}
REGISTERS = [
    {
        "id": "u",
        "registers": [27123],
        "type": "uint16",
        "byteorder": "big",
        "wordorder": "big",
        "scale": 1,
        "offset": 0,
    },
    {"id": "f", "registers": [13108, 17462], "type": "float32", "byteorder": "big", "wordorder": "little"},
    {"id": "s", "registers": [65535], "type": "int16", "sentinel": [-1, 32767]},
    {"id": "one", "registers": [65535], "type": "int16", "sentinel": -1, "hex": ["FFFF"]},
    {"id": "t", "registers": [18505, 0], "type": "string[2]", "encoding": "ascii"},
    {"id": "x", "registers": [100], "type": "int16", "scale": 0.10, "offset": -1.5},
    {"id": "long", "registers": [7, 9], "type": "int16"},
]
REGISTERED = {
    "u": ["registers", "27123", "--type", "uint16"],
    "f": ["registers", "13108", "17462", "--type", "float32", "--word-order", "little"],
    "s": ["registers", "65535", "--type", "int16", "--sentinel=-1", "--sentinel=32767"],
    "one": ["registers", "65535", "--type", "int16", "--sentinel=-1"],
    "t": ["registers", "18505", "0", "--type", "string[2]"],
    "x": ["registers", "100", "--type", "int16", "--scale", "0.1", "--offset=-1.5"],
    "long": ["registers", "7", "9", "--type", "int16"],
}
SCAN = [
    {"id": "gs1", "raw_hex": "5d43313031303935303630303031333433353231305443", "kind": "valid"},
    {"id": "told", "raw_hex": "30313039353036303030313334333532", "gs1": True, "profile": None},
    {"id": "not", "raw_hex": "30313039353036303030313334333532", "gs1": False},
    {"id": "gm", "raw_hex": "5b293e1e30361d503132333435363738391e04", "profile": "gm"},
]
SCANNED = {
    "gs1": ["scan", "--hex", SCAN[0]["raw_hex"]],
    "told": ["scan", "--hex", SCAN[1]["raw_hex"], "--gs1"],
    "not": ["scan", "--hex", SCAN[2]["raw_hex"]],
    "gm": ["scan", "--hex", SCAN[3]["raw_hex"], "--profile", "gm"],
}


def run(command: str, path: Path):
    return CliRunner().invoke(app, [command, "--cases", str(path)])


def asked(command: str, path: Path, *lines: object) -> list[dict[str, object]]:
    """The answers to these lines, in their order; every one of them is a case."""
    path.write_text("".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines))
    done = run(command, path)
    assert (done.exit_code, done.stderr) == (0, "")
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("command", "cases", "alone"),
    [("decode", DECODE, DECODED), ("registers", REGISTERS, REGISTERED), ("scan", SCAN, SCANNED)],
    ids=["decode", "registers", "scan"],
)
def test_each_case_is_answered_as_the_command_alone_answers_it(command: str, cases, alone, tmp_path: Path) -> None:
    """The same line for line, under the case's id, in the order of the file."""
    found = asked(command, tmp_path / "cases.jsonl", *cases)
    single = {name: CliRunner().invoke(app, words).stdout.splitlines() for name, words in alone.items()}
    assert [(one["id"], one["results"]) for one in found] == [
        (name, [json.loads(line) for line in lines]) for name, lines in single.items()
    ]
    assert any(len(one["results"]) > 0 for one in found)


def test_values_are_those_of_the_gauges(tmp_path: Path) -> None:
    """Not only the same as alone: right."""
    bore, cut, two, *_ = asked("decode", tmp_path / "cases.jsonl", *DECODE)
    assert [(one["value"], one["unit"], one["status"]) for one in bore["results"]] == [("0.123", "mm", "ok")]
    assert [(one["value"], one["status"]) for one in cut["results"]] == [(None, "garbled")]
    assert [(one["value"], one["status"]) for one in two["results"]] == [("100.00", "ok"), ("100.01", "unstable")]


def test_numbers_keep_the_digits_that_stand_in_the_file(tmp_path: Path) -> None:
    """A factor of 0.10 is no float on its way."""
    (found,) = asked(
        "registers", tmp_path / "cases.jsonl", '{"id": 1, "type": "uint16", "registers": [3], "scale": 0.10}'
    )
    assert found == {"id": 1, "results": [{"value": 0.3, "text": "0.30"}]}


@pytest.mark.parametrize(
    ("command", "case", "words"),
    [
        ("decode", {"protocol": "digimatic-31", "bytes_hex": "30"}, "no profile or driver 'digimatic-31'"),
        ("decode", {"protocol": "mt-sics", "bytes_hex": "3x"}, "'3x' is no hex"),
        ("decode", {"protocol": "mt-sics"}, "Missing option '--hex'"),
        ("decode", {"bytes_hex": "30"}, "say --profile NAME or --driver NAME"),
        ("decode", {"protocol": "mt-sics", "bytes_hex": "30", "config": {"sped": "1"}}, "no setting 'sped'"),
        ("decode", {"protocol": "mt-sics", "bytes_hex": "30", "config": {"unit": ["g"]}}, 'config can\'t be ["g"]'),
        ("decode", {"protocol": {"a": 1}, "bytes_hex": "30"}, "protocol can't be"),
        ("decode", {"protocol": "x", "bytes_hex": "30", "profiles": ["/nowhere"]}, "/nowhere: is no folder"),
        ("registers", {"type": "int17", "registers": [1]}, "'int17' is no type"),
        ("registers", {"type": "int16", "registers": ["zz"]}, "a register is a number"),
        ("registers", {"type": "int16"}, "Missing argument"),
        ("scan", {"raw_hex": "30", "gs1": "yes"}, "gs1 is true or false"),
        ("registers", {"type": "int16", "registers": [1], "separator": "|"}, "registers takes no separator"),
    ],
)
def test_a_case_that_the_command_refuses_says_so_under_its_id(command: str, case, words: str, tmp_path: Path) -> None:
    """The others go on: one line each, whatever stands before them."""
    good = {"decode": DECODE[0], "registers": REGISTERS[0], "scan": SCAN[0]}[command]
    bad, next_one = asked(command, tmp_path / "cases.jsonl", {"id": "bad"} | case, good)
    ((only,),) = [bad["results"]]
    assert list(only) == ["error"]
    assert words in only["error"]
    assert (bad["id"], next_one["id"]) == ("bad", good["id"])
    assert "error" not in next_one["results"][0]


def test_a_line_that_is_no_case_is_told_with_its_number_and_the_others_go_on(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    deep = b"[" * 100_000
    lines = [b'{"id": "cut', b"[1, 2]", b'{"protocol": "mt-sics"}', b"\xff\xfe", deep, b"", b'{"id": true}', b"7"]
    path.write_bytes(b"\n".join([*lines, json.dumps(REGISTERS[0]).encode()]))
    done = run("registers", path)
    assert done.exit_code == 1
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == ["u"]
    told = done.stderr.splitlines()
    assert [line.split(": ")[0].removeprefix(f"{path}:") for line in told] == ["1", "2", "3", "4", "5", "7", "8"]
    assert told[1].endswith('is no case: it wants an object with an "id"')
    assert "is no JSON" in told[0]
    assert "is no JSON" in told[3]


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    done = run("scan", tmp_path / "none.jsonl")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == f"{tmp_path / 'none.jsonl'} can't be read: No such file or directory\n"


def test_cases_come_through_a_pipe_and_each_is_answered_at_once() -> None:
    """A program may ask case by case: what it has asked is answered before it asks the next."""
    master, slave = pty.openpty()
    words = [sys.executable, "-c", "from gaugetrail_agent.cli import main; main()", "registers", "--cases", "-"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=slave, stderr=subprocess.PIPE) as asking:
        os.close(slave)
        assert asking.stdin is not None
        for case in REGISTERS[:2]:
            asking.stdin.write(json.dumps(case).encode() + b"\n")
            asking.stdin.flush()
            assert json.loads(_line(master))["id"] == case["id"]
        asking.stdin.close()
        assert asking.wait(30) == 0
    os.close(master)


def _line(master: int) -> bytes:
    found = b""
    while not found.endswith(b"\n"):
        found += os.read(master, 1)
    return found


def test_options_that_are_new_reach_a_case_by_their_name(tmp_path: Path) -> None:
    """No table to keep: whatever option the command has, a case can name."""
    (found,) = asked(
        "registers", tmp_path / "c.jsonl", {"id": 1, "type": "uint16", "registers": [1], "all_orders": True}
    )
    ((ways,),) = [found["results"]]
    assert len(ways) == 4
    (found,) = asked("scan", tmp_path / "c.jsonl", {"id": 1, "raw_hex": b"ABC".hex(), "pattern": "(?P<serial>.*)"})
    assert found["results"][0]["serial"] == "ABC"

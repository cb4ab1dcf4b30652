"""What 0.1 is asked over the golden store: commands, console pages, columns."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import bodies

sys.path.insert(0, str(Path(__file__).parents[1]))

from page_facts import facts
from pyarrow import parquet
from shift import COLLECTOR

COLLECTOR_TOML = f"""id = "{COLLECTOR}"
data_dir = "data"
[store]
kind = "sqlite"
path = "store.db"
"""
ORDINARY = ("SN0001", "SN0003", "SN0009", "SN0060", "P-0007")
QUESTIONS: list[list[str]] = [
    *(
        ["trace", "--json", "--kind", "serial", one]
        for one in (*ORDINARY, *bodies.ODD, "KINDS-1", "ASM-1", "SPLIT-1", "µ-0001", "µ-0002")
    ),
    *(["trace", "--json", one] for one in ("L7", "ATTR-1", "TEXT-1", "DIGITS-1", "MISSING-1", *bodies.ODD[:6])),
    *(
        ["trace", "--json", f"--{kind.replace('_', '-')}", f"{kind.upper()}-1"]
        for kind in ("lot", "order", "heat", "supplier_lot")
    ),
    *(["trace", "--json", "--kind", kind, f"{kind.upper()}-1"] for kind in ("cavity", "fixture", "tool")),
    *(
        ["trace", "--json", "--kind", kind, odd]
        for kind in ("lot", "heat", "tool", "operator")
        for odd in bodies.ODD[:4]
    ),
    *(
        ["trace", "--json", "--component", one]
        for one in ("C-7", "日本-C", "KIND-C1", bodies.same_bucket("KIND-C1", "B-"))
    ),
    ["trace", "--json", "--operator", "Müller, J.", "--limit", "9"],
    ["trace", "--json", "--lot", "L3", "--order", "PO-2"],
    ["trace", "--json", "--plan", "CP-1001", "--limit", "3"],
    ["trace", "--json", "--plan", "CP-1001 C", "--limit", "3"],
    ["trace", "--json", "--part", "WELLE\\", "--limit", "5"],
    ["trace", "--json", "--station", "Prüf, Ω=1 \\", "--limit", "5"],
    ["trace", "--json", "--since", "2025-03-03T06:02:00Z", "--until", "2025-03-03T06:03:00Z"],
    *(["trace", "--json", "--gauge", one] for one in ("G-overdue", bodies.ODD[0][:40], "G-3")),
    ["trace", "--json", "--gauge", "G-2", "--closest-first"],
    *(
        ["trace", "--json", "--kind", kind, one]
        for kind, one in (
            ("lot", "L-2"),
            ("lot", "L-MERGED"),
            ("lot", "L-CORRECTED"),
            ("lot", "L, odd=\\"),
            ("serial", "ENGINE-1"),
            ("serial", "SN-REATTRIBUTED"),
            ("gauge", "G-0017"),
            ("order", "ORDER-9"),
            ("plan", "PLAN-9"),
            ("operator", "PERSON-9"),
            ("supplier", "SUPPLIER-9"),
            ("customer", "CUSTOMER-9"),
            ("station", "STATION-9"),
            ("agent", "pc1"),
            ("agent", f"collector:{COLLECTOR}"),
        )
    ),
    *(
        ["trace", "--json", "--genealogy", "--kind", kind, one]
        for kind, one in (("serial", "ENGINE-1"), ("serial", "ASM-1"), ("lot", "L-MOTHER"), ("lot", "L-MERGED"))
    ),
    ["trace", "--csv", "--lot", "L5"],
    ["trace", "--csv", "ATTR-1"],
    ["verify", "--json"],
    ["store", "stats", "--json"],
    ["anchors", "ls", "--json"],
    ["anchors", "check", "--json"],
    ["keys", "ls", "--json"],
    ["set-aside", "ls", "--json"],
    ["export", "--format", "csv"],
    ["export", "--format", "csv", "--station", "OP20", "--part", "PR-74", "--lot", "L1"],
]
PAGES = [
    ("serial", one) for one in (*ORDINARY, *bodies.ODD, "KINDS-1", "SPLIT-1", "ATTR-1", "CALIBRATION-1", "ENGINE-1")
]
PAGES += [("lot", "L-2"), ("lot", "L-MERGED"), ("heat", "HEAT-1"), ("component", "C-7"), ("operator", "PERSON-9")]


def command(folder: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    program = str(Path(sys.executable).parent / "gaugetrail-collector")
    config = ["--config", "collector.toml"] if words[:2] != ("archive", "verify") else []
    return subprocess.run([program, *words, *config], capture_output=True, cwd=folder, check=False)


def answers(folder: Path) -> bytes:
    made = []
    for words in QUESTIONS:
        done = command(folder, *words)
        made.append(
            {"words": words, "exit": done.returncode, "out": done.stdout.decode("utf-8").replace(str(folder), "")}
        )
        if done.returncode:
            print(words, done.returncode, done.stderr.decode()[:200])
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in made).encode("utf-8")


@contextmanager
def console(folder: Path) -> Iterator[str]:
    """The console of a running collector that has no broker."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    env = os.environ | {"GAUGETRAIL_COLLECTOR_MQTT__PORT": str(port), "GAUGETRAIL_COLLECTOR_CONSOLE__PORT": "0"}
    program = str(Path(sys.executable).parent / "gaugetrail-collector")
    words = [program, "run", "--config", "collector.toml"]
    process = subprocess.Popen(words, cwd=folder, env=env, stderr=subprocess.DEVNULL)
    try:
        while not (folder / "data" / "console.port").exists():
            assert process.poll() is None
            time.sleep(0.05)
        yield f"http://127.0.0.1:{(folder / 'data' / 'console.port').read_text().strip()}"
    finally:
        process.terminate()
        process.wait(20)


def pages(folder: Path) -> bytes:
    made = []
    with console(folder) as address:
        for kind, identifier in PAGES:
            asked = urllib.parse.urlencode({"id": identifier, "kind": kind})
            with urllib.request.urlopen(f"{address}/history?{asked}") as answer:
                page = answer.read().decode("utf-8")
            with urllib.request.urlopen(f"{address}/api/trace?{asked}") as answer:
                trail = json.loads(answer.read())
            made.append({"kind": kind, "id": identifier, "facts": facts(page), "trail": trail})
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in made).encode("utf-8")


def columns(folder: Path) -> bytes:
    """Parquet's rows as JSON."""
    command(folder, "export", "--format", "parquet", "--out", "rows.parquet")
    rows = parquet.read_table(folder / "rows.parquet").to_pylist()
    return "".join(json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in rows).encode("utf-8")

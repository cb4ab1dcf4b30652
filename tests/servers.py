"""`make test-servers`: what needs a database, against every InfluxDB that is given and one that Go builds.

- `INFLUXD=/path` (several with a colon between): programs of any 1.x, which the tests start themselves; left out, the
  one on the PATH.
- `INFLUXDB_URL`, `INFLUXDB_TOKEN` and on 2.x `INFLUXDB_ORG`: a server of 2.x or 3 that runs. Buckets named
  `gaugetrail_test_…` are made on it and dropped, so the token is one that may.
- Where Go is at hand (`GO=`: leave that out), InfluxDB 1.8.3 is fetched as a Go module and built, once (`.servers/`).

A line for each server says at the end what passed. Exit code 0 when all of it did.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
SERVERS = ROOT / ".servers"
MODULE, BUILT = "github.com/influxdata/influxdb", "1.8.3"
"""The last version whose parts are all Go: later ones want Rust and the maker's own pkg-config."""
FOLDERS = ("tests/collector", "tests/integration", "tests/e2e", "tests/golden")


class NoServer(Exception):
    """A server that was named can't be used; the text says why and what to do."""


@dataclass(frozen=True)
class Run:
    """One server, and what is run against it."""

    name: str
    words: Sequence[str]
    environ: Mapping[str, str] = field(default_factory=dict)
    program: Path | None = None
    """An `influxd` that stands before all others on the PATH."""


def runs(environ: Mapping[str, str]) -> Iterator[Run]:
    """What there is to do. Raises `NoServer`."""
    named = [Path(one) for one in environ.get("INFLUXD", "").split(":") if one]
    found = shutil.which("influxd", path=environ.get("PATH", ""))
    for program in named or ([Path(found)] if found else []):
        yield Run(f"InfluxDB {said_version(program)} ({program})", _of_1(), program=program)
    go = environ["GO"] if "GO" in environ else shutil.which("go", path=environ.get("PATH", ""))
    if go:
        yield Run(f"InfluxDB {BUILT} (built)", _of_1(), program=built(go))
    if url := environ.get("INFLUXDB_URL", "").rstrip("/"):
        yield of_given(url, environ)


def _of_1() -> Sequence[str]:
    return ("-m", "influxdb", *FOLDERS)


def of_given(url: str, environ: Mapping[str, str]) -> Run:
    """A running server of 2.x or 3: the store's suites, every query of the dashboards, and the demo."""
    said = asked_version(url, environ.get("INFLUXDB_TOKEN", ""))
    version = re.match(r"v?([23])\.", said)
    if version is None:
        raise NoServer(f"{url} says its version is {said!r}: a 1.x is tested by INFLUXD=/path/to/influxd")
    given = {key: environ.get(f"INFLUXDB_{key}", "") for key in ("TOKEN", "ORG")} | {"URL": url, "VERSION": version[1]}
    if not given["TOKEN"] or (version[1] == "2" and not given["ORG"]):
        raise NoServer("INFLUXDB_URL needs INFLUXDB_TOKEN, and on 2.x INFLUXDB_ORG")
    words = ("-k", f"influx{version[1]} or test_dashboards or test_a_demo_stores", *FOLDERS)
    return Run(
        f"InfluxDB {said} ({url})", words, {f"GAUGETRAIL_TEST_INFLUXDB_{key}": one for key, one in given.items()}
    )


def said_version(program: Path) -> str:
    """What `influxd version` says. Raises `NoServer` for what is no InfluxDB 1."""
    try:
        said = subprocess.run([program, "version"], capture_output=True, text=True, check=False, timeout=20).stdout
    except OSError as error:
        raise NoServer(f"{program} doesn't start: {error.strerror}") from error
    found = re.match(r"InfluxDB v?(1\.\S+|unknown)", said)
    if found is None:
        raise NoServer(f"{program} is no InfluxDB 1 ({said.strip()[:60]!r}): start it, and name it with INFLUXDB_URL")
    return found[1]


def asked_version(url: str, token: str) -> str:
    """What a running server says it is. Raises `NoServer`."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        with urllib.request.urlopen(urllib.request.Request(f"{url}/ping", None, headers), timeout=10) as answer:
            return str(answer.headers.get("X-Influxdb-Version", ""))
    except (urllib.error.URLError, OSError) as error:
        raise NoServer(f"{url} doesn't answer /ping: {error}") from error


def built(go: str) -> Path:
    """InfluxDB's `influxd` of that version, built from its Go module where it isn't yet. Raises `NoServer`."""
    program = SERVERS / f"influxd-{BUILT}" / "influxd"
    if program.exists():
        return program
    print(f"building InfluxDB {BUILT} from its Go module into {program.parent} (once, some minutes)", flush=True)
    modules = SERVERS / "go"
    environ = {"GOBIN": str(program.parent), "GOPATH": str(modules), "GOFLAGS": "-modcacherw"}
    done = subprocess.run(
        [go, "install", f"{MODULE}/cmd/influxd@v{BUILT}"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environ},
    )
    shutil.rmtree(modules, ignore_errors=True)  # half a gigabyte of sources that nothing asks for again
    if done.returncode or not program.exists():
        said = "\n".join(done.stderr.splitlines()[-10:])
        raise NoServer(f"InfluxDB {BUILT} can't be built; leave it out with GO= (nothing behind it):\n{said}")
    return program


def run(one: Run, more: Sequence[str]) -> str:
    """Run its tests; their closing line, or what they ended with."""
    print(f"\n=== {one.name}", flush=True)
    with tempfile.TemporaryDirectory(prefix="gaugetrail-servers-") as folder:
        environ = {**os.environ, **one.environ}
        if one.program is not None:
            (Path(folder) / "influxd").symlink_to(one.program.resolve())
            environ["PATH"] = folder + os.pathsep + environ["PATH"]
        words = (sys.executable, "-m", "pytest", "-q", *one.words, *more)
        with subprocess.Popen(words, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True) as process:
            last = ""
            for line in process.stdout or ():
                print(line, end="", flush=True)
                last = line.strip() or last
        return last if process.returncode == 0 else f"FAILED: {last}"


def main(more: Sequence[str]) -> int:
    """Every server in turn; 0 when all were green."""
    try:
        todo = list(runs(os.environ))
    except NoServer as error:
        print(error, file=sys.stderr)
        return 1
    if not todo:
        print("no InfluxDB to test on: name one with INFLUXD=/path or INFLUXDB_URL=…, or install Go", file=sys.stderr)
        return 1
    found = [(one.name, run(one, more)) for one in todo]
    print(f"\n{time.strftime('%Y-%m-%d')}")
    for name, said in found:
        print(f"{name}: {said}")
    return int(any(said.startswith("FAILED") for _, said in found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The packages as IT meets them: laid in a fresh Debian that its own systemd runs, started, hung, killed, upgraded,
taken off; each step looked at from inside. `make try-install` runs it, as root, with debootstrap and unshare.

    try_install.py FOLDER-OF-THE-PACKAGES

The Debian is made by debootstrap (kept in build/debian-base for the next time) and runs in namespaces of its own, with
no network but its loopback; of this machine nothing is changed. What can't be tried so: devices behind the unit's
DeviceAllow (there is no control group for devices), real USB adapters under the udev rules, a reboot.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "golden"))

from golden_0_1 import read, seals, unpack  # noqa: E402 (beside the tests of what 0.1 wrote)

BUILD = HERE.parents[1] / "build"
BASE, ROOT = BUILD / "debian-base", BUILD / "debian-trial"
PACKAGES = "python3,systemd,systemd-sysv,udev,mosquitto"
DEADLINE = 90.0
STATION = """
[[station]]
name = "OP10"
plan = "plan.toml"
unit_pattern = "SN[0-9]+"
"""
PLAN = """
id = "CP-1"
revision = "A"
part = "PR-1"
approved_by = "QE"
approved_on = "2026-11-01"
[[characteristic]]
name = "depth"
unit = "mm"
lsl = "1.0"
usl = "2.0"
capture = "typed"
"""
OPERATOR = """
import json, pathlib, socket, sys
data = pathlib.Path("/var/lib/gaugetrail/agent")
line = socket.create_connection(("127.0.0.1", int((data / "terminal.port").read_text())), 10)
line.settimeout(60)
seen = line.makefile("rb")
say = lambda **word: line.sendall(json.dumps(word).encode() + b"\\n")
say(token=(data / "terminal.token").read_text())
say(station="OP10")
def until(wanted):
    while not wanted(json.loads(seen.readline())): pass
say(typed="OP-1"); until(lambda now: now["operator"] == "OP-1")
for serial in sys.argv[1:]:
    say(typed=serial); until(lambda now: now["serial"] == serial)
    say(typed="1.50"); until(lambda now: now["last"] and now["last"]["serial"] == serial)
"""
AGENT, COLLECTOR = "gaugetrail-agent", "gaugetrail-collector"
passed = 0


def run(*words: str, check: bool = True) -> str:
    done = subprocess.run(words, capture_output=True, text=True, timeout=600, check=False)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(words)} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def until(found: Callable[[], object], what: str) -> None:
    """Wait for a condition, never for a time."""
    end = time.monotonic() + DEADLINE
    while not found():
        if time.monotonic() > end:
            raise AssertionError(f"not within {DEADLINE:g} s: {what}")
        time.sleep(0.2)


def shown(what: str, good: object) -> None:
    """One thing that holds."""
    global passed
    if not good:
        raise AssertionError(f"does not hold: {what}")
    passed += 1
    print(f"ok  {what}", flush=True)


class Debian:
    """The fresh system while it runs."""

    def __init__(self, pid: int) -> None:
        self._enter = ("nsenter", "-t", str(pid), "-m", "-p", "-u", "-i", "-n", "--")

    def run(self, *words: str, check: bool = True) -> str:
        return run(*self._enter, *words, check=check)

    def state(self, service: str, key: str) -> str:
        return self.run("systemctl", "show", "-P", key, service, check=False).strip()

    def active(self, service: str) -> bool:
        return (self.state(service, "ActiveState"), self.state(service, "SubState")) == ("active", "running")

    def journal(self, service: str) -> str:
        return self.run("journalctl", "-u", service, "--no-pager", "-o", "cat")

    def inspect(self, *serials: str) -> None:
        self.run("/opt/gaugetrail-agent/bin/python", "-c", OPERATOR, *serials)

    def records(self) -> dict[str, object]:
        told = self.run(COLLECTOR, "verify", "--config", "/etc/gaugetrail/collector.toml", "--json", check=False)
        return dict(json.loads(told.splitlines()[0]))

    def traced(self, serial: str) -> bool:
        told = self.run(COLLECTOR, "trace", serial, "--config", "/etc/gaugetrail/collector.toml", "--json", check=False)
        return f'"serial": "{serial}"' in told


@contextlib.contextmanager
def running() -> Iterator[Debian]:
    """A copy of the base, started; ended whatever happens."""
    if not BASE.exists():
        print("making a Debian with debootstrap, once", flush=True)
        part = BASE.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        part.parent.mkdir(exist_ok=True)
        run("debootstrap", "--variant=minbase", f"--include={PACKAGES}", "bookworm", str(part))
        part.rename(BASE)
    shutil.rmtree(ROOT, ignore_errors=True)
    run("cp", "-a", str(BASE), str(ROOT))
    (ROOT / "etc/mosquitto/conf.d/trial.conf").write_text("listener 1883 127.0.0.1\nallow_anonymous true\n")
    (ROOT / "etc/hosts").write_text("127.0.0.1 localhost\n")
    words = ("unshare", "--mount", "--pid", "--uts", "--ipc", "--net", "--fork", "--kill-child")
    with (
        (BUILD / "debian-trial.log").open("wb") as log,
        subprocess.Popen((*words, "sh", str(HERE / "boot.sh"), str(ROOT)), stdout=log, stderr=log) as unshare,
    ):
        try:
            children = Path(f"/proc/{unshare.pid}/task/{unshare.pid}/children")
            until(lambda: children.read_text().split(), "the new system has its first process")
            debian = Debian(int(children.read_text().split()[0]))
            until(lambda: debian.run("systemctl", "is-active", "multi-user.target", check=False).strip() == "active",
                  "systemd has started the system")  # fmt: skip
            yield debian
        finally:
            unshare.send_signal(signal.SIGKILL)  # --kill-child: with it ends all that runs inside
    shutil.rmtree(ROOT, ignore_errors=True)


def laid(debian: Debian, packages: list[Path]) -> None:
    for package in packages:
        shutil.copy(package, ROOT / "opt" / package.name)
    told = debian.run("dpkg", "--install", *(f"/opt/{package.name}" for package in packages))
    shown("the packages install with nothing but what a Debian has", "next: edit /etc/gaugetrail/agent.toml" in told)
    for line in told.splitlines():
        if "exposure" in line:
            print(f"    {line}")
    for name in (AGENT, COLLECTOR):
        told = debian.run("systemd-analyze", "verify", f"/etc/systemd/system/{name}.service", check=False)
        shown(f"{name}: systemd finds no fault in the unit {told.strip()}".strip(), told.strip() == "")
        shown(f"{name}: it will start with the system", debian.state(name, "UnitFileState") == "enabled")
        shown(f"{name}: nothing runs before somebody has seen the settings", not debian.active(name))
    told = debian.run(AGENT, "check", "--config", "/etc/gaugetrail/agent.toml")
    shown("the first settings of the agent are good as they stand", "good" in told)
    told = debian.run(COLLECTOR, "check", "--config", "/etc/gaugetrail/collector.toml")
    shown("the first settings of the collector are good as they stand", "good" in told)
    settings = (ROOT / "etc/gaugetrail/agent.toml").read_text()
    (ROOT / "etc/gaugetrail/agent.toml").write_text(settings + STATION)
    (ROOT / "etc/gaugetrail/plan.toml").write_text(PLAN)


def started(debian: Debian) -> None:
    debian.run("systemctl", "start", AGENT, COLLECTOR)
    for name in (AGENT, COLLECTOR):
        shown(f"{name}: it says that it is ready", debian.active(name))
        user = debian.run("stat", "-c", "%U", f"/proc/{debian.state(name, 'MainPID')}").strip()
        shown(f"{name}: it runs as gaugetrail, not as root", user == "gaugetrail")
    debian.inspect("SN1", "SN2")
    until(lambda: debian.traced("SN2"), "the part is in the store")
    shown("a part inspected at the station is in the store", debian.traced("SN1"))
    shown("the journal has the agent's log", "ready" in debian.journal(AGENT))


def kept_alive(debian: Debian) -> None:
    pid = debian.state(AGENT, "MainPID")
    debian.run("systemctl", "kill", "--kill-who=main", "--signal=KILL", AGENT)
    until(lambda: debian.active(AGENT) and debian.state(AGENT, "MainPID") != pid, "the killed agent is back")
    shown("an agent that was killed is started again", debian.state(AGENT, "NRestarts") == "1")
    for name in (AGENT, COLLECTOR):
        folder = ROOT / f"etc/systemd/system/{name}.service.d"
        folder.mkdir()
        (folder / "trial.conf").write_text("[Service]\nWatchdogSec=6\n")
        debian.run("systemctl", "daemon-reload")
        debian.run("systemctl", "restart", name)
        restarts = int(debian.state(name, "NRestarts"))
        pid = debian.state(name, "MainPID")
        heard: set[str] = set()
        until(
            lambda n=name, h=heard: h.add(debian.state(n, "WatchdogTimestampMonotonic")) or len(h) == 5,
            "it says again and again that it turns",
        )
        shown(f"{name}: one that turns says so and is left alone", debian.state(name, "MainPID") == pid)
        debian.run("systemctl", "kill", "--kill-who=main", "--signal=STOP", name)
        until(lambda n=name, r=restarts: debian.active(n) and int(debian.state(n, "NRestarts")) == r + 1, "it is back")
        shown(f"{name}: one that hangs is killed and started again", debian.state(name, "MainPID") != pid)
        shutil.rmtree(folder)
    debian.run("systemctl", "daemon-reload")
    debian.run("systemctl", "restart", AGENT, COLLECTOR)
    debian.inspect("SN3")
    until(lambda: debian.traced("SN3"), "the part is in the store")
    shown("after all that the chain is whole", debian.records()["ok"])


def reloaded(debian: Debian) -> None:
    """Plans and registers of the agent, passwords and certificates of both, without a new start."""
    for name in (AGENT, COLLECTOR):
        pid = debian.state(name, "MainPID")
        debian.run("systemctl", "reload", name)
        until(
            lambda n=name: any(line.endswith("event=reread") for line in debian.journal(n).splitlines()),
            "it has read its settings anew",
        )
        shown(f"{name}: a reload reads its settings anew and starts nothing", debian.state(name, "MainPID") == pid)


def with_faulty_settings(debian: Debian) -> None:
    path = ROOT / "etc/gaugetrail/agent.toml"
    good = path.read_text()
    path.write_text(good.replace("[agent]", "[agent]\nunknown_key = 1"))
    debian.run("systemctl", "restart", AGENT, check=False)
    until(lambda: debian.state(AGENT, "ActiveState") == "failed", "systemd gives up")
    shown("faulty settings: exit code 78, and no start after start", debian.state(AGENT, "ExecMainStatus") == "78")
    journal = debian.run("journalctl", "-u", AGENT, "-n", "20", "--no-pager", "-o", "cat")
    shown("the journal names file, line and key", "agent.toml" in journal and "unknown_key" in journal)
    path.write_text(good)
    debian.run("systemctl", "restart", AGENT)


def upgraded(debian: Debian, packages: list[Path]) -> None:
    settings = (ROOT / "etc/gaugetrail/agent.toml").read_text()
    debian.run("systemctl", "stop", COLLECTOR)
    debian.inspect("SN4", "SN5")
    pid = debian.state(AGENT, "MainPID")
    debian.run("dpkg", "--install", *(f"/opt/{package.name}" for package in packages))
    shown("an upgrade starts the running agent anew", debian.active(AGENT) and debian.state(AGENT, "MainPID") != pid)
    shown("a stopped collector stays stopped", not debian.active(COLLECTOR))
    shown("settings are kept", settings == (ROOT / "etc/gaugetrail/agent.toml").read_text())
    debian.run("systemctl", "start", COLLECTOR)
    until(lambda: debian.traced("SN5"), "what waited is in the store")
    shown("what waited in the spool during the upgrade is in the store", debian.records()["ok"])


def backed_up(debian: Debian) -> None:
    """Both, while they run; then all that they have is lost, and put back."""
    before = debian.records()
    for name, part in ((AGENT, "agent"), (COLLECTOR, "collector")):
        settings = f"/etc/gaugetrail/{part}.toml"
        debian.run(name, "backup", f"/root/{part}.zip", "--config", settings)
        debian.run("systemctl", "stop", name)
        for path in (ROOT / f"var/lib/gaugetrail/{part}").iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        Path(ROOT / settings.lstrip("/")).unlink()
    for name, part in ((AGENT, "agent"), (COLLECTOR, "collector")):
        debian.run(name, "restore", f"/root/{part}.zip", "--config", f"/etc/gaugetrail/{part}.toml")
        debian.run("systemctl", "start", name)
    debian.inspect("SN6")
    until(lambda: debian.traced("SN6"), "the part is in the store")
    until(lambda: debian.records()["ok"], "so is the new epoch's first record, which live ones may overtake")
    after = debian.records()
    heads = {one["epoch"]: (one["last"], one["head"]) for one in after["agents"]}  # type: ignore[attr-defined]
    kept = all(heads[one["epoch"]] == (one["last"], one["head"]) for one in before["agents"]  # type: ignore[attr-defined]
               if not one["agent"].startswith("collector:"))  # fmt: skip
    shown("after a restore of both the old chains stand and the agent goes on in a new epoch", after["ok"] and kept)


def wire_lines(told: str) -> bytes:
    """The records of an answer, without what was said beside them."""
    return "\n".join(line for line in told.splitlines() if line.startswith("{")).encode()


def come_from_0_1(debian: Debian) -> None:
    """A line PC that 0.1 has left with a backlog, under today's package: all that waited is in the store, as it was."""
    debian.run("systemctl", "stop", AGENT)
    data, settings = ROOT / "var/lib/gaugetrail/agent", ROOT / "etc/gaugetrail/agent.toml"
    now = settings.read_text()
    data.rename(data.with_name("agent-of-today"))
    unpack("agent", data)
    settings.write_text(re.sub(r'(?m)^id = "[^"]*"', 'id = "pc1"', now, count=1))
    debian.run("chown", "-R", "gaugetrail:gaugetrail", "/var/lib/gaugetrail/agent")
    debian.run("systemctl", "start", AGENT)
    spool = json.loads(read("spool.json"))
    waited = {seal for line in spool["lines"] for seal in seals(line.encode()) if seal in set(spool["waiting"])}
    words = (COLLECTOR, "export", "--config", "/etc/gaugetrail/collector.toml")
    until(lambda: waited <= set(seals(wire_lines(debian.run(*words)))), "all that waited is in the store")
    shown(f"of a line PC of 0.1 all {len(waited)} records that waited are in the store", len(waited) == 31)
    debian.run("systemctl", "stop", AGENT)
    shutil.rmtree(data)
    data.with_name("agent-of-today").rename(data)
    settings.write_text(now)
    debian.run("systemctl", "start", AGENT)


def named_gauges(debian: Debian) -> None:
    told = debian.run(AGENT, "install", "--program", "/usr/bin/gaugetrail-agent", "--udev", "bore=usb:0403:6001:A5")
    shown("a gauge is given its name", "60-gaugetrail-gauges.rules" in told)
    told = debian.run("udevadm", "test", "/sys/class/tty/tty0", check=False)
    ours = [line for line in told.splitlines() if "60-gaugetrail" in line]
    faults = [line for line in ours if "Reading rules file" not in line and "Skipping" not in line]
    shown("udev reads the rules and finds no fault in them", ours and not faults)


def taken_off(debian: Debian) -> None:
    data = ROOT / "var/lib/gaugetrail"
    for name in (AGENT, COLLECTOR):
        told = debian.run("dpkg", "--remove", name)
        shown(f"{name}: taking it off says where its data lies", "left: its data in /var/lib/gaugetrail" in told)
        shown(f"{name}: it runs no more", not debian.active(name))
        shown(f"{name}: its unit is gone", not (ROOT / f"etc/systemd/system/{name}.service").exists())
        told = debian.run("dpkg", "--purge", name)
        shown(f"{name}: a purge takes no evidence away", "left: /etc/gaugetrail" in told)
    kept = [
        data / "agent/spool.db",
        data / "agent/agent.key",
        data / "collector/store.db",
        ROOT / "etc/gaugetrail/agent.toml",
    ]
    shown("spool, keys, store and settings are there still", all(path.exists() for path in kept))


def main() -> None:
    if os.geteuid() != 0:
        sys.exit("make try-install needs root: it starts a Debian in namespaces of its own")
    missing = [name for name in ("debootstrap", "unshare", "nsenter", "ip") if shutil.which(name) is None]
    if missing:
        sys.exit(f"make try-install needs {', '.join(missing)}: apt-get install debootstrap util-linux iproute2")
    folder = Path(sys.argv[1])
    packages = [max(folder.glob(f"{name}_*.deb"), key=lambda path: path.stat().st_mtime) for name in (AGENT, COLLECTOR)]
    with running() as debian:
        laid(debian, packages)
        started(debian)
        kept_alive(debian)
        reloaded(debian)
        with_faulty_settings(debian)
        upgraded(debian, packages)
        backed_up(debian)
        come_from_0_1(debian)
        named_gauges(debian)
        taken_off(debian)
    print(f"{passed} passed, 0 failed")


if __name__ == "__main__":
    main()

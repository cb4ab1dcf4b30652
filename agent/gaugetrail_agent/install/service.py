"""The agent as a service: its unit, its folders, its first settings.

The majors are of the kernel's list (Documentation/admin-guide/devices.txt): 4 serial ports of the board, 13 input, 166
USB modems (`ttyACM`), 188 USB serial converters (`ttyUSB`), 204 serial ports of small boards (`ttyAMA` and others).
Numbers and not names: systemd looks a name up in /proc/devices when the unit starts, and a gauge that is plugged in
later brings its driver only then (systemd's `bpf_devices_allow_list_major` takes a number as it is).
"""

from __future__ import annotations

import socket
from importlib.resources import files

from gaugetrail_agent.install import udev
from gaugetrail_contract.topics import check_agent
from gaugetrail_service.install.service import USER, Service
from gaugetrail_service.install.steps import SystemTold, TextFile
from gaugetrail_service.install.unit import Allowed, LeftOff, ServiceUnit
from gaugetrail_service.settings_file import SETTINGS_FOLDER

SETTINGS = f"{SETTINGS_FOLDER}/agent.toml"
UDEV = "/run/udev/control"
UNIT = ServiceUnit(
    name="gaugetrail-agent",
    description="Gaugetrail agent: sealed records of what gauges and PLCs say",
    user=USER,
    state="gaugetrail/agent",
    watchdog="60",
    own=(
        Allowed("SupplementaryGroups=dialout input", "serial ports; scanners that type like a keyboard"),
        Allowed("DevicePolicy=closed"),
        *(
            Allowed(f"DeviceAllow=char-{major} rw", reason)
            for major, reason in (
                (188, "ttyUSB"),
                (166, "ttyACM"),
                (4, "ttyS"),
                (204, "ttyAMA and others"),
                (13, "input"),
            )
        ),
        Allowed("SystemCallFilter=@system-service"),
        Allowed("SystemCallFilter=~@privileged @resources"),
        Allowed(
            "SystemCallFilter=adjtimex", "it asks the kernel whether a time source sets the clock; it can't set it"
        ),
        LeftOff("PrivateDevices=yes", "gauges, scales and scanners are devices"),
        LeftOff("SupplementaryGroups= and DeviceAllow= empty", "the same"),
        LeftOff("PrivateUsers=yes", "the groups of serial ports and scanners would be nobody's"),
        LeftOff("ProtectClock=yes", "it forbids adjtimex, so that every record would say that its clock is not synced"),
        LeftOff("ProcSubset=pid", "which boot a record is of stands in /proc/sys/kernel/random/boot_id"),
    ),
)


def agent_service(agent: str, site: str, line: str, gauges: udev.Rules | None = None) -> Service:
    """The service of this agent. `gauges`: rules to be written; null leaves them as they are."""
    rules = () if gauges is None else (TextFile(udev.PATH, "root", "root", 0o644, gauges.text()),)
    tell = (
        SystemTold(("udevadm", "control", "--reload"), "udev reads the rules", UDEV),
        SystemTold(
            ("udevadm", "trigger", "--subsystem-match=tty", "--action=add"), "for gauges that are plugged in", UDEV
        ),
    )
    return Service(
        unit=UNIT,
        settings=SETTINGS,
        first_settings=first_settings(agent, site, line),
        more=rules,
        tell=tell if rules else (),
        gone=(udev.PATH,),
    )


def first_settings(agent: str, site: str, line: str, data_dir: str = f"/var/lib/{UNIT.state}") -> str:
    """The file that a new line PC begins with, under its own name."""
    text = files("gaugetrail_agent.install").joinpath("first_settings.toml").read_text("utf-8")
    for key, value in (("@AGENT@", agent), ("@SITE@", site), ("@LINE@", line), ("@DATA@", data_dir)):
        text = text.replace(key, value)
    return text


def name_of_this_pc() -> str:
    """The PC's name, where it can be an agent's; else one that says that it was not given."""
    name = socket.gethostname().partition(".")[0].lower()
    try:
        return check_agent(name)
    except ValueError:
        return "line-pc"

"""The collector as a service: its unit, its folders, its first settings."""

from __future__ import annotations

import socket
from importlib.resources import files

from gaugetrail_contract.text import refuse_name
from gaugetrail_service.install.service import USER, Service
from gaugetrail_service.install.unit import Allowed, LeftOff, ServiceUnit
from gaugetrail_service.settings_file import SETTINGS_FOLDER

SETTINGS = f"{SETTINGS_FOLDER}/collector.toml"
UNIT = ServiceUnit(
    name="gaugetrail-collector",
    description="Gaugetrail collector: records from the broker into the store",
    user=USER,
    state="gaugetrail/collector",
    # A store that doesn't answer is waited for `timeout_secs` (20 by default), and tried again up to 15 s later.
    watchdog="180",
    own=(
        Allowed("PrivateDevices=yes"),
        Allowed("DevicePolicy=closed"),
        Allowed("PrivateUsers=yes"),
        Allowed("ProtectClock=yes"),
        Allowed("ProcSubset=pid"),
        Allowed("SystemCallFilter=@system-service"),
        Allowed("SystemCallFilter=~@privileged @resources"),
        LeftOff("a folder for the store", "a SQLite store outside of data_dir needs ReadWritePaths= in a drop-in"),
    ),
)


def collector_service(collector: str) -> Service:
    """The service of this collector."""
    return Service(unit=UNIT, settings=SETTINGS, first_settings=first_settings(collector))


def first_settings(collector: str) -> str:
    """The file that a new server begins with, under its own name."""
    text = files("gaugetrail_collector.install").joinpath("first_settings.toml").read_text("utf-8")
    return text.replace("@COLLECTOR@", collector).replace("@DATA@", f"/var/lib/{UNIT.state}")


def name_of_this_server() -> str:
    """The machine's name, where it can be a collector's; else one that says that it was not given."""
    name = socket.gethostname().partition(".")[0].lower()
    return name if refuse_name(name) is None else "collector-1"

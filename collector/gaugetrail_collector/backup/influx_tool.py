"""InfluxDB 1 by its own tool: `influxd backup -portable` and `influxd restore -portable`, online, over its RPC address.

The portable form is of InfluxDB 1.5 and later (docs.influxdata.com, "Back up and restore data", v1); a restore makes
the database and refuses one that is there. 2 and 3 have tools of their own, which want another login than a collector
has; they are named and not called.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from gaugetrail_collector.config import InfluxTable

RPC_PORT = 8088
TOOL_SECS = 6 * 3600.0
"""A database of years takes its time; for ever would hide a tool that hangs."""


class ToolFailed(Exception):
    """InfluxDB's tool is missing or has failed; the text has its own words and what to do."""


def rpc_of(table: InfluxTable) -> str:
    """Where InfluxDB's RPC answers if nobody says otherwise: the store's host, port 8088."""
    return f"{urlsplit(table.url).hostname}:{RPC_PORT}"


def backed_up(table: InfluxTable, rpc: str, folder: Path) -> None:
    """The store's database into files of that folder. Raises `ToolFailed`."""
    refuse_others(table)
    _run("backup", "-portable", "-db", _database(table), "-host", rpc, str(folder))


def put_back(name: str, table: InfluxTable, rpc: str, folder: Path) -> None:
    """The database that was called `name`, from files of that folder into the store's, which must not be there yet.

    Raises `ToolFailed`.
    """
    refuse_others(table)
    target = _database(table)
    renamed = [] if target == name else ["-newdb", target]
    try:
        _run("restore", "-portable", "-db", name, *renamed, "-host", rpc, str(folder))
    except ToolFailed as error:
        raise ToolFailed(
            f"{error}\nIf the database {target} is there already, take another name in [store] database, or, where "
            f"nothing of it is needed, drop it: influx -execute 'DROP DATABASE \"{target}\"'"
        ) from error


def refuse_others(table: InfluxTable) -> None:
    """Raises `ToolFailed` for a version whose tool isn't called here."""
    if table.version == "2":
        raise ToolFailed(
            f"InfluxDB 2 is backed up by its own tool and a token of an operator: influx backup FOLDER --bucket "
            f"{table.bucket}; say --without-store for all else"
        )
    if table.version == "3":
        raise ToolFailed(
            "InfluxDB 3 has no such tool: copy its object store, or use archive, which archive restore brings back; "
            "say --without-store for all else"
        )


def _database(table: InfluxTable) -> str:
    return table.database or ""


def _run(*words: str) -> None:
    tool = shutil.which("influxd")
    if tool is None:
        raise ToolFailed("influxd is not on this machine, and its backup is InfluxDB's own; run this where it is")
    try:
        done = subprocess.run(  # noqa: S603 (our own words, no shell)
            (tool, *words), capture_output=True, text=True, timeout=TOOL_SECS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ToolFailed(f"influxd {words[0]}: {error}") from error
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise ToolFailed(f"influxd {' '.join(words)} failed: {' '.join(said)}")

"""`gaugetrail-agent`: reads gauges and PLCs on a line PC and makes sealed records of what they say.

Exit codes: 0 ok, 1 failed, 2 usage, 78 bad configuration. Answers go to standard output, messages to standard error.

A command is one line of the table: its name, where it stands, the first sentence of its help.
"""

from __future__ import annotations

from gaugetrail_service import cli
from gaugetrail_service.lazy_commands import Listed, program

HERE = "gaugetrail_agent.commands"
COMMANDS = (
    Listed("run", f"{HERE}.run:run", "Run the agent until SIGTERM or Ctrl-C."),
    Listed("check", f"{HERE}.run:check", "Check settings, plans, registers and drivers."),
    Listed("terminal", f"{HERE}.run:terminal", "The operator's terminal of a station, on the whole console."),
    Listed("station", f"{HERE}.station:station", "Play a script at a station, without its devices."),
    Listed("codes", f"{HERE}.codes:codes", "Write a sheet of barcodes for a station, A4."),
    Listed("status", f"{HERE}.status:status", "How the running agent is, and what to do where it isn't well."),
    Listed("tap", f"{HERE}.tap:tap", "Show the bytes of a running device until Ctrl-C."),
    Listed("doctor", f"{HERE}.doctor:doctor", "What isn't well around the agent, and what to do about it."),
    Listed("read", f"{HERE}.device:read", "Print a device's raw bytes beside what they mean."),
    Listed("ports", f"{HERE}.ports:ports", "List the serial ports of this PC."),
    Listed("capture", f"{HERE}.capture:capture", "Listen on a port and keep every byte."),
    Listed("decode", f"{HERE}.decode:decode", "Print what bytes of a gauge mean."),
    Listed("registers", f"{HERE}.decode:registers_", "Print what Modbus registers mean."),
    Listed("scan", f"{HERE}.decode:scan", "Print what a scanned code means."),
    Listed("profiles", f"{HERE}.profiles:app", "List, show, test and begin gauge profiles."),
    Listed("spool", f"{HERE}.spool:app", "Look into the durable queue, even beside the agent."),
    Listed("backup", f"{HERE}.backup:backup", "Put keys, settings and spool into one file."),
    Listed("restore", f"{HERE}.backup:restore", "Put a backup back, with the agent stopped."),
    Listed("install", f"{HERE}.install:install", "Lay the agent on this PC as a service."),
    Listed("uninstall", f"{HERE}.install:uninstall", "Take the service off this PC."),
    Listed("key", f"{HERE}.key:key", "Print the agent's key and the collectors that it knows."),
    Listed("people", f"{HERE}.people:app", "People at this PC: unlock who is locked after wrong PINs."),
    Listed("document", f"{HERE}.document:app", "Controlled documents of this PC, where no collector writes any."),
    Listed("examples", "gaugetrail_service.examples:examples", "Write examples of settings, plans and dashboards."),
)
ABOUT = "Reads gauges and PLCs on a line PC and makes sealed records of what they say."

app = program("gaugetrail-agent", ABOUT, COMMANDS, extra="agent")


def main() -> None:
    """Entry of the command."""
    cli.run(app)

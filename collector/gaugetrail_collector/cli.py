"""`gaugetrail-collector`: collects records into the store, answers what became of a part, proves the store whole.

Exit codes: 0 ok, 1 failed, 2 usage, 78 bad configuration. Answers go to standard output, messages to standard error.

A command is one line of the table: its name, where it stands, the first sentence of its help.
"""

from __future__ import annotations

from gaugetrail_service import cli
from gaugetrail_service.lazy_commands import Listed, program

HERE = "gaugetrail_collector.commands"
COMMANDS = (
    Listed("run", f"{HERE}.run:run", "Collect until SIGTERM or Ctrl-C."),
    Listed("check", f"{HERE}.run:check", "Check the settings."),
    Listed("status", f"{HERE}.status:status", "How agents, broker and store are, and what to do."),
    Listed("doctor", f"{HERE}.doctor:doctor", "What isn't well around the collector, and what to do about it."),
    Listed("trace", f"{HERE}.tracing.trace:trace", "Everything known of a serial, lot, order, gauge or operator."),
    Listed("verify", f"{HERE}.verify:verify", "Recompute every seal and walk every chain in the store."),
    Listed("export", f"{HERE}.tracing.export:export", "Write records for other programs."),
    Listed("archive", f"{HERE}.archive:app", "A period in one file that proves itself, without a database."),
    Listed(
        "document", f"{HERE}.documents.document:app", "Controlled documents: who approved which plan, and what holds."
    ),
    Listed("amend", f"{HERE}.amend:app", "What a record says, put right beside it; the original stands."),
    Listed("unit", f"{HERE}.unit:app", "Units and lots: hold, release, concession, scrap, rework."),
    Listed("suggestion", f"{HERE}.suggestion:app", "What people at stations suggested, and the office's answers."),
    Listed("people", f"{HERE}.people:app", "People: who is qualified for what on any day, and their PINs."),
    Listed("set-aside", f"{HERE}.set_aside:app", "What could not be understood or stored, and why."),
    Listed("agents", f"{HERE}.agents:app", "Line PCs that were retired: let go, so that they are no alarm."),
    Listed("stats", f"{HERE}.statistics.stats:app", "Statistics of a table: charts, rules, capability, studies."),
    Listed("backup", f"{HERE}.backup:backup", "Put the collector and its store into one file."),
    Listed("restore", f"{HERE}.backup:restore", "Put a backup back, with the collector stopped."),
    Listed("install", f"{HERE}.install:install", "Lay the collector on this server as a service."),
    Listed("uninstall", f"{HERE}.install:uninstall", "Take the service off this server."),
    Listed("store", f"{HERE}.store:app", "Set the store up, look at it, copy it."),
    Listed("keys", f"{HERE}.keys:app", "Whose signatures count, the agents' and the collector's own."),
    Listed("console", f"{HERE}.console:app", "The console's users."),
    Listed("anchors", f"{HERE}.anchors:app", "Noted seals, which contradict a chain that was rewritten."),
    Listed("examples", "gaugetrail_service.examples:examples", "Write examples of settings, plans and dashboards."),
)
ABOUT = "Collects records into the store, answers what became of a part, proves the store whole."

app = program("gaugetrail-collector", ABOUT, COMMANDS, extra="collector")


def main() -> None:
    """Entry of the command."""
    cli.run(app)

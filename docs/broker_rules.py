"""The broker's access rules out of the contract's table: mosquitto's ACL file, a script for its dynamic-security
plugin, and the page for people.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gaugetrail_contract.broker_access import ACCESS, reads, writes
from gaugetrail_contract.topics import ROOT, SHARED_RECORDS

ACL = """\
# Who may write and read what, for mosquitto's acl_file; written by make docs (docs/reference/broker-access.md).
# A line PC logs on with its [agent] id as user name. What stands under pattern holds for every user.
# An ACL file refuses no subscription: whoever may log on can join the collectors' shared group and swallow records,
# which are sent again. Where that must not be, use the dynamic-security plugin (dynamic-security.sh beside this file).
#
#     listener 8883
#     allow_anonymous false
#     password_file /etc/mosquitto/passwords
#     acl_file /etc/mosquitto/access.acl
"""
SCRIPT = r"""#!/bin/sh
# Says what mosquitto_ctrl has to be told so that a user may do what Gaugetrail wants of it, and nothing else:
#
#     sh dynamic-security.sh agent line1-pc1 line1       # user name, which is the [agent] id, and its line
#     sh dynamic-security.sh collector c1                # user name, which is the collector's id
#     sh dynamic-security.sh display mes                 # whoever shows verdicts
#
# Look at it, then: … | sh. CTRL is the command with its options, such as
# CTRL="mosquitto_ctrl -h broker --cafile ca.pem -u admin -P …". Users are made before, with
# $CTRL dynsec createClient NAME. Twice is once. Written by make docs (docs/reference/broker-access.md).
set -eu
ctrl=${CTRL:-mosquitto_ctrl}
[ $# -ge 2 ] || { echo "say agent NAME LINE, collector NAME or display NAME" >&2; exit 2; }
kind=$1 name=$2 line=${3:-}
role=gaugetrail-$kind-$name
case $name$line in
*[!A-Za-z0-9_.-]*) echo "$name $line: write its rules by hand, after those of a plainer name" >&2; exit 2;;
esac
write() { echo "$ctrl dynsec addRoleACL '$role' publishClientSend '$1' allow 1"; }
read_() { echo "$ctrl dynsec addRoleACL '$role' subscribePattern '$1' allow 1"; }
echo "$ctrl dynsec createRole '$role' || true"
case $kind in
agent)
	[ -n "$line" ] || { echo "say the line, too: agent NAME LINE" >&2; exit 2; }
{agent}
	;;
collector)
{collector}
	;;
display)
{display}
	;;
*) echo "$kind: say agent, collector or display" >&2; exit 2;;
esac
echo "$ctrl dynsec addClientRole '$name' '$role' || true"
"""
PAGE = """# Access rules of the broker

{note}
What each topic is for, and who may write and read it. `<agent>`, `<collector>` and `<line>` are names; an agent
writes and reads under its own name, and what is said to its own line. All else is refused.

| topic | what | who writes | who reads |
|---|---|---|---|
{rows}

mosquitto takes this in two ways; `gaugetrail-agent examples DIR` writes both.

- **`mosquitto/access.acl`**, with `acl_file` and `password_file`: plain, and enough where everybody who may log on is
  trusted to listen. mosquitto's ACL file refuses no subscription, so any user can join the collectors' shared group and
  swallow records (they are sent again), and a line PC reads the holds of every line.
- **`mosquitto/dynamic-security.sh`**, for the dynamic-security plugin: what isn't allowed can't be subscribed to,
  either. That is the plugin's own default; leave it so.

`gaugetrail-agent status` and `gaugetrail-collector status` name a refused topic. The rules keep nonsense away; what is
believed is another matter: an agent believes what a collector has signed that it knows ([evidence](../evidence.md)).
"""
WHO = {"agent": "that agent", "collector": "collectors", "display": "displays, the MES"}


def rule_files(note: str) -> dict[Path, str]:
    """Path -> text."""
    return {
        Path("config/mosquitto/access.acl"): _acl(),
        Path("config/mosquitto/dynamic-security.sh"): _script(),
        Path("docs/reference/broker-access.md"): PAGE.format(note=note, rows="\n".join(_rows())),
    }


def _acl() -> str:
    lines = [ACL.rstrip("\n"), "", "# --- every line PC"]
    lines += [f"pattern write {topic}" for topic in writes("agent", "%u")]
    lines += [f"pattern read {topic}" for topic in reads("agent", "%u")]
    lines += ["", "# --- each collector: one such block, with its id", "user collector"]
    lines += [f"topic write {topic}" for topic in writes("collector", "collector")]
    lines += [f"topic read {topic}" for topic in reads("collector", "collector")]
    lines += ["", "# --- whoever shows verdicts", "user mes"]
    lines += [f"topic read {topic}" for topic in reads("display", "mes")]
    return "\n".join(lines) + "\n"


def _script() -> str:
    text = SCRIPT
    text = text.replace("{agent}", _calls(writes("agent", "$name"), reads("agent", "$name", "$line")))
    shared = [SHARED_RECORDS.replace("$", "\\$")]
    text = text.replace("{collector}", _calls(writes("collector", "$name"), [*reads("collector", "$name"), *shared]))
    return text.replace("{display}", _calls([], reads("display", "$name")))


def _calls(written: list[str], read: list[str]) -> str:
    lines = [f'\twrite "{topic}"' for topic in written] + [f'\tread_ "{topic}"' for topic in read]
    return "\n".join(lines)


def _rows() -> Iterator[str]:
    for one in ACCESS:
        who = ", ".join(_who(one.topic, party) for party in one.reads) or "nobody"
        yield f"| `{one.topic.removeprefix(ROOT + '/')}` | {one.what} | {_who(one.topic, one.writes)} | {who} |"


def _who(topic: str, party: str) -> str:
    if party == "agent" and "<agent>" not in topic:
        return "agents of the line" if "<line>" in topic else "agents"
    return WHO[party]

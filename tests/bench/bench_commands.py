"""What a command costs before its first word: processor time of whole starts, medians of five.

Beside it what typer, rich and pydantic alone cost to import, in a process each, less what Python itself costs. All of
them on settings that a newcomer has: the examples of `config/`, an empty store.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

Say = Callable[[str], None]
STARTS = 5
BIN = Path(sys.executable).parent
CONFIG = Path(__file__).parents[2] / "config"
LIBRARIES = ("typer", "rich.console", "pydantic", "msgspec", "biip", "importlib.metadata", "cryptography.x509")
WANTED = {"--help": 0.25, "--version": 0.25, "scan": 0.25}
OTHERS = 0.40

AGENT = {
    "--help": ("--help",),
    "--version": ("--version",),
    "scan": ("scan", "--hex", "5d43313031303935303630303031333433353231305443"),
    "decode": ("decode", "--profile", "digimatic-13", "--hex", "3031412b303030302e3132330d"),
    "registers": ("registers", "--type", "float32", "0x4436", "0x6334"),
    "check": ("check", "-c", "{agent}"),
    "key": ("key", "-c", "{agent}"),
    "ports": ("ports",),
    "profiles": ("profiles",),
    "profiles show": ("profiles", "show", "mt-sics"),
    "spool ls": ("spool", "ls", "-c", "{agent}"),
    "run --help": ("run", "--help"),
    "read --help": ("read", "--help"),
    "capture --help": ("capture", "--help"),
    "terminal --help": ("terminal", "--help"),
}
COLLECTOR = {
    "--help": ("--help",),
    "--version": ("--version",),
    "check": ("check", "-c", "{collector}"),
    "status": ("status", "-c", "{collector}"),
    "trace": ("trace", "SN1", "-c", "{collector}"),
    "verify": ("verify", "-c", "{collector}"),
    "export": ("export", "-c", "{collector}"),
    "set-aside ls": ("set-aside", "ls", "-c", "{collector}"),
    "store stats": ("store", "stats", "-c", "{collector}"),
    "keys ls": ("keys", "ls", "-c", "{collector}"),
    "anchors ls": ("anchors", "ls", "-c", "{collector}"),
    "console password": ("console", "password", "anna"),
    "archive --help": ("archive", "--help"),
    "run --help": ("run", "--help"),
}


def cost(command: Sequence[str]) -> float:
    """Seconds of processor, user and system, of the median start. What the command says is not looked at."""
    found = []
    for _ in range(STARTS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, input=b"a long enough word 17\n", capture_output=True, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(found)


def settings(folder: Path) -> dict[str, str]:
    """Settings files for the starts: the agent's example in a place of its own, a collector with a store in a file."""
    agent, collector = folder / "agent.toml", folder / "collector.toml"
    text = (CONFIG / "examples" / "agent.toml").read_text("utf-8").replace('"../', f'"{CONFIG}/')
    agent.write_text(text.replace('data_dir = "', f'data_dir = "{folder}/'), "utf-8")
    collector.write_text(
        f'id = "bench"\ndata_dir = "{folder}/collector"\n\n[mqtt]\nhost = "127.0.0.1"\n\n'
        f'[store]\nkind = "sqlite"\npath = "{folder}/records.db"\n',
        "utf-8",
    )
    return {"agent": str(agent), "collector": str(collector)}


def run(say: Say) -> dict[str, float]:
    """Every command and library; a row each."""
    found: dict[str, float] = {}
    bare = cost([sys.executable, "-c", "pass"])
    say(f"{'python':<34} {bare:.3f} s")
    for library in LIBRARIES:
        spent = cost([sys.executable, "-c", f"import {library}"]) - bare
        found[f"import_{library.replace('.', '_')}_s"] = round(spent, 3)
        say(f"{'import ' + library:<34} {spent:.3f} s")
    with tempfile.TemporaryDirectory() as folder:
        files = settings(Path(folder))
        for program, commands in (("agent", AGENT), ("collector", COLLECTOR)):
            for name, words in commands.items():
                spent = cost([str(BIN / f"gaugetrail-{program}"), *(word.format(**files) for word in words)])
                key = f"{program}_{name.replace('--', '').replace(' ', '_').replace('-', '_')}_s"
                found[key] = round(spent, 3)
                wanted = WANTED.get(name, OTHERS)
                over = "" if spent <= wanted else "  OVER"
                say(f"{f'gaugetrail-{program} {name}':<34} {spent:.3f} s, wanted {wanted}{over}")
    return found

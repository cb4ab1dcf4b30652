"""Commands that are loaded when they are called: the table says what they say, a start loads no more than it needs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer
import typer.main
from typer.core import TyperCommand, TyperGroup
from typer.testing import CliRunner

from gaugetrail_agent import cli as agent_cli
from gaugetrail_collector import cli as collector_cli
from gaugetrail_service.lazy_commands import Listed, program
from gaugetrail_sim import cli as sim_cli

PROGRAMS = {"agent": agent_cli, "collector": collector_cli}
APPS = {"agent": agent_cli.app, "collector": collector_cli.app, "sim": sim_cli.app}
HEAVY = ("pydantic", "msgspec", "rich", "pymodbus", "serial", "cryptography", "influxdb_client", "asyncio", "sqlite3")
SCAN = ("scan", "--hex", "5d43313031303935303630303031333433353231305443")
REGISTERS = ("registers", "--type", "float32", "0x4436", "0x6334")


def first_sentence(text: str | None) -> str:
    return " ".join((text or "").partition(". ")[0].split("\n\n")[0].split()).rstrip(".") + "."


def groups(command: object, path: str) -> list[tuple[str, TyperGroup]]:
    """The group and every group in it, by the words that lead there."""
    if not isinstance(command, TyperGroup):
        return []
    return [(path, command)] + [
        found for name, inner in command.commands.items() for found in groups(inner, f"{path} {name}")
    ]


GROUPS = [found for name, app in APPS.items() for found in groups(typer.main.get_command(app), f"gaugetrail-{name}")]


@pytest.mark.parametrize("name", PROGRAMS)
def test_each_line_of_the_table_says_what_its_command_says(name: str) -> None:
    """The list in --help is written beside the commands, so it is held against them."""
    said = {one.name: first_sentence(one.load().help) for one in PROGRAMS[name].COMMANDS}
    assert {one.name: one.help for one in PROGRAMS[name].COMMANDS} == said


@pytest.mark.parametrize(("path", "group"), GROUPS, ids=[path for path, _ in GROUPS])
def test_no_help_in_a_list_is_cut_at_80_columns(path: str, group: TyperGroup) -> None:
    """A sentence that ends in three dots says nothing."""
    words = path.split()
    app = APPS[words[0].removeprefix("gaugetrail-")]
    listed = CliRunner().invoke(app, [*words[1:], "--help"], env={"COLUMNS": "80", "TERMINAL_WIDTH": "80"}).output
    lines = listed[listed.index("Commands:") :].splitlines()[1:]
    assert len(lines) == len([one for one in group.commands.values() if not one.hidden])
    assert [line for line in lines if line.endswith("...") or len(line) > 80] == []


def loaded_by(program_name: str, *words: str, watched: tuple[str, ...] = HEAVY) -> set[str]:
    """Which of the watched packages a start has loaded, in a process of its own."""
    script = f"""
import sys
sys.argv = ["gaugetrail-{program_name}", *{words!r}]
from gaugetrail_{program_name}.cli import main
try:
    main()
finally:
    print(*(name for name in {watched!r} if name in sys.modules), sep="\\n", file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip()
    return set(done.stderr.split())


@pytest.mark.processes
@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("word", ["--help", "--version"])
def test_help_and_version_load_no_library_but_typer(name: str, word: str) -> None:
    assert loaded_by(name, word) == set()


@pytest.mark.processes
@pytest.mark.parametrize("words", [SCAN, REGISTERS], ids=["scan", "registers"])
def test_what_reads_no_settings_does_without_the_library_for_settings(words: tuple[str, ...]) -> None:
    """pydantic alone would be half of what a scan may cost; typer would load it to look at plain words."""
    assert loaded_by("agent", *words) == set()


@pytest.mark.processes
def test_decode_needs_the_profiles_and_nothing_of_links() -> None:
    found = loaded_by("agent", "decode", "--profile", "digimatic-13", "--hex", "3031412b303030302e3132330d")
    assert found <= {"pydantic", "msgspec"}


# --- versions, names, completion


@pytest.mark.parametrize("name", APPS)
def test_version_names_the_program_and_its_version(name: str) -> None:
    answer = CliRunner().invoke(APPS[name], ["--version"])
    assert (answer.exit_code, answer.output) == (0, f"gaugetrail-{name} 0.2.0\n")


@pytest.mark.parametrize(("name", "typed", "meant"), [("agent", "scna", "scan"), ("collector", "verfiy", "verify")])
def test_a_mistyped_command_is_told_the_one_that_was_meant(name: str, typed: str, meant: str) -> None:
    answer = CliRunner().invoke(APPS[name], [typed])
    assert answer.exit_code == 2
    assert f"Did you mean '{meant}'?" in answer.output


@pytest.mark.parametrize(
    ("name", "words", "meant"),
    [
        ("agent", ("spool", "ls", "--state", "wating"), "did you mean waiting?"),
        ("collector", ("export", "--format", "jsnl"), "did you mean jsonl?"),
        ("agent", ("spool", "ls", "--limit", "many"), "valid integer"),
    ],
)
def test_a_mistyped_choice_is_told_the_one_that_was_meant(name: str, words: tuple[str, ...], meant: str) -> None:
    answer = CliRunner().invoke(APPS[name], [*words, "-c", "none.toml"])
    assert answer.exit_code == 2
    assert meant in answer.stderr


def completed(app: typer.Typer, typed: str) -> list[str]:
    """What the shell offers behind these words."""
    env = {"_ROOT_COMPLETE": "complete_bash", "COMP_WORDS": f"root {typed}", "COMP_CWORD": str(len(typed.split(" ")))}
    return CliRunner().invoke(app, [], prog_name="root", env=env).output.split()


def test_a_shell_completes_commands_groups_and_options() -> None:
    assert completed(agent_cli.app, "re") == ["read", "registers", "restore"]
    assert completed(agent_cli.app, "spool s") == ["stats", "show"]
    assert "--all-orders" in completed(agent_cli.app, "registers --a")
    assert {"--version", "--help"} <= set(completed(agent_cli.app, "--"))


@pytest.mark.parametrize("name", APPS)
def test_the_script_for_a_shell_is_shown(name: str) -> None:
    env = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    done = subprocess.run(
        [sys.executable, "-c", f"from gaugetrail_{name}.cli import main; main()", "--show-completion", "bash"],
        capture_output=True,
        text=True,
        env={**os.environ, **env},
        timeout=60,
        check=True,
    )
    assert "complete -o default -F" in done.stdout


# --- a table of our own


def small(*table: Listed) -> typer.Typer:
    return program("gaugetrail-small", "A program for a test.", table, extra="agent")


def test_a_hidden_command_works_and_is_not_listed() -> None:
    here = "gaugetrail_agent.commands.decode:registers_"
    app = small(Listed("registers", here, "Seen."), Listed("old-name", here, "Not seen.", hidden=True))
    assert "old-name" not in CliRunner().invoke(app, ["--help"]).output
    assert completed(app, "") == ["registers"]
    assert CliRunner().invoke(app, ["old-name", "--type", "uint16", "7"]).output == '{"value": 7, "text": "7"}\n'


def test_a_command_is_loaded_once_and_no_other_with_it() -> None:
    """A line that leads nowhere disturbs nobody who doesn't call it."""
    app = small(
        Listed("registers", "gaugetrail_agent.commands.decode:registers_", "There."),
        Listed("nowhere", "gaugetrail_small.nowhere:nothing", "Not there."),
    )
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    assert isinstance(group.commands["registers"], TyperCommand)
    assert group.commands["registers"] is group.commands["registers"]
    assert "Not there." in CliRunner().invoke(app, ["--help"]).output


def test_a_missing_module_of_our_own_is_a_fault_with_its_traceback() -> None:
    answer = CliRunner().invoke(small(Listed("nowhere", "gaugetrail_small.nowhere:nothing", "Not there.")), ["nowhere"])
    assert isinstance(answer.exception, ModuleNotFoundError)


# --- without the extra


WITHOUT = """
import sys
class Lacking:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == {missing!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Lacking())
sys.argv = ["gaugetrail-{program}", *{words!r}]
from gaugetrail_{program}.cli import main
main()
"""


def without(missing: str, program_name: str, *words: str) -> subprocess.CompletedProcess[str]:
    """A start on a machine where that package isn't installed."""
    script = WITHOUT.format(missing=missing, program=program_name, words=words)
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.processes
@pytest.mark.parametrize(
    ("missing", "name", "command"),
    [("pymodbus", "agent", "run"), ("biip", "agent", "scan"), ("cryptography", "collector", "run")],
)
def test_a_command_without_its_extra_says_what_to_install(
    missing: str, name: str, command: str, tmp_path: Path
) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text(
        f'id = "c1"\ndata_dir = "{tmp_path}"\n[mqtt]\n[store]\nkind = "sqlite"\npath = "{tmp_path}/records.db"\n'
    )
    words = SCAN if command == "scan" else (command, "-c", str(settings))
    done = without(missing, name, *words)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == (
        f"gaugetrail-{name} {command} needs the Python package {missing}, which is not installed here; "
        f"install what belongs to it with: pip install 'gaugetrail[{name}]'\n"
    )


@pytest.mark.processes
def test_the_simulators_say_what_to_install() -> None:
    """They share no code with the agent, and the same habit."""
    script = WITHOUT.format(missing="paho", program="sim", words=("demo",)).replace("sim.cli", "sim.start")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "gaugetrail-sim needs the Python package paho, which is not installed here; "
        "install what belongs to it with: pip install 'gaugetrail[sim]'\n"
    )


@pytest.mark.processes
@pytest.mark.parametrize(("missing", "words"), [("biip", REGISTERS), ("pymodbus", SCAN), ("serial", ("--help",))])
def test_a_command_that_does_not_need_the_package_works_without_it(missing: str, words: tuple[str, ...]) -> None:
    done = without(missing, "agent", *words)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout

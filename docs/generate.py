"""Writes the pages and schemas that come from the code; a test compares them, so that they can't drift.

`python docs/generate.py` writes; `pages()` returns path -> text for the test, `compiled()` path -> bytes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import typer.main
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from gaugetrail_agent import cli as agent_cli
from gaugetrail_agent.config import AgentSettings
from gaugetrail_agent.drivers import catalogue
from gaugetrail_agent.drivers.profile import driver
from gaugetrail_collector import cli as collector_cli
from gaugetrail_collector.commands.statistics.stats import KindCommand
from gaugetrail_collector.config import CollectorSettings
from gaugetrail_contract.documents.calendar import Calendar
from gaugetrail_contract.documents.external import ExternalDocument
from gaugetrail_contract.documents.form import Form
from gaugetrail_contract.documents.instruction import InstructionDocument
from gaugetrail_contract.documents.limits import LimitsDocument
from gaugetrail_contract.documents.order import OrderDocument
from gaugetrail_contract.documents.plan import PlanFile
from gaugetrail_contract.documents.reaction import ReactionPlan
from gaugetrail_contract.events.registry import event_schema
from gaugetrail_contract.figures import AGENT_FIGURES, COLLECTOR_FIGURES
from gaugetrail_contract.receipts import Receipt
from gaugetrail_contract.record.schema import record_schema
from gaugetrail_contract.settings import Settings
from gaugetrail_contract.status import AgentStatus, CollectorStatus
from gaugetrail_contract.verdicts import ToldVerdict
from gaugetrail_sim import cli as sim_cli

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "config" / "grafana"), str(ROOT / "docs")]

from broker_rules import rule_files  # noqa: E402 (beside this file)
from driver_pages import driver_pages, page_of  # noqa: E402 (beside this file)
from event_pages import events_page  # noqa: E402 (the same)
from screen_catalogues import compiled  # noqa: E402 (the same)
from station_pages import station_commands_page  # noqa: E402 (the same)
from station_table import station_table_page  # noqa: E402 (the same)
from unit_state_page import unit_states_page  # noqa: E402 (the same)

from gaugetrail_dashboards import build as dashboards  # noqa: E402 (a package beside the JSON that it writes)

PAPERS: Mapping[str, type[Settings]] = {
    "order": OrderDocument,
    "calendar": Calendar,
    "instruction": InstructionDocument,
    "reaction": ReactionPlan,
    "limits": LimitsDocument,
    "form": Form,
    "external": ExternalDocument,
}
"""The other documents that people write as TOML."""
NOTE = "<!-- written by make docs; change the code, not this page -->\n"


def pages() -> dict[Path, str]:
    """Every generated file with its text."""
    schemas = {
        "agent": AgentSettings.model_json_schema(),
        "collector": CollectorSettings.model_json_schema(),
        "plan": PlanFile.model_json_schema(),
        **{name: model.model_json_schema() for name, model in PAPERS.items()},
        "profile": driver.profile_schema(),
        "record": record_schema(),
        "receipt": Receipt.model_json_schema(),
        "verdict": ToldVerdict.model_json_schema(),
        "agent-status": AgentStatus.model_json_schema(),
        "collector-status": CollectorStatus.model_json_schema(),
        "events": event_schema(),
    }
    files = {Path("config/schema") / f"{name}.json": _json(schema) for name, schema in schemas.items()}
    reference = Path("docs/reference")
    files[reference / "settings-agent.md"] = settings_page("gaugetrail-agent", schemas["agent"])
    files[reference / "settings-collector.md"] = settings_page("gaugetrail-collector", schemas["collector"])
    files[reference / "profile-format.md"] = settings_page("The profile file", schemas["profile"])
    files[reference / "plan-file.md"] = settings_page("The control plan", schemas["plan"])
    for name in PAPERS:
        files[reference / f"{name}-file.md"] = settings_page(f"The {name} document", schemas[name])
    files[reference / "verdict.md"] = settings_page("The verdict for displays", schemas["verdict"])
    files[reference / "record.md"] = settings_page("The record", schemas["record"])
    for name, cli in (("agent", agent_cli), ("collector", collector_cli), ("sim", sim_cli)):
        files[reference / f"commands-{name}.md"] = commands_page(f"gaugetrail-{name}", cli.app)
    files[reference / "profiles.md"] = profiles_page()
    files[reference / "metrics.md"] = metrics_page()
    files[reference / "events.md"] = events_page(NOTE)
    files[reference / "unit-states.md"] = unit_states_page(NOTE)
    files[reference / "station-table.md"] = station_table_page(NOTE)
    files[Path("docs/station-commands.md")] = station_commands_page(NOTE)
    files |= rule_files(NOTE)
    return files | driver_pages(ROOT) | dashboards.files()


def _json(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def settings_page(title: str, schema: dict[str, Any]) -> str:
    """A table for each model of a schema: key, type, default, meaning."""
    lines = [f"# {title}: every key", "", NOTE]
    models = {schema.get("title", title): schema} | schema.get("$defs", {})
    for name, model in models.items():
        if "properties" not in model:
            continue
        lines += [f"## {name}", "", _cell(model.get("description", "")), ""]
        lines += ["| key | type | default | meaning |", "|---|---|---|---|"]
        required = set(model.get("required", ()))
        for key, field in model["properties"].items():
            default = "required" if key in required else f"`{json.dumps(field.get('default'))}`"
            lines.append(f"| `{key}` | {_type(field)} | {default} | {_cell(field.get('description', ''))} |")
        lines.append("")
    return "\n".join(lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _type(field: dict[str, Any]) -> str:
    if "$ref" in field:
        return field["$ref"].rpartition("/")[2]
    for several in ("anyOf", "oneOf"):
        if several in field:
            return ", ".join(dict.fromkeys(_type(one) for one in field[several] if one.get("type") != "null"))
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if "const" in field:
        return f"`{field['const']}`"
    if field.get("type") == "array":
        return f"list of {_type(field.get('items', {})) or 'values'}"
    return str(field.get("type", "any"))


# Typer's own classes are asked for and no others: since 0.26 it brings a copy of click inside, so
# click's know nothing of it (https://typer.tiangolo.com/tutorial/click/).
Command = TyperCommand | TyperGroup


def commands_page(name: str, app: typer.Typer) -> str:
    """Every command with its arguments and options."""
    return "\n".join([f"# {name}: every command", "", NOTE, *_command(name, _live(typer.main.get_command(app)))])


def _live(command: object) -> Command:
    """A command as the walk knows it. A class that it doesn't know stops the walk: it would be a page left empty."""
    if isinstance(command, Command):
        return command
    raise TypeError(f"{command!r} is neither typer's command nor its group; this walk must learn it")


def _command(path: str, command: Command) -> Iterator[str]:
    yield f"## `{path}`"
    yield ""
    yield (command.help or "").strip()
    yield ""
    if isinstance(command, KindCommand):
        yield from _kind(command)
    shown = [parameter for parameter in command.params if parameter.name != "help"]
    if shown:
        yield "| argument or option | default | meaning |"
        yield "|---|---|---|"
        for parameter in shown:
            yield _parameter(parameter)
        yield ""
    if isinstance(command, TyperGroup):
        for name, inner in command.commands.items():
            if inner.hidden:
                continue
            yield from _command(f"{path} {name}", _live(inner))


def _kind(command: KindCommand) -> Iterator[str]:
    """The options of a kind of statistics, which its own parser reads."""
    yield "| option | default | meaning |"
    yield "|---|---|---|"
    for action in command.actions():
        if "--help" not in action.option_strings:
            names = ", ".join(f"`{name}`" for name in action.option_strings)
            choice = "" if action.choices is None else f" ({', '.join(map(str, action.choices))})"
            default = "required" if action.required else "" if not action.default else f"`{action.default}`"
            yield f"| {names} | {default} | {_cell((action.help or '') + choice)} |"
    yield ""


def _parameter(parameter: object) -> str:
    if isinstance(parameter, TyperOption):
        names = ", ".join(f"`{name}`" for name in (*parameter.opts, *parameter.secondary_opts))
    elif isinstance(parameter, TyperArgument):
        several = "..." if parameter.nargs == -1 else ""
        names = f"`{parameter.metavar or f'{parameter.name}{several}'}`"
    else:
        raise TypeError(f"{parameter!r} is neither typer's option nor its argument; this walk must learn it")
    default = parameter.default if isinstance(parameter.default, str | int | float) and not parameter.required else None
    told = getattr(parameter, "show_default", None)
    default = told if isinstance(told, str) else default
    shown = "required" if parameter.required else "" if default in (None, False) else f"`{default}`"
    return f"| {names} | {shown} | {_cell(parameter.help or '')} |"


def profiles_page() -> str:
    """The shipped gauge profiles and drivers by name."""
    lines = ["# Gauge profiles and drivers", "", NOTE, "| name | family | maker | proof | line settings |"]
    lines.append("|---|---|---|---|---|")
    shipped = {path.stem: driver.load_profile(path) for path in catalogue.profile_paths(())}
    for one in catalogue.listed(()):
        line = str(shipped[one.name].line) if one.name in shipped else "driver in Python"
        words = (one.title, one.maker, one.proof or "", line)
        lines.append(f"| [`{one.name}`](../drivers/{page_of(one.name)}) | {' | '.join(map(_cell, words))} |")
    return "\n".join(lines) + "\n"


def metrics_page() -> str:
    """Every figure that the services show to Prometheus."""
    lines = ["# Metrics: every figure", "", NOTE]
    for title, figures in (("gaugetrail-agent", AGENT_FIGURES), ("gaugetrail-collector", COLLECTOR_FIGURES)):
        lines += [f"## {title}", "", "| name | kind | labels | meaning |", "|---|---|---|---|"]
        for figure in figures:
            labels = ", ".join(f"`{label}`" for label in figure.labels)
            lines.append(f"| `{figure.name}` | {figure.kind} | {labels} | {_cell(figure.help)} |")
        lines.append("")
    return "\n".join(lines)


def main() -> None:
    """Write every file that differs."""
    for path, text in pages().items():
        target = ROOT / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists() or target.read_text("utf-8") != text:
            target.write_text(text, "utf-8")
            print(f"wrote {path}")
    for path, data in compiled(ROOT).items():
        if not (ROOT / path).exists() or (ROOT / path).read_bytes() != data:
            (ROOT / path).write_bytes(data)
            print(f"wrote {path}")


if __name__ == "__main__":
    main()

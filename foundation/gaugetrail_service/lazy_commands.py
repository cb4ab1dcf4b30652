"""Commands that are loaded when they are called: a start costs what its own command needs, and no more.

Promise: `--help`, `--version` and the names that a shell completes come from a table and load no command. A command
that needs a package which isn't installed says which extra brings it; only a module of our own that is missing is a
fault that ends with its traceback. Each line of the table is a command's name, where it stands, and its help in one
line; a test holds the help against what the command says of itself.

    COMMANDS = (Listed("scan", "gaugetrail_agent.commands.decode:scan", "Print what a scan means."),)
    app = program("gaugetrail-agent", "Reads gauges …", COMMANDS, extra="agent")
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import typer
import typer.main
from typer.core import TyperCommand, TyperGroup

from gaugetrail_service.cli import fail
from gaugetrail_service.plain_words import spare_pydantic, spared

OURS = "gaugetrail_"
"""How each package of this project begins."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of a table of commands."""

    name: str
    place: str
    """`package.module:name` of its function, or of the `typer.Typer` of a group."""
    help: str
    """The first sentence of its own help; short enough for a terminal of 80 columns."""
    hidden: bool = False

    def load(self) -> TyperCommand | TyperGroup:
        """The command itself, as typer makes it. Raises `ModuleNotFoundError` where it needs what isn't installed."""
        module, _, attribute = self.place.partition(":")
        found = getattr(importlib.import_module(module), attribute)
        holder = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
        if isinstance(found, typer.Typer):
            holder.add_typer(found, name=self.name, hidden=self.hidden)
        else:
            holder.command(self.name, hidden=self.hidden)(found)
        command = typer.main.get_group(holder).commands[self.name]
        assert isinstance(command, TyperCommand | TyperGroup)
        spare_pydantic(command)
        return command


class Shelf(MutableMapping[str, Any]):
    """Commands by name, in the table's order; each is loaded when it is taken down, once."""

    def __init__(self, table: Sequence[Listed]) -> None:
        self.table = {one.name: one for one in table}
        self._loaded: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 (typer's command, of classes that it doesn't show)
        if name not in self._loaded:
            self._loaded[name] = self.table[name].load()
        return self._loaded[name]

    def __setitem__(self, name: str, command: Any) -> None:  # noqa: ANN401 (the same)
        self._loaded[name] = command

    def __delitem__(self, name: str) -> None:
        del self.table[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.table)

    def __len__(self) -> int:
        return len(self.table)

    def __contains__(self, name: object) -> bool:
        return name in self.table


class LazyGroup(TyperGroup):
    """typer's group over a shelf: lists, completes and suggests by the table."""

    table: ClassVar[Sequence[Listed]] = ()
    extra: ClassVar[str] = ""

    def __init__(self, **given: Any) -> None:  # noqa: ANN401 (typer's own)
        super().__init__(**given)
        self.commands = Shelf(self.table)
        self._called = ""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override] # typer's only one
        """The names, without loading what they name."""
        del ctx
        return list(self.commands)

    def get_command(self, ctx: typer.Context, cmd_name: str) -> Any:  # type: ignore[override] # noqa: ANN401 (the same)
        """The command; in the midst of a completion, none where it can't be loaded: a TAB is no place for advice."""
        self._called = cmd_name
        try:
            return self.commands.get(cmd_name)
        except ModuleNotFoundError:
            if ctx.resilient_parsing:
                return None
            raise

    def format_commands(self, ctx: typer.Context, formatter: Any) -> None:  # type: ignore[override] # noqa: ANN401
        """The list in `--help`, from the table."""
        del ctx
        signs = self._signs()
        signs.format_commands(typer.Context(signs, info_name=self.name), formatter)

    def shell_complete(self, ctx: typer.Context, incomplete: str) -> list[Any]:  # type: ignore[override] # the same
        """Names and options that begin so, from the table."""
        del ctx
        signs = self._signs()
        return signs.shell_complete(typer.Context(signs, info_name=self.name), incomplete)

    def _signs(self) -> TyperGroup:
        """The group with a sign in each command's place: its name and help, and nothing behind it."""
        signs = [TyperCommand(one.name, short_help=one.help, hidden=one.hidden) for one in self.table]
        return TyperGroup(name=self.name, params=self.params, commands=signs)

    def get_params(self, ctx: typer.Context) -> list[Any]:  # type: ignore[override] # the same
        """The group's own options, typer's for completion among them, without what converts words."""
        return spared(super().get_params(ctx))

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override] # noqa: ANN401 (the same)
        """Run the command that is called. A package that is missing is a matter of installing, and said so."""
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as error:
            missing = (error.name or "").partition(".")[0]
            if missing.startswith(OURS) or not missing:
                raise
            raise fail(lacking(f"{self.name} {self._called}", missing, self.extra)) from error


def lacking(command: str, missing: str, extra: str) -> str:
    """What to install, for whom it concerns."""
    return (
        f"{command} needs the Python package {missing}, which is not installed here; "
        f"install what belongs to it with: pip install 'gaugetrail[{extra}]'"
    )


def _tell_version(context: typer.Context, wanted: bool) -> None:
    if not wanted:
        return
    # Here and not above: reading what is installed costs more than many a command.
    from importlib.metadata import version

    print(f"{context.command.name} {version('gaugetrail')}")
    raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="print the version and end")
]


def program(name: str, about: str, commands: Sequence[Listed], *, extra: str) -> typer.Typer:
    """A command line over a table of commands."""

    class Group(LazyGroup):
        table = commands

    Group.extra = extra
    app = typer.Typer(
        name=name, cls=Group, help=about, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None
    )

    @app.callback()
    def start(version: Version = False) -> None:
        del version  # its callback has told it

    return app

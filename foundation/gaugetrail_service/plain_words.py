"""Words of a command line that are what they should be already: they are not sent through pydantic.

typer checks each argument and option with a pydantic adapter of its own (`typer/_coercion.py` in 0.29), and to import
pydantic costs more processor time than many a command. Promise: an option that isn't given, and a text that is asked
for as text, pass as typer would pass them; everything else (numbers, paths, choices) typer converts and refuses as
ever, which then costs what it costs. A typer that does it in another way is left alone.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, Literal, get_args, get_origin

import typer
from typer.core import TyperCommand, TyperGroup

from gaugetrail_contract.suggestions import did_you_mean


class PlainWords:
    """Stands in front of typer's conversion of one parameter, which is made only once it is needed."""

    def __init__(self, make: Callable[[], Any], annotation: object) -> None:
        self._make = make
        self._annotation = annotation

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:  # noqa: ANN401 (typer's own, of no public type)
        """The value as the command gets it."""
        if value is None:
            return () if param.multiple or param.nargs == -1 else None
        if type(value) is self._annotation:
            return value
        several = self._annotation == list[str] and isinstance(value, list | tuple)
        if several and all(isinstance(one, str) for one in value):
            return value
        try:
            return self._make().coerce(value, param=param, ctx=ctx)
        except typer.BadParameter as error:
            error.message = error.message.rstrip(".") + did_you_mean(str(value), self._choices())
            raise

    def _choices(self) -> list[str]:
        """The words of an enumeration or a literal; none for anything else."""
        if isinstance(self._annotation, type) and issubclass(self._annotation, Enum):
            return [str(one.value) for one in self._annotation]
        return [str(one) for one in get_args(self._annotation)] if get_origin(self._annotation) is Literal else []


def spare_pydantic(command: TyperCommand | TyperGroup) -> None:
    """Put plain words in front of every parameter of a command, of a group's commands too."""
    given = command.get_params
    command.get_params = lambda ctx: spared(given(ctx))  # type: ignore[method-assign] # `--help` is made there only
    if isinstance(command, TyperGroup):
        for inner in command.commands.values():
            assert isinstance(inner, TyperCommand | TyperGroup)
            spare_pydantic(inner)


def spared(params: list[Any]) -> list[Any]:
    """The same parameters, plain words in front of each, once."""
    for param in params:
        make, descriptor = getattr(param, "get_runtime_param", None), getattr(param, "type_descriptor", None)
        if make is None or descriptor is None or "get_runtime_param" in vars(param):
            continue
        words = PlainWords(make, descriptor.annotation)
        param.get_runtime_param = lambda words=words: words
    return params

"""The settings of a driver in Python: a model with a described field each, filled from text and checked by key.

A settings file and `--set key=value` give text; a driver's `Settings` says what each may be. Promise: a refusal is a
`BadSetting` that names the driver, the key, what is wrong with it and what there is.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError


class BadSetting(ValueError):
    """A setting that the driver doesn't have, or a value that it can't take; `key` is the setting's name."""

    def __init__(self, driver: str, key: str, complaint: str) -> None:
        super().__init__(f"{driver}: {complaint}")
        self.key = key


class DriverSettings(BaseModel):
    """Base of every driver's `Settings`: frozen, unknown keys refused; an empty number or choice is left out."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


def _true_or_false(value: object) -> object:
    if isinstance(value, str):
        if value.strip().lower() not in ("true", "false"):
            raise ValueError("it must be true or false")
        return value.strip().lower() == "true"
    return value


Truth = Annotated[bool, BeforeValidator(_true_or_false)]
"""`true` or `false`, and nothing else that might be meant so."""

S = TypeVar("S", bound=DriverSettings)


def checked(model: type[S], driver: str, given: Mapping[str, str]) -> S:
    """The settings as the driver takes them. Raises `BadSetting` for the first fault."""
    try:
        return model.model_validate(
            {key: _choice(model, key, value) for key, value in given.items() if value.strip() or _text(model, key)}
        )
    except ValidationError as error:
        faults = error.errors(include_url=False)
    # A key misspelt is one missing too; the misspelling is what the setter needs to hear.
    fault = next((fault for fault in faults if fault["type"] == "extra_forbidden"), faults[0])
    key = str(fault["loc"][0]) if fault["loc"] else ""
    if fault["type"] == "extra_forbidden":
        raise BadSetting(driver, key, _unknown(model, key))
    if not key:
        raise BadSetting(driver, "", _said(dict(fault)))
    if fault["type"] == "missing":
        raise BadSetting(driver, key, f"{key} is required: {model.model_fields[key].description}")
    raise BadSetting(driver, key, f"{key} = {given[key]!r} can't be: {_said(dict(fault))}")


def _text(model: type[DriverSettings], key: str) -> bool:
    """Whether an empty text says something there: in a text, or in a setting that isn't one."""
    field = model.model_fields.get(key)
    return field is None or field.annotation in (str, str | None)


def _choice(model: type[DriverSettings], key: str, value: str) -> str:
    """The value; one of a few words in small letters, as upper and lower case are the same there."""
    field = model.model_fields.get(key)
    words = get_args(field.annotation) if field is not None and get_origin(field.annotation) is Literal else ()
    small = value.strip().lower()
    return small if small in words and value not in words else value


def _unknown(model: type[DriverSettings], key: str) -> str:
    close = difflib.get_close_matches(key, model.model_fields, 1)
    hint = f"; did you mean {close[0]}?" if close else ""
    return f"there is no setting {key!r}{hint}; there are {', '.join(sorted(model.model_fields))}"


def _said(fault: Mapping[str, Any]) -> str:
    """Pydantic's finding in a setter's words."""
    if fault["type"] == "value_error":
        return str(fault["ctx"]["error"])
    words = {
        "Input should be ": "it must be ",
        "a valid integer, unable to parse string as an integer": "a whole number",
        "a valid number, unable to parse string as a number": "a number",
    }
    message = str(fault["msg"])
    for theirs, ours in words.items():
        message = message.replace(theirs, ours)
    return message[:1].lower() + message[1:]

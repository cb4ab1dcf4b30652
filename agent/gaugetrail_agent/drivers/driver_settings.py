"""The settings of a Python driver, as text from a settings file or from `--set key=value`, checked by name and value.

Every refusal is a `ValueError` that names the driver, the setting and what is allowed.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping


def refuse_unknown(driver: str, settings: Mapping[str, str], allowed: Collection[str]) -> None:
    """Raise for the first setting that the driver does not have."""
    for key in settings:
        if key not in allowed:
            close = difflib.get_close_matches(key, allowed, 1)
            hint = f"; did you mean {close[0]}?" if close else ""
            raise ValueError(f"{driver}: no setting {key!r}{hint} (allowed: {', '.join(sorted(allowed))})")


def choice(driver: str, settings: Mapping[str, str], key: str, allowed: Collection[str], default: str) -> str:
    """One of a few words; upper and lower case are the same."""
    value = settings.get(key, default).strip().lower()
    if value not in allowed:
        raise ValueError(f"{driver}: {key} = {settings[key]!r} is none of {', '.join(allowed)}")
    return value


def truth(driver: str, settings: Mapping[str, str], key: str, default: bool) -> bool:
    """`true` or `false`."""
    return choice(driver, settings, key, ("true", "false"), "true" if default else "false") == "true"


def whole_number(
    driver: str, settings: Mapping[str, str], key: str, lowest: int, highest: int, default: int | None
) -> int | None:
    """A whole number within bounds; null where it is not given and has no default."""
    text = settings.get(key)
    if text is None or not text.strip():
        return default
    digits = text.strip()
    if not (digits.isascii() and digits.isdigit()) or not lowest <= int(digits[:12]) <= highest:
        raise ValueError(f"{driver}: {key} = {text!r} is no whole number from {lowest} to {highest}")
    return int(digits)

"""What differs between two readings of one settings file, key by key, as a person names keys: `mqtt.host`,
`device[2].poll_secs`. Secrets are compared and never shown.
"""

from __future__ import annotations

from collections.abc import Iterator

from gaugetrail_contract.settings import Settings, Steps


def changed_keys(old: object, new: object, steps: Steps = ()) -> Iterator[Steps]:
    """The steps to each value that differs; where a table came, went or became another kind, or a list grew or shrank,
    those to it.
    """
    if isinstance(old, Settings) and type(old) is type(new):
        for name in type(old).model_fields:
            yield from changed_keys(getattr(old, name), getattr(new, name), (*steps, name))
    elif _are_tables(old) and _are_tables(new) and len(old) == len(new):  # type: ignore[arg-type]  # both are tuples
        for number, (before, now) in enumerate(zip(old, new, strict=True)):  # type: ignore[call-overload]  # the same
            yield from changed_keys(before, now, (*steps, number))
    elif old != new:
        yield steps


def _are_tables(value: object) -> bool:
    return isinstance(value, tuple) and bool(value) and all(isinstance(one, Settings) for one in value)

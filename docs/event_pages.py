"""The page of docs/reference that lists every type of event, made from the registry."""

from __future__ import annotations

from gaugetrail_contract.events.payload import EventPayload
from gaugetrail_contract.events.registry import EVENT_TYPES, meaning

HEAD = """# Events: every type

{note}
An event is a record of kind `event`: its `type`, its `subject` (kind and id) and a `payload`. Types that are not listed
here are events like any other. A trace finds an event by its subject and, where its payload has the form that is listed
here, by the identifiers that the payload names; a payload of another form is shown for what it says. Keys that are not
listed are passed over. `config/schema/events.json` holds the JSON Schema of each payload.

| type | meaning | subject | payload | filed under |
|---|---|---|---|---|
"""


def events_page(note: str) -> str:
    """A row for each type."""
    return HEAD.format(note=note) + "".join(_row(name, model) for name, model in EVENT_TYPES.items())


def _row(name: str, model: type[EventPayload]) -> str:
    keys = "<br>".join(
        f"`{field.alias or key}`{'' if field.is_required() else ' (optional)'}: {field.description}"
        for key, field in model.model_fields.items()
    )
    filed = "<br>".join(
        f"`{id_kind}`: each of `{model.model_fields[key].alias or key}`" for key, id_kind in model.filed().items()
    )
    return (
        f"| `{name}` | {meaning(name)} | {' or '.join(model.subjects())} | {keys} | {filed or 'its subject alone'} |\n"
    )

"""The JSON Schema of a record, for `config/schema/record.json`: from the structs, with the patterns of their texts."""

from __future__ import annotations

from typing import Any

import msgspec

from gaugetrail_contract.record.model import KINDS
from gaugetrail_contract.record.parts import Part


def record_schema() -> dict[str, Any]:
    """One of the three kinds; a key's default is what stands there when it is left out. Further keys are let pass, for
    a newer writer's records are stored (`unknown_keys`).
    """
    tops, parts = msgspec.json.schema_components(KINDS.values(), ref_template="#/$defs/{name}")
    for model in (*KINDS.values(), *_parts_of(Part)):
        if model.__name__ in parts:
            parts[model.__name__].pop("additionalProperties", None)
            _put_defaults(model, parts[model.__name__]["properties"])
    mapping = {kind: top["$ref"] for kind, top in zip(KINDS, tops, strict=True)}
    return {
        "$defs": parts,
        "discriminator": {"propertyName": "kind", "mapping": mapping},
        "oneOf": list(tops),
    }


def _parts_of(base: type[Part]) -> list[type[Part]]:
    return [one for direct in base.__subclasses__() for one in (direct, *_parts_of(direct))]


def _put_defaults(model: type[Part], properties: dict[str, Any]) -> None:
    """Defaults that are made, which msgspec can't know to be the same every time."""
    for field in msgspec.structs.fields(model):
        if field.default_factory is not msgspec.NODEFAULT:
            properties[field.encode_name]["default"] = msgspec.to_builtins(field.default_factory())

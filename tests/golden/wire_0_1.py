"""How strictly 0.1 reads what a collector sends: its JSON Schemas, and the rules that stand in no schema.

0.1's agent refuses a receipt or command with a key that it doesn't know. What a collector of today sends to an agent of
then must pass here, or that agent would never learn that its records are stored.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from golden_0_1 import FILES

TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "boolean": (bool,),
    "null": (type(None),),
}
NOTES = {"title", "description", "default", "$defs"}


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    assert len(names) == len(set(names)), f"a key stands twice in {names}"
    return dict(pairs)


def faults(name: str, body: bytes) -> list[str]:
    """Why 0.1 refuses the document; empty when it reads it. `name` is a schema's."""
    schema = json.loads((FILES / f"{name}.schema.json").read_text("utf-8"))
    document = json.loads(body, object_pairs_hook=_once)
    found = _faults(schema, schema, document, name)
    if not found and name in ("receipt", "command"):
        ranges = document["ranges"] if name == "command" else document.get("stored", ())
        found += [f"the range {one} is none" for one in ranges if not 1 <= one[0] <= one[1] <= 2**53]
    most = {"receipt": 1_000_000, "command": 100_000}.get(name, len(body))
    return found if len(body) <= most else [*found, f"{len(body)} bytes, {most} are allowed"]


def _faults(root: dict[str, Any], schema: dict[str, Any], value: Any, at: str) -> list[str]:
    if "type" in schema and (wrong := _type(root, schema, schema["type"], value, at)):
        return wrong
    rules = [(RULES[rule], wanted) for rule, wanted in schema.items() if rule not in NOTES]
    return [fault for rule, wanted in rules for fault in rule(root, schema, wanted, value, at)]


def _said(holds: bool, why: str) -> list[str]:
    return [] if holds else [why]


def _type(_: object, __: object, wanted: str, value: Any, at: str) -> list[str]:
    true_number = wanted in ("integer", "number") and isinstance(value, bool)
    return _said(isinstance(value, TYPES[wanted]) and not true_number, f"{at} is no {wanted}")


def _reference(root: dict[str, Any], _: object, wanted: str, value: Any, at: str) -> list[str]:
    return _faults(root, root["$defs"][wanted.removeprefix("#/$defs/")], value, at)


def _properties(root: dict[str, Any], _: object, wanted: dict[str, Any], value: Any, at: str) -> list[str]:
    if not isinstance(value, dict):
        return []
    return [
        one for key in wanted.keys() & value.keys() for one in _faults(root, wanted[key], value[key], f"{at}.{key}")
    ]


def _no_more(_: object, schema: dict[str, Any], wanted: Any, value: Any, at: str) -> list[str]:
    assert wanted is False
    return [f"0.1 doesn't know {at}.{key}" for key in value.keys() - schema["properties"].keys()]


def _items(root: dict[str, Any], _: object, wanted: Any, value: Any, at: str) -> list[str]:
    rules = [wanted] * len(value) if isinstance(wanted, dict) else wanted[: len(value)]
    each = enumerate(zip(rules, value[: len(rules)], strict=True))
    return [one for number, (rule, item) in each for one in _faults(root, rule, item, f"{at}[{number}]")]


def _any_of(root: dict[str, Any], _: object, wanted: list[dict[str, Any]], value: Any, at: str) -> list[str]:
    tried = [_faults(root, one, value, at) for one in wanted]
    return [] if [] in tried else tried[0]


def _pattern(_: object, __: object, wanted: str, value: Any, at: str) -> list[str]:
    python = re.sub(r"\\u\{(\w{4})\}", r"\\u\1", wanted.replace(r"\p{Cc}", r"\x00-\x1f\x7f-\x9f"))
    return _said(re.search(python, value) is not None, f"{at} {value!r} is not like {wanted}")


RULES = {
    "type": _type,
    "$ref": _reference,
    "properties": _properties,
    "additionalProperties": _no_more,
    "required": lambda _, __, wanted, value, at: [f"{at}.{key} is missing" for key in set(wanted) - value.keys()],
    "items": _items,
    "prefixItems": _items,
    "anyOf": _any_of,
    "pattern": _pattern,
    "const": lambda _, __, wanted, value, at: _said(value == wanted, f"{at} is not {wanted}"),
    "enum": lambda _, __, wanted, value, at: _said(value in wanted, f"{at} {value!r} is none of {wanted}"),
    "minimum": lambda _, __, wanted, value, at: _said(value >= wanted, f"{at} is below {wanted}"),
    "minItems": lambda _, __, wanted, value, at: _said(len(value) >= wanted, f"{at} has fewer than {wanted}"),
    "maxItems": lambda _, __, wanted, value, at: _said(len(value) <= wanted, f"{at} has more than {wanted}"),
    "maxLength": lambda _, __, wanted, value, at: _said(len(value) <= wanted, f"{at} is longer than {wanted}"),
}


def opened(kind: str, agent: str, payload: bytes) -> bytes:
    """The body of a signed receipt or command, its signature checked as 0.1 does."""
    body, _, last = payload.rpartition(b"\n")
    signature = json.loads(last, object_pairs_hook=_once)["signature"]
    assert {"key", "collector", "ed25519"} == signature.keys()
    text = "\n".join((f"gaugetrail/1 {kind}", agent, signature["collector"], hashlib.sha256(body).hexdigest()))
    try:
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(signature["key"]))
        public.verify(bytes.fromhex(signature["ed25519"]), text.encode("utf-8"))
    except InvalidSignature as error:
        raise AssertionError(f"0.1 doesn't believe this {kind}") from error
    return body

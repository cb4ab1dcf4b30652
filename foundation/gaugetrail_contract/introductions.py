"""Introductions: by which keys a collector knows others, said to every agent that knows it.

`gaugetrail/v1/collectors/<id>/introductions`, retained, two lines as a receipt has: `{"number":…,"introduced":[
{"collector":…,"key":…},…]}`, then the collector's signature over them, for the agent `+`. The list is whole: who isn't
in it any more is introduced no more. `number` rises from word to word, so that an older list that somebody says again
shows.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field, ValidationError

from gaugetrail_contract import strict_json
from gaugetrail_contract.frozen import Frozen
from gaugetrail_contract.signed_status import EVERY_AGENT
from gaugetrail_contract.signing import BadSignature, Signer, open_word
from gaugetrail_contract.text import Hex256, TopicName

KIND = "introductions"
MOST_INTRODUCED = 100
MAX_INTRODUCTIONS_BYTES = 100_000


class IntroducedCollector(Frozen):
    """One that is introduced, and the public key that it signs with."""

    collector: TopicName
    key: Hex256


class Introductions(Frozen):
    """All whom a collector introduces."""

    number: int = Field(ge=1, le=2**53)
    introduced: tuple[IntroducedCollector, ...] = Field((), max_length=MOST_INTRODUCED)


@dataclass(frozen=True, slots=True)
class IntroducersWord:
    """A list, and whose it is: the signature holds."""

    introducer: str
    key: str
    said: Introductions


def write_introductions(said: Introductions, introducer: str, signer: Signer) -> bytes:
    """The message's payload."""
    return signer.word(KIND, EVERY_AGENT, introducer, said.model_dump_json().encode("utf-8"))


def read_introductions(payload: bytes) -> IntroducersWord:
    """The list in a message. Raises `ValueError` with the reason for anything else, `BadSignature` among it."""
    if len(payload) > MAX_INTRODUCTIONS_BYTES:
        raise ValueError(f"the list has {len(payload)} bytes; {MAX_INTRODUCTIONS_BYTES} are allowed")
    word = open_word(KIND, EVERY_AGENT, payload)
    if word.key is None or word.collector is None:
        raise BadSignature("the introductions aren't signed")
    strict_json.parse_object(word.body)
    try:
        said = Introductions.model_validate_json(word.body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    return IntroducersWord(word.collector, word.key, said)

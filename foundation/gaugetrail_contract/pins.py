"""PINs on their way to one line PC: what is kept instead of a PIN, and the box that only that PC opens.

    {"box":"<base64>"}
    {"signature":{"key":…,"collector":…,"ed25519":…}}

Promise: a PIN itself is never kept or sent. Instead of it stands its argon2id hash, with a salt of its own, which costs
32 MB and a quarter of a second for each guess. What goes to a line PC is closed for a key that this PC has made and
never gives away, and is signed by the plant's document key for this PC's name: nobody else reads it, and no other PC
takes it. An older word than the one that is held shows by its `order`.

The box: 32 bytes, an X25519 key made for this box alone, then ChaCha20-Poly1305 under a key that HKDF-SHA256 makes of
what the two keys share, bound to both keys and the agent's name. No key closes two boxes, so the nonce is zero. With
`signing` the only module here that meets `cryptography`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints, ValidationError

from gaugetrail_contract import strict_json
from gaugetrail_contract.files import read_bounded, write_whole
from gaugetrail_contract.frozen import Frozen
from gaugetrail_contract.signing import DOMAIN, BadSignature, Signer, open_word
from gaugetrail_contract.text import Identifier

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

WORD = "pins"
OWN_KEY = "pin key"
"""What an agent signs with its own key: its name, its line, and the key that boxes for it are closed with."""
LEAST_DIGITS, MOST_DIGITS = 6, 12
FORM = re.compile(f"[0-9]{{{LEAST_DIGITS},{MOST_DIGITS}}}")
MOST_PEOPLE = 400
"""With a PIN, on one line."""
MOST_WORD_BYTES = 200_000
KIBIBYTES, ROUNDS = 32 * 1024, 3

PinHash = Annotated[
    str,
    StringConstraints(
        pattern=rf"^\$argon2id\$v=19\$m={KIBIBYTES},t={ROUNDS},p=1\$[A-Za-z0-9+/]{{22}}\$[A-Za-z0-9+/]{{43}}$"
    ),
]
"""In the form of the password hashing competition; with just our costs, so that none can be sent that takes longer."""


class BadPins(ValueError):
    """These bytes say nothing of PINs that counts here; the text says why."""


# --- a PIN


def refuse_pin(pin: str, badge: str) -> str | None:
    """Why that can't be a PIN; null when it can."""
    if FORM.fullmatch(pin) is None:
        return f"a PIN has {LEAST_DIGITS} to {MOST_DIGITS} digits, and nothing else"
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    if len(steps) == 1 and steps <= {0, 1, 9}:
        return "everybody tries that one first: don't take one digit many times, nor digits in a row"
    if pin in re.sub("[^0-9]", "", badge):
        return "it stands on the badge: take another one"
    return None


def pin_hash(pin: str) -> str:
    """What is kept instead of it."""
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    kdf = Argon2id(salt=os.urandom(16), length=32, iterations=ROUNDS, lanes=1, memory_cost=KIBIBYTES)
    return kdf.derive_phc_encoded(pin.encode("ascii"))


def is_pin(pin: str, kept: str) -> bool:
    """Whether it is the PIN that this stands for."""
    from cryptography.exceptions import InvalidKey
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    try:
        Argon2id.verify_phc_encoded(pin.encode("ascii", "replace"), kept)
    except (InvalidKey, ValueError):
        return False
    return True


@dataclass(frozen=True, slots=True)
class PinFate:
    """What became of a PIN that was typed. `secs`: until another may be tried; `left`: how many more may be wrong;
    `reason`: why it was not tried.
    """

    what: Literal["right", "wrong", "wait", "locked", "untried"]
    secs: int = 0
    left: int = 0
    reason: str = ""


# --- what a line PC is told


class PinList(Frozen):
    """Who has a PIN on a line. Keys of a newer collector are passed over."""

    model_config = ConfigDict(extra="ignore")

    changed_us: int = Field(ge=0, le=2**62, description="when a PIN was set or cleared last")
    issue: int = Field(ge=0, le=2**53, description="number of the list of documents that says who is of the line")
    people: dict[Identifier, PinHash] = Field(max_length=MOST_PEOPLE, description="badge -> instead of the PIN")

    @property
    def order(self) -> tuple[int, int]:
        """Which of two is the later one."""
        return self.changed_us, self.issue

    @property
    def digest(self) -> str:
        """Names who has which PIN, without giving a guess away: the salts in it are known to nobody else."""
        return hashlib.sha256(json.dumps(sorted(self.people.items())).encode("utf-8")).hexdigest()


class BoxKey:
    """A PC's own key for boxes."""

    def __init__(self, private: X25519PrivateKey) -> None:
        self._private = private
        self.public = private.public_key().public_bytes_raw().hex()

    @classmethod
    def new(cls) -> BoxKey:
        """A key that nobody had before."""
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

        return cls(X25519PrivateKey.generate())

    def open(self, box: bytes, agent: str) -> bytes:
        """What is in a box. Raises `BadPins`."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

        once, closed = box[:32], box[32:]
        try:
            shared = self._private.exchange(X25519PublicKey.from_public_bytes(once))
            return _cipher(shared, once.hex(), self.public, agent).decrypt(bytes(12), closed, None)
        except (InvalidTag, ValueError) as error:
            raise BadPins("it is closed for another PC, or was altered") from error

    def saved(self) -> bytes:
        """For its file."""
        return self._private.private_bytes_raw().hex().encode("ascii")


def close_box(text: bytes, key: str, agent: str) -> bytes:
    """A box for the PC with that key. Raises `BadPins` for what is no key."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

    once = X25519PrivateKey.generate()
    mine = once.public_key().public_bytes_raw()
    try:
        shared = once.exchange(X25519PublicKey.from_public_bytes(bytes.fromhex(key)))
    except ValueError as error:
        raise BadPins(f"{key} is no key that a box could be closed with") from error
    return mine + _cipher(shared, mine.hex(), key, agent).encrypt(bytes(12), text, None)


def _cipher(shared: bytes, once: str, key: str, agent: str) -> ChaCha20Poly1305:
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    about = "\n".join((f"{DOMAIN} {WORD}", once, key, agent)).encode("utf-8")
    return ChaCha20Poly1305(HKDF(algorithm=SHA256(), length=32, salt=None, info=about).derive(shared))


def box_key_at(path: Path) -> BoxKey:
    """The key in that file; a new one, written there first, where there is none that can be used: boxes for the one
    before are sent anew. Raises `OSError`.
    """
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    try:
        return BoxKey(X25519PrivateKey.from_private_bytes(bytes.fromhex(read_bounded(path, 100).decode("ascii"))))
    except (FileNotFoundError, ValueError):
        made = BoxKey.new()
    write_whole(path, made.saved())
    return made


# --- the word


@dataclass(frozen=True, slots=True)
class PinsWord:
    """A list that came for this PC, and the key that has signed it: whether that is believed is the reader's policy."""

    pins: PinList
    key: str


def write_pins(pins: PinList, agent: str, key: str, signer: Signer, collector: str) -> bytes:
    """The payload for an agent with that key for boxes. Raises `BadPins` for what is no key."""
    box = close_box(pins.model_dump_json().encode("utf-8"), key, agent)
    body = json.dumps({"box": base64.b64encode(box).decode("ascii")}).encode("ascii")
    return signer.word(WORD, agent, collector, body)


def open_pins(payload: bytes, agent: str, key: BoxKey) -> PinsWord:
    """The list in a message for the agent. Raises `BadPins`."""
    if len(payload) > MOST_WORD_BYTES:
        raise BadPins(f"it has {len(payload):,} bytes; {MOST_WORD_BYTES:,} are the most")
    try:
        word = open_word(WORD, agent, payload)
        box = strict_json.parse_object(word.body).get("box")
    except (BadSignature, strict_json.BadJson) as error:
        raise BadPins(str(error)) from error
    if word.key is None:
        raise BadPins("it carries no signature")
    try:
        text = key.open(base64.b64decode(box if isinstance(box, str) else "", validate=True), agent)
        strict_json.parse_object(text)
        return PinsWord(PinList.model_validate_json(text, strict=True), word.key)
    except binascii.Error as error:
        raise BadPins("its box is no base64") from error
    except (strict_json.BadJson, ValidationError) as error:
        raise BadPins("what is in its box is no list of PINs; update this agent") from error


def pins_of(people: Mapping[str, str], badges: frozenset[str]) -> dict[str, str]:
    """Of all PINs those of these people, in a fixed order."""
    return {badge: people[badge] for badge in sorted(badges & people.keys())}

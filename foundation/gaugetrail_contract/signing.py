"""Signatures: who said it. Ed25519 over texts that name what they are for, so that none serves for anything else.

Two kinds of message are signed, each by a last line of its own:

- records, by the agent: `{"signature":{"key":…,"epoch":…,"seq":…,"sha256":…,"ed25519":…}}` names the last record of
  the message, with its seal: the head of the chain as far as this message goes. Under the signature stand the seals of
  the message's other records too, so that none can be exchanged, left out or put in on the way. Of a second history of
  an epoch that the agent knows to be its own, `branch` stands behind `epoch`, on the line and in the text.
- receipts and commands, by the collector: `{"signature":{"key":…,"collector":…,"ed25519":…}}`, over the exact bytes of
  the line before.

`key` is the whole public key, 64 hex digits; whether it is to be believed is the reader's policy. The text under a
signature is lines of UTF-8: what it is (`gaugetrail/1 records`, `… receipt`, `… command`, `… anchor`), then the names
and numbers of it, each on a line of its own. No name holds a line end, so no two things have one text.

A private key is one file in its service's own folder, PEM (PKCS 8), readable by that service alone; it is made at the
first start and never leaves. With `pins` the only module here that meets `cryptography`.
"""

from __future__ import annotations

import contextlib
import hashlib
import operator
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

from pydantic import Field, StringConstraints, ValidationError

from gaugetrail_contract import strict_json
from gaugetrail_contract.files import write_whole
from gaugetrail_contract.frozen import Frozen
from gaugetrail_contract.text import Branch, Hex256, TopicName

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

# cryptography is imported where a key is at work: settings name signatures, and reading settings takes no key.

DOMAIN = "gaugetrail/1"
FRONT = b'{"signature":{'
"""How a signature line begins; no record line does."""
MAX_SIGNATURE_BYTES = 2000
_SIGNATURE_AT = b'{"signature":'
_AS_WRITTEN = re.compile(
    r'\{"signature":\{"key":"([0-9a-f]{64})","epoch":"([0-9a-z]{8,32})","seq":([1-9][0-9]{0,14}),'
    r'"sha256":"([0-9a-f]{64})","ed25519":"([0-9a-f]{128})"\}\}'
)
"""A signature line to the letter as `Signature.line` writes it, numbers up to 15 digits; any other is parsed."""

Ed25519Hex = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{128}$")]
"""A signature as 128 lower-case hex digits."""


class BadSignature(ValueError):
    """This signature is none, or doesn't hold; the text says which, in words fit for a set-aside list."""


class BadKeyFile(Exception):
    """The private key can't be used; the text says why and what to do."""


class _SignatureForm(Frozen):
    """What a signature line of records holds."""

    key: Hex256
    epoch: Annotated[str, Field(pattern=r"^[0-9a-z]{8,32}$")]
    branch: Branch = Field("", exclude_if=operator.not_)
    seq: int = Field(ge=1, le=2**53)
    sha256: Hex256
    ed25519: Ed25519Hex


@dataclass(frozen=True, slots=True)
class Signature:
    """What an agent says of the last record of a message."""

    key: str
    epoch: str
    seq: int
    sha256: str
    ed25519: str
    branch: str = ""

    def line(self) -> bytes:
        """The message's last line."""
        branch = f'"branch":"{self.branch}",' if self.branch else ""
        text = (
            f'{{"signature":{{"key":"{self.key}","epoch":"{self.epoch}",{branch}"seq":{self.seq},'
            f'"sha256":"{self.sha256}","ed25519":"{self.ed25519}"}}}}'
        )
        return text.encode("ascii")

    def check(self, agent: str, seals: Sequence[str]) -> None:
        """Raises `BadSignature` unless the key's owner signed a message of the agent with just these seals."""
        if not seals or seals[-1] != self.sha256:
            raise BadSignature("the signature is another message's: it names another last seal")
        _check(self.key, _records_text(agent, self.epoch, self.branch, self.seq, seals), self.ed25519)


class WordSignature(Frozen):
    """What a collector says of the line before."""

    key: Hex256
    collector: TopicName
    ed25519: Ed25519Hex


_M = TypeVar("_M", _SignatureForm, WordSignature)


@dataclass(frozen=True, slots=True)
class SignedWord:
    """A collector's receipt or command: its bytes, and whose they are where it was signed (and the signature holds)."""

    body: bytes
    collector: str | None = None
    key: str | None = None


class Signer:
    """A private key at work."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        self._private = private
        self.key = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
        """The public key, 64 hex digits."""

    @classmethod
    def new(cls) -> Signer:
        """A key that nobody had before."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return cls(Ed25519PrivateKey.generate())

    def records(self, agent: str, epoch: str, seq: int, seals: Sequence[str], branch: str = "") -> bytes:
        """The signature line of a message whose records have these seals; the last one's place is given."""
        signed = self._private.sign(_records_text(agent, epoch, branch, seq, seals)).hex()
        return Signature(self.key, epoch, seq, seals[-1], signed, branch).line()

    def word(self, kind: str, agent: str, collector: str, body: bytes) -> bytes:
        """A receipt's or command's payload, signed."""
        signed = self.sign(kind, agent, collector, hashlib.sha256(body).hexdigest())
        signature = WordSignature(key=self.key, collector=collector, ed25519=signed)
        return body + b'\n{"signature":' + signature.model_dump_json().encode("utf-8") + b"}"

    def sign(self, kind: str, *parts: str | int) -> str:
        """The signature over a text of that kind."""
        return self._private.sign(_text(kind, *parts)).hex()


def fingerprint(key: str) -> str:
    """A key as people compare it: the first 16 hex digits of its SHA-256, in fours."""
    digest = hashlib.sha256(bytes.fromhex(key)).hexdigest()[:16]
    return "-".join(digest[at : at + 4] for at in range(0, 16, 4))


def check(key: str, signed: str, kind: str, *parts: str | int) -> None:
    """Raises `BadSignature` unless the key's owner signed a text of that kind with these parts."""
    _check(key, _text(kind, *parts), signed)


def cut_signature(lines: list[bytes]) -> tuple[list[bytes], Signature | None]:
    """A message's record lines, and the signature that its last line carries; null when it carries none.

    Raises `BadSignature` when the last line begins like one and is none.
    """
    if not lines or not lines[-1].startswith(FRONT):
        return lines, None
    return lines[:-1], _signature(lines[-1])


def _signature(line: bytes) -> Signature:
    # One comes with every message: what has just the form that we write needs no parser to prove it.
    if written := _AS_WRITTEN.fullmatch(line.decode("latin-1")):
        key, epoch, seq, sha256, ed25519 = written.groups()
        return Signature(key, epoch, int(seq), sha256, ed25519)
    form = _parse(_SignatureForm, line)
    return Signature(form.key, form.epoch, form.seq, form.sha256, form.ed25519, form.branch)


def open_word(kind: str, agent: str, payload: bytes) -> SignedWord:
    """A receipt or command for the agent. Raises `BadSignature` when it carries a signature that doesn't hold."""
    body, _, last = payload.rpartition(b"\n")
    if not body or not last.startswith(FRONT):
        return SignedWord(payload)
    signature = _parse(WordSignature, last)
    text = _text(kind, agent, signature.collector, hashlib.sha256(body).hexdigest())
    _check(signature.key, text, signature.ed25519)
    return SignedWord(body, signature.collector, signature.key)


def word_body(payload: bytes) -> bytes:
    """What a receipt or command says, whoever has signed it or not."""
    body, _, last = payload.rpartition(b"\n")
    return body if body and last.startswith(FRONT) else payload


def signer_at(path: Path) -> Signer:
    """The key in that file; a new one, written there first, where there is no file. Raises `BadKeyFile`."""
    try:
        return _read(path)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise BadKeyFile(f"{path} can't be read: {error.strerror}; {_CURE}") from error
    except (ValueError, TypeError) as error:
        raise BadKeyFile(f"{path} holds no Ed25519 private key ({error}); {_CURE}") from error
    try:
        _write(path, Signer.new())
        return _read(path)
    except OSError as error:
        raise BadKeyFile(f"{path} can't be written: {error.strerror}; give this service its folder") from error


_CURE = "bring the file back from its backup, or move it away for a new key and register that one"


def _read(path: Path) -> Signer:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    private = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(private, Ed25519PrivateKey):
        raise TypeError("another kind of key")
    return Signer(private)


def _write(path: Path, signer: Signer) -> None:
    """Half a key would be worse than none, and one that a power cut takes back worse still."""
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    write_whole(path, signer._private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))  # noqa: SLF001 - its own


def _text(kind: str, *parts: str | int) -> bytes:
    return "\n".join((f"{DOMAIN} {kind}", *map(str, parts))).encode("utf-8")


def _records_text(agent: str, epoch: str, branch: str, seq: int, seals: Sequence[str]) -> bytes:
    """What an agent signs of a message. A branch can't be taken for the number: behind a number comes a seal."""
    return _text("records", agent, epoch, *([branch] if branch else ()), seq, *seals)


def _check(key: str, text: bytes, signed: str) -> None:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(bytes.fromhex(signed), text)
    except (InvalidSignature, ValueError) as error:
        raise BadSignature(f"the signature by the key {fingerprint(key)} doesn't hold") from error


def _parse(model: type[_M], line: bytes) -> _M:
    if len(line) > MAX_SIGNATURE_BYTES:
        raise BadSignature(f"the signature line has {len(line)} bytes; {MAX_SIGNATURE_BYTES} are allowed")
    with contextlib.suppress(ValidationError):
        # What is written exactly as we write it needs no second reading for keys that stand twice.
        found = model.model_validate_json(line[len(_SIGNATURE_AT) : -1])
        if _SIGNATURE_AT + found.model_dump_json().encode("utf-8") + b"}" == line:
            return found
    try:
        value = strict_json.parse_object(line)
        if set(value) != {"signature"}:
            raise BadSignature("the signature line holds more than a signature")
        return model.model_validate(value["signature"])
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise BadSignature(f"the signature line is none: {where}: {first['msg']}") from error
    except strict_json.BadJson as error:
        raise BadSignature(f"the signature line is none: {error}") from error

"""Branches: what names an epoch's second history, and that nothing changes where there is none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from samples import chain, inspection

from gaugetrail_contract.commands import Again, parse_command
from gaugetrail_contract.events.anchors import HeadsAnchored
from gaugetrail_contract.receipts import NotStored, Receipt, parse_receipt
from gaugetrail_contract.signing import BadSignature, Signature, Signer, cut_signature

GOLDEN = Path(__file__).parent / "golden"
SEAL = "0123456789ab" * 5 + "cdef"
BRANCH = SEAL[:12]
KEY = Signer.new()
SEALS = [sealed.sha256 for sealed in chain([inspection(), inspection("SN2")])]


def test_ordinary_words_are_the_bytes_that_0_1_wrote() -> None:
    """Agents of 0.1 refuse a key that they don't know; they must go on reading receipts and commands."""
    aside = NotStored(seq=3, sha256=SEAL, reason="why")
    assert (
        Receipt(epoch="abcdefgh", stored=((1, 2, SEAL),), set_aside=(aside,)).to_bytes()
        == (
            f'{{"epoch":"abcdefgh","stored":[[1,2,"{SEAL}"]],"set_aside":[{{"seq":3,"sha256":"{SEAL}","reason":"why"}}]}}'
        ).encode()
    )
    assert Again(command="again", epoch="abcdefgh", ranges=((1, 2), (4, 4))).to_bytes() == (
        b'{"command":"again","epoch":"abcdefgh","ranges":[[1,2],[4,4]]}'
    )


def test_an_ordinary_receipt_has_only_keys_that_0_1_allows() -> None:
    """Held against the schema that 0.1 published, which allows no others."""
    schema = json.loads((GOLDEN / "receipt-schema-0.1.json").read_text("utf-8"))
    assert schema["additionalProperties"] is False
    plain, branched = (set(json.loads(Receipt(epoch="abcdefgh", branch=branch).to_bytes())) for branch in ("", BRANCH))
    assert plain == set(schema["properties"])
    assert branched - plain == {"branch"}


def test_a_golden_receipt_of_0_1_is_of_the_ordinary_history() -> None:
    body = (GOLDEN / "signed-receipt.jsonl").read_bytes().split(b"\n")[0]
    receipt = parse_receipt(body)
    assert receipt.branch == ""
    assert receipt.to_bytes() == body


def test_a_branch_is_read_as_it_was_written() -> None:
    receipt = Receipt(epoch="abcdefgh", branch=BRANCH, stored=((1, 2, SEAL),))
    assert parse_receipt(receipt.to_bytes()) == receipt
    again = Again(command="again", epoch="abcdefgh", branch=BRANCH, ranges=((1, 2),))
    assert parse_command(again.to_bytes()) == again


@pytest.mark.parametrize(
    "branch", ["0123456789a", "0123456789abc", "0123456789AB", "0123456789a\n", " ", "0123456789xy"]
)
def test_what_is_no_branch_is_refused(branch: str) -> None:
    for parse, word in (
        (parse_receipt, {"epoch": "abcdefgh"}),
        (parse_command, {"command": "again", "epoch": "abcdefgh", "ranges": [[1, 2]]}),
    ):
        with pytest.raises(ValueError, match="branch"):
            parse(json.dumps(word | {"branch": branch}).encode())


def signature(line: bytes) -> Signature:
    _, found = cut_signature([line])
    assert found is not None
    return found


def test_a_signature_holds_for_just_the_branch_that_it_names() -> None:
    """Of the ordinary history the line has no such key, as 0.1 wrote it."""
    plain, branched = (KEY.records("pc1", "abcdefgh", 2, SEALS, branch) for branch in ("", BRANCH))
    assert b"branch" not in plain
    assert f'"epoch":"abcdefgh","branch":"{BRANCH}","seq":2'.encode() in branched
    assert (signature(plain).branch, signature(branched).branch) == ("", BRANCH)
    signature(plain).check("pc1", SEALS)
    signature(branched).check("pc1", SEALS)
    other = b"ba9876543210"
    for altered in (branched.replace(BRANCH.encode(), other), branched.replace(f'"branch":"{BRANCH}",'.encode(), b"")):
        with pytest.raises(BadSignature):
            signature(altered).check("pc1", SEALS)


def test_heads_have_one_text_whatever_branches_are_among_them() -> None:
    """An agent may be called like a branch: still no two lists of heads are signed alike."""
    plain = HeadsAnchored(heads=(("pc1", "abcdefgh", 1, SEAL), (BRANCH, "abcdefgh", 2, SEAL)))
    branched = HeadsAnchored(heads=(("pc1", "abcdefgh", 1, SEAL, BRANCH),))
    assert plain.signed_parts[:5] == branched.signed_parts
    assert HeadsAnchored.read(branched.written()) == branched
    assert HeadsAnchored.read({"heads": [["pc1", "abcdefgh", 1, SEAL, BRANCH, "pc2"]]}) is None
    assert HeadsAnchored.read({"heads": [["pc1", "abcdefgh", 1, SEAL, ""]]}) is None
    assert HeadsAnchored.read({"heads": [["pc1", "abcdefgh", "1", SEAL]]}) is None

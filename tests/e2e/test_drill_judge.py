"""The drill's judge sees what it is there for: a judge that finds nothing in a damaged store would praise anything."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pytest
from account import Account, Word
from judge import ZEROS, Aside, Stored, judge

AGENT, EPOCH = "pc1", "0123456789ab"


def chain(serials: list[str], station: str = "OP10") -> list[Stored]:
    """Records of these units, sealed one after the other."""
    records, prev, attempts = [], ZEROS, dict[str, int]()
    for seq, serial in enumerate(serials, 1):
        attempts[serial] = attempts.get(serial, 0) + 1
        content = {
            "kind": "inspection",
            "agent": AGENT,
            "epoch": EPOCH,
            "seq": seq,
            "prev": prev,
            "station": station,
            "serial": serial,
            "attempt": attempts[serial],
            "piece": 1,
            "verdict": "pass",
        }
        data = json.dumps(content).encode()
        prev = hashlib.sha256(data).hexdigest()
        records.append(Stored(AGENT, EPOCH, seq, prev, data))
    return records


def account(serials: list[str], *, by_plc: bool = False) -> Account:
    """Everybody was told of each of these, in this order."""
    kept = Account()
    for seq, serial in enumerate(serials, 1):
        unit = (AGENT, "OP10", serial)
        kept.begin(unit)
        kept.tell(Word(unit, "pass", None if by_plc else f"{AGENT}/{EPOCH}/{seq}"))
    return kept


SERIALS = ["SN1", "SN2", "SN3"]


@pytest.mark.parametrize("by_plc", [False, True], ids=["operator", "plc"])
def test_a_whole_store_is_praised(by_plc: bool) -> None:
    found = judge(account(SERIALS, by_plc=by_plc), chain(SERIALS))
    assert (
        found.acknowledged,
        found.stored,
        found.lost,
        found.duplicated,
        found.chain_ok,
        found.trouble,
    ) == (3, 3, 0, 0, True, [])


@pytest.mark.parametrize("by_plc", [False, True], ids=["operator", "plc"])
@pytest.mark.parametrize("gone", [0, 1, 2])
def test_a_record_that_is_not_there_is_lost(by_plc: bool, gone: int) -> None:
    records = chain(SERIALS)
    del records[gone]
    found = judge(account(SERIALS, by_plc=by_plc), records)
    assert found.lost == 1
    assert SERIALS[gone] in " ".join(found.trouble)


def test_a_record_set_aside_with_its_bytes_is_not_lost() -> None:
    records = chain(SERIALS)
    aside = [Aside(records[1].data, "refused", records[1].id)]
    del records[1]
    found = judge(account(SERIALS), records, aside)
    assert (found.lost, found.set_aside, found.chain_ok) == (0, 1, True)


def test_the_same_record_twice_is_doubled() -> None:
    records = chain(SERIALS)
    assert judge(account(SERIALS), [*records, records[1]]).duplicated == 1


def test_a_unit_stored_more_often_than_it_was_measured_is_doubled() -> None:
    """What a PLC offered once became two records: each is sealed well, and the part is still counted twice."""
    assert judge(account(SERIALS, by_plc=True), chain([*SERIALS, "SN3"])).duplicated == 1


def test_a_unit_measured_again_after_a_kill_is_two_true_records() -> None:
    kept = account(SERIALS)
    kept.begin((AGENT, "OP10", "SN3"))
    found = judge(kept, chain([*SERIALS, "SN3"]))
    assert (found.lost, found.duplicated, found.stored) == (0, 0, 4)


def test_another_unit_under_the_record_that_was_named_is_lost() -> None:
    found = judge(account(SERIALS), chain(["SN1", "SN9", "SN3"]))
    assert found.lost == 1
    assert "altered" in found.trouble[0]


def test_an_altered_record_breaks_its_seal_and_its_successor_a_link() -> None:
    records = chain(SERIALS)
    changed = records[1].data.replace(b'"pass"', b'"fail"')
    broken = judge(account(SERIALS), [records[0], replace(records[1], data=changed), records[2]])
    assert not broken.chain_ok
    assert any(f"the seal of {records[1].id} doesn't hold" in line for line in broken.trouble)
    sealed_again = replace(records[1], data=changed, sha256=hashlib.sha256(changed).hexdigest())
    relinked = judge(account(SERIALS), [records[0], sealed_again, records[2]])
    assert any(f"{records[2].id} doesn't name the seal before it" in line for line in relinked.trouble)

"""What a collector doesn't take yet is one alarm at its line PC, with the collector's own words, until it is taken."""

from __future__ import annotations

import pytest

from gaugetrail_agent.delivery.not_taken import RecordsNotTaken
from gaugetrail_contract.receipts import NotStored, Receipt

FULL = "tag bound: part 'P{}' comes from pc1, which nobody has registered"


def told(one: RecordsNotTaken, *numbers: int) -> None:
    """A receipt comes that holds these; their places are a hundred behind."""
    held = tuple(NotStored(seq=seq, sha256="a" * 64, reason=FULL.format(seq)) for seq in numbers)
    one.told(Receipt(epoch="abcdefgh", held=held), {100 + seq: FULL.format(seq) for seq in numbers})


def test_the_alarm_names_the_first_of_them_and_stays_the_same_while_more_come() -> None:
    one = RecordsNotTaken()
    assert one.alarm() is None
    told(one, 7, 8)
    alarm = f"the collector doesn't take record 7 yet: {FULL.format(7)}"
    assert one.alarm() == alarm
    told(one, 9)
    told(one, 8, 7)
    assert one.alarm() == alarm
    one.settled([108, 109, 1])
    assert one.alarm() == alarm
    one.settled([107])
    assert one.alarm() is None


def test_another_one_is_named_once_the_first_is_taken() -> None:
    one = RecordsNotTaken()
    told(one, 7, 8)
    one.settled([107])
    told(one, 8)
    assert one.alarm() == f"the collector doesn't take record 8 yet: {FULL.format(8)}"


def test_a_cause_is_said_as_one_and_with_its_number(caplog: pytest.LogCaptureFixture) -> None:
    one = RecordsNotTaken()
    told(one, 7)
    told(one, 8)
    assert [(said.seq, said.event) for said in caplog.records] == [(7, "record_not_taken"), (8, "record_not_taken")]  # type: ignore[attr-defined]
    assert len({said.cause for said in caplog.records}) == 1, "so that the log writes it once a minute"  # type: ignore[attr-defined]

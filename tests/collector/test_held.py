"""Records that aren't taken, since they can't be of their moment: kept once, said once, shown at their agent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from made import AGENT, EPOCH, opened
from samples import T0

from gaugetrail_agent.delivery.not_taken import RecordsNotTaken
from gaugetrail_collector.intake.account import Account
from gaugetrail_collector.intake.aside.held import LAPSE_SECS, Held
from gaugetrail_collector.intake.aside.retry import retry
from gaugetrail_collector.intake.aside.set_aside import SetAside
from gaugetrail_collector.intake.decoding import Decoded, Message
from gaugetrail_collector.intake.storing import Storing
from gaugetrail_collector.stores.sqlite.store import SqliteStore
from gaugetrail_contract import topics
from gaugetrail_contract.receipts import Receipt
from gaugetrail_contract.seal import Opened, open_line

SECOND = 1_000_000


def line_of(*seconds: float, epoch: str = EPOCH, agent: str = AGENT) -> list[Opened]:
    made: list[Opened] = []
    for seq, moment in enumerate(seconds, 1):
        prev = made[-1].sealed.sha256 if made else None
        time_us = T0 + round(moment * SECOND)
        made.append(opened(seq, f"SN{seq}", epoch=epoch, agent=agent, prev=prev, time_us=time_us))
    return made


@dataclass
class Hall:
    """A collector's storing and account over a real store, with a clock that tests move."""

    store: SqliteStore
    aside: SetAside
    account: Account
    storing: Storing
    clock: list[float]

    def comes(self, *records: Opened) -> Sequence[Receipt]:
        """What is said of one message with these."""
        fresh = tuple(open_line(one.sealed.line()) for one in records)
        decoded = Decoded(Message(topics.records(AGENT), b"", 1), records=fresh, bad=(), agent=AGENT)
        done = self.account.confirm(self.storing.store_all([decoded]))
        assert len(done.messages) == 1, "the message is acknowledged: what is held is kept"
        return [receipt for _, receipt in done.receipts]


def shown(receipts: Sequence[Receipt]) -> str | None:
    """What the agent shows for these."""
    at_agent = RecordsNotTaken()
    for receipt in receipts:
        at_agent.told(receipt, {entry.seq: entry.reason for entry in receipt.held})
    return at_agent.alarm()


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    clock = [100.0]
    store, aside = SqliteStore(tmp_path / "store.db"), SetAside(tmp_path / "aside.db")
    account = Account(lambda: T0, held=Held(lambda: clock[0]))
    store.open()
    aside.open()
    yield Hall(store, aside, account, Storing(store, aside, lambda: T0), clock)
    aside.close()
    store.close()


def logged(caplog: pytest.LogCaptureFixture) -> int:
    return len([one for one in caplog.records if vars(one).get("event") == "set_aside"])


def test_a31_it_is_kept_once_logged_once_and_shown_at_its_agent_while_it_comes(
    hall: Hall, caplog: pytest.LogCaptureFixture
) -> None:
    first, wrong = line_of(10, 10)
    (receipt,) = hall.comes(first)
    assert (receipt.stored, receipt.held) == (((1, 1, first.sealed.sha256),), ())
    for _ in range(5):
        (receipt,) = hall.comes(wrong)
        assert (receipt.stored, receipt.set_aside, [one.seq for one in receipt.held]) == ((), (), [2])
        said = shown([receipt])
        assert said is not None
        assert said.startswith("the collector doesn't take record 2 yet: its time 2026-")
        assert "is not after" in said
    (entry,) = hall.aside.entries()
    assert (entry.raw, entry.times, entry.told) == (wrong.sealed.line(), 5, False)
    assert (logged(caplog), hall.account.figures.set_aside) == (1, 1)
    (alarm,) = hall.account.held.alarms()
    assert alarm.startswith(f"records of {AGENT} wait there: its time")
    hall.clock[0] += LAPSE_SECS + 1
    assert hall.account.held.alarms() == (), "nobody sends it any more"


def test_a_retry_takes_it_in_once_somebody_has_looked_if_it_destroys_nothing(hall: Hall) -> None:
    """The fourth has the first one's moment: it stays where it is, with the reason, and has no receipt ever."""
    records = line_of(10, 9, 12, 10)
    good, held = hall.comes(*records)
    assert good.stored == ((1, 1, records[0].sealed.sha256), (3, 3, records[2].sealed.sha256))
    assert [one.seq for one in held.held] == [2, 4]
    done = retry(hall.store, hall.aside, hall.aside.entries(), None)
    assert len(done.settled) == 1
    ((left, why),) = done.left
    assert (left.seq, "whose place it would take" in why) == (4, True)
    assert [row.seq for row in hall.store.rows(AGENT, EPOCH)] == [1, 2, 3]
    good, held = hall.comes(*records)
    assert good.stored == ((1, 3, records[2].sealed.sha256),)
    assert [one.seq for one in held.held] == [4]
    hall.aside.close_entries([left.id], "me", "not ours", 1)
    (good,) = hall.comes(*records)
    assert [one.seq for one in good.set_aside] == [4], "a person has let it go: its agent may, too"
    assert hall.account.held.alarms() == ()


def test_one_that_is_stored_after_all_leaves_the_list_and_the_alarm(hall: Hall) -> None:
    """What stood in its place is gone: it comes again, as it does every half minute, and has its receipt."""
    first, wrong = line_of(10, 9)
    hall.comes(first)
    hall.comes(wrong)
    hall.aside.close()
    hall.aside.open()
    hall.store.write([wrong], vouched=True)
    (receipt,) = hall.comes(wrong)
    assert receipt.stored == ((2, 2, wrong.sealed.sha256),)
    assert (hall.aside.count(), hall.account.held.alarms()) == (0, ())

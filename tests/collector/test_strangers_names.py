"""A23: names that nobody registered share a small bound of their own, and a full bound lets no record leave a spool."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from influx_stub import TOKEN
from made import AGENT, chain, opened
from places import InfluxPlace, StubPlace
from signed_messages import FORGER, KEY
from typer.testing import CliRunner

from gaugetrail_collector import config as configuration
from gaugetrail_collector.app import Collector
from gaugetrail_collector.cli import app as commands
from gaugetrail_collector.intake.aside import held as held_records
from gaugetrail_collector.intake.aside.held import LAPSE_SECS, Held
from gaugetrail_collector.intake.aside.reasons import in_words
from gaugetrail_collector.intake.decoding import Message, decode
from gaugetrail_collector.intake.keys.agent_keys import Keys, KeysBroken, Policy
from gaugetrail_collector.stores import Fate
from gaugetrail_collector.stores.guard import BOUNDS, TagGuard
from gaugetrail_collector.stores.influx.store import InfluxStore
from gaugetrail_contract import topics
from gaugetrail_contract.receipts import NotStored, Receipt, parse_receipt
from gaugetrail_contract.seal import Opened

TEN = {**BOUNDS, "part": 100}
"""Of which strangers have ten."""


@pytest.fixture
def keys(tmp_path: Path) -> Iterator[Keys]:
    one = keys_at(tmp_path)
    yield one
    one.close()


def keys_at(folder: Path, policy: Policy = "first-use") -> Keys:
    one = Keys(folder / "keys.db", policy, lambda: 1)
    one.open()
    return one


def guarded(keys: Keys, bounds: dict[str, int] = TEN) -> TagGuard:
    guard = TagGuard(bounds, newcomers=keys)
    guard.load({})
    return guard


def taken(guard: TagGuard, agent: str, *parts: str) -> list[str]:
    """The parts that the agent may bring."""
    return [part for seq, part in enumerate(parts, 1) if guard.refuse(opened(seq, agent=agent, part=part)) is None]


def test_a23_hundreds_of_invented_names_leave_the_room_of_the_registered_as_it_is(keys: Keys) -> None:
    """Ten values they have between them, however many they are; the line PCs bring all hundred of theirs."""
    keys.add("press", KEY.key)
    guard = guarded(keys, {**TEN, "agent": 2_000})
    came = [part for number in range(300) for part in taken(guard, f"evil-{number}", f"X{number}")]
    assert len(came) == 10
    assert len(taken(guard, "press", *(f"P{number}" for number in range(105)))) == 100
    shown = {use.tag: (use.values, use.bound) for use in guard.use()}
    assert (shown["part"], shown["part of unregistered line PCs"]) == ((100, 100), (10, 10))
    assert "station of unregistered line PCs" in shown, "each tag that they brought something to"


def test_a23_what_strangers_brought_is_known_after_a_restart(keys: Keys, tmp_path: Path) -> None:
    """Another ten at each start would fill the tag in the end."""
    guard = guarded(keys)
    taken(guard, "evil", *(f"X{number}" for number in range(20)))
    keys.close()
    again = keys_at(tmp_path)
    guard = TagGuard(TEN, newcomers=again)
    guard.load({"part": [f"X{number}" for number in range(10)] + [f"P{number}" for number in range(100)]})
    assert taken(guard, "evil-2", "Y1") == []
    assert taken(guard, "evil-2", "X3", "P7") == ["X3", "P7"], "what is there costs nothing"
    again.close()


def test_a_name_that_is_registered_has_brought_what_it_brought_for_everybody(keys: Keys) -> None:
    """The new PC of the plant fills the strangers' bound, and a person says that it is the plant's own."""
    guard = guarded(keys)
    keys.refuse("new", KEY.key, None)
    assert len(taken(guard, "new", *(f"P{number}" for number in range(12)))) == 10
    assert keys.register("new") == 1
    assert len(taken(guard, "new", *(f"P{number}" for number in range(12)))) == 12
    assert len(taken(guard, "other", *(f"Q{number}" for number in range(12)))) == 10, (
        "the strangers' bound is free again"
    )


def test_values_that_the_store_has_lost_count_no_more(keys: Keys) -> None:
    guard = guarded(keys)
    taken(guard, "evil", *(f"X{number}" for number in range(10)))
    guard.load({"part": ["X1"]})
    assert len(taken(guard, "evil", *(f"Y{number}" for number in range(12)))) == 9


def test_where_signatures_are_not_looked_at_nobody_is_told_from_anybody(tmp_path: Path) -> None:
    keys = keys_at(tmp_path, "off")
    assert len(taken(guarded(keys), "anybody", *(f"P{number}" for number in range(105)))) == 100
    keys.close()


def test_a_reason_names_the_command_and_people_read_it(keys: Keys) -> None:
    guard = guarded(keys, {**TEN, "part": 1})
    assert taken(guard, "pc9", "A") == ["A"]
    reason = guard.refuse(opened(2, agent="pc9", part="B"))
    assert reason is not None
    for words in ("tag bound: part 'B'", "pc9", "keys register pc9", "broker's access rules"):
        assert words in reason
    assert "nobody has registered" in in_words(reason).what


def test_a_key_given_by_hand_registers_the_name_and_one_of_first_use_does_not(keys: Keys) -> None:
    keys.refuse("pc1", KEY.key, None)
    assert not keys.is_registered("pc1")
    assert keys.add("pc1", KEY.key)
    assert keys.is_registered("pc1")
    assert not keys.add("pc1", KEY.key), "it says nothing new"
    keys.remove("pc1", KEY.key)
    assert not keys.is_registered("pc1")


# --- a whole collector over a database


class Plant:
    """A collector without a broker; what it would send is kept."""

    def __init__(self, folder: Path, place: StubPlace) -> None:
        at = place.address
        name = "bucket" if at.version == "2" else "database"
        self.settings = folder / "collector.toml"
        self.store = (
            f'id = "c"\ndata_dir = "data"\n[store]\nkind = "influxdb"\nurl = "{at.url}"\nversion = "{at.version}"\n'
            f'{name} = "{at.database}"\norg = "{at.org}"\ntoken = "{TOKEN}"\n'
        )
        self.collector: Collector | None = None
        self.receipts: list[Receipt] = []
        self.start(part=1)

    def start(self, **bounds: int) -> None:
        self.close()
        guard = "".join(f"{tag} = {bound}\n" for tag, bound in bounds.items())
        self.settings.write_text(f"{self.store}[guard]\n{guard}")
        self.collector = Collector(configuration.load(self.settings, {}))
        for part in (self.collector.set_aside, self.collector.keys, self.collector.store):
            part.open()
        self.collector.subscriber.publish_receipt = self._told  # type: ignore[method-assign]

    def close(self) -> None:
        if self.collector is not None:
            for part in (self.collector.store, self.collector.keys, self.collector.set_aside):
                part.close()

    def _told(self, _agent: str, receipt: Receipt) -> None:
        self.receipts.append(receipt)

    def send(self, *records: Opened) -> list[Receipt]:
        """The receipts for a message of these."""
        assert self.collector is not None
        self.receipts.clear()
        message = Message(topics.records(records[0].agent), b"\n".join(one.sealed.line() for one in records), 1)
        self.collector._finish([decode(message, self.collector.store.prepare)])
        return list(self.receipts)


@pytest.fixture
def plant(tmp_path: Path, stub_place: StubPlace) -> Iterator[Plant]:
    one = Plant(tmp_path, stub_place)
    yield one
    one.close()


def test_a_full_bound_is_no_receipt_that_lets_a_record_leave_and_it_goes_in_by_itself(
    plant: Plant, caplog: pytest.LogCaptureFixture
) -> None:
    """Known parts are stored and confirmed as ever; the other one is named as held, is no gap, and one alarm."""
    records = [opened(seq, part=part) for seq, part in enumerate(("A", "B", "A"), 1)]
    stored, held = plant.send(*records)
    assert [span[:2] for span in stored.stored] == [(1, 1), (3, 3)]
    assert (stored.set_aside, held.stored, held.set_aside) == ((), (), ())
    assert [(one.seq, one.sha256) for one in held.held] == [(2, records[1].sealed.sha256)]
    assert [plant.send(records[1]) for _ in range(3)] == [[held]] * 3, "its agent is told each time"
    collector = plant.collector
    assert collector is not None
    assert len([one for one in caplog.records if getattr(one, "event", "") == "set_aside"]) == 1, "said once"
    assert (collector.status().set_aside, collector.set_aside.count()) == (1, 1)
    (alarm,) = collector.status().alarms
    assert f"records of {AGENT} wait there" in alarm
    assert "keys register" in alarm
    assert list(collector._accounted(AGENT, records[0].epoch)) == [2], "it is not missing"
    plant.start(part=20)
    (whole,) = plant.send(records[1])
    assert [span[:2] for span in whole.stored] == [(2, 2)]
    assert plant.collector is not None
    assert plant.collector.set_aside.count() == 0, "it has left the list"
    assert plant.collector.status().alarms == ()


def test_what_a_person_has_closed_may_leave_its_agent(plant: Plant) -> None:
    """A serial in the place of the part number: nobody wants it stored, and it need not wait for ever."""
    wrong = opened(2, part="SN-17")
    plant.send(opened(1, part="A"), wrong)
    collector = plant.collector
    assert collector is not None
    (entry,) = collector.set_aside.entries()
    assert not entry.told
    collector.set_aside.close_entries([entry.id], "QE-1", "a wrong setting", 2)
    (told,) = plant.send(wrong)
    assert [(one.seq, one.sha256) for one in told.set_aside] == [(2, wrong.sealed.sha256)]
    assert told.held == ()
    assert collector.set_aside.numbers(AGENT, wrong.epoch) == [2]
    assert collector.status().alarms == ()


def test_names_are_registered_by_a_command_all_or_some(plant: Plant) -> None:
    collector = plant.collector
    assert collector is not None
    for name, signer in (("pc1", KEY), ("pc2", FORGER)):
        collector.keys.refuse(name, signer.key, None)

    def ask(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(commands, ["keys", *words, "--config", str(plant.settings)])
        return done.exit_code, done.output

    assert ask("register", "pc1") == (0, "1 line PC registered: pc1\n")
    assert ask("register", "pc1") == (0, "0 line PCs registered\n")
    code, said = ask("register", "pc3")
    assert (code, "no key of pc3 has come yet" in said) == (1, True)
    assert ask("register")[0] == 1
    assert ask("register", "--all") == (0, "1 line PC registered: pc2\n")
    collector.keys.look()
    assert collector.keys.is_registered("pc2"), "the running collector knows it at once"
    assert [json.loads(line)["how"] for line in ask("ls", "--json")[1].splitlines()] == ["registered"] * 2


# --- what is held, and its word


def test_held_records_lapse_and_are_named_once_for_each_reason() -> None:
    now = [0.0]
    held = Held(lambda: now[0])
    first, other = chain(1, agent="pc1")[0], chain(1, agent="pc2")[0]
    assert held.came(first, "tag bound: part 'A' is one too many")
    assert held.came(other, "tag bound: part 'B' is one too many")
    assert not held.came(first, "tag bound: part 'A' is one too many")
    assert held.alarms() == ("records of pc1, pc2 wait there: tag bound: part 'A' is one too many",)
    assert held.numbers("pc1", first.epoch) == [1]
    now[0] = LAPSE_SECS - 1
    held.came(other, "tag bound: part 'B' is one too many")
    now[0] = LAPSE_SECS + 1
    assert held.alarms() == ("records of pc2 wait there: tag bound: part 'B' is one too many",)
    held.settled(other)
    assert held.alarms() == ()


def test_many_agents_are_named_by_three_and_many_records_are_remembered_up_to_a_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(held_records, "MOST_KEPT", 4)
    held = Held(lambda: 0.0)
    records = [chain(1, agent=f"pc{number}")[0] for number in range(1, 7)]
    assert [held.came(one, "full") for one in records] == [True] * 6
    assert held.alarms() == ("records of pc3, pc4, pc5 and 1 more wait there: full",)
    assert not held.came(records[5], "full")
    assert held.came(records[0], "full"), "it was forgotten, and is said once more"
    assert held.alarms() == ("records of pc1, pc4, pc5 and 1 more wait there: full",)


def test_a_key_file_that_breaks_leaves_what_was_known_of_names(tmp_path: Path) -> None:
    """The status is told all the same; that the file can't be read is said of the next batch."""
    keys = keys_at(tmp_path)
    keys.add("press", KEY.key)
    taken(guarded(keys), "evil", "X1", "X2")
    assert keys.is_registered("press")
    keys.close()
    keys._version = None
    assert (keys.is_registered("press"), keys.is_registered("evil"), keys.brought("part")) == (True, False, 2)
    with pytest.raises(KeysBroken):
        keys.look()


def test_a_receipt_without_held_records_is_written_as_ever_and_one_with_them_is_read_back() -> None:
    plain = Receipt(epoch="abcdefgh", stored=((1, 2, "a" * 64),))
    assert b"held" not in plain.to_bytes()
    held = Receipt(epoch="abcdefgh", held=(NotStored(seq=3, sha256="b" * 64, reason="full"),))
    assert parse_receipt(held.to_bytes()) == held


def test_a_real_databases_own_fill_counts_for_the_registered_ones(influx: InfluxPlace, keys: Keys) -> None:
    """Strangers come on top of what is there: a plant that lists nobody goes on as before after an update."""
    before = influx.opened(InfluxStore(influx.address, TagGuard(dict(BOUNDS))))
    before.write([opened(seq, part=f"P{seq}") for seq in range(1, 6)])
    after = influx.opened(InfluxStore(influx.address, TagGuard({**BOUNDS, "part": 10}, newcomers=keys)))
    outcomes = after.write([opened(seq, part=f"P{seq}") for seq in (6, 7)] + [opened(8, part="P3")])
    assert [one.fate for one in outcomes] == [Fate.STORED, Fate.HELD, Fate.STORED]

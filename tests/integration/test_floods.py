"""What strangers may send to the records' topics, one attack after the other at one real collector behind mosquitto.

The bounds have room: a door that gave way kept others waiting for 16 s, took 333 MB and wrote 93 MB of log.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from floor import Floor, until
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from wire import Wire, chain, inspection, records

from gaugetrail_contract import topics

pytestmark = [pytest.mark.processes, pytest.mark.mosquitto]

RECEIPT_SECS = 10.0
"""Another agent's record has its receipt, whatever came before it."""
MEGABYTES = 120
"""More than at the start, at most."""
LOG_BYTES = 60_000
ASIDE_BYTES = 20_000_000

OURS = records(40, "pc1")


class Door:
    """One collector for all attacks, and a line PC that goes on measuring beside them."""

    def __init__(self, floor: Floor) -> None:
        self.floor = floor
        self.wire = Wire(floor.mqtt_port)
        self.stored = 0
        self.wire.wait_for_store("collector", "up")
        self.goes_on()
        self._began_with = self.most_megabytes()

    def goes_on(self) -> None:
        """Our line PC's next record has its receipt soon, the collector is small and its log short and true."""
        began = time.monotonic()
        self.wire.send("pc1", OURS[self.stored].line())
        self.stored += 1
        self.wire.wait_for("pc1", self.stored)
        assert time.monotonic() - began < RECEIPT_SECS
        assert self.wire.receipted.keys() == {"pc1"}, "no stranger has a receipt"

    def holds(self) -> None:
        """After an attack."""
        self.goes_on()
        assert self.most_megabytes() - self._began_with < MEGABYTES
        log = (self.floor.folder / "collector.log").read_bytes()
        assert len(log) < LOG_BYTES
        assert b"Traceback" not in log
        assert {0x1B, 0x9B, 0x0D} & set(log) == set()
        assert b"\xe2\x80\xae" not in log
        aside = (self.floor.folder / "collector-data").glob("set-aside.db*")
        assert sum(path.stat().st_size for path in aside) < ASIDE_BYTES

    def most_megabytes(self) -> int:
        """The most that the collector has held in memory until now."""
        lines = Path(f"/proc/{self.floor.processes['collector'].pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) // 1024

    def aside(self, agent: str) -> list[tuple[bytes, str]]:
        """What is set aside of that agent's topic, and why."""
        with closing(sqlite3.connect(self.floor.folder / "collector-data" / "set-aside.db")) as db:
            query = "SELECT raw, reason FROM entry WHERE topic = ? ORDER BY id"
            return [(bytes(raw), reason) for raw, reason in db.execute(query, (topics.records(agent),))]


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with Floor(tmp_path_factory.mktemp("floods")) as floor:
        floor.broker()
        floor.write_collector()
        floor.collector()
        one = Door(floor)
        with one.wire:
            yield one


def test_a45_a_name_that_would_forge_a_line_of_the_log_is_escaped_within_one(door: Door) -> None:
    """The topic is the stranger's to choose; it comes first here, for what has one cause is said once a minute."""
    door.wire.send("evil\u202e\u2028ERROR event=forged", OURS[31].line())
    until(lambda: "event=forged" in door.floor.log("collector"), "it is said")
    door.holds()
    lines = door.floor.log("collector").splitlines()
    assert max(map(len, lines)) < 2_000
    (said,) = [line for line in lines if "event=forged" in line]
    assert "error set aside from" in said
    assert said.endswith("event=set_aside agent=None seq=None")


def test_a2_a_record_in_another_agents_name_is_set_aside(door: Door) -> None:
    """On its own topic a stranger says that it is pc1."""
    door.wire.send("evil", OURS[30].line())
    door.holds()
    assert 31 not in door.wire.receipted["pc1"]


def test_a3_a_captured_message_sent_a_hundred_times_is_one_record(door: Door) -> None:
    for _ in range(100):
        door.wire.send("pc1", OURS[0].line())
    door.holds()
    with closing(sqlite3.connect(door.floor.folder / "store.db")) as db:
        assert db.execute("SELECT count(*) FROM record WHERE agent = 'pc1'").fetchone() == (door.stored,)


def test_a4_another_record_under_a_number_that_is_taken_has_no_receipt(door: Door) -> None:
    """Its seal holds, and nobody has signed it: the first stays, the other is set aside."""
    (other,) = chain([inspection("SN-FORGED")], "pc1")
    assert other.sha256 != OURS[0].sha256
    door.wire.send("pc1", other.line())
    door.holds()
    assert [(raw, reason[:5]) for raw, reason in door.aside("pc1")] == [(other.line(), "fork:")]


def test_a11_retained_records_and_thousands_of_properties_weigh_nothing(door: Door) -> None:
    more = Properties(PacketTypes.PUBLISH)
    more.UserProperty = [(f"name-{number}", "x" * 100) for number in range(1_000)]
    for number in range(20):
        sent = door.wire._client.publish(topics.records(f"evil-{number}"), b"[]", qos=1, retain=True, properties=more)
        sent.wait_for_publish(20)
    door.holds()


def test_a20_a_message_of_thirty_megabytes_is_let_go_of(door: Door) -> None:
    """Behind a broker that lets it through; the broker settings that we ship don't."""
    door.wire.send("evil-20", b"x" * 30_000_000)
    door.holds()
    assert "a message of 30000000 bytes on gaugetrail/v1/evil-20/records is refused" in door.floor.log("collector")
    assert door.aside("evil-20") == []


def test_a22_what_only_looks_like_a_record_is_set_aside_with_its_bytes(door: Door) -> None:
    line = OURS[0].line()
    for payload in (
        b"[" * 100_000,
        b'{"a":' * 60_000,
        b"\xef\xbb\xbf" + line,
        line.decode().encode("utf-16"),
        line.replace(b'"sha256":', b'"sha256":"0","sha256":', 1),
        line + b"x",
        b'{"sha256":"' + b"9" * 64 + b'","record":{"schema":"gaugetrail/99"}}',
        b"9" * 200_000,
    ):
        door.wire.send("evil-22", payload)
        door.wire.send("evil-22", payload)
    door.holds()
    kept = [raw for raw, _ in door.aside("evil-22")]
    assert len(kept) == 8
    assert b"[" * 100_000 in kept
    assert b"9" * 200_000 in kept


def test_a24_more_lines_than_may_be_kept_are_refused_and_counted(door: Door) -> None:
    for start in range(0, 6_000, 500):
        door.wire.send("evil-24", b"\n".join(b"no record %d" % number for number in range(start, start + 500)))
    door.holds()
    assert len(door.aside("evil-24")) == 5_000
    assert "as much is set aside as may be" in door.floor.log("collector")


def test_a24_messages_of_nothing_but_line_ends_are_one_entry_each(door: Door) -> None:
    """A quarter of a million lines each; none of them is looked at."""
    before = door.most_megabytes()
    for letter in b"abcdefgh":
        door.wire.send("evil-lines", bytes([letter, 0x0A]) * 250_000)
    door.holds()
    assert door.most_megabytes() - before < 30
    assert len(door.aside("evil-lines")) == 8

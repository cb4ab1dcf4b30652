"""Two line PCs, one collector, and everything that can go wrong between them, with the parts of 0.1 itself.

Clocks, keys and random names are fixed; see `make` for what is kept of it.
"""

from __future__ import annotations

import itertools
import json
import secrets
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import bodies
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gaugetrail_agent.delivery import Lane, Order
from gaugetrail_agent.outbox import Outbox
from gaugetrail_agent.spool import Origin, Spool, mark
from gaugetrail_collector.anchors import Anchors
from gaugetrail_collector.ingest import Ingest, Message, decode, prove
from gaugetrail_collector.keys import Keys
from gaugetrail_collector.set_aside import SetAside
from gaugetrail_collector.stores.sqlite.store import SqliteStore
from gaugetrail_contract import topics
from gaugetrail_contract.clock import ClockTrust, FixedClock
from gaugetrail_contract.commands import Again
from gaugetrail_contract.receipts import Receipt
from gaugetrail_contract.receipts import SetAside as SetAsideReceipt
from gaugetrail_contract.record import Body
from gaugetrail_contract.seal import Sealed, seal_of, split_message
from gaugetrail_contract.signing import Signer

T0 = 1_740_981_600_000_000  # 2025-03-03T06:00:00Z
COLLECTOR = "collector-1"
OTHER = "Prüfplatz 2,b=1"


def key(number: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)


def write_key(path: Path, number: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(key(number).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def fix_chance() -> None:
    """Random names come one after the other; a file has no inode number, so that it may be unpacked anywhere."""
    names = itertools.count(1)
    secrets.token_hex = lambda size=6: f"{next(names):0{2 * size}x}"  # type: ignore[assignment]
    mark.inode_of = lambda _: 0


class LinePc:
    """An agent's spool and outbox, worked by hand."""

    def __init__(self, folder: Path, agent: str, signer: Signer | None, clock: FixedClock) -> None:
        self.folder, self.agent, self.signer, self.clock = folder, agent, signer, clock
        self.sent = 0
        self.open()

    def open(self) -> None:
        self.spool = Spool(
            self.folder / "spool.db", agent=self.agent, clock=self.clock, origin=Origin(self.agent, "plant1", "line1")
        )
        self.spool.open()
        self.outbox = Outbox(self.spool, self.agent, self.signer)

    def tick(self) -> int:
        self.clock.advance(0.7)
        return self.spool.ticker.next()

    def seal(self, many: Iterable[Body], remember: dict[str, str] | None = None) -> list[tuple[str, str]]:
        """Ids and seals, in their order."""
        done = []
        for body in many:
            self.clock.advance(3)
            self.clock.state = list(ClockTrust)[max(0, self.spool.newest() % 29 - 26)]
            appended = self.spool.append(body, remember).result(30)
            done.append((appended.record_id, appended.sha256))
        return done

    def messages(self, most: int = 25) -> Iterator[Message]:
        """What it publishes of all that it hasn't sent yet."""
        while self.sent < self.spool.newest():
            outgoing = self.outbox.fill(Order(Lane.LIVE, self.sent + 1, self.spool.newest(), most))
            self.sent = outgoing.numbers[-1]
            yield Message(topics.records(self.agent), outgoing.payload, 0)


class Plant:
    """The collector's own parts, as its app puts them together; keeps what it has said."""

    def __init__(self, folder: Path, clock: FixedClock) -> None:
        data = folder / "data"
        write_key(data / "collector.key", 3)
        (data / "anchors.json").write_text(json.dumps({"epoch": "a0a0a0a0a0a0"}))
        self.signer, self.clock = Signer(key(3)), clock
        self.store, self.aside = SqliteStore(folder / "store.db"), SetAside(data / "set-aside.db")
        self.keys = Keys(data / "keys.db", "first-use", clock.now_us)
        self.open()
        self.anchors = Anchors(COLLECTOR, data / "anchors.json", self.signer, clock)
        self.ingest = Ingest(self.store, self.aside, clock.now_us, self.keys, on_there=self.anchors.there)
        self.heard: list[Message] = []
        self.said: list[tuple[str, bytes]] = []

    def take(self, messages: Sequence[Message]) -> list[tuple[str, Receipt]]:
        """A batch of messages; the receipts that it gives."""
        self.heard += messages
        self.clock.advance(1)
        stored = self.ingest.store_all(prove([decode(message, defer=True) for message in messages]))
        receipts = list(self.ingest.confirm(stored).receipts)
        for agent, receipt in receipts:
            self.say(agent, "receipt", topics.receipts(agent), receipt.to_bytes())
        return receipts

    def say(self, agent: str, kind: str, topic: str, body: bytes) -> None:
        self.said.append((topic, self.signer.word(kind, agent, COLLECTOR, body)))

    def open(self) -> None:
        for one in (self.store, self.aside, self.keys):
            one.open()

    def close(self) -> None:
        for one in (self.store, self.aside, self.keys):
            one.close()


def run_shift(folder: Path) -> tuple[Plant, LinePc, list[Message]]:
    """Everything that happens; leaves `pc1` running. Returns the messages of the clone apart."""
    clock = FixedClock(us=T0, offset_min=60)
    plant = Plant(folder / "collector", clock)
    pc1 = LinePc(folder / "agent" / "data", "pc1", Signer(key(1)), clock)
    other = LinePc(folder / "other", OTHER, None, FixedClock(us=T0 + 137, offset_min=-300))

    def deliver(pc: LinePc, batch: int = 3) -> None:
        waiting = list(pc.messages())
        for at in range(0, len(waiting), batch):
            for agent, receipt in plant.take(waiting[at : at + batch]):
                if agent == pc.agent:
                    assert not pc.spool.confirm(receipt).ignored

    targets = pc1.seal(bodies.ordinary(pc1.tick, 110, 1, "SN"))
    again = (
        bodies.unit(pc1.tick, f"SN{number:04}", bodies.value(pc1.tick), attempt=2, supersedes=targets[number - 1][0])
        for number in (3, 9, 27)
    )
    pc1.seal(again)
    deliver(pc1)
    clone = fork(folder, pc1, clock)
    pc1.seal(bodies.flavours(pc1.tick))
    pc1.seal(bodies.events())
    deliver(pc1)
    plant.anchors.seal_heads(plant.store)
    for message in clone:
        plant.take([message])
    restored(pc1)
    pc1.seal(bodies.amendments(targets[:20]))
    deliver(pc1)
    other.seal(bodies.ordinary(other.tick, 70, 2, "P-", line="Línea 2", station="Prüf, Ω=1 \\", part="WELLE\\"))
    other.seal(bodies.flavours(other.tick))
    deliver(other, 1)
    other.spool.close()
    for message in by_another_writer(folder):
        plant.take([message])
    nonsense(plant, pc1)
    plant.anchors.seal_heads(plant.store)
    plant.say(
        "pc1",
        "command",
        topics.commands("pc1"),
        Again(command="again", epoch=pc1.spool.epoch, ranges=((1, 1), (3, 9))).to_bytes(),
    )
    leave_in_the_middle(plant, pc1, targets)
    return plant, pc1, clone


def fork(folder: Path, pc: LinePc, clock: FixedClock) -> list[Message]:
    """The messages of a clone of the PC, which goes on by itself under the same numbers."""
    pc.spool.close()
    shutil.copytree(pc.folder, folder / "clone")
    pc.open()
    clone = LinePc(folder / "clone", pc.agent, pc.signer, FixedClock(us=clock.us + 500_000, offset_min=60))
    clone.sent = pc.sent
    clone.seal(bodies.ordinary(clone.tick, 3, 9, "CLONE-"))
    made = list(clone.messages())
    clone.spool.close()
    return made


def restored(pc: LinePc) -> None:
    """The PC's spool comes from a backup, without its mark: a new epoch."""
    pc.spool.close()
    (pc.folder / "spool.mark").unlink()
    pc.open()


def by_another_writer(folder: Path) -> Iterator[Message]:
    """Records that 0.1 took and never wrote so: keys in another order, blanks, escapes, nulls left out or put in."""
    pc = LinePc(folder / "script", "script", None, FixedClock(us=T0 + 55))
    pc.seal(bodies.ordinary(pc.tick, 3, 4, "µ-", order=None))
    prev = "0" * 64
    for number, one in enumerate(pc.spool.held(0, 10)):
        words = json.loads(one.sealed.data) | {"prev": prev}
        kept = dict(reversed([(name, word) for name, word in words.items() if word is not None or number == 1]))
        data = json.dumps(kept, ensure_ascii=number != 1).encode("utf-8")
        prev = seal_of(data)
        yield Message(topics.records("script"), Sealed(prev, data).line(), 0)
    pc.spool.close()


def nonsense(plant: Plant, pc1: LinePc) -> None:
    """What nobody can take: garbage, strangers, forgers and a schema of a far later day."""
    data = b'{"schema":"gaugetrail/9","kind":"poem","agent":"pc1","epoch":"f0f0f0f0f0f0","seq":1}'
    unsigned = bodies.unit(pc1.tick, "FORGED-1")
    spool = LinePc(Path(tempfile.mkdtemp()), "pc1", Signer(key(9)), FixedClock(us=T0 + 77))
    spool.seal([unsigned])
    (forged,) = spool.messages()
    spool.spool.close()
    line = split_message(forged.payload)[0]
    for topic, payload in (
        ("gaugetrail/v1/pc1/records", b"\xff\x00 not a line \\ \x1b[31m"),
        ("gaugetrail/v1/collectors/records", line),
        ("gaugetrail/v1/pc2/records", line),
        ("gaugetrail/v1/pc1/records", line.replace(b"FORGED-1", b"FORGED-2")),
        ("gaugetrail/v1/pc1/records", line),
        ("gaugetrail/v1/pc1/records", forged.payload),
        ("gaugetrail/v1/pc3/records", Sealed(seal_of(data), data).line()),
    ):
        plant.take([Message(topic, payload, 0)])


def leave_in_the_middle(plant: Plant, pc: LinePc, targets: list[tuple[str, str]]) -> None:
    """Sealed and not sent; one that a collector has set aside; what a driver remembers. The spool stays open."""
    made = pc.seal(bodies.ordinary(pc.tick, 30, 5, "LATE-"), {"press.seq": "17"})
    pc.seal([bodies.unit(pc.tick, "LATE-ASM", components=("C-99",)), bodies.change(targets[30], "annotate")])
    epoch, seq = made[4][0].split("/")[1:]
    refused = SetAsideReceipt(seq=int(seq), sha256=made[4][1], reason="InfluxDB refuses it: tag value beyond its bound")
    receipt = Receipt(epoch=epoch, set_aside=(refused,))
    plant.say("pc1", "receipt", topics.receipts("pc1"), receipt.to_bytes())
    assert len(pc.spool.confirm(receipt).set_aside) == 1
    pc.spool.remember("last", "µ").result(30)

"""Writes the golden files beside it, with the code of Gaugetrail 0.1 and nothing else: once, for ever.

Made with the sources of commit 99e9b06, which is 0.1 as it will be remembered:

    git worktree add ../gaugetrail-0.1 99e9b06 && make -C ../gaugetrail-0.1 .venv/.dev
    ../gaugetrail-0.1/.venv/bin/python tests/golden/v0_1/make.py

It need not run with any later version and is not to be adapted to one, its imports included: what a later version
writes is no word of 0.1's.
Clocks, keys and random names are fixed, so the same sources write the same bytes, but for SQLite's and zlib's versions
and the random salt in the log that lies beside `spool.db`.

Two line PCs seal records through their real spools and outboxes; the messages go through the real ingest into a real
store; the commands and the console then answer. `pc1` signs, is restored once (a second epoch), and has a clone that
forks its chain; the other PC has an odd name and doesn't sign. `pc1` is at last left in the middle of its work.
"""

from __future__ import annotations

import io
import json
import lzma
import tarfile
import tempfile
from collections.abc import Iterable
from pathlib import Path

from asking import COLLECTOR_TOML, answers, columns, command, pages
from shift import COLLECTOR, T0, LinePc, Plant, fix_chance, run_shift, write_key

import gaugetrail_agent
import gaugetrail_contract
from gaugetrail_collector.ingest import Message, decode
from gaugetrail_collector.stores.lines import lines_of
from gaugetrail_contract import topics
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.commands import Again
from gaugetrail_contract.receipts import Receipt
from gaugetrail_contract.seal import Opened, split_message
from gaugetrail_contract.status import AgentStatus, CollectorStatus

HERE = Path(__file__).parent


def pack(name: str, folder: Path, names: Iterable[str]) -> None:
    """Files of a folder, without times or owners."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for one in names:
            data = (folder / one).read_bytes()
            entry = tarfile.TarInfo(one)
            entry.size, entry.mode = len(data), 0o600
            tar.addfile(entry, io.BytesIO(data))
    keep(name, raw.getvalue())


def keep(name: str, data: bytes) -> None:
    if name.endswith(".xz"):
        data = lzma.compress(data, preset=9 | lzma.PRESET_EXTREME)
    (HERE / name).write_bytes(data)
    print(f"{name:<28} {len(data):>8}")


def as_lines(sent: Iterable[tuple[str, bytes]]) -> bytes:
    """A line of JSON for each message; bytes that are no text are told as hex."""
    made = []
    for topic, payload in sent:
        try:
            words = {"topic": topic, "payload": payload.decode("utf-8")}
        except UnicodeDecodeError:
            words = {"topic": topic, "hex": payload.hex()}
        made.append(json.dumps(words, ensure_ascii=False))
    return ("\n".join(made) + "\n").encode("utf-8")


def keep_the_agent() -> None:
    """The agent itself: its modules, to be run against collectors of a later day."""
    with tempfile.TemporaryDirectory() as folder:
        for package in (gaugetrail_agent, gaugetrail_contract):
            source = Path(str(package.__file__)).parent
            for path in [*source.rglob("*.py"), *source.rglob("templates/*")]:
                target = Path(folder, source.name, path.relative_to(source))
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(path.read_bytes())
        files = sorted(str(path.relative_to(folder)) for path in Path(folder).rglob("*") if path.is_file())
        pack("agent-code.tar.xz", Path(folder), files)


def status_documents() -> list[tuple[str, bytes]]:
    agent = AgentStatus(online=True, agent="pc1", time=utc_text(T0), started=utc_text(T0), version="0.1.0")
    collector = CollectorStatus(online=True, collector=COLLECTOR, time=utc_text(T0), store="up", version="0.1.0")
    return [
        (topics.status("pc1"), agent.model_dump_json(exclude_none=True).encode()),
        (topics.collector_status(COLLECTOR), collector.model_dump_json(exclude_none=True).encode()),
    ]


def main() -> None:
    fix_chance()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "collector").mkdir()
        plant, pc1, clone = run_shift(folder)
        data = folder / "agent" / "data"
        write_key(data / "agent.key", 1)
        (data / "collectors.json").write_text(json.dumps({COLLECTOR: plant.signer.key}))
        # As a kill leaves it: the log beside the file holds what isn't in the file yet.
        pack("agent.tar.xz", data, ["spool.db", "spool.db-wal", "spool.mark", "agent.key", "collectors.json"])
        held = [one.sealed.line() for one in pc1.spool.held(0, 10_000)]
        waiting = [one.sealed.sha256 for one in pc1.spool.waiting(0, 10_000)]
        keep("spool.json.xz", json.dumps({"lines": [one.decode() for one in held], "waiting": waiting}).encode())
        pc1.spool.close()
        plant.close()
        shop = folder / "collector"
        (shop / "collector.toml").write_text(COLLECTOR_TOML)
        names = ["store.db", *(f"data/{one}" for one in ("set-aside.db", "keys.db", "anchors.json", "collector.key"))]
        pack("collector.tar.xz", shop, names)
        forks = {message.payload for message in clone}
        keep("messages.jsonl.xz", as_lines((one.topic, one.payload) for one in plant.heard if one.payload not in forks))
        keep("forks.jsonl.xz", as_lines((one.topic, one.payload) for one in clone))
        keep("words.jsonl.xz", as_lines([*plant.said, *status_documents()]))
        write_answers(shop)
        keep("last-words.jsonl.xz", as_lines(last_words(plant, pc1)))
    keep_the_agent()


def last_words(plant: Plant, pc: LinePc) -> list[tuple[str, bytes]]:
    """The receipts for what waited, had it been sent: what 0.1 would have gone on with."""
    plant.open()
    pc.open()
    plant.said.clear()
    plant.take(list(pc.messages()))
    pc.spool.close()
    plant.close()
    return plant.said


def write_answers(shop: Path) -> None:
    exported = command(shop, "export").stdout
    keep("records.jsonl.xz", exported)
    lines = [line for one in split_message(exported) for line in lines_of(decode_line(one))]
    keep("points.txt.xz", "\n".join(lines).encode("utf-8"))
    done = command(shop, "archive", "archive.zip", "--json")
    assert done.returncode == 0, done.stderr
    keep("archive.zip", (shop / "archive.zip").read_bytes())
    keep("answers.jsonl.xz", answers(shop))
    keep("columns.jsonl.xz", columns(shop))
    keep("pages.jsonl.xz", pages(shop))
    for name, model in (("receipt", Receipt), ("command", Again), ("collector-status", CollectorStatus)):
        keep(f"{name}.schema.json", (json.dumps(model.model_json_schema(), indent=1) + "\n").encode())


def decode_line(line: bytes) -> Opened:
    (opened,) = decode(Message(topics.records(json.loads(line)["record"]["agent"]), line, 0)).records
    return opened


if __name__ == "__main__":
    main()

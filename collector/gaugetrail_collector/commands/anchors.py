"""Commands about anchors: `anchors ls`, `anchors export`, `anchors check`."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from gaugetrail_collector import config as configuration
from gaugetrail_collector.commands import AsJson, ConfigFile, opened_store
from gaugetrail_collector.config import CollectorConfig
from gaugetrail_collector.evidence import anchors as anchoring
from gaugetrail_collector.evidence import verify as proving
from gaugetrail_contract.counts import counted
from gaugetrail_contract.files import refuse_links
from gaugetrail_contract.record import record_id
from gaugetrail_contract.signing import BadKeyFile, signer_at
from gaugetrail_service.cli import answer, fail, say

app = typer.Typer(
    no_args_is_help=True,
    help="Noted seals, which contradict a chain that was rewritten.",
)


@app.command("ls")
def list_anchors(config: ConfigFile, as_json: AsJson = False) -> None:
    """List which numbers and seals the anchors name."""
    loaded = configuration.load(config)
    with opened_store(loaded) as store:
        heads, faults = anchoring.heads_of(anchoring.stored_anchors(store), _own_key(loaded))
    for name, seals in sorted(heads.items()):
        for seq, sha256 in sorted(seals.items()):
            if as_json:
                branch = {"branch": name.branch} if name.branch else {}
                answer({"agent": name.agent, "epoch": name.epoch, **branch, "seq": seq, "sha256": sha256})
            else:
                say(f"{record_id(name.agent, name.epoch, seq, name.branch)} {sha256}")
    for fault in faults:
        print(fault, file=sys.stderr)


@app.command("export")
def export(
    config: ConfigFile,
    file: Annotated[str, typer.Argument(help="where to; - is standard output")] = "-",
) -> None:
    """Write every anchor in the store as a line. It is the sealed record with the collector's signature in it; keep the
    file where nobody who can write to the store can change it.
    """
    count = 0
    with opened_store(configuration.load(config)) as store, contextlib.ExitStack() as stack:
        try:
            if file != "-":
                refuse_links(Path(file))
            out = sys.stdout.buffer if file == "-" else stack.enter_context(Path(file).open("wb"))
            for line in anchoring.stored_anchors(store):
                out.write(line + b"\n")
                count += 1
            out.flush()
        except OSError as error:
            raise fail(f"{file} can't be written: {error.strerror}") from error
    if file != "-":
        say(f"{counted(count, 'anchor')} in {file}")


@app.command("check")
def check(
    config: ConfigFile,
    file: Annotated[Path | None, typer.Argument(help="what anchors export wrote; none: those in the store")] = None,
    key: Annotated[
        list[str] | None,
        typer.Option(help="public keys of collectors whose anchors count; default: our own"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Hold the store against anchors. Every chain is walked as by verify, and every number that an anchor names must
    still stand under the seal that it had then; so must the newest anchor that this collector made, by its own note.
    Exit code 1 when one doesn't, when an anchor itself is no good, or when there is nothing to compare.
    """
    loaded = configuration.load(config)
    keys = key or _own_key(loaded)
    with opened_store(loaded) as store:
        heads, faults = anchoring.heads_of(_lines(file) if file else anchoring.stored_anchors(store), keys)
        noted = sum(len(seals) for seals in heads.values())
        for chain, seals in _own_head(loaded).items():
            heads.setdefault(chain, {}).update(seals)
        proof = proving.verify(store, heads)
    if not noted:
        faults.append(f"nothing to compare: {_no_anchors(file, remembered=bool(heads))}")
    ok = proof.ok and not faults
    if as_json:
        answer({**proof.as_json(), "ok": ok, "anchored": noted, "faulty_anchors": faults})
    else:
        for line in (*proof.lines(), *(f"NOT OK: {fault}" for fault in faults)):
            say(line)
        say(f"{counted(noted, 'anchored seal')} compared")
    if not ok:
        raise typer.Exit(1)


def _no_anchors(file: Path | None, *, remembered: bool) -> str:
    if file is not None:
        return f"{file} holds no anchor that these keys have signed"
    if remembered:
        return (
            "the store holds no anchor, and this collector has made some: they were taken out, or the store is another"
        )
    return "the store holds no anchor yet; a running collector makes one every [evidence] anchor_secs and at its stop"


def _own_head(config: CollectorConfig) -> anchoring.Heads:
    try:
        return anchoring.own_head(config.settings.id, config.data_dir / "anchors.json")
    except anchoring.StateUnreadable as error:
        raise fail(str(error)) from error


def _own_key(config: CollectorConfig) -> list[str]:
    try:
        return [signer_at(config.data_dir / "collector.key").key]
    except BadKeyFile as error:
        raise fail(str(error)) from error


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            for line in file:
                yield line.rstrip(b"\n")
    except OSError as error:
        raise fail(f"{path} can't be read: {error.strerror}") from error

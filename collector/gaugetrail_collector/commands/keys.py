"""Commands about keys: `keys ls`, `add`, `register` and `remove` for the agents'; `own`, `backup` and `restore`."""

from __future__ import annotations

import contextlib
import re
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from gaugetrail_collector import config as configuration
from gaugetrail_collector.commands import AsJson, ConfigFile
from gaugetrail_collector.config import CollectorConfig
from gaugetrail_collector.intake.keys.agent_keys import Keys, KeysBroken
from gaugetrail_collector.intake.keys.collector_introductions import CollectorIntroductions, TooManyIntroduced
from gaugetrail_contract import topics
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.counts import counted
from gaugetrail_contract.escapes import visible
from gaugetrail_contract.signing import BadKeyFile, fingerprint, signer_at
from gaugetrail_contract.text import refuse_name
from gaugetrail_service.cli import answer, fail, say
from gaugetrail_service.process import own_version

app = typer.Typer(no_args_is_help=True, help="Whose signatures count, the agents' and the collector's own.")

AgentName = Annotated[str, typer.Argument(help="the agent's name")]
CollectorName = Annotated[str, typer.Argument(metavar="ID", help="the other collector's id")]
PublicKey = Annotated[str, typer.Argument(help="64 hex digits, as gaugetrail-agent key and keys own print them")]


@contextlib.contextmanager
def opened_keys(config: CollectorConfig) -> Iterator[Keys]:
    """The collector's key file, open; one that can't be used ends the command with one sentence."""
    path = config.data_dir / "keys.db"
    keys = Keys(path, config.settings.evidence.agent_keys, lambda: time.time_ns() // 1000)
    try:
        keys.open()
        yield keys
    except (OSError, sqlite3.Error, KeysBroken) as error:
        raise fail(f"{path} can't be used: {error}") from error
    finally:
        keys.close()


@contextlib.contextmanager
def opened_introductions(config: CollectorConfig) -> Iterator[CollectorIntroductions]:
    """The collectors that this one knows, from the same file."""
    known = CollectorIntroductions(config.data_dir / "keys.db", lambda: time.time_ns() // 1000)
    try:
        known.open()
        yield known
    except (OSError, sqlite3.Error, KeysBroken) as error:
        raise fail(f"{known.path} can't be used: {error}") from error
    finally:
        known.close()


@app.command("ls")
def list_keys(config: ConfigFile, as_json: AsJson = False) -> None:
    """List the keys that count, by agent. And how each came in: by first use, or registered by hand. Then the
    collectors that are introduced.
    """
    loaded = configuration.load(config)
    with opened_keys(loaded) as keys:
        for entry in keys.entries():
            since = utc_text(entry.since_us)
            if as_json:
                line = {"agent": entry.agent, "key": entry.key, "fingerprint": fingerprint(entry.key)}
                answer({**line, "since": since, "how": entry.how})
            else:
                say(f"{entry.agent} {entry.key}  fingerprint {fingerprint(entry.key)}, {entry.how}, since {since}")
    with opened_introductions(loaded) as known:
        for one in known.entries():
            since = utc_text(one.since_us)
            if as_json:
                line = {"collector": one.collector, "key": one.key, "fingerprint": fingerprint(one.key)}
                answer({**line, "since": since, "how": "introduced"})
            else:
                say(f"collector {one.collector} {one.key}  fingerprint {fingerprint(one.key)}, introduced, {since}")


@app.command("add")
def add(agent: AgentName, key: PublicKey, config: ConfigFile) -> None:
    """Register a key of an agent. A running collector takes it at once; a second key of an agent counts beside the
    first, so that a new one can be registered before the old one goes.
    """
    name, public = _checked(agent, key)
    with opened_keys(configuration.load(config)) as keys:
        new = keys.add(name, public)
    say(f"{agent} {fingerprint(public)}: {'registered' if new else 'is known already'}")


@app.command("register")
def register(
    config: ConfigFile,
    agents: Annotated[list[str] | None, typer.Argument(help="names as keys ls has them", metavar="AGENT…")] = None,
    every: Annotated[bool, typer.Option("--all", help="all that are known by now: look at keys ls first")] = False,
) -> None:
    """Say of line PCs that are known by first use that they are yours. Names that nobody registered share a small
    bound for the stations, parts and gauges that they bring ([guard] unregistered_share).
    """
    if every == bool(agents):
        raise fail("name the line PCs, or say --all; keys ls lists them")
    with opened_keys(configuration.load(config)) as keys:
        known = sorted({entry.agent for entry in keys.entries()})
        unknown = [visible(name) for name in agents or () if name not in known]
        if unknown:
            raise fail(
                f"no key of {', '.join(unknown)} has come yet; keys ls lists those that have, keys add takes one"
            )
        done = [name for name in agents or known if keys.register(name)]
    say(f"{counted(len(done), 'line PC')} registered{': ' if done else ''}{', '.join(done[:20])}")


@app.command("remove")
def remove(agent: AgentName, key: PublicKey, config: ConfigFile) -> None:
    """Take a key away. Under first-use, an agent without any key is known again by the next key that it shows."""
    name, public = _checked(agent, key)
    with opened_keys(configuration.load(config)) as keys:
        gone = keys.remove(name, public)
    if not gone:
        raise fail(f"{agent} has no key {fingerprint(public)}; keys ls lists them")
    say(f"{agent} {fingerprint(public)}: counts no more")


@app.command("own")
def own(config: ConfigFile, as_json: AsJson = False) -> None:
    """Print the collector's own public key. Agents list it in [evidence] collector_keys; it is made if need be. Of the
    one that writes documents also the plant's document key, which agents list in [documents] key.
    """
    loaded = configuration.load(config)
    try:
        public = signer_at(loaded.data_dir / "collector.key").key
        document = signer_at(loaded.document_key_path).key if loaded.document_key_path.exists() else None
    except BadKeyFile as error:
        raise fail(str(error)) from error
    if as_json:
        answer(
            {"collector": loaded.settings.id, "key": public, "fingerprint": fingerprint(public), "documents": document}
        )
        return
    say(f"{loaded.settings.id} {public}  fingerprint {fingerprint(public)}")
    if document is not None:
        say(f"documents {document}  fingerprint {fingerprint(document)}")


@app.command("introduce")
def introduce(collector: CollectorName, key: PublicKey, config: ConfigFile) -> None:
    """Introduce another collector by its key, here and to every agent.

    It counts at every agent that knows this collector: running, it says so within seconds, signed, and the broker keeps
    it. KEY is what `keys own` prints at the other one, carried over by a way that you trust. Do the same there, so that
    either may be met first.
    """
    loaded = configuration.load(config)
    name, public = _checked_collector(collector, key)
    if name == loaded.settings.id:
        raise fail(f"{name} is this collector itself: introduce the other one here, and this one there")
    if not loaded.settings.evidence.sign:
        raise fail("[evidence] sign is false: this collector signs nothing, so it can introduce nobody")
    with opened_introductions(loaded) as known:
        try:
            new = known.introduce(name, public)
        except TooManyIntroduced as error:
            raise fail(str(error)) from error
    if not new:
        say(f"{name} {fingerprint(public)}: is introduced already")
        return
    say(f"{name} {fingerprint(public)}: introduced; the running collector says so to every agent that knows it")
    say(f"at {name}: gaugetrail-collector keys introduce {loaded.settings.id} KEY, with what keys own prints here")


@app.command("withdraw")
def withdraw(collector: CollectorName, config: ConfigFile) -> None:
    """Introduce a collector no more. Agents that know it by this introduction alone know it no longer."""
    with opened_introductions(configuration.load(config)) as known:
        gone = known.withdraw(collector)
    if not gone:
        raise fail(f"{collector} is not introduced here; keys ls lists who is")
    say(f"{collector}: introduced no more")


@app.command("backup")
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="the file to write; it must not be there yet")],
    config: ConfigFile,
    as_json: AsJson = False,
) -> None:
    """Put its own key and the agents' keys into one file. Beside the running collector.

    With it a host that is set up anew is believed by every line PC at once. The file holds the private key: keep it so.
    """
    # What packs and unpacks is loaded for these two commands only.
    from gaugetrail_collector.backup.keys_file import NotRestored, back_up_keys

    if file.exists():
        raise fail(f"{file} is there already; a backup is never written over")
    try:
        contents = back_up_keys(configuration.load(config), file, time.time_ns() // 1000, own_version())
    except (OSError, sqlite3.Error, NotRestored) as error:
        raise fail(f"no backup is made: {error}") from error
    if as_json:
        answer({"file": str(file)} | contents.model_dump(mode="json"))
        return
    say(f"{file}: the key of {contents.id}, {contents.counts.get('agent_keys', 0)} keys of agents")
    say("it holds the private key: keep it where only you can read it, and not on this machine alone")


@app.command("restore")
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="what keys backup or backup has written")],
    config: ConfigFile,
    as_json: AsJson = False,
) -> None:
    """Put its own key and the agents' keys back. For a host set up anew, with the collector stopped.

    What stands in the way is kept beside. The line PCs believe the collector again by themselves.
    """
    from gaugetrail_collector.backup.keys_file import NoBackup, NotRestored, restore_keys

    try:
        done = restore_keys(configuration.load(config), file, time.time_ns() // 1000)
    except (NoBackup, NotRestored, BadKeyFile, OSError, sqlite3.Error) as error:
        raise fail(f"not restored: {error}") from error
    if as_json:
        answer({"id": done.contents.id, "made": done.contents.made, "key": done.key, "kept": done.kept})
        return
    say(f"{done.contents.id} has its key of {done.contents.made} again, fingerprint {fingerprint(done.key)}")
    for path in done.kept:
        say(f"kept: {path}")
    say("start it; nothing is to be done at the line PCs")


def _checked_collector(collector: str, key: str) -> tuple[str, str]:
    if (reason := refuse_name(collector)) is not None:
        raise typer.BadParameter(f"{collector!r} can't be a collector's id: {reason}")
    return collector, _checked_key(key)


def _checked(agent: str, key: str) -> tuple[str, str]:
    try:
        topics.check_agent(agent)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    return agent, _checked_key(key)


def _checked_key(key: str) -> str:
    if re.fullmatch("[0-9a-f]{64}", key) is None:
        raise typer.BadParameter(
            "a public key is 64 lower-case hex digits, as agent key and collector keys own print it"
        )
    return key

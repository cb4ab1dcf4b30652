"""`document stations`: which line PC holds the documents that count, and by which edition each station works."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import Annotated

import typer

from gaugetrail_collector import config as configuration
from gaugetrail_collector.commands import AsJson, ConfigFile, opened_store
from gaugetrail_collector.documents.folding import read_register
from gaugetrail_collector.documents.texts import stored_text
from gaugetrail_collector.documents.to_stations.at_stations import held_there, in_words
from gaugetrail_collector.documents.to_stations.by_line import LineTexts
from gaugetrail_contract import topics
from gaugetrail_contract.clock import WallClock
from gaugetrail_contract.distribution.pages import TooManyDocuments
from gaugetrail_contract.status import AgentStatus
from gaugetrail_service.cli import answer, fail, say
from gaugetrail_service.mqtt.broker_visit import visit
from gaugetrail_service.mqtt.neighbourhood import latest, neighbours

LISTEN_SECS = 1.0
"""Retained documents come at once; a second is long for all of a plant."""


def stations(
    config: ConfigFile,
    listen: Annotated[float, typer.Option(min=0.1, help="seconds to listen at the broker")] = LISTEN_SECS,
    as_json: AsJson = False,
) -> None:
    """Say which station works by which edition. For each line PC whether it holds every document that counts.
    Exit code 1 where something is stale.
    """
    loaded = configuration.load(config)
    found = visit(loaded.settings.mqtt, (topics.ALL_AGENT_STATUS,), secs=listen)
    if found.refusal:
        raise fail(f"the broker is not reached: {found.refusal}; {found.cure}")
    heard = latest(neighbours(found.words), "agent")
    agents = {name: one.document for name, one in heard.items() if isinstance(one.document, AgentStatus)}
    try:
        with opened_store(loaded) as store:
            people = LineTexts(partial(stored_text, store))
            rows = held_there(read_register(store), people, agents, WallClock().now_us())
    except TooManyDocuments as error:
        raise fail(str(error)) from error
    if as_json:
        for row in rows:
            answer(asdict(row))
    else:
        for line in in_words(rows) if rows else ("no line PC has said anything at this broker",):
            say(line)
    if any(row.stale for row in rows):
        raise typer.Exit(1)

"""`stats KIND --record`: a study sealed under the name of somebody who proves who they are."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from pathlib import Path

from gaugetrail_collector import config as configuration
from gaugetrail_collector.commands import opened_store
from gaugetrail_collector.commands.documents.steps import prove_person
from gaugetrail_collector.statistics.study_record import about_of, rows_of, seal_study, study_body
from gaugetrail_contract.clock import WallClock
from gaugetrail_service import settings_file
from gaugetrail_service.clock_source import kernel_trust
from gaugetrail_statistics.refusing import Refused


def record_study(args: argparse.Namespace, answer: Mapping[str, object]) -> str:
    """The record's id. Raises `Refused`; ends the command where the password isn't theirs or the store is down."""
    about = about_of(args)
    studied = getattr(args, "studied", None)
    if studied is None:
        raise Refused("a summary has no rows to seal: give the study's values with --data")
    named = os.environ.get(settings_file.VARIABLE)
    config = configuration.load(args.config or (Path(named) if named else settings_file.default_file("collector")))
    body = study_body(answer, rows_of(studied, args), about, config.settings.id)
    prove_person(config, about.by, stdin=args.stdin)
    with opened_store(config) as store:
        clock = WallClock(trust=kernel_trust)
        return seal_study(store, config.settings.id, config.data_dir / "statistics.lock", clock, body)

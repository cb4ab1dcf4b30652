"""Path -> text of every generated file for Grafana; `docs/generate.py` writes them and a test compares."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from gaugetrail_dashboards import alerts, audit, process, quality, trust
from gaugetrail_dashboards.draw import draw

FOLDER = Path("config/grafana")


DASHBOARDS = (
    quality.PLANT,
    process.STATION,
    process.CHARACTERISTIC,
    quality.TRACEABILITY,
    trust.GAUGES,
    quality.PARETO,
    trust.HEALTH,
    audit.AUDIT,
)
"""All of them, in the order of their links."""


def files() -> dict[Path, str]:
    """The dashboards and the alert rules as JSON."""
    made: dict[Path, str] = {}
    for page in DASHBOARDS:
        board = draw(page).build()
        for number, panel in enumerate(board.panels or (), 1):
            panel.id_val = number
        made[FOLDER / "dashboards" / f"{board.uid}.json"] = _json(_lean(json.loads(_json(board))))
    made[FOLDER / "provisioning" / "alerting" / "gaugetrail.json"] = _json(alerts.provisioning())
    return made


def _lean(board: dict[str, Any]) -> dict[str, Any]:
    """Without what the library writes into every variable although only interval variables have it."""
    for variable in board["templating"]["list"]:
        for key in ("auto", "auto_min", "auto_count"):
            variable.pop(key, None)
    return board


def _json(value: object) -> str:
    return json.dumps(value, indent=2, sort_keys=True, cls=JSONEncoder, ensure_ascii=False) + "\n"

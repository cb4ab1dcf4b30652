"""What the line is called: its stations, plans, people and orders, in settings, papers and accounts alike."""

from __future__ import annotations

AGENT_ID = "line1-pc1"
COLLECTOR_ID = "collector1"
OPERATOR_STATION = "OP20"
OLD_STATION = "OP21"
"""A bench beside it, whose plan is a file; everything there is typed."""
PLAN_ID = "CP-1001"
REACTION_ID = "RP-12"
PRESS_STATION = "OP30"
BADGE = "OP-12"
ORDER = "4500123-10"
"""What the line makes; its code has PO: before it."""

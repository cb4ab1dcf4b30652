"""What delivery has done since the agent's start, counted."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class DeliveryFigures:
    """What has happened since start."""

    messages: int = 0
    receipts: int = 0
    ignored_receipts: int = 0
    seen_receipts: int = 0
    ignored_commands: int = 0
    ignored_statuses: int = 0
    given_again: int = 0
    callback_faults: int = 0
    connects: int = 0

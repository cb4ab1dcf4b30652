"""What statistics answer where a number would mislead: a refusal in one sentence."""

from __future__ import annotations


class Refused(ValueError):
    """Not computed, and why: one sentence that says what is wrong with what was given, and what to do."""

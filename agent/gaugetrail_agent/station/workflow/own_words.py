"""Whether a text is an answer in somebody's own words: a word of the station, a badge or the next unit, scanned out of
turn, is none. Pure.
"""

from __future__ import annotations

from gaugetrail_agent.languages.sentences import Sentence, said
from gaugetrail_agent.station.setup import Setup
from gaugetrail_contract.text import refuse_identifier

ANY = ".+"


def no_own_words(setup: Setup, text: str) -> Sentence | None:
    """Why that is no reason, cause or note; null where it is one. Where any text is a unit's, nobody knows."""
    unit = setup.unit.pattern != ANY and setup.unit.fullmatch(text) is not None
    if text.startswith("%") or setup.badge.fullmatch(text) is not None or unit:
        return said("dialog.no_answer")
    fault = refuse_identifier(text)
    return None if fault is None else said("note.unusable", reason=fault)

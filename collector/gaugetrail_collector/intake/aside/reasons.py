"""Why something was set aside, in people's words, and what they can do.

The exact reason (`Entry.reason`) is for who looks closer and stands beside these words, never instead of them. A reason
that none of the patterns knows is shown as it is: a test holds every reason that the collector gives against them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple


class Why(NamedTuple):
    """What happened, and what to do about it; `cure` is empty where nothing is known to help."""

    what: str
    cure: str


_RETRY = "then try it again"
_FOREIGN = Why(
    "something that is no Gaugetrail record came where only line PCs write",
    "look who else publishes on this topic and keep them out by the broker's access rules; if it is known, close it",
)
_CHANGED = Why(
    "the record was changed or cut off on its way: its seal doesn't fit its bytes",
    "the line PC has it still and sends it whole; look who can write on this topic, then close this one",
)
_NEWER = Why("it was written by a newer version than this collector's", f"update this collector, {_RETRY}")
_FORK = Why(
    "the store has another record under the same number of the same line PC",
    "a spool was put back from a copy, or a disk was cloned: let only one of the two PCs run",
)
_UNSIGNED = Why(
    "it isn't signed by the line PC whose name it bears",
    "if the PC was set up anew, register its key (keys add), then try it again; a stranger's is to be closed",
)
_WRONG_TOPIC = Why(
    "it bears another line PC's name than its topic does",
    "give each line PC an id and a login of its own; records are sent again by themselves",
)
_BOUND = Why(
    "it would use up the store's room for distinct names (stations, parts, gauges …)",
    "put the setting right that writes a serial there and close this one; or raise the bound under [guard] and start "
    "the collector again: its line PC has it still and sends it by itself",
)
_UNREGISTERED = Why(
    "line PCs that nobody has registered have brought as many distinct names (stations, parts, gauges …) as they may",
    "if the line PC is yours: gaugetrail-collector keys register NAME, and it sends it by itself; if not, keep it out "
    "by the broker's access rules, then close this one",
)
_OLD = Why("it is older than the database keeps", f"lengthen the retention (store init --keep-days), {_RETRY}")
_FLOOD = Why(
    "a message of many more lines than a line PC ever sends; none of them was looked at",
    "look who else publishes on this topic and keep them out by the broker's access rules, then close it",
)
_LARGE = Why("it is larger than a record may be", "look at the station that wrote it; nothing else is held up by it")
_REFUSED = Why("the database doesn't take it", f"look at what it says below, put it right, {_RETRY}")
_BROKEN_RULE = Why(
    "it breaks a rule that every record keeps",
    "look at the place that it names below: another program, or a line PC of another version, wrote it",
)

_KNOWN: Sequence[tuple[str, Why]] = (
    (r"^unknown schema", _NEWER),
    (r"the seal doesn't hold", _CHANGED),
    (r"^fork:", _FORK),
    (r"^tag bound: .* which nobody has registered", _UNREGISTERED),
    (r"^tag bound:", _BOUND),
    (r"^points beyond retention|older than the database keeps", _OLD),
    (r"^InfluxDB refuses it", _REFUSED),
    (r"signature|not signed|^signed by the key|key is registered", _UNSIGNED),
    (r"^the record says it is ", _WRONG_TOPIC),
    (r"bytes; \d+ are allowed", _LARGE),
    (r"^not |is no agent's topic|holds no record|no place in a chain", _FOREIGN),
    (r"^the message has \d+ lines, and", _FLOOD),
    (r"stands twice|nested deeper|not a JSON number", _FOREIGN),
    (r"^[a-z_]+[a-z0-9_.]*: |no valid Unicode|not in Unicode normal form", _BROKEN_RULE),
)


def in_words(reason: str) -> Why:
    """What that reason means; as it is where none of the known ones fits."""
    return next((why for pattern, why in _KNOWN if re.search(pattern, reason)), Why(reason, ""))

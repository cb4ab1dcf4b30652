"""What changed at the station, and when: another part, lot, shift, tool, material, a setup. Sampling reads it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from gaugetrail_agent.station.memory.moment import Moment

ChangeKind = Literal["part", "order", "lot", "shift", "machine", "tool_change", "material_change", "setup"]
"""Named as a plan's frequency names them (`at = ["tool_change"]`), and `part`, `order`, `machine`."""
KIND_OF: Mapping[str, ChangeKind] = {
    "part": "part",
    "order": "order",
    "lot": "lot",
    "shift": "shift",
    "machine": "machine",
    "tool": "tool_change",
    "fixture": "tool_change",
    "heat": "material_change",
    "supplier_lot": "material_change",
    "component": "material_change",
}
"""What was scanned, or is known of a unit -> the kind of change that another one is."""


class LastChange(msgspec.Struct, frozen=True):
    """The last one of its kind; what is known for the first time is a change, too."""

    to: str
    at: Moment


class Changes(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is in use, and the last change of each kind."""

    last: Mapping[ChangeKind, LastChange] = {}
    known: Mapping[str, str] = {}
    """As `KIND_OF` names it, of a component with its part number -> what it is."""

    def with_known(self, what: str, value: str, at: Moment) -> Changes:
        """What is in use now; where that is something else, it is a change."""
        if self.known.get(what) == value:
            return self
        kind = KIND_OF.get(what.partition(" ")[0])
        last = self.last if kind is None else {**self.last, kind: LastChange(value, at)}
        return Changes(last, {**self.known, what: value})

    def with_setup(self, to: str, at: Moment) -> Changes:
        """The station was set up."""
        return Changes({**self.last, "setup": LastChange(to, at)}, self.known)

"""The page of docs/reference that lists which state of a unit may follow which, made from the table."""

from __future__ import annotations

from gaugetrail_contract.unit_states.changes import table_rows

HEAD = """# States of units and lots: every change

{note}
A state is said by an event `unit.state` (see [events](events.md)), or measured: an inspection that passed or failed.
What is said without the role changes nothing and is named beside the state. What is not in the table may not be said.

Measuring changes what was measured, and of what was decided only this: a fail ends a concession or a release; rework
ends with the next fail, or with a pass once no place fails the unit any more. A pass lifts only the fail of its own
operation, and never a hold or a scrap. A concession or release forgives the fails before it; where it says `until`,
what it let go is on hold again from then on. Of two words of one moment the agent's name, epoch and number say which is
the later one.

| from | to | who may say so |
|---|---|---|
"""


def unit_states_page(note: str) -> str:
    """A row for each change."""
    return HEAD.format(note=note) + "".join(f"| {before} | {after} | {who} |\n" for before, after, who in table_rows())

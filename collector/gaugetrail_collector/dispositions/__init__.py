"""States of units and lots by the word of the office: hold, release, concession, scrap, rework.

Promise: who says it may (the table of `gaugetrail_contract.unit_states`), as the state is at that moment; a lot is
released whole only when every unit of it that is known has passed, or was let go or scrapped by itself. All of it is
written or nothing, into the office's chain; what was said before stands.

Read `known_units` (what the store says of a unit, and of the units of a lot), then `office`, where it is decided.
"""

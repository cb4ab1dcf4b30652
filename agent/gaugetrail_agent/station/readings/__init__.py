"""From a reading to a measurement of the unit in hand. Pure.

Promise: whether a value, a gauge and a person are fit is one question, asked in `measurement`, whoever acts; a value
that another part has used is no value of this one (G9).

Read `measurement`, `placements` (whose a value is), `derived`, then `typed_numbers` and `entering` (what has no
device).
"""

"""The station: what readings, scans and blocks mean for the unit in hand.

Promise: the middle is pure: `steps` takes a state and what happened and gives a state and effects, time included as
data. What a person or a PLC is told is recorded was committed first; `runner` does it, in that order.

Read `measurement` (setup, and one value held against the plan), `unit_code` (what a scanned code names), `steps` and
`runner`.
"""

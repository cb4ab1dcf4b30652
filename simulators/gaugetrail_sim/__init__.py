"""Simulated devices, a simulated line and the demo: `gaugetrail-sim`.

Promise: nothing of agent, collector or their contract is used here, so that what is held against them is another's
word.

Rooms: `devices`, `line` over them, `servers`, and `demo` over all three. `by_hand` plays one device for first steps,
`cli` are the commands, `start` their entry.
"""

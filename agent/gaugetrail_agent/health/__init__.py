"""How the agent is: what it says of itself to the plant, and to the people at its stations.

Promise: what isn't well is said where somebody can do something about it, once, until its cause is gone.

Read `calibration` (how the gauges stand), `report` (the status document and its figures), `heartbeat` (when it is
said), `notices` (what a station is told).
"""

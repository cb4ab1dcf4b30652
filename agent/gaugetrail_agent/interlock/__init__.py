"""The machine at an operator's station is told by its PLC's registers whether the part may go on.

Promise: code 1 is written only after the record of a part that passed is durable, and is taken back before anything
else happens to the next one; what is written is read back, the code first, then its number. What can't be written is
tried again and shown at the station. The agent's end takes the code back; where it can't, since it died or the cable
went, the heartbeat stands still: the PLC stops by itself, which is the PLC's part (docs/station-consequences.md).

Read `machine_code` (pure: what a station's moment means for a machine), then `writer`.
"""

"""The agent on a line PC: the trail from gauge to record begins here.

    device -> link -> driver -> Reading -> station -> body -> SPOOL (sealed record) -> publisher -> broker

`links` move bytes, `drivers` turn them into readings, `station` decides what they mean for the unit in hand, `spool`
seals and keeps (the one durable buffer), `publisher` sends and resends until the collector's receipt. What the operator
or the PLC is told is recorded has been committed to disk. `app` builds all of it in this order and stops it in this
order; `terminal` is the operator's door, `scheduler` the timed work, `health` what the status document says.
"""

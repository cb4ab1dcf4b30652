"""The agent on a line PC: the trail from gauge to record begins here.

    device -> link -> driver -> Reading -> station -> body -> SPOOL (sealed record) -> publisher -> broker

`links` move bytes, `drivers` turn them into readings, `routes` leads these to the stations that listen, `station`
decides what they mean for the unit in hand, `spool` seals and keeps (the one durable buffer), `delivery` sends and
resends until the collector's receipt. What the operator or the PLC is told is recorded has been committed to disk.
`app` builds all of it in this order and stops it in this order; `terminal` is the operator's door, `languages` the
words said there, `heartbeat` and `health` what the agent says of itself, `inquiries` where it is asked how it is,
`scheduler` the timed work.
"""

"""The agent on a line PC: the trail from gauge to record begins here.

    device -> link -> driver -> Reading -> station -> body -> SPOOL (sealed record) -> publisher -> broker

`links` move bytes, `drivers` turn them into readings, `routes` leads these to the stations that listen, `station`
decides what they mean for the unit in hand, `spool` seals and keeps (the one durable buffer), `delivery` sends and
resends until the collector's receipt. What the operator or the PLC is told is recorded has been committed to disk.
`app` builds all of it in this order and stops it in this order; `terminal` and `screen` are the operator's doors,
`languages` the words said there, `papers` what the stations work by, `health` what the agent says of itself,
`inquiries` where it is asked how it is, `doubts` what `check` says of settings, `renewal` and `rereading` what holds of
settings that changed.
"""

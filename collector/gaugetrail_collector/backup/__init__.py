"""The collector in one file, and back: its keys, its settings with what they name, what is set aside, and its store.

Promise: made beside the running collector; each database in it is of one moment; nothing is put back before the file
has proven itself, nor while a collector has the data open, and what stands in the way is kept beside.

Not in it: the chain of anchors' state. The anchors stand in the store; a collector that is put back begins a new chain
of them, since its old one may have gone on after the backup.

Read `whole` (what belongs to it and in which order it goes in and back) and `influx_tool` (InfluxDB's own backup).
"""

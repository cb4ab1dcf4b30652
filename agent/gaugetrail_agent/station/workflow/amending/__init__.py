"""What a record of this PC says is put right from the station: asked for here, and approved here by somebody who may,
where they are there. Pure.

Promise: the record stands as it was sealed. A station writes no amendment: it seals who asked and who approved, always
two persons, and the collector that writes documents judges both (`gaugetrail_contract.amending` is the table of both).
Nobody is told that something is approved before the approval is in the spool; one that a kill cost is told, and the
request waits for the office.

Read `choosing` (which of a record's values, and what can be right), `wanted` (what is known so far, and what is asked
next), `telling` (the events), then `asking` (the words and the answers).
"""

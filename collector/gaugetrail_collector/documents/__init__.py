"""Controlled documents at the collector: the right plan, person and gauge, approved, and the old ones still to be read.

Promise: a document is what the store's records say of it, and nothing else: any collector reads every edition with its
text and everything that was done with it, and `verify` and the archive cover it. One collector writes (`[documents]
master`), into chains of its own, and keeps nothing beside them that it can't lose. A step not taken is a sentence.

Read `texts` (the bytes of an edition in records), `folding` (from records to lives), `roles` (who may do what), `named`
(what it names and nobody has), `attachments` (files too large for records), `written` (from a step to its record), then
`desk`, where steps are taken, `here`, whether that is at this collector, and `following`, which keeps the register up;
`taking_over`: a plan that stations worked by as a file. Then the rooms: `comparing`, `at_a_moment`, `to_stations` and
`from_tables`.
"""

"""Controlled documents at the collector: the right plan, person and gauge, approved, and the old ones still to be read.

Promise: a document is what the store's records say of it, and nothing else: any collector reads every edition with its
text and everything that was done with it, and `verify` and the archive cover it. One collector writes (`[documents]
master`), into chains of its own, and keeps nothing beside them that it can't lose. A step not taken is a sentence.

Read `texts` (the bytes of an edition in records), `folding` (from records to lives), `roles` (who may do what),
`named` (what it names and nobody has), `attachments`
(files too large for records), `written` (from a step to its record), then `desk`, where steps are taken, and `here`,
whether that is at this collector; `following` keeps the register up; `differences`, `consequences` and `comparing` say
what an edition changes, and what that would have meant; `worked_by` leads from a record to the texts that held,
`rows_then` and `in_force` to gauges and people as they stood at a moment; `by_line` and `sending`, what the
stations are told; `at_stations`, what they hold; `pins` and `pin_sending`, who proves by a PIN that it is they;
`orders` and `orders_folder`: orders as an ERP gives them.
"""

"""What is decided of a unit or a lot here: held, sent to rework, scrapped, released, let go by concession.

Promise: each decision is an event (`unit.state`) by somebody who may, by the table that everybody holds to
(`gaugetrail_contract.unit_states.changes`), and is on disk before it is shown. No unit that this station knows to be
held or scrapped is begun, nor is one ended as passed that was put on hold meanwhile. What a record or a check brings is
remembered with it and told as soon as can be, over a kill, too.

Read `deciding` (the words, and who may), `standing` (what holds of a unit that comes), then `lots` (when a lot may go).
The events are made in `station.state_events`, for other rooms, too.
"""

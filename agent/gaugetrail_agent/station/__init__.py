"""The station: what readings, scans and blocks mean for the unit in hand.

Promise: the middle is pure: rules take the setup, the state and what happened, and give the next state and effects;
time is data of what happened. What a person or a PLC is told is recorded was committed first; `runner` does it, in that
order; so is a value of the unit in hand before it is shown (G11). Whether a value, a gauge and a person are fit is one
question, asked in `readings.measurement`, whoever acts; whether a value is this part's is another, asked in `freshness`
(G9).

Read the rooms `words` (where a station stands, what happens, what it wants done) and `given` with `setup` (what it
works by), then `steps` (which rule for what). Who acts: `operator` and `automatic`. What they stand on: the rooms
`choosing` (what a scan names), `locks` (who and what may not), `readings` (from a reading to a measurement; `freshness`
says of one device whether its value is new), `refusing`, `signals` (what charts say), then `finishing`, `unfinished` (a
unit that a restart left half measured) and `waiting` (scans made while a record is on its way). What is remembered
beyond the unit: the room `memory`; what governs the work: the room `workflow` (`hooks` says where it joins).
`events_here` and `state_events` build its events. Then `standing_messages` (what is to be read) and `display` (what is
shown), the room `keeping` (what of it stands in the spool, with `looking_back`) and `runner`.
"""

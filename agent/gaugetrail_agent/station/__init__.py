"""The station: what readings, scans and blocks mean for the unit in hand.

Promise: the middle is pure: rules take the setup, the state and what happened, and give the next state and effects;
time is data of what happened. What a person or a PLC is told is recorded was committed first; `runner` does it, in that
order; so is a value of the unit in hand before it is shown (G11). Whether a value, a gauge and a person are fit is one
question, asked in `measurement`, whoever acts; whether a value is this part's is another, asked in `freshness` (G9).

Read `words` (a room: where a station stands, what happens, what it wants done), `setup`, `steps` (which rule for what),
then what is remembered beyond the unit (`memory`, a room) and what governs the work (`workflow`, a room: `hooks` says
where it joins); who acts: `operator` (with `unit_code`, what a scanned code names, and `typed_numbers`) and
`automatic`; what they share: `measurement` and `finishing`, with `waiting` (scans made while a record is on its way);
whose a value is: `freshness` (one device's signs), `freshness_settings` and `placements` (the station's view of them);
`unfinished` (a unit that a restart left half measured); what control charts say: `limits_here` and `control_points`;
what is refused: `refusals` (whose matter it is) and `refusal_book` (how often it becomes a record); `pin_asking` (whose
badge isn't enough); `events_here` and `roles_here` (what happened here, and as what somebody stands here);
`standing_messages` (what is to be read by whoever is here); then `display` (what is shown), `sealing` (an inspection as
records), `keeping` (a room: what of it stands in the spool) and `runner`.
"""

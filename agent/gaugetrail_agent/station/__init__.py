"""The station: what readings, scans and blocks mean for the unit in hand.

Promise: the middle is pure: rules take the setup, the state and what happened, and give the next state and effects;
time is data of what happened. What a person or a PLC is told is recorded was committed first; `runner` does it, in that
order. Whether a value, a gauge and a person are fit is one question, asked in `measurement`, whoever acts.

Read `words` (where a station stands, what happens, what it wants done), `setup`, `steps` (which rule for what), then
who acts: `operator` (with `unit_code`, what a scanned code names) and `automatic`; what they share: `measurement` and
`finishing`; then `display` (what is shown of it) and `runner`.
"""

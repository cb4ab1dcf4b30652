"""What of a station stands in the spool: kept before it is shown, and found again by the next life.

Promise: what is told to be kept or recorded was committed first, and what belongs together is one commit: an inspection
with all that it changes of what the station remembers; a memory with the last of the events that changed it.

Read `remembering` (the memory and the open unit's journal), `sealing` (an inspection as records) and `recording`,
`changes` (by what the station works) and `editions` (the same, and records), `refusals_told`, `recalling` (what the
spool knows of orders, units and records) and `asking_store` (what the store knows).
"""

"""Gauges are checked with a master piece, as the plan's `[[check]]` wants it; what a failed check puts in doubt.

Promise: nothing is measured with a gauge whose check is overdue, or that has failed one, before it has passed or
somebody with a role lets it; both outlast a kill. A failed check blocks the gauge before anybody is shown the value,
and everything that it measured since its last good check goes on hold in one step, as far as this PC's records say;
what they can't say is said as open (`suspect.window`).

Read `due` (what must be checked, and which gauge may not measure), `asking` (%CHECK and %UNBLOCK), `by_block` (the
same at a station where a PLC offers the master), then `windows`.
"""

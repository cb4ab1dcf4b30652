"""Which characteristics are measured of which unit, and why it is inspected at all. Pure.

Promise: a check that the plan wants by count, by time or by an occasion is due until it is done, whatever happens in
between: a restart, a clock that is set, another order. Nothing else is measured before the first piece has passed,
where the plan wants one. A check by time that falls out while somebody works here is a record, and its cause is asked.

Read `due` (what is due of a plan: numbers only), then `counting` (what scans and records change), `reasons` (why a unit
is inspected: chosen, due or set), `clock` (what time does) and `words` (what whoever stands there says).
"""

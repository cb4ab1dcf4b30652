"""Controlled documents: plans, the gauge register, the people list. What a station must have, and the digest it names.

Promise: a document is read whole and checked whole; its `sha256` is the digest of the bytes that were read, so a record
names exactly the text that held. `files` reads plans from a folder; `editions` is the life that each of them has: who
wrote, approved and withdrew it, and which edition holds at a moment.

Read `head` (what most of them begin with), then `order`, `calendar` (which shift a moment falls into), `instruction`,
`reaction`, `limits` and `form`. Read `plan` (what a control plan says), `formula` (the small grammar of derived
characteristics) and `plan_faults` (what only the whole plan can tell); `people` (who may do what on which day) and
`gauges` (which gauge may measure what); then `tables` (rows into models, each fault with its place) and `lists` (both
documents from a table or a file, and back), `order_table` (orders from a table and back). `checks` is what is held
against a text before it is taken in, `rights` who may take which step, `wording` how all that is said,
`step_event` a step as an event.
"""

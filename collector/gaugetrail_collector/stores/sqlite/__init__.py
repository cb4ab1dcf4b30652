"""The SQLite store: one file, for a demo, a single line and tests.

Promise: the store's (`gaugetrail_collector.stores`); a file that was replaced under it is noticed, never written past.

Read `formats` (the tables, and those of before), `store` (writing), `parting` and `placing` (what it must know of the
records that stand there), then `read`.
"""

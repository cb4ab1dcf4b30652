"""Amendments, as far as the office and every station hold to the same: who may, and what may be said of which record.
Pure.

Promise: one table of roles and one form of a new value for both. What holds of a record then, and whether it may become
so now, the store alone knows: that is the collector's.

Read `who`, then `what`.
"""

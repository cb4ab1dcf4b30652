"""Quantities and groups held against each other: what differs, what goes together, what counts most.

Promise: a test says which conditions it rests on, and refuses where they are not met.

Read `groups` (means, middles, spreads), `variance_analysis`, `relations` (two quantities), `ranking`.
"""

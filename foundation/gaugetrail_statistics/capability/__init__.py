"""Capability: how a process stands to its limits, with how sure that is.

Promise: an index stands beside what it rests on (the spread's estimator, the distribution, stability) and its interval;
what can't be computed honestly is refused.

Read `indices` (arithmetic alone), `intervals`, `within_spread`, `study` (all of it together), `tolerance_intervals`.
"""

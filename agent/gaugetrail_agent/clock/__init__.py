"""The PC's clock: how far it is to be trusted, and what is said when it steps.

Promise: time is never repaired, only told with its trust; order is by number. `trust` asks the system, `watch` compares
wall clock and monotonic clock and seals an event for each step.
"""

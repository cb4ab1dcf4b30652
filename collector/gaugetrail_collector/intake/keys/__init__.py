"""Whose messages count: keys of the agents, and who introduces whom.

Promise: a name keeps its first key until somebody decides otherwise; a stranger holds nobody up.

Read `agent_keys`, then `collector_introductions` (which other collectors are known) and `introducing` (agents hear of
it).
"""

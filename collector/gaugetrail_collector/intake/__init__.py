"""Intake: from a message to a stored record and its receipt. Decoding, storing and confirming, each on one thread.

    broker -> subscriber -> inbox -> DECODING -> one batch -> STORING -> one batch -> CONFIRMING -> receipts, acks

Promise: a message is acknowledged only when each of its lines is in the store or set aside, both committed. A line that
is no record of its topic's agent holds nobody up. Killed at any moment, nothing is lost: what was in hand comes again.

Read `subscriber` and `mqtt_packets` (the connection), `inbox`, `decoding` and `batches`, `storing`, `confirming` and
`account`; then `agent_keys` (whose messages count), `far_times` (which moments), `collector_introductions` and
`introducing` (which other collectors are known, and that agents hear of it), `rivals` and `returning` (who gets in the
way), `set_aside` and `retry` (what could not be stored), `held` (what waits for a decision), `spans`.
"""

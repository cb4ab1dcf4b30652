"""Intake: from a message to a stored record and its receipt. Decoding, storing and confirming, each on one thread.

    broker -> subscriber -> inbox -> DECODING -> one batch -> STORING -> one batch -> CONFIRMING -> receipts, acks

Promise: a message is acknowledged only when each of its lines is in the store or set aside, both committed. A line that
is no record of its topic's agent holds nobody up. Killed at any moment, nothing is lost: what was in hand comes again.

Read `receiving` (a room: from the broker to the inbox), `decoding`, `batches`, `storing`, `confirming` and `account`;
then `keys` (a room: whose messages count), `far_times` (which moments), `aside` (a room: what could not be stored, and
what waits for a decision), `spans`.
"""

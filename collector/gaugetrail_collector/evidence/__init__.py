"""Evidence: that nothing is missing and nothing altered, shown and kept.

Promise: what is said here comes from the stored bytes alone: each seal is computed anew, each link followed. It finds;
it changes nothing but what it seals itself (anchors) or asks agents for again (readback).

Read `chain` (one chain, record by record), `histories` (how several of one epoch hang together), `verify` (all of
them), `anchors` (heads sealed into a chain of the collector's own), `own_chain` (such a chain for
what people decide, with the store as its memory), `readback` and `readback_rounds` (what the store
should have and hasn't), `archive`, `archive_bounds`, `archive_proof` and `archive_restore` (the same evidence in one
file, and back into a store).
"""

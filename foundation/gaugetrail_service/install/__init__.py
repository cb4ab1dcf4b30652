"""A service laid on a Debian-like system, run there, and taken off again; what both daemons do alike.

Promise: installing twice is installing once; settings that are there are never written over; taking off leaves data and
settings, and says where they lie; with a root folder other than `/` nothing of the running system is touched. What
would be done can be seen first (`--dry-run`).

Read `service` (what belongs to a service, and the order in which it is laid), `steps` (one thing to be done, there
already or not) and `accounts`; `unit` writes the systemd unit and `score` asks systemd what it thinks of it.
`supervisor` is the running daemon's side: its word to systemd that it serves, still turns, and stops.
"""

"""Verdicts for displays and an MES: each inspection that is on the disk is said once on the broker, where the settings
ask for it (`[mqtt] verdicts = "on"`).

Promise: records never wait for it. It has a connection of its own, so a broker that is slow, absent or refuses the
topic costs verdicts alone; what is lost is counted. Nothing is said of what isn't on the disk, nothing is retained and
nothing sent again after a restart: whoever needs all of them reads records.

Read `wording` (pure: what is said of a record), then `sender`.
"""

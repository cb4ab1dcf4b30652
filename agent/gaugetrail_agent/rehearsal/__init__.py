"""A station in rehearsal: what a script says happens to it, by the real rules, and what it answers.

Promise: the station is the real one. Its events go through the `StationRunner` of every day, into a real spool in a
folder that is thrown away, and in the same order: append, wait for the commit, only then "recorded". No device is
opened, no broker is asked, and nothing of the agent's own data folder is written. Time is the script's: hours pass at
once, and the same script gives the same sentences, lights and codes each time. A script that can't be read is refused
whole, each fault with its line, before anything is played.

Read `script` (what stands in a script, and what is wrong with it) with `script_words` and `cues` (what it makes
happen), `virtual_time` (a loop on which time passes only when nothing else is left to do), `counted_spool` (how that is
known), `stage` (one life of a station, and what it lets out), then `play`
with `expecting`, and `telling`.
"""

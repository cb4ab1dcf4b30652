"""Profiles: most gauges need no code but a TOML file that says how their frames read, with examples.

Promise: status before number; a frame is explained whole or refused.

Read `file` (what a profile may say), `small_languages` (patterns, commands, escapes in it), `matcher` (a frame into
readings) and `driver`, which is fed with bytes.
"""

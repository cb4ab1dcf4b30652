"""The agent on a Debian-like line PC: its service, its first settings, and names of its gauges that stay.

Promise: what is laid is said before it is done; settings and rules that somebody has are kept.

Read `service` (what the agent's unit may do and why), then `udev` (a gauge by name in `/dev/gauges`);
`first_settings.toml` is the file that a new line PC begins with.
"""

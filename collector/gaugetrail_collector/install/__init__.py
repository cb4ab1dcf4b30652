"""The collector on a Debian-like server: its service and its first settings.

Promise: what is laid is said before it is done; settings that somebody has are kept. `first_settings.toml` is the file
that a new server begins with.
"""

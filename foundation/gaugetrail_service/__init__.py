"""What both daemons do alike, once: web server, metrics, live pages, scheduler, logs, the frame of a command.

Promise: nothing here knows what agent or collector are for, and nothing is loaded that the settings don't ask for;
whoever serves pages gets capped connections, receive deadlines, a guard against foreign origins and hosts, and sessions
that die with their user.

Read `cli` (what every command stands in), `logs` and `scheduler` first; then `web` (the server's thread) with `metrics`
on it; then `web_guard` (what stands in front of every page), `web_sessions`, `console_users` and `live` (pages that
change while one looks).
"""

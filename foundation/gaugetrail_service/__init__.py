"""What both daemons do alike, once: broker, TLS, web server, metrics, live pages, scheduler, logs, a command's frame.

Promise: nothing here knows what agent or collector are for, and nothing is loaded that the settings don't ask for. What
is renewed on disk (certificates, keys, passwords) holds from the next connection on. Whoever serves pages gets capped
connections, receive deadlines, a guard against foreign origins and hosts, and sessions that die with their user.

Read `cli` (what every command stands in), `logs` and `scheduler` first; then `mqtt_settings`, `mqtt` (the connection to
the broker) and `tls` under it, with `certificates`; then `web` (the server's thread) with `metrics` on it; then
`web_guard` (what stands in front of every page), `web_sessions`, `console_users` and `live` (pages that change while
one looks). What `status` and `doctor` of both look at: `rights`, `certificate_ends`, `clock_source`, `broker_visit`
and, of who was heard there, `neighbourhood`.
"""

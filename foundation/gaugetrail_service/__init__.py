"""What both daemons do alike, once: broker, TLS, web server, metrics, live pages, scheduler, logs, a command's frame.

Promise: nothing here knows what agent or collector are for, and nothing is loaded that the settings don't ask for. What
is renewed on disk (certificates, keys, passwords) holds from the next connection on. Whoever serves pages gets capped
connections, receive deadlines, a guard against foreign origins and hosts, and sessions that die with their user.

Read `cli` (what every command stands in), `settings_file`, `plain_words`, `lazy_commands` and `scheduler` first; then
the rooms: `logs`, `files` (a service's own), `certificates` (with TLS), `mqtt` (the connection to the broker), `web`
(the server's thread and what it serves), `backup`, `install`. What `status` and `doctor` of both look at:
`clock_source`, `open_doors`, and in the rooms `files.rights`, `certificates.ends`, `mqtt.broker_visit` and
`mqtt.neighbourhood`.
"""

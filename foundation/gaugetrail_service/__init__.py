"""What both daemons do alike, once: the web server with its guard, sessions and users.

Promise: nothing here knows what agent or collector are for; whoever serves pages gets capped connections, receive
deadlines, a guard against foreign origins and hosts, and sessions that die with their user.

Read `web` (the server's thread) first, then `web_guard` (what stands in front of every page), `web_sessions` and
`console_users`.
"""

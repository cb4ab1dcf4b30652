"""Pages and figures: the web server's thread, what stands in front of every page, and who is logged on.

Promise: it shares no fate with what measures or stores; connections are capped, requests have deadlines, no foreign
origin or host gets in, and a session dies with its user.

Read `server`, then `guard` (what stands in front of every page), `console_users`, `password_desk` (where passwords are
tried) and `sessions`; `live` (pages that change while one looks) and `metrics`.
"""

"""What agent and collector agreed on: records, seals, topics, receipts, status, documents, events, settings, clock.

Promise: pure but for files that it is handed (`settings`, `files`, `signing`, `documents`). Nothing here opens a
socket, a port or a database, so both services can be tested against it without either.

Read `record` and `seal` first: what travels, and how it is proven. Then `topics`, `receipts`, `commands` and `status`
(what is said over MQTT), `signing` (by whom), `events` and `documents` (what records name), `unit_states` (what they
come to), `plc_codes`, `ranges`, `text`, `clock`, `strict_json`, `files`, `escapes`, `problems` and `settings` (what all
of these stand on).
"""

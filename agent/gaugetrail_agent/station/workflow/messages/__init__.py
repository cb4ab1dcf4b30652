"""What people at a station pass on, and what comes back: suggestions to the office, notes to whoever comes next. Pure.

Promise: what somebody passes on is a record before they are told so. A note is shown to whoever logs on next, an answer
to whoever made the suggestion, until they say that they have read it, which is an event; over restarts, and with broker
and collector away. Whatever the text holds, it is text. Nothing of it keeps anybody from measuring.

Read `suggesting` and `handover` (the words), `station.standing_messages` (what is to be read by whom), then `reading`.
"""

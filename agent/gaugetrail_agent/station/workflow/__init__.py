"""What governs the work at a station: what may begin, what is wanted, what a bad part sets off. Pure.

Promise: each matter is a room of its own and joins the station at the few places of `hooks`; no room knows another.
What a room remembers beyond the unit in hand is a matter of `station.memory`, kept before it is shown and, where a
record changes it, in the record's own transaction. What a room asks a person is a `Dialog`, so that a terminal, a
screen and a script answer it alike.

Read `hooks` (where rooms join, and which there are), `commands` (the words that start with %), `dialogs` (questions to
whoever stands there), then a room.
"""

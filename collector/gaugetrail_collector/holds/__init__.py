"""What is held, and what stations ask: told to every line, and answered from the store.

Promise: what somebody or a station said of a unit, lot or gauge is on the line's signed list within a second of its
being in the store, whichever collector stored it, and again after a restart: nothing is kept here that the store
doesn't have. A question is answered from the store alone, on a thread of its own that records never wait for.

Read `words_known` (from records to states), `following` (how they come out of the store and from intake), `sending`
(the lists of the lines), then `answers_found` (what the store says to a question) and `answering` (the thread).
"""

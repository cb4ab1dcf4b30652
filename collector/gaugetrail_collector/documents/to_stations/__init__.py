"""What the stations are told of documents, and what they say that they have.

Promise: a station is sent what holds for its line, signed; a PIN leaves only in a box that the one PC can open.

Read `by_line` and `sending`, `at_stations`, then `pins` and `pin_sending`.
"""

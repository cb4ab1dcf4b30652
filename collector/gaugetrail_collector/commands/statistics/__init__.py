"""`stats KIND`: statistics of a table or of the store, on the command line; each kind is a door of `statistics.doors`.

Read `stats`, then `sealing` (`--record`: a study under somebody's name).
"""

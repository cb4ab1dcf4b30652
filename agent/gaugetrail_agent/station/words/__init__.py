"""The words of a station: where it stands, what happens to it, what it wants done. Pure data.

A rule takes a state and something that happened and gives a `Step`: the next state and its effects.

Read `unit` (the piece in hand), `notice` and `dialog` (what is shown and asked), `happening`, `effect`, then `state`.
"""

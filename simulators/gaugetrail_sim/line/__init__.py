"""A production line with a fixed seed, and the people at it.

Read `names` (what stations, plans and orders are called), `pieces` (what is made, and what is wrong with it),
`station_operator` (somebody who believes only what the station shows), `run` (pieces from station to station, and the
line's own account of it).
"""

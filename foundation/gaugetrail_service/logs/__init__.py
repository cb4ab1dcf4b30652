"""The log: a sentence for people, then stable keys for programs.

Promise: no message can forge a line or rule a terminal, nobody who logs waits for whoever reads, and what is said again
and again of one cause is counted.

Read `lines`, `repeats`, then `writer`.
"""

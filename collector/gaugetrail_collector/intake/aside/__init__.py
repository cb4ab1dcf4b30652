"""What could not be understood or stored yet: kept, counted, tried again, decided upon.

Promise: nothing that arrived is thrown away without a word.

Read `set_aside`, `reasons`, `retry`, `held` (what waits for a decision).
"""

"""Questions of stations that the store answers: `gaugetrail/v1/<agent>/questions` -> `…/answers`.

Promise: a small grammar of three questions (a unit's route and history; the units that a gauge measured since; a lot),
each bounded before it is read; a question of another form is answered by nobody. An answer names its question by a
number that the asker drew, and repeats what was asked, so that it serves for no other; it is signed for the agent like
a receipt. One answer is enough, whichever collector gives it.

Read `asked`, `answered`, then `history`: what a station makes of a unit's past.
"""

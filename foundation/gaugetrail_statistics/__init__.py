"""Statistics for quality: pure numbers, the same code at a station, in the collector and over any table.

Promise: nothing here reads a file, a clock or a store, and no result depends on anything but what is handed in. What
can't be computed honestly is refused in one sentence (`refusing.Refused`); a number that would be infinite or undefined
is `None`. Each formula carries its source. Constants are computed, not looked up in a table of three decimals.

What a station runs (`rules`, `constants`, the limits of charts) imports neither numpy nor scipy; a test holds it so.

Read `refusing` first, then what all stand on (`moments`, `subgroups`, `estimators`, `constants`), `rules` and the room
`charts`; then the rooms `distributions`, `capability`, `comparing`, `measurement_systems`, `sampling`; `stability`,
`shapes`, `uncertainty` and `six_sigma` stand alone.
"""

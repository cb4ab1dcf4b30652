"""Control charts: centre, limits and signals of points in their order.

Promise: limits come from the baseline alone, or are given; what is judged by them moves nothing. A point leaves the
baseline only with a cause that is written down: it stays on the chart with it, sets no limit and is in no pattern.
Pure Python: what a station needs to judge a value by is here and in `rules`.

Read `basis` (where limits come from), `chart` (points with limits, phases and signals), then `variables` (X-bar with R
or s, single values), `attributes` (p, np, c, u and Laney's), `memory` (EWMA and CUSUM), `runs` (the run chart),
`short_run` (many parts on one chart), `as_held` (limits that held as each point was measured), `limits_version` and
`judging` (one new point by limits that hold, as a station does).
"""

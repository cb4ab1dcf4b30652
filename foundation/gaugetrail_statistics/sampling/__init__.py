"""Acceptance sampling: what a look at some pieces of a lot says about it, and what such a plan does in the long run.

Promise: chances are exact, never read off a nomograph; a cell of a standard's table that could not be checked is
refused, never guessed.

Read `acceptance` (what a plan does), `plan_design` (a plan from two points), `iso2859` (the standard's plans),
`switching` (how hard the next lot is inspected), `skip_lot`, `variables_plan` (plans for measured values).
"""

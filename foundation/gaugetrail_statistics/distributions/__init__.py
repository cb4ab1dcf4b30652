"""Distributions: how values are spread, and whether that may be said.

Promise: a family is fitted and tested on the same values by tests that allow for it.

Read `normality`, `families`, `fit_tests`; `tails` has the quantiles that other tests and plans ask for.
"""

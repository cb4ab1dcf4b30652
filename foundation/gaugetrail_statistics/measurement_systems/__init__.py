"""Measuring systems: whether a gauge, with the people who use it, is good enough for what it decides.

Promise: numbers of AIAG's MSA manual (4th edition) from the decimals that were measured, no digit lost on the way; what
an unbalanced, too small or unvarying study can't say is refused in one sentence that names what is missing.

Read `gauge_study` (the layout of a gauge R&R), `gauge_variation` (what every method says in the end), `gauge_anova` and
`gauge_ranges` with `range_means` (the methods), `gauge_bias` (one gauge against known pieces: type 1, bias, linearity);
then for decisions `attribute_study`, `kappa` and `signal_detection`.
"""

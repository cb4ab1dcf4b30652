"""The kinds of statistics, a module each, found by its name: `tolerance-interval` is `tolerance_interval.py`.

A door is a module with two functions, and a first line that says in at most 55 characters what it answers:

    add_options(parser)     its options, on an `argparse` parser that has `--json` already
    answer(args)            a dict with `n`, `method`, `formulas`, `warnings` and what the kind promises, or `Refused`

What needs numpy, scipy or matplotlib is imported inside `answer`, so that `--help` needs nothing. The door looks
columns up, and hands sequences of numbers to `gaugetrail_statistics`; it computes nothing itself.
"""

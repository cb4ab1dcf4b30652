"""What held at a moment: the texts that a record was worked by, the rows of gauges and people as they stood.

Promise: what is told is what the documents in force then said, however they read today.

Read `rows_then`, `in_force`, `worked_by`.
"""

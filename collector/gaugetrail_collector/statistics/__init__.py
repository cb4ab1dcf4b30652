"""Statistics over a table or the store: from columns to numbers, from numbers to an answer for programs and people.

Promise: the numbers are `gaugetrail_statistics`'; here columns are read, named and refused. An answer is one JSON
object that always has `kind`, `n`, `method`, `formulas` and `warnings`; a number that can't be is `null`, at full
precision otherwise.

Read `csv_table` (a table of a file), `kinds` (from the name of a kind to its door), `doors` (a module for each kind),
`answers` (from an answer to JSON and to lines for people); `study_columns` and `study_record` (a study of a measuring
system: its columns, and how it is sealed).
"""

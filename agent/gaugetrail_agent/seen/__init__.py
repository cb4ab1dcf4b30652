"""What is to be seen of a station: one moment of it, whole, for whoever draws it (`screen`, `terminal`).

Promise: pure but for `following` and `moving`, which keep what is newest on the agent's own loop; nothing here draws,
serves or decides. What is shown as pass or fail is committed; a value stands beside the characteristic that it is of.

Read `made` (the units, values and counts of the shift), `scale` (a value against its limits), `papers` (the documents
that hold), `due_signs` (the sampling clock), `forms` (what is asked in several parts), `buttons` (what can be said
now), `snapshot` (the moment, of all these), `words` (the words around it, in the person's language, from `catalogues`),
`wall_clock`, `following` (what is shown and recorded goes in, moments come out), `moving` (a
gauge that streams).
"""

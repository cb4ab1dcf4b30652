"""Amendments from the office: what a record says is put right beside it, never in it.

Promise: an amendment that a reader finds is approved, by somebody else than whoever asked where the settings want two
persons; what waits changes no answer. The original, its seal, its number and its time are never touched. A request that
is refused by a rule writes nothing and says why. One collector writes (`[documents] master`), into a chain of its own.

Read `rules` (what may become of which record, and who may), `requests` (what waits, from records), `written` (from a
decision to its record), then `office`, where it is decided, and `hearing`, where what was said at stations is;
`named` finds the record that somebody means.
What holds of a record then is computed by `tracing.effective`.
"""

"""A service's own files: whose they are, who may read them, who has them in hand.

Promise: nothing of a service begins on files that somebody else could have written, and each refusal names the file and
what to do.

Read `rights`, `own_files` (what is demanded of them before a start), `sqlite_files` and `holders`.
"""

"""`document …`: controlled documents on the command line.

Promise: a step is judged before anybody is asked for a password, and what it says is said before it is taken.

Read `document` (the command with its lists), `steps` (what people do with an edition, and who they are), `diff`,
`stations`, `tables` (import and export) and `orders`.
"""

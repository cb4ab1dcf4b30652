"""Who and what may not: a person, a gauge, a plan; and who may lift that. Pure.

Promise: what is locked stays locked until somebody with a role has said why, and then it stands in the record; nobody
lifts a lock for themselves.

Read `roles_here`, `fitness` (a person and a gauge), `plan_locks`, `allowing`, then `pin_asking` (a badge that isn't
enough).
"""

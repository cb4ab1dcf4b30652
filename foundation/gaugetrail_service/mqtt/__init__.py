"""The broker: how it is reached, what it allows, who is heard there.

Promise: a connection that is lost is made again for ever, and whoever uses one learns of both; what the broker refuses
is said in words.

Read `settings`, `connection`, `broker_limits`; then what `status` and `doctor` look at: `broker_visit` and, of who was
heard there, `neighbourhood`.
"""

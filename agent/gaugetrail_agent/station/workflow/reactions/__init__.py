"""What a bad part, a chart or a gauge sets off: the steps are shown, and acknowledged before work goes on.

Promise: what a record calls for is remembered in the record's own transaction, so that a kill neither loses nor doubles
it. Where the reaction document asks for cause or action, no unit is begun before somebody has written them down and
somebody of each role that the steps name has shown a badge; that is an event (`reaction.acknowledged`). Where it asks
for nothing, the steps are shown until the next unit is begun. What a step puts on hold is put on hold at once.

Read `remembering` (which signals a record brings), `showing` (in whose words), then `asking`. What a signal calls for
is `station.reactions_called`, for other rooms, too.
"""

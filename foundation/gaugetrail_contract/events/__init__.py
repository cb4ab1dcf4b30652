"""Events: what is worth keeping in an agent's chain beside inspections. Types, typed payloads, no behaviour.

Promise: an event of a type that is known here is filed for trace under every identifier that its payload names; one of
another form is shown for what it says, and nothing is guessed from it. A type that isn't known is an event like any
other. Writers make payloads from the models, so that a wrong one fails where it is written; readers ask `registry`.

Read `payload` first (what a typed payload is), then a family, then `registry`:
`genealogy` (what became part of what), `clock`, `spool` (the agent's own storage), `station`, `anchors`, `documents`,
`studies` (of measuring systems), `nonconformity` (states of units, lots and gauges, suspect windows).
"""

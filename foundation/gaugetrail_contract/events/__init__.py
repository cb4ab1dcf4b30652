"""Events: what is worth keeping in an agent's chain beside inspections. Payloads with types, no behaviour.

Promise: an event of a type that is known here is filed for trace under every identifier that its payload names; one of
another form is shown for what it says, and nothing is guessed from it. `genealogy` is what became part of what.
"""

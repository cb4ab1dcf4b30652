"""What is asked before a unit is measured, as its plan says: why it is here again, its context, its components; and the
change-over before production begins anew. Pure.

Promise: nothing is measured before all is answered; a code that doesn't fit is refused with what is wanted; what holds
until it is changed survives a restart, and so does a change-over in the middle of its checks. `%CANCEL` ends the unit
as incomplete.

Read `codes` (what a code says), `set_up` (what changed, and the change-over), `holding` (what holds until it is
changed), then `context`, `components`, `repeats`.
"""

"""Controlled documents in the console: what holds, who is qualified, which gauge is due, what each station works by.

`known` keeps the register up and answers; `parts` knows which part numbers a text is for; `catalogue` is the list,
`one_document` all of one, `contents` its text as people read it; `gauges`, `people`, `stations` and `trail` are a page
each; `approvals` is what waits for somebody, and the step that they take. `looking`, `deciding` and `answers` are the
addresses: pages, the one that changes something, and JSON.

Promise: nothing here holds more than a page of anything. What is shown as valid is valid at the moment that stands on
the page, and paper says so; an edition that doesn't hold says that in letters that nobody overlooks. A step is taken as
by the command: same rights, same refusals, same records, and the password is asked for again.
"""

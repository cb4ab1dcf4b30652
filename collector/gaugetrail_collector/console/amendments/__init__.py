"""Amendments in the console: from a record's page to the request, and from what waits to the approval.

`asked` says what pages show, `deciding` is the addresses that change something and those beside them. A step is the
command's: same rules, same refusals, same records, and the password is asked for again.
"""

"""States of units and lots in the console: what was said of one, and the form by which the quality office says more.

`pages` is all of it. A word is the command's: same table, same refusals, same events, and the password is asked again.
"""

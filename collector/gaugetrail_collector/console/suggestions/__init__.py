"""Suggestions in the console: what people at stations suggested, and the form by which the quality office answers.

`pages` is all of it. An answer is the command's: same roles, same refusals, same event; the password is asked again.
"""

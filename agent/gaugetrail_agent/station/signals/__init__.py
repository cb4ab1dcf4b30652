"""What control charts say of a record's values, and what that calls for. Pure.

Read `control_points`, then `reactions_called`.
"""
